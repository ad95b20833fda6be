"""Copies and pickles of recorded values."""

import copy
import dataclasses
import pickle
from collections import namedtuple

import numpy as np
import pytest

import autograd_tools as ag

X = np.array([1.0, 2.0, 3.0])
Pair = namedtuple("Pair", "a b")
COPIES = pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy])


@dataclasses.dataclass
class State:
    rate: object
    shift: object
    rest: object


@COPIES
def test_a_copy_of_a_recorded_number_or_array_stays_recorded(duplicate):
    assert ag.grad(lambda x: duplicate(x) ** 2)(3.0) == 6.0
    assert ag.grad(lambda x: np.sum(duplicate(2 * x) ** 2))(X).tolist() == [8.0, 16.0, 24.0]
    assert ag.hessian(lambda x: duplicate(x) ** 3)(np.array(2.0)) == 12.0


@COPIES
def test_writing_into_a_copy_leaves_the_original(duplicate):
    def f(x):
        y = x * 1.0
        z = duplicate(y)
        z[0] = 5.0
        return np.sum(y * z)

    value, gradient = ag.value_and_grad(f)(X)
    assert (value, gradient.tolist()) == (f(X), [5.0, 4.0, 6.0])


@COPIES
def test_a_copy_of_a_recorded_array_is_a_node(duplicate):
    trace = ag.trace(lambda x: np.sum(duplicate(x)), X)
    assert [node.op for node in trace] == ["", "copy", "sum"]


def test_a_deep_copy_of_containers_copies_each_recorded_array_once():
    def f(x):
        made = copy.deepcopy({"now": 2 * x, "before": [x, x]})
        assert made["before"][0] is made["before"][1]
        return np.sum(made["now"] * made["before"][1])

    assert ag.grad(f)(X).tolist() == [4.0, 8.0, 12.0]


@COPIES
def test_a_copied_dict_argument_is_a_dict_to_write_into(duplicate):
    def f(p):
        q = duplicate(p)
        q["w"] = q["w"] * p["w"]
        return np.sum(q["w"]) * q["scales"][1]

    dp = ag.grad(f)({"w": X, "scales": [2.0, 3.0], "name": "relu"})
    assert dp["w"].tolist() == [6.0, 12.0, 18.0]
    assert (dp["scales"], dp["name"]) == ([0.0, 14.0], None)


@COPIES
def test_a_copied_named_tuple_and_dataclass_keep_their_type(duplicate):
    assert ag.grad(lambda p: duplicate(p).a * p.b)(Pair(2.0, 3.0)) == Pair(3.0, 2.0)
    dp = ag.grad(lambda p: duplicate(p).rate * p.shift)(State(2.0, 3.0, "x"))
    assert dp == State(3.0, 2.0, None)


def test_dataclass_functions_keep_gradients():
    def f(p):
        as_dict, as_tuple = dataclasses.asdict(p), dataclasses.astuple(p)
        other = dataclasses.replace(p, shift=p.shift * 2)
        return np.sum(as_dict["rate"] ** 2) + as_tuple[2]["k"] * other.shift

    dp = ag.grad(f)(State(np.array([1.0, 2.0]), 3.0, {"k": 5.0}))
    assert (dp.rate.tolist(), dp.shift, dp.rest) == ([2.0, 4.0], 10.0, {"k": 6.0})


@pytest.mark.parametrize(
    "of",
    [lambda x: x, lambda x: x[0], lambda x: {"deep": [(x,)]}],
    ids=["array", "number", "nested"],
)
def test_pickling_a_recorded_value_is_an_error(of):
    with pytest.raises(ag.LostGradientError, match=r"pickling .* detach it with ag\.value"):
        ag.grad(lambda x: len(pickle.dumps(of(x))))(X)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_after_the_recording_copies_and_pickles_are_plain(protocol):
    kept = []
    ag.grad(lambda x: kept.extend((2 * x, x[0])) or np.sum(x))(X)
    for make in (copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x, protocol))):
        array, number = make(kept[0]), make(kept[1])
        assert (type(array), array.tolist()) == (np.ndarray, [2.0, 4.0, 6.0])
        assert (type(number), number) == (np.float64, 1.0)


def test_pickling_a_tape_says_to_save_the_trace():
    w = ag.Param(X)
    J = ag.diff(lambda: np.sum(w * w))
    for held in (J, [J.nodes[1]]):
        with pytest.raises(TypeError, match=r"J\.trace\(\)\.save\('trace\.json'\).*ag\.load_trace"):
            pickle.dumps(held)
    assert len(pickle.loads(pickle.dumps(J.trace()))) == 3


@COPIES
def test_a_tape_can_be_copied(duplicate):
    w = ag.Param(X)
    J = duplicate(ag.diff(lambda: np.sum(w * w)))
    assert (len(J), ag.grad(J, w).tolist()) == (3, [2.0, 4.0, 6.0])


@pytest.mark.parametrize(
    "duplicate",
    [copy.copy, copy.deepcopy, np.copy, lambda u: u.copy()],
    ids=["copy", "deepcopy", "np.copy", "method"],
)
def test_a_copy_of_an_array_to_fill_can_be_filled(duplicate):
    def f(x):
        u = np.zeros_like(x)
        u[0] = 2.0
        v = duplicate(u)
        v[1:] = x[:-1] ** 2
        u[2] = x[2]
        return np.sum(u * v)

    value, gradient = ag.value_and_grad(f)(X)
    assert (value, gradient.tolist()) == (f(X), [0.0, 12.0, 4.0])
