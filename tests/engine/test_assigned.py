"""Params that get another value: checked, and refused where a recording needs the old one."""

import threading
from collections import namedtuple

import numpy as np
import pytest

import autograd_tools as ag

Pair = namedtuple("Pair", "a b")
ANOTHER = "was assigned a new value after this recording used it.*keep the new value in a variable"
IN_PLACE = "was changed in place after"


@pytest.fixture
def p():
    return ag.Param(np.ones(2))


@pytest.mark.parametrize(
    ("held", "message"),
    [
        (np.ma.array([1.0, 2.0], mask=[False, True]), r"m\.filled\(0\)"),
        ("text", "got str: 'text'"),
        (None, "got NoneType: None"),
        (np.array([None]), "array of dtype object"),
        ({"a": {1.0}}, "got set"),
        (ag.Param(1.0), r"a Param cannot hold P\(1.0\)"),
        (namedtuple("Named", "name")(1.0), "has its own attribute 'name'"),
    ],
    ids=["masked", "str", "None", "objects", "set", "Param", "field"],
)
def test_assigning_what_a_param_cannot_hold_is_an_error(p, held, message):
    with pytest.raises(TypeError, match=message):
        p.value = held
    assert p.value.tolist() == [1.0, 1.0]


def test_assigning_a_recorded_value_is_an_error(p):
    with pytest.raises(TypeError, match="cannot hold R"):
        ag.grad(lambda x: setattr(p, "value", x) or x)(1.0)


def test_a_param_takes_a_value_of_another_type(p):
    p.value = Pair(2.0, 3.0)
    assert ag.grad(ag.diff(lambda: p.a * p.b), p) == Pair(3.0, 2.0)
    p.value = 2.0
    assert ag.grad(ag.diff(lambda: p**2), p) == 4.0


def test_an_inner_step_that_replaces_the_value_is_an_error(p):
    def loss():
        g = ag.grad(ag.diff(lambda: np.sum(p**2)), p)
        p.value = p.value - 0.1 * ag.value(g)
        return np.sum(p**2)

    with pytest.raises(ag.LostGradientError, match=ANOTHER):
        ag.diff(loss)


def test_the_next_use_after_an_assignment_is_an_error_in_any_form(p):
    for use in (lambda: p * 2, lambda: np.sum(p), lambda: p[0], lambda: ag.diff(lambda: p @ p)):
        with ag.record():
            p + 1.0
            p.value = p.value * 2
            with pytest.raises(ag.LostGradientError, match=ANOTHER):
                use()


def test_a_running_average_may_be_updated_after_its_use(p):
    def loss():
        y = np.sum(p * 3.0)
        p.value = 0.5 * p.value + 1.0
        return y

    assert ag.grad(ag.diff(loss), p).tolist() == [3.0, 3.0]
    assert p.value.tolist() == [1.5, 1.5]


def test_a_value_assigned_before_the_first_use_is_the_one_recorded(p):
    def loss():
        p.value = p.value + 1.0
        p.value -= 0.5
        return np.sum(p**2)

    assert ag.grad(ag.diff(loss), p).tolist() == [3.0, 3.0]


def test_changing_a_value_in_place_after_its_use_is_an_error(p):
    with ag.record() as J:
        loss = np.sum(p**2)
        with pytest.raises(ag.LostGradientError, match=IN_PLACE):
            p.value -= 0.5
    with pytest.raises(ValueError, match=IN_PLACE):
        J.backward(loss)


def update_value(p):
    p.value -= 0.5


def update_items(p):
    p[0] = 7.0


def update(p):
    p -= 0.5


@pytest.mark.parametrize("change", [update_value, update_items, update])
def test_a_change_in_place_before_the_backward_pass_is_an_error(p, change):
    with ag.record() as J:
        np.sum(p**2)
    change(p)
    with pytest.raises(ValueError, match=f"{IN_PLACE}.*compute all gradients before the update"):
        ag.grad(J, p)


def test_updates_after_the_backward_pass_are_fine(p):
    with ag.record() as J:
        np.sum(p**2)
    p.value -= 0.25 * ag.grad(J, p)
    p.value -= 0.25 * ag.grad(J, p)
    assert p.value.tolist() == [0.0, 0.0]
    assert ag.grad(ag.diff(lambda: np.sum(3.0 * p)), p).tolist() == [3.0, 3.0]


def test_a_new_array_before_the_backward_pass_keeps_the_old_gradient(p):
    with ag.record() as J:
        np.sum(p**2)
    p.value = p.value - 0.5
    assert ag.grad(J, p).tolist() == [2.0, 2.0]


def test_a_change_in_place_in_another_thread_is_an_error_in_the_backward_pass(p):
    with ag.record() as J:
        np.sum(p**2)
        thread = threading.Thread(target=update_value, args=(p,))
        thread.start()
        thread.join()
    with pytest.raises(ValueError, match=IN_PLACE):
        ag.grad(J, p)
