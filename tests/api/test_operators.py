"""A Value acts like its value; a lost gradient is a TypeError that says what to write."""

import math
import operator
import re
import warnings

import numpy as np
import pytest

import autograd_tools as ag

X = np.array([1.0, 2.0, 3.0])
M = np.arange(6.0).reshape(2, 3) / 5 + 0.5
X.setflags(write=False)
M.setflags(write=False)


def recording(f, held):
    """Return `f` of a Param and of a Result while they are recorded."""
    w = ag.Param(held)
    with ag.record():
        return [f(w), f(w * 1)]


# Operators.

BINARY = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "**": operator.pow,
    "%": operator.mod,
    "@": operator.matmul,
}


@pytest.mark.parametrize("op", BINARY.values(), ids=BINARY)
def test_an_operator_between_tracked_values_is_right_to_second_order(op):
    assert ag.gradcheck(op, X, X[::-1] + 0.25, order=2)


@pytest.mark.parametrize("op", BINARY.values(), ids=BINARY)
def test_an_operator_with_an_array_is_right_to_second_order(op):
    assert ag.gradcheck(lambda x: op(x, X + 0.25), X[::-1], order=2)
    assert ag.gradcheck(lambda x: op(X + 0.25, x), X[::-1], order=2)


@pytest.mark.parametrize(
    "other",
    [2, 2.5, np.float64(2.5), np.float32(2.5), np.int64(2), np.array(2.5)],
    ids=lambda x: type(x).__name__,
)
@pytest.mark.parametrize(
    "op",
    [op for name, op in BINARY.items() if name != "@"],
    ids=[name for name in BINARY if name != "@"],
)
def test_an_operator_with_a_number_on_either_side_is_right(op, other):
    assert ag.gradcheck(lambda x: op(x, other), X + 0.2)
    assert ag.gradcheck(lambda x: op(other, x), X + 0.2)
    assert ag.gradcheck(lambda x: op(x, other), 1.3)
    assert ag.gradcheck(lambda x: op(other, x), 1.3)


@pytest.mark.parametrize("op", [operator.neg, operator.pos, abs], ids=["-", "+", "abs"])
def test_an_operator_of_one_value_is_right_to_second_order(op):
    assert ag.gradcheck(op, X, order=2)


def test_an_augmented_assignment_makes_a_new_tracked_value():
    def f(x):
        y = 1 * x
        y += 1
        y *= x
        y -= 2.0
        y /= 2
        y **= 2
        return np.sum(y)

    assert ag.gradcheck(f, X, order=2)


@pytest.mark.parametrize(
    "op",
    [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne],
    ids=lambda op: op.__name__,
)
def test_a_comparison_is_plain(op):
    for y in recording(lambda w: op(w, 2.0), X):
        assert type(y) is np.ndarray
        assert y.tolist() == op(X, 2.0).tolist()


def test_comparisons_with_arrays_and_values_are_plain():
    for y in recording(
        lambda w: ((w[::-1] > w).tolist(), (w[::-1] <= w).tolist(), (X[::-1] > w).tolist()), X
    ):
        assert y == ([True, False, False], [False, True, True], [True, False, False])


def test_a_comparison_with_another_kind_of_thing_is_false():
    for y in recording(lambda w: (w == None, w == "a"), 2.0):  # noqa: E711  the comparison itself is tested
        assert y == (False, False)


def test_a_branch_on_a_tracked_number_works():
    assert ag.grad(lambda x: x * x if x > 0 else -x)(3.0) == 6.0
    assert ag.grad(lambda x: x * x if x > 0 else -x)(-3.0) == -1.0


def test_floor_division_is_plain_and_divmod_differentiates_its_rest():
    quotient, rest = recording(lambda w: divmod(w, 2.0), 5.5)[1]
    assert (quotient, ag.value(rest)) == (2.0, 1.5)
    assert not isinstance(quotient, ag.Value)
    assert ag.grad(lambda x: divmod(x, 2.0)[1])(5.5) == 1.0
    assert ag.grad(lambda x: divmod(5.5, x)[1])(2.0) == -2.0


def test_the_builtin_sum_and_max_differentiate():
    assert ag.grad(lambda x: sum([x, x * x]) + max(x, 2 * x))(3.0) == 9.0


def test_division_by_zero_of_a_tracked_number_warns_like_numpy():
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        assert ag.grad(lambda x: 1.0 / x)(0.0) == -math.inf


# Operations without a gradient.


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (int, 2),
        (bool, True),
        (round, 3),
        (math.floor, 2),
        (math.ceil, 3),
        (math.trunc, 2),
        (lambda w: w.is_integer(), False),
        (lambda w: round(w, 1), 2.6),
        (lambda w: f"{w:.3f}", "2.620"),
        (lambda w: "abc"[int(w)], "c"),
        (lambda w: w in (1.0, 2.62), True),
    ],
    ids=[
        *("int", "bool", "round", "floor", "ceil", "trunc", "is_integer", "round to digits"),
        *("format", "index of a string", "in"),
    ],
)
def test_results_without_a_gradient_are_plain(f, expected):
    assert recording(f, 2.62) == [expected, expected]


def test_a_tracked_integer_is_an_index():
    assert recording(lambda w: "abc"[w], 1) == ["b", "b"]


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (lambda w: w.shape, (2, 3)),
        (lambda w: w.ndim, 2),
        (lambda w: w.size, 6),
        (lambda w: w.dtype, np.float64),
        (lambda w: w.nbytes, 48),
        (lambda w: w.itemsize, 8),
        (len, 2),
        (np.shape, (2, 3)),
        (np.ndim, 2),
        (np.size, 6),
    ],
    ids=[
        "shape",
        "ndim",
        "size",
        "dtype",
        "nbytes",
        "itemsize",
        "len",
        "np.shape",
        "np.ndim",
        "np.size",
    ],
)
def test_attributes_of_an_array_are_plain(f, expected):
    assert recording(f, M) == [expected, expected]


def test_a_value_is_a_key_by_identity():
    for w in (ag.Param(2.0), ag.Param(X)):
        assert {w: "w"}[w] == "w"


def test_a_value_prints_its_numbers_and_its_repr_marks_it():
    assert recording(str, X) == ["[1. 2. 3.]"] * 2
    assert recording(lambda w: f"{w}, {w[1]}, {w[1]:.2f}", X) == ["[1. 2. 3.], 2.0, 2.00"] * 2
    assert recording(repr, X) == ["P(float64[3])", "R(float64[3])"]
    assert str(ag.Param({"a": 1.0})) == "P({'a': 1.0})"


# Methods of an array.

METHODS = {
    "sum": lambda x: x.sum(),
    "sum axis": lambda x: x.sum(axis=0, keepdims=True),
    "mean": lambda x: x.mean(1),
    "var": lambda x: x.var(),
    "std": lambda x: x.std(axis=1, ddof=1),
    "prod": lambda x: x.prod(axis=0),
    "max": lambda x: x.max(axis=1),
    "min": lambda x: x.min(),
    "cumsum": lambda x: x.cumsum(axis=1),
    "clip": lambda x: x.clip(0.75, 1.25),
    "dot": lambda x: x.dot(X),
    "trace": lambda x: x.trace(),
    "reshape": lambda x: x.reshape(3, 2),
    "reshape tuple": lambda x: x.reshape((3, -1), order="F"),
    "reshape number": lambda x: x.reshape(-1),
    "ravel": lambda x: x.ravel(),
    "flatten": lambda x: x.flatten(),
    "flatten F": lambda x: x.flatten("F"),
    "transpose": lambda x: x.transpose(),
    "transpose axes": lambda x: x[None].transpose(2, 0, 1),
    "transpose tuple": lambda x: x[None].transpose((2, 0, 1)),
    "T": lambda x: x.T,
    "mT": lambda x: x[None].mT,
    "swapaxes": lambda x: x.swapaxes(0, 1),
    "squeeze": lambda x: x[None].squeeze(0),
    "repeat": lambda x: x.repeat(2, axis=1),
    "astype": lambda x: x.astype(float),
    "copy": lambda x: x.copy(),
    "cumprod": lambda x: x.cumprod(axis=1),
    "take": lambda x: x.take([0, 4, 4]),
    "compress": lambda x: x.compress([True, False, True], axis=1),
}


@pytest.mark.parametrize("f", METHODS.values(), ids=METHODS)
def test_array_methods_give_the_arrays_result_and_a_gradient(f):
    assert np.array_equal(ag.value(recording(f, M)[1]), f(M))
    assert ag.gradcheck(f, M, order=2)


PLAIN_METHODS = {
    "all": lambda x: x.all(axis=0),
    "any": lambda x: x.any(),
    "argmax": lambda x: x.argmax(axis=1),
    "argmin": lambda x: x.argmin(),
    "argsort": lambda x: x.argsort(axis=1),
    "argpartition": lambda x: x.argpartition(1),
    "nonzero": lambda x: x.nonzero()[1],
    "round": lambda x: x.round(1),
    "searchsorted": lambda x: x[0].searchsorted(0.6),
}


@pytest.mark.parametrize("f", PLAIN_METHODS.values(), ids=PLAIN_METHODS)
def test_array_methods_without_a_gradient_give_plain_results(f):
    for y in recording(f, M):
        assert not isinstance(y, ag.Value)
        assert np.array_equal(y, f(M))


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x.compress([True, False, True]),
        lambda x: x.take([0, 2]),
        lambda x: x.cumprod(),
        lambda x: x.conj(),
        lambda x: x.ptp() if hasattr(X, "ptp") else np.ptp(x),
        lambda x: x.real,
        lambda x: x.imag,
        lambda x: x[None].diagonal(),
        lambda x: x.tolist(),
        lambda x: x[0].item(),
        lambda x: x.item(1),
    ],
    ids=[
        "compress",
        "take",
        "cumprod",
        "conj",
        "ptp",
        "real",
        "imag",
        "diagonal",
        "tolist",
        "item",
        "item(1)",
    ],
)
def test_outside_a_recording_a_params_methods_are_the_arrays(f):
    y = f(ag.Param(X))
    assert not isinstance(y, ag.Value)
    assert np.array_equal(y, f(X))


@pytest.mark.parametrize("method", ["sort", "partition"])
def test_outside_a_recording_in_place_methods_work_or_are_missing(method):
    w = ag.Param(np.array([3.0, 1.0, 2.0]))
    if hasattr(w, method):
        assert getattr(w, method)(*([1] if method == "partition" else [])) is None
        assert w.value.tolist() == [1.0, 2.0, 3.0]


# Outside a recording a Param is plain everywhere.


OUTSIDE = {
    "np.asarray": np.asarray,
    "np.array": np.array,
    "np.array of arrays": lambda w: np.array([w, w]),
    "np.asarray of a type": lambda w: np.asarray(w, dtype=np.float32),
    "np.full": lambda w: np.full((2, 3), w),
    "np.r_": lambda w: np.r_[w, w],
    "w @ X": lambda w: w @ X,
    "X @ w": lambda w: X @ w,
    "np.add.reduce": np.add.reduce,
    "np.multiply.outer": lambda w: np.multiply.outer(w, w),
    "np.einsum": lambda w: np.einsum("i,i->i", w, w),
    "np.sin": np.sin,
    "np.concatenate": lambda w: np.concatenate([w, w]),
    "np.vstack": lambda w: np.vstack([w, X]),
    "np.stack by name": lambda w: np.stack(arrays=[w, w]),
    "np.var": np.var,
    "slice": lambda w: w[1:],
    "list": list,
    "np.linalg.norm": np.linalg.norm,
    "np.cumprod": np.cumprod,
    "out": lambda w: np.sin(w, out=np.zeros(3)),
}


@pytest.mark.parametrize("f", OUTSIDE.values(), ids=OUTSIDE)
def test_outside_a_recording_results_of_a_param_are_plain(f):
    y = f(ag.Param(X))
    assert not isinstance(y, ag.Value)
    assert np.asarray(y).dtype != object
    assert np.array_equal(y, f(X))


@pytest.mark.parametrize(
    "f",
    [float, complex, math.sin, math.floor, int, abs, np.float64, lambda w: w.item(), lambda w: -w],
    ids=["float", "complex", "math.sin", "math.floor", "int", "abs", "np.float64", "item", "-"],
)
def test_outside_a_recording_a_scalar_param_is_a_number(f):
    y = f(ag.Param(1.5))
    assert not isinstance(y, ag.Value)
    assert y == f(np.float64(1.5))


def test_outside_a_recording_an_array_takes_a_param_in_place():
    a = np.zeros(3)
    a += ag.Param(X)
    a[0] = ag.Param(5.0)
    assert a.tolist() == [5.0, 2.0, 3.0]


# Conversions that raise while recording.


def add_in_place(w):
    a = np.zeros(3)
    a += w


def set_item(w):
    np.zeros(3)[0] = w[0]


def set_slice(w):
    np.zeros(3)[:] = w


TRAPS = {
    "np.array of values": (lambda w: np.array([w[0], w[1]]), "np.stack"),
    "np.array of arrays": (lambda w: np.array([w, w]), "np.stack"),
    "np.array of objects": (lambda w: np.array([w[0], w[1]], dtype=object), "np.stack"),
    "np.array": (np.array, "np.stack"),
    "np.array of a number": (lambda w: np.array(w[0]), "np.stack"),
    "np.asarray": (np.asarray, "ag.value"),
    "np.float64": (lambda w: np.float64(w[0]), "ag.value"),
    "float": (lambda w: float(w[0]), r"np.sin\(x\)"),
    "math.sin": (lambda w: math.sin(w[0]), r"np.sin\(x\)"),
    "complex": (lambda w: complex(w[0]), r"x \+ 0j"),
    "item": (lambda w: w[0].item(), "use x itself"),
    "tolist": (lambda w: w.tolist(), r"list\(x\)"),
    "np.full": (lambda w: np.full(3, w[0]), "ag.value"),
    "np.full_like": (lambda w: np.full_like(X, w[0]), r"np.ones\(shape\) \* x"),
    "np.copyto": (lambda w: np.copyto(np.zeros(3), w), r"np.ones\(shape\) \* x"),
    "out": (lambda w: np.sin(w, out=np.zeros(3)), "omit `out`"),
    "out of np.sum": (lambda w: np.sum(w, out=np.zeros(())), "omit `out`"),
    "ndarray += x": (add_in_place, r"a = a \+ x"),
    "ndarray[i] = x": (set_item, "would turn a recorded value into a plain one"),
    "ndarray[:] = x": (set_slice, "would turn a recorded value into a plain one"),
    "ndarray.dot": (X.dot, "ag.value"),
    "ndarray[x]": (lambda w: X[w[0]], "ag.value"),
    "fill": (lambda w: np.zeros(3).fill(w[0]), "would turn a recorded value into a plain one"),
    "np.vectorize": (np.vectorize(lambda t: t * 2), "ag.value"),
    "np.r_": (lambda w: np.r_[w, w], "ag.value"),
    "random": (lambda w: np.random.default_rng(0).normal(w[0]), "ag.value"),
    "np.arange": (lambda w: np.arange(w[0]), "ag.value"),
    "np.sum of a list": (lambda w: np.sum([w[0], w[1]]), "np.stack"),
    "np.dot with a list": (lambda w: np.dot([w[0], w[1], w[2]], X), "np.stack"),
    "product with a list": (lambda w: w[0] * [w[0], w[1], w[2]], "np.stack"),
    "where=": (lambda w: np.where([True, False], [w[0], w[1]], 0.0), "np.stack"),
    "np.hypot.reduce": (np.hypot.reduce, "choose np.add.reduce, np.multiply.reduce, "),
    "np.subtract.accumulate": (np.subtract.accumulate, "np.maximum.accumulate"),
    "out of np.add.accumulate": (lambda w: np.add.accumulate(w, out=np.zeros(3)), "omit `out`"),
    "out of np.sum by position": (lambda w: np.sum(w, None, None, np.zeros(())), "omit `out`"),
    "out of np.cumprod by position": (lambda w: np.cumprod(w, 0, None, np.zeros(3)), "omit `out`"),
    "np.add.at": (lambda w: np.add.at(np.zeros(3), [0], w[0]), "np.add.at has no gradient rule"),
    "np.put": (lambda w: np.put(np.zeros(3), 0, w[0]), "np.put writes into an array.*np.where"),
    "np.put_along_axis": (
        lambda w: np.put_along_axis(np.zeros(3), np.array([0]), w[:1], 0),
        "writes into an array.*np.where",
    ),
}


@pytest.mark.parametrize(("f", "message"), TRAPS.values(), ids=TRAPS)
@pytest.mark.parametrize("track", [lambda w: w, lambda w: w * 1], ids=["Param", "Result"])
def test_a_lost_gradient_is_an_error_with_a_remedy(f, message, track):
    w = ag.Param(X)
    with ag.record(), pytest.raises((TypeError, ValueError)) as caught:
        f(track(w))
    error = (
        caught.value if isinstance(caught.value, TypeError) else caught.value.__cause__
    )  # NumPy wraps some into a ValueError
    assert isinstance(error, TypeError)
    assert re.search(message, str(error))


@pytest.mark.parametrize("f", [f for f, _ in TRAPS.values()], ids=TRAPS)
def test_a_lost_gradient_is_an_error_in_nested_gradients(f):
    for g in (
        ag.grad(lambda x: f(x) or 0.0),
        ag.grad(lambda x: np.sum(ag.grad(lambda y: np.sum(f(x) or y))(x))),
    ):
        with pytest.raises((TypeError, ValueError)):
            g(X)


@pytest.mark.parametrize(
    "f",
    [
        lambda w: w + X,
        lambda w: np.stack([w, X]),
        lambda w: np.where(X > 1, w, 0.0),
        lambda w: w[[0, 0]],
        np.var,
    ],
    ids=["+", "np.stack", "np.where", "[]", "np.var"],
)
def test_a_recorded_value_is_never_an_array_of_objects(f):
    for y in recording(f, X):
        assert y.dtype == np.float64


def test_a_plain_array_cannot_hold_a_recorded_value():
    w, v = ag.Param(X.copy()), ag.Param(2.0)
    with pytest.raises(TypeError):
        ag.grad(lambda x: w.__setitem__(0, x))(v)
    assert w.value.tolist() == [1.0, 2.0, 3.0]


# Containers.


def weigh(items):
    """Return the sum of the items, weighted by 1, 2 and so on."""
    return sum(n * item for n, item in enumerate(items, 1))


def triple(a, b, c):
    return a, b, c


@pytest.mark.parametrize("kind", [tuple, list, np.array], ids=["tuple", "list", "array"])
@pytest.mark.parametrize(
    "f",
    [
        lambda p: weigh(list(p)),
        lambda p: weigh(item for item in p),
        lambda p: sum(n * item for n, item in enumerate(p, 1)),
        lambda p: sum(n * item for n, item in zip((1, 2, 3), p, strict=True)),
        lambda p: weigh(triple(*p)),
        lambda p: weigh([p[0], *p[1:]]),
        lambda p: weigh([p[n] for n in range(len(p))]),
        lambda p: weigh(list(reversed([p[-1], p[-2], p[-3]]))[::-1][::-1]),
    ],
    ids=["list", "iteration", "enumerate", "zip", "unpacking", "star", "range", "negative"],
)
def test_the_items_of_a_sequence_differentiate(kind, f):
    assert list(ag.grad(f)(kind([1.0, 2.0, 3.0]))) == [1.0, 2.0, 3.0]


def test_a_sequence_unpacks_into_names():
    def f(p):
        a, (b, c) = p
        return a * b * c

    assert ag.grad(f)((2.0, [3.0, 4.0])) == (12.0, [8.0, 6.0])


@pytest.mark.parametrize(
    "f",
    [
        lambda p: p["a"] + 2 * p["b"],
        lambda p: sum(n * item for n, (_, item) in enumerate(p.items(), 1)),
        lambda p: weigh(p.values()),
        lambda p: weigh(p[key] for key in p),
        lambda p: weigh(p[key] for key in p.keys()),  # noqa: SIM118  the method itself is tested
        lambda p: p.get("a") + 2 * p.get("b", 0.0) + p.get("c", 0.0),
    ],
    ids=["[]", "items", "values", "iteration", "keys", "get"],
)
def test_the_items_of_a_dict_differentiate(f):
    assert ag.grad(f)({"a": 5.0, "b": 6.0}) == {"a": 1.0, "b": 2.0}


def test_a_container_has_its_length_and_items():
    w = ag.Param({"a": 1.0, "b": 2.0})
    with ag.record():
        assert (len(w), "a" in w, "c" in w) == (2, True, False)


def test_rows_of_a_matrix_differentiate():
    assert ag.grad(lambda m: sum(n * np.sum(row) for n, row in enumerate(m)))(M).tolist() == [
        [0.0, 0.0, 0.0],
        [1.0, 1.0, 1.0],
    ]


def test_a_missing_key_or_index_is_the_error_of_python():
    for error, f, x in (
        (KeyError, lambda p: p["c"], {"a": 1.0}),
        (IndexError, lambda p: p[3], [1.0]),
        (IndexError, lambda p: p[3], X),
    ):
        with pytest.raises(error):
            ag.grad(f)(x)


def test_a_number_is_not_iterable():
    with pytest.raises(TypeError):
        ag.grad(sum)(2.0)


def test_a_tracked_index_reads_by_its_value():
    i = ag.Param(1)
    J = ag.diff(lambda: np.sum(X[ag.value(i)] * i))
    assert ag.grad(J, i) == 2.0
    w = ag.Param(X)
    assert ag.grad(ag.diff(lambda: w[i]), w).tolist() == [0.0, 1.0, 0.0]


# NumPy's protocols.


def test_a_ufunc_with_a_plain_array_first_is_recorded():
    assert ag.grad(lambda x: np.sum(np.multiply(X, x)))(X).tolist() == [1.0, 2.0, 3.0]


def test_a_scalar_of_numpy_on_the_left_is_recorded():
    assert ag.grad(lambda x: np.sum(np.float64(2.0) * x))(X).tolist() == [2.0, 2.0, 2.0]


def test_a_matrix_on_the_left_is_recorded():
    assert ag.grad(lambda x: np.sum(M @ x))(X).tolist() == M.sum(axis=0).tolist()


def test_a_condition_that_is_tracked_only_chooses():
    assert ag.grad(lambda x: np.sum(np.where(x > 1.5, x * x, -x)))(X).tolist() == [-1.0, 4.0, 6.0]


def test_no_warning_comes_from_the_operators():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ag.grad(lambda x: np.sum((x + 1) * x / 2 - x**3 + abs(x) + x % 2 + (x @ x)))(X)


# Methods of ufuncs.

REDUCED = (np.add, np.multiply, np.maximum, np.minimum, np.logaddexp, np.logaddexp2)
ACCUMULATED = (np.add, np.multiply, np.maximum, np.minimum)
UFUNC_METHODS = {
    **{f"np.{u.__name__}.reduce": u.reduce for u in REDUCED},
    **{
        f"np.{u.__name__}.reduce axis": lambda x, u=u: u.reduce(x, axis=1, keepdims=True)
        for u in REDUCED
    },
    **{f"np.{u.__name__}.reduce all": lambda x, u=u: u.reduce(x, axis=None) for u in REDUCED},
    **{
        f"np.{u.__name__}.reduce where": lambda x, u=u: u.reduce(
            x, axis=1, where=M > 0.6, initial=0.2
        )
        for u in REDUCED
    },
    **{f"np.{u.__name__}.accumulate": u.accumulate for u in ACCUMULATED},
    **{
        f"np.{u.__name__}.accumulate axis": lambda x, u=u: u.accumulate(x[:, ::-1] * X, axis=-1)
        for u in ACCUMULATED
    },
    "np.multiply.outer": lambda x: np.multiply.outer(x, x),
    "np.power.outer": lambda x: np.power.outer(x, X),
    "np.subtract.outer": lambda x: np.subtract.outer(X, x),
    "np.arctan2.outer of a number": lambda x: np.arctan2.outer(x, 2.0),
    "np.add.reduceat": lambda x: np.add.reduceat(x, [0, 1]),
    "np.add.reduceat of parts": lambda x: np.add.reduceat(x.reshape(-1), [0, 4, 1, 1, 2, 5]),
    "np.add.reduceat along an axis": lambda x: np.add.reduceat(x, [1, 0], axis=1),
}


@pytest.mark.parametrize("f", UFUNC_METHODS.values(), ids=UFUNC_METHODS)
def test_ufunc_methods_give_numpys_result_and_a_gradient(f):
    for y in recording(f, M):
        assert ag.value(y).dtype == np.float64
        np.testing.assert_allclose(ag.value(y), f(M), rtol=1e-14)
    assert ag.gradcheck(f, M, order=2)


@pytest.mark.parametrize("f", UFUNC_METHODS.values(), ids=UFUNC_METHODS)
def test_ufunc_methods_keep_numpys_precision(f):
    x = M.astype(np.float32)
    y = recording(f, x)[1]
    assert (ag.value(y).shape, ag.value(y).dtype) == (f(x).shape, f(x).dtype)
    assert ag.grad(lambda x: np.sum(f(x)))(x).dtype == np.float32


def test_the_sum_of_powers_of_large_numbers_does_not_overflow():
    assert ag.grad(np.logaddexp.reduce)(np.array([1000.0, 1000.0, -np.inf])).tolist() == [
        0.5,
        0.5,
        0.0,
    ]
    assert ag.value(recording(np.logaddexp.reduce, np.array([-np.inf, -np.inf]))[1]) == -np.inf
    assert ag.value(recording(np.logaddexp2.reduce, np.zeros(0))[1]) == -np.inf


def test_among_tied_maxima_the_first_has_the_gradient():
    assert ag.grad(lambda x: np.sum(np.maximum.accumulate(x)))(
        np.array([1.0, 2.0, 2.0, 1.0])
    ).tolist() == [1.0, 3.0, 0.0, 0.0]


def test_a_method_of_a_ufunc_without_a_gradient_is_plain():
    for y in recording(np.logical_and.reduce, X):
        assert y is np.True_
    assert (
        recording(lambda w: np.greater.outer(w, w), X)[0].tolist()
        == np.greater.outer(X, X).tolist()
    )


@pytest.mark.filterwarnings("ignore:'where' used without 'out'")
@pytest.mark.parametrize(
    "f",
    [lambda w: np.sin(w, where=X > 1), lambda w: np.divmod(w, 2.0, where=X > 1)],
    ids=["sin", "divmod"],
)
def test_where_of_a_ufunc_suggests_np_where(f):
    with pytest.raises(TypeError, match=r"write np.where\(condition"):
        recording(f, X)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.sum(x * [x[0], x[1]]),
        lambda x: np.sum((x[0], 2.0) - x * x),
        lambda x: x @ [x[1], 3.0],
        lambda x: np.sum(x * [[x[0], 1.0], [2.0, x[1]]]),
    ],
    ids=["array * list", "tuple - array", "array @ list", "array * nested list"],
)
def test_a_list_beside_an_array_becomes_an_array(f):
    ag.gradcheck(f, np.array([3.0, 4.0]))


def test_a_list_of_two_shapes_beside_an_array_is_an_error():
    with pytest.raises(ValueError, match="same shape"):
        ag.grad(lambda x: np.sum(x * [x, x[0]]))(np.ones(2))
