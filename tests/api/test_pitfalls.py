"""Calls that NumPy does not dispatch: each is right, or an error that says what to write."""

import decimal
import fractions
import math
import re
import warnings

import numpy as np
import pytest

import autograd_tools as ag

X = np.array([1.0, 2.0, 3.0])
X.setflags(write=False)
M = np.arange(1.0, 10.0).reshape(3, 3)


def zeros():
    return np.zeros(3)


def add_in_place(x):
    a = zeros()
    a += x
    return a


def no_warning(f):
    """Return `f` without NumPy's warning that `where` without `out` leaves elements undefined."""

    def quiet(x):
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "'where' used without 'out'")
            return f(x)

    return quiet


# The error of each call while recording. None: the call gives NumPy's result.
ERRORS = {
    "np.array([x, x])": (lambda x: np.array([x, x]), r"np\.stack"),
    "np.array([x[0], 1])": (lambda x: np.array([x[0], 1.0]), r"np\.stack"),
    "np.array(x)": (np.array, r"np\.stack"),
    "np.asarray(x)": (np.asarray, r"x itself"),
    "np.asarray(x, dtype=object)": (lambda x: np.asarray(x, dtype=object), r"x itself"),
    "np.r_[x, x]": (lambda x: np.r_[x, x], r"np\.stack"),
    "np.c_[x, x]": (lambda x: np.c_[x, x], r"np\.stack"),
    "np.full(3, s)": (lambda x: np.full(3, x[0]), r"ag\.value"),
    "np.full_like(nd, s)": (lambda x: np.full_like(zeros(), x[0]), r"np\.ones\(shape\) \* x"),
    "np.copyto(nd, x)": (lambda x: np.copyto(zeros(), x), r"np\.ones\(shape\) \* x"),
    "np.vectorize(f)(x)": (np.vectorize(lambda t: 2 * t), r"ag\.value"),
    "np.frompyfunc(f)(x)": (
        np.frompyfunc(lambda t: 2 * t, 1, 1),
        r"the ufunc .* has no gradient rule.*ag\.primitive\(rule, \.\.\.\)\(f\)",
    ),
    "np.random.normal(x)": (lambda x: np.random.default_rng(0).normal(x[0]), r"ag\.value"),
    "np.arange(s)": (lambda x: np.arange(x[2]), r"ag\.value"),
    "float(s)": (lambda x: float(x[0]), r"np\.sin\(x\)"),
    "math.sin(s)": (lambda x: math.sin(x[0]), r"np\.sin\(x\)"),
    "np.float64(s)": (lambda x: np.float64(x[0]), r"ag\.value"),
    "np.fromiter(x)": (lambda x: np.fromiter(x, float), r"would turn a recorded value"),
    "'%f' % s": (lambda x: "%f" % x[0], r"ag\.value"),  # noqa: UP031  the operator is tested
    "nd[i] = x": (lambda x: zeros().__setitem__(0, x[0]), r"ag\.value"),
    "nd[:] = x": (lambda x: zeros().__setitem__(slice(None), x), r"ag\.value"),
    "nd[x]": (lambda x: zeros()[x[0]], r"ag\.value"),
    "nd.dot(x)": (M.dot, r"a @ x"),
    "nd.fill(s)": (lambda x: zeros().fill(x[0]), r"would turn a recorded value"),
    "nd.take(x)": (lambda x: zeros().take(x), r"ag\.value"),
    "nd.sum(initial=s)": (lambda x: zeros().sum(initial=x[0]), r"would turn a recorded value"),
    "np.sum(nd, initial=s)": (
        lambda x: np.sum(zeros(), initial=x[0]),
        r"np\.sum, which does not dispatch.*autograd_tools\.numpy\.sum",
    ),
    "np.interp(..., left=s)": (
        lambda x: np.interp(X, X, X, left=x[0]),
        r"autograd_tools\.numpy\.interp",
    ),
    "nd += x": (add_in_place, r"a = a \+ x"),
    "np.exp(x, out=nd)": (lambda x: np.exp(x, out=zeros()), r"omit `out`"),
    "np.sum(x, out=nd)": (lambda x: np.sum(x, out=np.zeros(())), r"omit `out`"),
    "np.concatenate(..., out=nd)": (
        lambda x: np.concatenate([x, x], out=np.zeros(6)),
        r"omit `out`",
    ),
    "np.add(nd, nd, where=x)": (
        no_warning(lambda x: np.add(zeros(), zeros(), where=x)),
        r"ag\.value\(where\)",
    ),
    "np.exp(x, where=nd)": (
        no_warning(lambda x: np.exp(x, where=[True, False, True])),
        r"np\.where\(condition",
    ),
    "np.add.at(nd, i, x)": (
        lambda x: np.add.at(zeros(), [0, 0, 1], x),
        r"np\.add\.at has no gradient rule",
    ),
    "np.hypot.reduce(x)": (np.hypot.reduce, r"choose np.add.reduce"),
    "np.put(nd, i, x)": (lambda x: np.put(zeros(), [0], x[:1]), r"np\.where"),
    "np.sum([s, s])": (lambda x: np.sum([x[0], x[1]]), r"np\.stack"),
    "np.exp([s, s])": (lambda x: np.exp([x[0], x[1]]), r"np\.stack"),
    "np.linalg.solve([[s]], b)": (lambda x: np.linalg.solve([[x[0]]], [1.0]), r"np\.stack"),
    "np.broadcast(x, nd)": (lambda x: np.broadcast(x, zeros()), r"x itself"),
    "np.polynomial.Polynomial(x)": (np.polynomial.Polynomial, r"ag\.value"),
    "x.astype(object)": (lambda x: np.sum(x.astype(object)), r"array of objects has no gradients"),
    "np.matrix * x": (lambda x: M.view(np.matrix) * x, r"np\.matrix has no gradients.*np\.asarray"),
    "x @ np.matrix": (lambda x: x @ M.view(np.matrix), r"np\.matrix has no gradients.*np\.asarray"),
    "np.multiply(np.matrix, x)": (
        lambda x: np.multiply(M.view(np.matrix), x),
        r"np\.matrix has no gradients",
    ),
    "np.ma.array(x)": (np.ma.array, r"x itself"),
    "masked * x": (lambda x: np.ma.array(X, mask=[0, 1, 0]) * x, r"ag\.value"),
    "x * masked": (
        lambda x: x * np.ma.array(X, mask=[0, 1, 0]),
        r"masked array has no gradients.*filled",
    ),
    "np.ma.sum(x)": (np.ma.sum, r"x itself"),
    "Decimal * s": (lambda x: decimal.Decimal(2) * x[0], r"unsupported operand"),
    "x.item()": (lambda x: x[0].item(), r"x itself"),
    "x.tolist()": (lambda x: x.tolist(), r"list\(x\)"),
}
every_error = pytest.mark.parametrize(("f", "message"), ERRORS.values(), ids=ERRORS)


@every_error
@pytest.mark.parametrize("track", [lambda w: w, lambda w: w * 1], ids=["Param", "Result"])
def test_a_lost_gradient_is_an_error_in_diff(f, message, track):
    w = ag.Param(X)
    with pytest.raises(TypeError) as caught:
        ag.diff(lambda: np.sum(f(track(w))))
    assert re.search(message, str(caught.value))


@every_error
def test_a_lost_gradient_is_an_error_in_grad(f, message):
    for g in (
        ag.grad(lambda x: np.sum(f(x))),
        ag.grad(lambda x: np.sum(ag.grad(lambda y: np.sum(f(y)))(x))),
    ):
        with pytest.raises(TypeError) as caught:
            g(X)
        assert re.search(message, str(caught.value))


def outside(f, x):
    """Return `f(x)`, or the type of its error."""
    try:
        return f(x)
    except (TypeError, ValueError, IndexError) as error:
        return type(error)


# Calls that differ for a Param outside a recording: errors, or writes into the Param.
DIFFER = {"np.matrix * x", "x @ np.matrix", "np.multiply(np.matrix, x)", "nd[x]"}


SAME = {name: f for name, (f, _) in ERRORS.items() if name not in DIFFER}


@pytest.mark.parametrize("f", SAME.values(), ids=SAME)
def test_outside_a_recording_a_param_acts_like_its_value(f):
    y, expected = outside(f, ag.Param(X.copy())), outside(f, X.copy())
    assert not isinstance(y, ag.Value)
    assert type(y) is type(expected)
    if isinstance(expected, np.ndarray):
        assert y.dtype == expected.dtype
        assert y.tolist() == expected.tolist()


# Dispatched calls and their gradients for x = [1, 2, 3].
RIGHT = {
    "np.array(x, like=x)": (lambda x: np.array(x, like=x) @ X, [1.0, 2.0, 3.0]),
    "np.array([x, nd], like=x)": (lambda x: np.sum(np.array([x, X], like=x) ** 2), [2.0, 4.0, 6.0]),
    "np.array([[s], [s]], like=x)": (
        lambda x: np.sum(np.array([[x[0]], [x[2]]], float, like=x)),
        [1.0, 0.0, 1.0],
    ),
    "np.array(s, ndmin=2, like=x)": (
        lambda x: np.array(x[0], ndmin=2, like=x)[0, 0],
        [1.0, 0.0, 0.0],
    ),
    "np.array([], like=x)": (lambda x: np.sum(np.array([], like=x)) + x[0], [1.0, 0.0, 0.0]),
    "np.asarray(x, like=x)": (lambda x: np.asarray(x, like=x) @ X, [1.0, 2.0, 3.0]),
    "np.asanyarray([s, s], like=x)": (
        lambda x: np.asanyarray([x[0], x[0]], like=x) @ [1.0, 2.0],
        [3.0, 0.0, 0.0],
    ),
    "np.ascontiguousarray(s, like=x)": (
        lambda x: np.ascontiguousarray(x[0], like=x)[0],
        [1.0, 0.0, 0.0],
    ),
    "np.asfortranarray(x, like=x)": (lambda x: np.asfortranarray(x, like=x) @ X, [1.0, 2.0, 3.0]),
    "np.require(x, like=x)": (lambda x: np.require(x, float, "C", like=x) @ X, [1.0, 2.0, 3.0]),
    "np.full(3, s, like=x)": (lambda x: np.full(3, x[0], like=x) @ X, [6.0, 0.0, 0.0]),
    "np.zeros(3, like=x)": (lambda x: np.sum(np.zeros(3, like=x) + x), [1.0, 1.0, 1.0]),
    "np.full_like(x, s)": (lambda x: np.full_like(x, x[0]) @ X, [6.0, 0.0, 0.0]),
    "nd + x": (lambda x: np.sum(X + x), [1.0, 1.0, 1.0]),
    "np.float64(2) * x": (lambda x: np.sum(np.float64(2) * x), [2.0, 2.0, 2.0]),
    "2.0 * x": (lambda x: np.sum(2.0 * x), [2.0, 2.0, 2.0]),
    "nd @ x": (lambda x: np.sum(M @ x), [12.0, 15.0, 18.0]),
    "nd ** x": (lambda x: np.sum(np.ones(3) ** x), [0.0, 0.0, 0.0]),
    "nd.clip(x, nd)": (lambda x: np.sum(np.full(3, 1.5).clip(x, 9.0)), [0.0, 1.0, 1.0]),
    "[1, 2, 3] * x": (lambda x: np.sum([1, 2, 3] * x), [1.0, 2.0, 3.0]),
    "Fraction * s": (lambda x: fractions.Fraction(1, 2) * x[1] ** 2, [0.0, 2.0, 0.0]),
    "True * x": (lambda x: np.sum(True * x), [1.0, 1.0, 1.0]),
    "np.array(object) * x": (lambda x: np.sum(np.array([1, 2, 3], object) * x), [1.0, 2.0, 3.0]),
    "np.where(x > nd, x, nd)": (lambda x: np.sum(np.where(x > 1.5, x, X)), [0.0, 1.0, 1.0]),
    "np.sum(x, where=x > 1)": (lambda x: np.sum(x, where=x > 1.5), [0.0, 1.0, 1.0]),
    "np.add.reduce(x)": (np.add.reduce, [1.0, 1.0, 1.0]),
    "np.add.accumulate(x)": (lambda x: np.sum(np.add.accumulate(x)), [3.0, 2.0, 1.0]),
    "np.multiply.outer(x, nd)": (lambda x: np.sum(np.multiply.outer(x, X)), [6.0, 6.0, 6.0]),
    "np.add.reduceat(x, i)": (lambda x: np.add.reduceat(x, [0, 2]) @ [1.0, 2.0], [1.0, 1.0, 2.0]),
    "divmod(x, s)": (lambda x: np.sum(divmod(x, 2.0)[1]), [1.0, 1.0, 1.0]),
    "np.modf(x)": (lambda x: np.sum(np.modf(x * 0.5)[0]), [0.5, 0.5, 0.5]),
    "np.frexp(x)": (lambda x: np.sum(np.frexp(x)[0]), [0.5, 0.25, 0.25]),
    "np.linalg.svd(M).S": (lambda x: np.sum(np.linalg.svd(np.diag(x)).S), [1.0, 1.0, 1.0]),
    "np.linalg.eigh(M).eigenvalues": (
        lambda x: np.sum(np.linalg.eigh(np.diag(x)).eigenvalues),
        [1.0, 1.0, 1.0],
    ),
    "np.linalg.slogdet(M).logabsdet": (
        lambda x: 6.0 * np.linalg.slogdet(np.diag(x)).logabsdet,
        [6.0, 3.0, 2.0],
    ),
    "np.linalg.qr(M).R": (lambda x: np.sum(np.abs(np.linalg.qr(np.diag(x)).R)), [1.0, 1.0, 1.0]),
    "np.sum(x) of 0 axes": (lambda x: np.exp(np.sum(0.0 * x)) * x[0], [1.0, 0.0, 0.0]),
    "np.concatenate([x, nd])": (lambda x: np.sum(np.concatenate([x, X]) ** 2), [2.0, 4.0, 6.0]),
    "np.select([c], [x])": (lambda x: np.sum(np.select([X > 1], [x], 0.0)), [0.0, 1.0, 1.0]),
    "np.piecewise(x, ...)": (
        lambda x: np.sum(np.piecewise(x, [X > 1], [lambda t: 3 * t, 0.0])),
        [0.0, 3.0, 3.0],
    ),
    "np.poly1d(x)(s)": (lambda x: np.poly1d(x)(2.0), [4.0, 2.0, 1.0]),
    "np.ndarray subclass": (lambda x: np.sum(x * X.view(np.memmap)), [1.0, 2.0, 3.0]),
}


@pytest.mark.filterwarnings("ignore:.*memmap.*")
@pytest.mark.parametrize(("f", "gradient"), RIGHT.values(), ids=RIGHT)
def test_dispatched_functions_have_their_gradient(f, gradient):
    w = ag.Param(X)
    for dx in (
        ag.grad(f)(X),
        ag.grad(ag.diff(lambda: f(w)), w),
        ag.grad(ag.diff(lambda: f(w * 1.0)), w),
    ):
        assert (type(dx), dx.dtype) == (np.ndarray, np.float64)
        np.testing.assert_allclose(dx, gradient, atol=1e-14)
    assert not isinstance(f(w), ag.Value)


# Values that a Param cannot hold.

HELD = {
    "bool": True,
    "str": "a",
    "None": None,
    "Decimal": decimal.Decimal(2),
    "Fraction": fractions.Fraction(1, 2),
    "array of objects": np.array([1.0, 2.0], dtype=object),
    "array of bools": np.array([True]),
    "dates": np.array(["2020-01-01"], dtype="datetime64[D]"),
    "times": np.array([1], dtype="timedelta64[s]"),
    "records": np.array([(1.0,)], dtype=[("a", float)]),
    "matrix": M.view(np.matrix),
    "masked array": np.ma.array(X, mask=[0, 1, 0]),
}


@pytest.mark.parametrize("x", HELD.values(), ids=HELD)
def test_a_non_numeric_value_is_an_error(x):
    with pytest.raises(TypeError):
        ag.Param(x)
    with pytest.raises(TypeError):
        ag.grad(lambda x: 1.0)(x)


# Arrays of other memory layouts.

LAYOUTS = {
    "Fortran": np.asfortranarray(M),
    "negative strides": M[::-1, ::-1],
    "every other": np.arange(36.0).reshape(6, 6)[::2, ::2],
    "broadcast": np.broadcast_to(X, (3, 3)),
    "unaligned": np.frombuffer(b"\0" + M.tobytes(), np.float64, offset=1).reshape(3, 3),
    "big-endian": M.astype(">f8"),
    "empty": np.zeros((0, 3)),
    "0-d": np.array(2.0),
}


@pytest.mark.parametrize("x", LAYOUTS.values(), ids=LAYOUTS)
def test_a_gradient_does_not_depend_on_memory_layout(x):
    def f(x):
        return np.sum(np.exp(x.T / 9) * np.ravel(x)[::-1].reshape(x.T.shape)) + np.sum(x * x)

    before, plain = x.copy(), np.array(x, dtype=float)
    assert ag.grad(f)(x).tolist() == ag.grad(f)(plain).tolist()
    assert ag.grad(f)(x).shape == x.shape
    assert np.array_equal(x, before)


# Lists: Python's + joins them, NumPy's adds them.


@pytest.mark.parametrize(
    ("f", "gradient"),
    [
        (lambda x: np.prod(np.add(x, [3.0, 4.0])), [6.0, 4.0]),
        (lambda x: np.prod(np.add([3.0, 4.0], x)), [6.0, 4.0]),
        (lambda x: np.prod(x * 2), [8.0, 4.0]),
        (lambda x: np.prod(x + x), [8.0, 4.0]),
    ],
    ids=["np.add(x, list)", "np.add(list, x)", "x * 2", "x + x"],
)
def test_a_list_is_an_array_to_arithmetic(f, gradient):
    assert ag.grad(f)([1.0, 2.0]) == gradient
    assert f(ag.Param([1.0, 2.0])) == f(np.array([1.0, 2.0]))


# NaN and Inf.


@pytest.mark.parametrize(
    "x",
    [
        math.inf,
        -math.inf,
        math.nan,
        np.float64(math.inf),
        np.array(math.nan),
        complex(math.inf, 0.0),
    ],
    ids=repr,
)
def test_an_independent_result_has_zero_gradient_at_infinity(x):
    assert ag.grad(lambda x: 1.0)(x) == 0.0
    assert type(ag.grad(lambda x: 1.0)(x)) is type(x)


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_a_remainder_of_zero_is_that_of_numpy():
    assert ag.grad(lambda x: x % 0.0)(3.0) == 1.0
    assert math.isnan(ag.value(ag.diff(lambda: ag.Param(3.0) % 0.0)))


@pytest.mark.parametrize(
    "f",
    [
        np.prod,
        lambda x: np.cumprod(x)[-1],
        lambda x: np.add.reduceat(x, [0])[0] ** 2,
        lambda x: np.multiply.accumulate(x)[2],
    ],
    ids=["prod", "cumprod", "reduceat", "accumulate"],
)
@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16])
def test_small_integers_are_multiplied_and_added_up_as_large_ones(f, dtype):
    x = np.array([100, 50, 3], dtype)
    y = ag.value(ag.value_and_grad(f)(x)[0])
    assert (y, np.result_type(y)) == (f(x), np.result_type(f(x)))


@pytest.mark.parametrize(
    "f", [np.maximum.accumulate, np.minimum.accumulate], ids=["maximum", "minimum"]
)
def test_an_extreme_so_far_stays_nan_after_a_nan(f):
    y = ag.value(ag.diff(lambda: np.sum(f(ag.Param([1.0, math.nan, 2.0]))[2])))
    assert math.isnan(y)


def test_cumprod_of_a_number_is_an_array():
    assert ag.grad(lambda x: np.cumprod(x, axis=0)[0])(2.0) == 1.0
    assert ag.grad(np.nanmean)(2.0) == 1.0


def test_a_users_ufunc_of_three_arguments_has_no_rule():
    with pytest.raises(TypeError, match="has no gradient rule"):
        ag.grad(lambda x: np.frompyfunc(max, 3, 1)(x, x, x))(1.0)
