"""Cotangents: accumulation, shape, type and memory."""

from collections import namedtuple
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import autograd_tools as ag

X = np.array([1.0, 2.0, 3.0])


@dataclass
class Table:
    table: Any


Y = np.array([4.0, 5.0, 6.0])


# Shapes: what broadcasting repeated is summed.


@pytest.mark.parametrize(
    ("shape", "gradient"),
    [
        ((), 36.0),
        ((1,), [36.0]),
        ((4,), [9.0, 9.0, 9.0, 9.0]),
        ((1, 4), [[9.0, 9.0, 9.0, 9.0]]),
        ((3, 1), [[12.0], [12.0], [12.0]]),
        ((1, 1, 1), [[[36.0]]]),
    ],
)
def test_the_gradient_of_a_broadcast_argument_has_its_shape(shape, gradient):
    dx = ag.grad(lambda x: np.sum(x * np.full((3, 4), 3.0)))(np.ones(shape))
    assert dx.shape == shape
    assert dx.tolist() == gradient


def test_an_axis_of_length_zero_is_summed_to_zero():
    assert ag.grad(lambda x: np.sum(x + np.zeros((0, 3))))(np.ones((1, 3))).tolist() == [
        [0.0, 0.0, 0.0]
    ]


def test_an_error_of_shape_names_the_rule_and_line():
    @ag.primitive(lambda dy, y, x: np.ones(5))
    def wrong(x):
        return np.sum(x)

    with pytest.raises(
        ValueError,
        match=r"the rule wrong\[1\] \(.*test_cotangents.py:\d+\) returned a gradient of "
        r"shape \(5,\) for an argument of shape \(3,\)",
    ):
        ag.grad(wrong)(X)


def test_a_rule_may_return_a_shape_that_broadcasts():
    @ag.primitive(lambda dy, y, x: np.ones((4, 3)))
    def spread(x):
        return np.sum(x) * 4

    assert ag.grad(spread)(X).tolist() == [4.0, 4.0, 4.0]


# Types: those of the argument.


@pytest.mark.parametrize(
    "x",
    [
        1.5,
        np.float64(1.5),
        np.float32(1.5),
        np.array(1.5),
        X,
        X.astype(np.float32),
        X.astype(np.float16),
        X.astype(np.longdouble),
    ],
    ids=["float", "np.float64", "np.float32", "0-d", "float64", "float32", "float16", "longdouble"],
)
@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.sum(x * 2.0),
        lambda x: np.sum(x * np.ones(3)),
        lambda x: np.sum(np.reshape(x, (1, -1))),
        lambda x: np.sum(np.sin(x)[...]),
        lambda x: 5.0,
    ],
    ids=["product", "broadcast", "reshape", "getitem", "unused"],
)
def test_a_gradient_has_the_type_of_its_argument(f, x):
    dx = ag.grad(f)(x)
    assert type(dx) is type(x)
    assert getattr(dx, "dtype", None) == getattr(x, "dtype", None)
    assert np.shape(dx) == np.shape(x)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_gradient_of_a_param_has_its_precision(dtype):
    w = ag.Param(X.astype(dtype))
    assert ag.grad(ag.diff(lambda: np.sum(w * np.linspace(0.0, 1.0, 3))), w).dtype == dtype


def test_an_integer_array_in_integer_code_has_integer_gradients():
    dx = ag.grad(lambda x: np.sum(x**2))(np.array([1, 2, 3]))
    assert dx.tolist() == [2, 4, 6]
    assert dx.dtype == np.int64


def test_an_integer_in_integer_code_has_an_integer_gradient():
    dx = ag.grad(lambda x: x * x)(3)
    assert (type(dx), dx) == (int, 6)


def test_an_integer_array_has_float_gradients_of_float_code():
    assert ag.grad(lambda x: np.sum(x / 2))(np.array([1, 2, 3])).tolist() == [0.5, 0.5, 0.5]


def test_indexed_integer_elements_have_float_gradients_of_float_code():
    assert ag.grad(lambda x: x[0] / 2)(np.array([1, 2])).tolist() == [0.5, 0.0]


def test_the_gradient_of_a_float_is_a_python_float():
    assert type(ag.grad(np.sin)(0.0)) is float


def test_a_real_number_has_a_real_gradient_through_complex_code():
    assert ag.grad(lambda x: np.abs(x * 1j))(2.0) == 1.0


# Containers.

Pair = namedtuple("Pair", "a b")


@pytest.mark.parametrize(
    ("x", "f", "gradient"),
    [
        ((2.0, 3.0), lambda p: p[0] * p[1], (3.0, 2.0)),
        ([2.0, 3.0], lambda p: p[0] * p[1], [3.0, 2.0]),
        ({"a": 2.0, "b": 3.0}, lambda p: p["a"] * p["b"], {"a": 3.0, "b": 2.0}),
        (Pair(2.0, 3.0), lambda p: p[0] * p[1], Pair(3.0, 2.0)),
        ({"a": [2.0, (3.0, 4.0)]}, lambda p: p["a"][0] * p["a"][1][1], {"a": [4.0, (0.0, 2.0)]}),
        ((2.0, 3.0), lambda p: p[0], (1.0, 0.0)),
        ({"a": 2.0, "b": 3.0}, lambda p: p["a"], {"a": 1.0, "b": 0.0}),
        ((2.0, {"b": [3.0]}), lambda p: 5.0, (0.0, {"b": [0.0]})),
        ([2.0, 3.0, 4.0], lambda p: p[1:][0] * p[-1], [0.0, 4.0, 3.0]),
        ([2.0, 3.0, 4.0], lambda p: p[::-2][1], [1.0, 0.0, 0.0]),
        ((2, 3), lambda p: p[0] * p[1], (3, 2)),
        ((2.0,), lambda p: p[0] * p[0] * p[0], (12.0,)),
        ([2.0, 3.0], np.sum, [1.0, 1.0]),
        ([2.0, 3.0], lambda p: np.sum(p) * p[0], [7.0, 2.0]),
        ([2.0, 3.0], lambda p: p[0] * np.sum(p), [7.0, 2.0]),
    ],
    ids=[
        *(
            "tuple",
            "list",
            "dict",
            "namedtuple",
            "nested",
            "part of tuple",
            "part of dict",
            "unused",
            "slices",
            "step",
            "integers",
            "cube",
        ),
        *("list as array", "array, then item", "item, then array"),
    ],
)
def test_the_gradient_of_a_pytree_has_its_structure(x, f, gradient):
    dx = ag.grad(f)(x)
    assert dx == gradient
    assert type(dx) is type(x)


@pytest.mark.parametrize(
    ("x", "f", "second"),
    [
        ((2.0, 3.0), lambda p: p[0] ** 2 * p[1], (6.0, 4.0)),
        ([2.0, 3.0], lambda p: p[0] ** 2 * p[1], [6.0, 4.0]),
        ({"a": 2.0, "b": 3.0}, lambda p: p["a"] ** 2 * p["b"], {"a": 6.0, "b": 4.0}),
        ({"a": [2.0, (3.0,)]}, lambda p: p["a"][0] ** 2 * p["a"][1][0], {"a": [6.0, (4.0,)]}),
    ],
    ids=["tuple", "list", "dict", "nested"],
)
def test_the_gradient_of_a_pytree_differentiates_again(x, f, second):
    def first(p):
        g = ag.grad(f)(p)
        while not np.isscalar(ag.value(g)):
            g = g["a"] if isinstance(ag.value(g), dict) else g[0]
        return g

    assert ag.grad(first)(x) == second


@pytest.mark.parametrize(
    "x",
    [(X, 2.0), [X, 2.0], {"a": X, "b": 2.0}, ([X], {"b": (2.0, X)})],
    ids=["tuple", "list", "dict", "nested"],
)
def test_pytrees_pass_the_numerical_check_to_second_order(x):
    def total(p):
        if isinstance(ag.value(p), dict):
            return sum(total(p[key]) for key in p)
        return sum(total(q) for q in p) if isinstance(ag.value(p), (tuple, list)) else np.sum(p**3)

    assert ag.gradcheck(total, x, order=2)


def test_an_unused_key_of_a_dict_has_no_gradient():
    w = ag.Param({"a": 2.0, "b": 3.0})
    assert ag.grad(ag.diff(lambda: w["a"] * 2), w) == {"a": 2.0, "b": None}


def test_the_gradient_of_a_dict_keeps_its_order():
    p = ag.Param({"w": 1.0, "unused": 0.0, "b": 2.0})
    J = ag.diff(lambda: p["w"] * 2 + p["b"] * 7)
    assert list(ag.grad(J, p).items()) == [("w", 2.0), ("unused", None), ("b", 7.0)]


def test_a_list_has_none_for_unused_items():
    w = ag.Param([2.0, 3.0])
    assert ag.grad(ag.diff(lambda: w[0] * 2), w) == [2.0, None]


# Indexing.

CUBE = np.arange(24.0).reshape(2, 3, 4)


INDEXES = {
    "0": 0,
    "-1": -1,
    "1,2,3": (1, 2, 3),
    "0,-1": (0, -1),
    ":": slice(None),
    "1:": slice(1, None),
    "::2": slice(None, None, 2),
    "::-1": slice(None, None, -1),
    "5:0:-2": slice(5, 0, -2),
    "0:0": slice(0, 0),
    "None": None,
    "...": ...,
    "...,0": (..., 0),
    "None,1,...,None": (None, 1, ..., None),
    ":,1,0:4:3": (slice(None), 1, slice(0, 4, 3)),
    "int64": np.int64(1),
    "0-d": np.array(1),
    "True": True,
    "()": (),
    "list with repeats": [0, 0, 1],
    "empty list": [],
    "2-d array": np.array([[1, 0], [0, 0]]),
    "pairs": ([0, 1, 0], [2, 2, 2]),
    ":,list": (slice(None), [0, 0]),
    "list,:,list": ([0], slice(None), [1, 1]),
    "None,list": (None, [1, 1]),
    "mask": CUBE > 5,
    "empty mask": CUBE < 0,
    "0,mask": (0, CUBE[0] > 5),
    "mask of rows": np.array([True, False]),
    "...,mask": (..., np.array([True, False, True, True])),
}


@pytest.mark.parametrize("index", INDEXES.values(), ids=INDEXES)
def test_indexing_differentiates_to_second_order(index):
    assert ag.gradcheck(lambda x: np.sin(x[index]) * x[index], CUBE / 10, order=2)


@pytest.mark.parametrize(
    "read",
    [lambda x: x[0], lambda x: np.sum(x[[0, 0]]), lambda x: np.sum(x[:2])],
    ids=["[0]", "[[0, 0]]", "[:2]"],
)
def test_a_linear_term_beside_a_nonlinear_one_is_indexed(read):
    assert ag.hessian(lambda x: read(x) + np.sum(x * x))(X).tolist() == (2 * np.eye(3)).tolist()


def test_an_element_indexed_twice_gets_both_gradients():
    assert ag.grad(lambda x: np.sum(x[[0, 0, 2]] * Y))(X).tolist() == [9.0, 0.0, 6.0]


def test_gradients_of_parts_and_the_whole_accumulate():
    assert ag.grad(lambda x: x[0] + np.sum(x * Y) + np.sum(x[1:]) + np.sum(x[[0, 0]]))(
        X
    ).tolist() == [7.0, 6.0, 7.0]


def test_a_thousand_reads_cost_one_dense_array(monkeypatch):
    made, zeros = [], np.zeros
    monkeypatch.setattr(
        np, "zeros", lambda *args, **kwargs: made.append(args[0]) or zeros(*args, **kwargs)
    )
    g = ag.grad(lambda x: sum(2.0 * x[i] for i in range(1000)))(zeros(1000))
    assert g.tolist() == [2.0] * 1000
    assert made == [(1000,)]


LOOK_UPS = {
    "array": (lambda t: t, lambda t: t),
    "in a dict": (lambda t: {"table": t}, lambda p: p["table"]),
    "in a list of tuples": (lambda t: [(t, 1.0)], lambda p: p[0][0]),
    "in a dataclass": (Table, lambda p: p.table),
}


@pytest.mark.parametrize(("hold", "read"), LOOK_UPS.values(), ids=LOOK_UPS)
def test_many_look_ups_in_a_table_cost_one_table(hold, read, monkeypatch):
    made, zeros = [], np.zeros
    monkeypatch.setattr(
        np, "zeros", lambda *args, **kwargs: made.append(args[0]) or zeros(*args, **kwargs)
    )
    g = ag.grad(lambda p: sum(np.sum(read(p)[[i, 0, i]] * 2.0) for i in range(20)))(
        hold(np.ones((100, 3)))
    )
    assert read(g)[:, 0].tolist() == [44.0, *[4.0] * 19, *[0.0] * 80]
    assert made == [(100, 3)]


@pytest.mark.parametrize(("hold", "read"), LOOK_UPS.values(), ids=LOOK_UPS)
def test_many_look_ups_in_a_param_cost_one_table(hold, read, monkeypatch):
    made, zeros = [], np.zeros
    monkeypatch.setattr(
        np, "zeros", lambda *args, **kwargs: made.append(args[0]) or zeros(*args, **kwargs)
    )
    w = ag.Param(hold(np.ones((100, 3))))
    J = ag.diff(lambda: sum(np.sum(read(w)[[i, 0, i]] * 2.0) for i in range(20)))
    assert read(ag.grad(J, w))[:, 0].tolist() == [44.0, *[4.0] * 19, *[0.0] * 80]
    assert made == [(100, 3)]


def test_a_part_of_a_pytree_is_read_once():
    w = ag.Param({"a": X, "b": [2.0]})
    J = ag.diff(lambda: np.sum(w["a"] * w["a"]) * w["b"][0] * w["b"][0])
    assert [node.name for node in J.nodes].count("getitem") == 3


# Memory: the user's gradient is the user's alone.


def apart(*arrays):
    """Whether every array can be written into without a change of any other."""
    for n, array in enumerate(arrays):
        before = [other.copy() for other in arrays]
        np.add(array, 1.0, out=array)
        if not all(
            np.array_equal(other, old)
            for m, (other, old) in enumerate(zip(arrays, before, strict=True))
            if m != n
        ):
            return False
    return True


@pytest.mark.parametrize(
    "f",
    [
        lambda x, y: np.sum(x + y),
        np.dot,
        lambda x, y: np.sum(np.reshape(x, (3, 1)) * y[:, None]),
        lambda x, y: np.sum(np.concatenate([x, y])),
        lambda x, y: np.sum(np.concatenate([x, y]) * np.arange(6.0)),
        lambda x, y: np.sum(np.stack([x, y])),
        lambda x, y: np.sum(np.where([True, False, True], x, y)),
        lambda x, y: np.sum(x) + np.sum(y),
        lambda x, y: np.sum(np.broadcast_to(x, (2, 3)) - y),
        lambda x, y: np.sum((x + y)[::-1]),
        lambda x, y: 5.0,
    ],
    ids=[
        "add",
        "dot",
        "reshape",
        "concatenate",
        "weighted",
        "stack",
        "where",
        "sum",
        "broadcast_to",
        "flip",
        "unused",
    ],
)
def test_gradients_share_no_memory_with_arguments(f):
    x, y = X.copy(), Y.copy()
    assert apart(*ag.grad(f, (0, 1))(x, y), x, y)


@pytest.mark.parametrize(
    "f",
    [
        lambda a, b: np.sum(a + b),
        lambda a, b: np.sum(np.stack([a, b])),
        lambda a, b: np.sum(np.concatenate([a, b]) * np.arange(6.0)),
    ],
    ids=["add", "stack", "concatenate"],
)
def test_gradients_share_no_memory_with_params(f):
    a, b = ag.Param(X.copy()), ag.Param(Y.copy())
    J = ag.diff(lambda: f(a, b))
    assert apart(ag.grad(J, a), ag.grad(J, b), a.value, b.value)


@pytest.mark.parametrize(
    "f",
    [
        lambda p: np.sum(p[0] + p[1]),
        lambda p: np.sum(p[0]) + np.sum(p[1]),
        lambda p: np.dot(p[0], p[1]),
        lambda p: np.sum(np.concatenate(list(p))),
    ],
    ids=["add", "sum", "dot", "concatenate"],
)
def test_gradients_in_a_pytree_share_no_memory(f):
    x = (X.copy(), Y.copy())
    assert apart(*ag.grad(f)(x), *x)


def test_gradients_of_results_share_no_memory():
    w, kept = ag.Param(X.copy()), []

    def f():
        kept.extend([w * 2, w * 3])
        return np.sum((kept[0] + kept[1]) * X)

    J = ag.diff(f)
    assert apart(ag.grad(J, kept[0]), ag.grad(J, kept[1]))


def test_a_gradient_that_is_a_constant_is_copied():
    c = Y.copy()
    g = ag.grad(lambda x: np.dot(x, c))(X)
    g += 1.0
    assert c.tolist() == [4.0, 5.0, 6.0]


def test_a_gradient_that_is_an_argument_is_copied():
    half_square = ag.primitive(lambda dy, y, x: x)(lambda x: 0.5 * np.sum(x * x))
    x = X.copy()
    g = ag.grad(half_square)(x)
    g += 1.0
    assert x.tolist() == [1.0, 2.0, 3.0]


def test_differentiation_changes_no_argument_or_constant():
    x, y = X.copy(), Y.copy()
    ag.grad(lambda x, y: np.sum(x * y + x[0] * y[[0, 0, 1]] + x) ** 2, (0, 1))(x, y)
    assert (x.tolist(), y.tolist()) == ([1.0, 2.0, 3.0], [4.0, 5.0, 6.0])


def test_rules_see_no_memory_that_changes_later():
    seen = []

    @ag.primitive(lambda dy, y, x: seen.append((dy, dy.copy())) or dy)
    def watch(x):
        return x * 1.0

    ag.grad(lambda x: np.sum(watch(x) * 2 + watch(x) * x + x[0]))(X)
    assert all(np.array_equal(dy, then) for dy, then in seen)
