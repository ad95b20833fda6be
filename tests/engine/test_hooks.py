"""Hooks: who sees which gradient, once, and what may be put in its place."""

import dataclasses
import gc
import weakref
from typing import NamedTuple

import numpy as np
import pytest

import autograd_tools as ag

X = np.array([1.0, 2.0])


def twice(dy):
    return dy * 2


@dataclasses.dataclass
class Fields:
    a: object
    b: object


class Named(NamedTuple):
    a: object
    b: object


# What a function sees.


def test_a_hook_receives_the_gradient_of_a_recorded_value():
    seen = []
    ag.grad(lambda x: np.sum(3.0 * ag.on_grad(x * x, seen.append)))(X)
    assert [dy.tolist() for dy in seen] == [[3.0, 3.0]]


def test_the_result_of_on_grad_need_not_be_used():
    def f(x):
        h = x * x
        ag.on_grad(h, twice)
        return np.sum(h)

    assert ag.grad(f)(X).tolist() == [4.0, 8.0]


def test_a_hook_receives_the_accumulated_gradient():
    seen = []

    def f(x):
        h = ag.on_grad(x * x, seen.append)
        return np.sum(h) + np.sum(5.0 * h)

    ag.grad(f)(X)
    assert [dy.tolist() for dy in seen] == [[6.0, 6.0]]


def test_a_hook_added_after_use_receives_the_same_gradient():
    seen = []

    def f(x):
        h = x * x
        y = np.sum(h)
        ag.on_grad(h, seen.append)
        return y

    ag.grad(f)(X)
    assert len(seen) == 1


def test_the_argument_of_a_differentiated_function_has_hooks():
    assert ag.grad(lambda x: ag.on_grad(x, twice) ** 2)(3.0) == 12.0


def test_the_final_scalar_has_hooks():
    assert ag.grad(lambda x: ag.on_grad(x**2, twice))(3.0) == 12.0


def test_a_hook_without_a_gradient_is_not_called():
    seen = []

    def f(x):
        ag.on_grad(x * 3, seen.append)
        return x * 2

    ag.grad(f)(1.0)
    assert seen == []


def test_several_hooks_run_in_order():
    x = ag.Param(X)
    order = []
    ag.on_grad(x, lambda dy: order.append("first"))
    ag.diff(lambda: np.sum(ag.on_grad(x, lambda dy: order.append("second"))))
    assert order == ["first", "second"]


def test_a_hook_cannot_write_into_the_gradient():
    def zero(dy):
        dy[0] = 0.0

    with pytest.raises(ValueError, match="read-only"):
        ag.grad(lambda x: np.sum(ag.on_grad(x * x, zero)))(X)


def test_writing_into_a_recorded_gradient_needs_a_return_value():
    def zero(dy):
        dy[0] = 0.0

    gradient = ag.grad(lambda x: np.sum(ag.on_grad(x**3, zero) ** 2))
    with pytest.raises(
        ValueError, match="zero, given to on_grad, wrote into the gradient, which has no effect"
    ):
        ag.grad(lambda x: np.sum(gradient(x * 2) * x))(X)


def test_a_gradient_kept_by_a_hook_stays_unchanged():
    seen = []
    g = ag.grad(lambda x: np.sum(ag.on_grad(x + 1.0, seen.append)))(X)
    g *= 0
    assert seen[0].tolist() == [1.0, 1.0]


# Params.


def test_the_hook_of_a_param_receives_its_complete_gradient():
    w = ag.Param(X)
    seen = []
    ag.on_grad(w, seen.append)
    ag.diff(lambda: np.sum(w * w + w))
    assert [dy.tolist() for dy in seen] == [[3.0, 5.0]]


def test_the_hook_of_a_param_runs_in_every_differentiation():
    w = ag.Param(X)
    seen = []
    ag.on_grad(w, seen.append)
    for _ in range(3):
        ag.diff(lambda: np.sum(w))
    assert len(seen) == 3


def test_none_removes_the_hooks_of_a_param():
    w = ag.Param(X)
    ag.on_grad(w, twice)
    ag.on_grad(w, None)
    assert ag.grad(ag.diff(lambda: np.sum(w)), w).tolist() == [1.0, 1.0]


def test_none_removes_the_hooks_of_a_recorded_value():
    def f(x):
        h = ag.on_grad(x * x, twice)
        return ag.on_grad(h, None)

    assert ag.grad(f)(3.0) == 6.0


def test_a_hook_added_while_recording_holds_for_that_recording():
    w = ag.Param(X)
    seen = []
    ag.diff(lambda: np.sum(ag.on_grad(w, seen.append)))
    ag.diff(lambda: np.sum(w))
    assert len(seen) == 1


def test_a_checkpoint_runs_the_hook_of_a_param_once():
    w = ag.Param(X)
    seen = []
    ag.on_grad(w, seen.append)
    ag.diff(lambda: np.sum(ag.checkpoint(lambda: w * w)() + w))
    assert [dy.tolist() for dy in seen] == [[3.0, 5.0]]


def test_hooks_do_not_keep_a_param_alive():
    w = ag.Param(X)
    ag.on_grad(w, twice)
    gone = weakref.ref(w)
    del w
    gc.collect()
    assert gone() is None


# What a function returns.


def test_the_returned_gradient_replaces_the_old_one():
    assert ag.grad(lambda x: np.sum(ag.on_grad(x * x, lambda dy: np.array([1.0, 0.0]))))(
        X
    ).tolist() == [2.0, 0.0]


def test_the_tape_shows_the_returned_gradient():
    w = ag.Param(X)
    J = ag.diff(lambda: np.sum(ag.on_grad(w * w, twice)))
    assert J.nodes[1].outgrad.tolist() == [2.0, 2.0]


def test_a_wider_gradient_is_narrowed():
    w = ag.Param(X.astype(np.float32))
    ag.on_grad(w, lambda dy: dy.astype(np.float64))
    assert ag.grad(ag.diff(lambda: np.sum(w)), w).dtype == np.float32


@pytest.mark.parametrize(
    ("returned", "error", "message"),
    [
        (
            "x",
            TypeError,
            r"<lambda>, given to on_grad, returned 'x': "
            r"expected a gradient of shape \(2,\), or None",
        ),
        (
            np.ones(3),
            ValueError,
            r"<lambda>, given to on_grad, returned a gradient of shape \(3,\) "
            r"for a value of shape \(2,\)",
        ),
        (1.0, ValueError, r"returned a gradient of shape \(\) for a value of shape \(2,\)"),
        (
            X * 1j,
            TypeError,
            r"returned a complex gradient for the real value float64\[2\]; return its np.real",
        ),
        (X > 0, TypeError, r"returned bool\[2\]: expected a gradient"),
    ],
)
def test_a_hook_must_return_a_gradient_of_the_value(returned, error, message):
    with pytest.raises(error, match=message):
        ag.grad(lambda x: np.sum(ag.on_grad(x * x, lambda dy: returned)))(X)


# Containers.


@pytest.mark.parametrize("held", [[X, 1.0], (X, 1.0), Named(X, 1.0), Fields(X, 1.0)])
def test_a_hook_on_a_pytree_receives_a_pytree(held):
    w = ag.Param(held)
    seen = []
    ag.on_grad(w, seen.append)
    ag.diff(lambda: np.sum((w.a if hasattr(held, "a") else w[0]) * 3))
    (dy,) = seen
    assert type(dy) is type(held)
    first, second = (dy.a, dy.b) if hasattr(held, "a") else dy
    assert first.tolist() == [3.0, 3.0]
    assert second == 0.0


def test_a_hook_may_change_the_gradient_of_a_pytree():
    w = ag.Param({"a": X, "b": {"c": 1.0}, "name": "tanh"})
    ag.on_grad(w, lambda dy: {"a": dy["a"] * 2, "b": {"c": 7.0}, "name": None})
    g = ag.grad(ag.diff(lambda: np.sum(w["a"])), w)
    assert g["a"].tolist() == [2.0, 2.0]
    assert g["b"] == {"c": 7.0}


def test_a_hook_must_return_the_same_pytree():
    w = ag.Param({"a": 1.0, "b": 2.0})
    ag.on_grad(w, lambda dy: {"a": 1.0})
    with pytest.raises(
        ValueError,
        match=r"the result of <lambda>, given to on_grad, must be a dict with keys \['a', 'b'\]",
    ):
        ag.diff(lambda: w["a"])


def test_a_list_of_recorded_values_is_an_error():
    with pytest.raises(
        TypeError,
        match=r"on_grad\(\) expects one recorded value, got a list of them; "
        "call it on each of its items",
    ):
        ag.grad(lambda x: np.sum(ag.on_grad([x, x], twice)[0]))(X)


# Everywhere.


def test_every_kind_of_derivative_runs_hooks():
    def f(x):
        return ag.on_grad(x * x, twice)

    assert ag.jacobian(f)(X).tolist() == [[4.0, 0.0], [0.0, 8.0]]
    assert ag.elementwise_grad(f)(X).tolist() == [4.0, 8.0]
    assert ag.make_vjp(f)(X)[0](np.ones(2)).tolist() == [4.0, 8.0]
    assert ag.value_and_grad(f)(3.0) == (9.0, 12.0)


def test_a_hook_runs_for_every_row_of_a_jacobian():
    seen = []
    ag.jacobian(lambda x: ag.on_grad(x * x, seen.append))(X)
    assert [dy.tolist() for dy in seen] == [[1.0, 0.0], [0.0, 1.0]]


def test_the_outer_gradient_differentiates_the_operations_of_a_hook():
    def f(x):
        return ag.on_grad(x**2, lambda dy: dy * dy) * 3.0

    assert ag.grad(f)(5.0) == 90.0  # 9 * 2x
    assert (
        ag.grad(lambda x: ag.grad(lambda y: ag.on_grad(y * x, lambda dy: dy**3) * x)(1.0))(2.0)
        == 32.0
    )  # x**3 * x


def test_a_hook_may_use_recorded_values_of_the_forward_pass():
    def f(x):
        h = x**2
        return ag.on_grad(h, lambda dy: dy * h)

    assert ag.grad(f)(3.0) == 54.0
    assert ag.grad(ag.grad(f))(3.0) == 54.0  # 6 x**2


def test_a_function_with_hooks_can_be_called_without_a_recording():
    assert ag.on_grad(X, twice) is X
    assert ag.on_grad(3.0, twice) == 3.0


def test_a_tape_can_be_retried_after_a_hook_fails():
    w = ag.Param(X)
    fail = True

    def hook(dy):
        if fail:
            raise KeyError("mine")

    with ag.record() as J:
        loss = np.sum(ag.on_grad(w * w, hook))
    with pytest.raises(KeyError, match="mine"):
        J.backward(loss)
    assert J.nodes[-1].outgrad is None
    fail = False
    assert ag.grad(J, w).tolist() == [2.0, 4.0]


def test_an_outer_recording_continues_after_a_hook_fails():
    def hook(dy):
        raise KeyError("mine")

    def f(x):
        with pytest.raises(KeyError):
            ag.grad(lambda y: ag.on_grad(y * x, hook))(1.0)
        return x * x

    assert ag.grad(f)(3.0) == 6.0


# Bad input.


def test_a_hook_must_be_a_function():
    with pytest.raises(
        TypeError,
        match=r"on_grad\(\) expects a function of the gradient, "
        "or None to remove the hooks of x, got 3",
    ):
        ag.on_grad(ag.Param(X), 3)


@pytest.mark.parametrize("x", ["w", None, [], ag.diff(lambda: ag.Param(1.0) * 1)])
def test_a_hook_needs_a_differentiable_value(x):
    with pytest.raises(TypeError, match=r"on_grad\(\) expects a Param or a recorded value, got"):
        ag.on_grad(x, twice)
