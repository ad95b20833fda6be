"""Other spellings of a call, other dtypes and memory orders: NumPy's value and a gradient."""

import numpy as np
import pytest
from rules.cases import spread
from rules.test_rules import (
    COMPOSITES,
    NAMES,
    assert_same_type,
    cases_of,
    differentiable,
    every_function,
    total,
)

import autograd_tools as ag
from autograd_tools.engine.calls import plain

X = np.array([1.0, 2.0, 3.0])
M = np.arange(6.0).reshape(2, 3) / 5 + 0.5


def recorded(f, *args):
    """Return the plain value of `f` while its arguments are recorded."""
    seen = []
    ag.grad(lambda *a: seen.append(plain(f(*a))) or 0.0, tuple(range(len(args))))(*args)
    return seen[0]


def assert_identical(y, expected):
    """Assert equality of type, dtype, shape and bits."""
    if isinstance(expected, (tuple, list)):
        assert len(y) == len(expected)
        for part, expected_part in zip(y, expected, strict=True):
            assert_identical(part, expected_part)
        return
    assert type(y) is type(expected)
    assert (np.shape(y), np.asarray(y).dtype) == (np.shape(expected), np.asarray(expected).dtype)
    np.testing.assert_array_equal(y, expected)


# Recorded values where NumPy takes arrays.

CALLS = {
    "sum of initial": (lambda x: np.sum(x, initial=x[0]), X),
    "sum along an axis": (lambda x: np.sum(x, axis=0, initial=x[0, 1], keepdims=True), M),
    "x.sum of initial": (lambda x: x.sum(initial=x[0]), X),
    "max below initial": (lambda x: np.max(x, initial=5 * x[0]), X),
    "max above initial": (lambda x: np.max(x, axis=1, initial=x[0, 0]), M),
    "min of initial": (
        lambda x: np.min(x, 1, initial=0.3 + x[0, 0], keepdims=True, where=[True, False, True]),
        M,
    ),
    "nanmax of initial": (lambda x: np.nanmax(x, initial=5 * x[0]), X),
    "prod of initial": (lambda x: np.prod(x, axis=0, initial=x[0, 1]), M),
    "clip min": (lambda a, low: np.clip(a, min=low), M, 0.77),
    "clip max": (lambda a, high: np.clip(a, max=high), M, 0.77),
    "clip min and max": (lambda a, low: np.clip(a, min=low, max=low + 0.3), M, 0.77),
    "clip of a constant": (lambda low: np.clip(M, min=low, max=low + 0.3), 0.77),
    "x.clip": (lambda a, low: a.clip(low), M, 0.77),
    "x.clip max": (lambda a, high: a.clip(max=high), M, 0.77),
    "array.clip": (lambda low: M.clip(min=low), 0.77),
    "diff of order 0 with prepend": (lambda x: np.diff(x, n=0, prepend=x[0]), X),
    "diff of order 0 with append": (lambda x: np.diff(x, n=0, append=5.0), X),
    "transpose of one axis": (lambda x: x.transpose(0), X),
    "np.transpose of one axis": (lambda x: np.transpose(x, 0), X),
    "permute_dims of one axis": (lambda x: np.permute_dims(x, 0), X),
    "average": (lambda x: np.average(x, returned=True)[1] * x[0], X),
    "average with weights": (lambda x: np.average(x, weights=x, returned=True)[1], X),
    "nanquantile of two axes": (lambda x: np.nanquantile(x, [0.3, 0.6], axis=(0, 1)), M),
    "take of a number": (lambda x: np.take(x, [0, 0], axis=0), 2.5),
}


@pytest.mark.parametrize(("f", "args"), [(f, args) for f, *args in CALLS.values()], ids=CALLS)
def test_a_call_has_numpys_value_and_the_right_gradient(f, args):
    assert_identical(recorded(f, *args), f(*args))
    assert ag.gradcheck(f, *args, order=2)


def check_by_places(f, x):
    """Check the gradient of a function that moves elements by the places of the elements."""
    places = np.empty_like(x)
    places[...] = np.arange(np.size(x)).reshape(np.shape(x))
    weights = spread(np.size(x))
    dx = ag.grad(
        lambda x: np.sum(f(x) * np.reshape(weights[f(places).astype(int)], np.shape(f(x))))
    )(x)
    np.testing.assert_array_equal(dx, weights.reshape(np.shape(x)))


ORDERED = {
    "ravel": lambda x, order: np.ravel(x, order=order),
    "x.ravel": lambda x, order: np.expand_dims(x, 0).ravel(order=order),
    "flatten": lambda x, order: np.expand_dims(x, 0).flatten(order),
    "copy": lambda x, order: np.copy(x, order=order),
    "positive": lambda x, order: np.positive(x, order=order),
}


@pytest.mark.parametrize("order", "CFAK")
@pytest.mark.parametrize("f", ORDERED.values(), ids=ORDERED)
def test_every_order_takes_numbers_and_arrays(f, order):
    for x in (3.0, np.array(3.0), M, M.T, np.asfortranarray(M)):
        assert_identical(recorded(lambda x: f(x, order), x), f(x, order))
        check_by_places(lambda x: f(x, order), x)


@pytest.mark.parametrize("order", "CFA")
def test_reshape_takes_numbers_and_arrays_in_every_order(order):
    for x in (3.0, M, M.T, np.asfortranarray(M)):
        check_by_places(lambda x: np.reshape(x, (-1, 1), order=order), x)
        check_by_places(lambda x: np.reshape(x, -1, order=order), x)


# Every function, in other dtypes.

DTYPES = {
    "float64": "c16",
    "float16": "c8",
    "float32": "c8",
    "longdouble": "clongdouble",
    ">f8": ">c16",
}


def cast(x, dtype):
    """Return the arrays in `x` in another dtype of floating point."""
    if isinstance(x, (tuple, list)):
        return type(x)(cast(item, dtype) for item in x)
    if not isinstance(x, np.ndarray) or x.dtype.kind not in "fc":
        return x
    return x.astype(DTYPES[dtype] if x.dtype.kind == "c" else dtype)


def calls(func, dtype):
    """Yield the cases of a function in another dtype, where NumPy takes it, and their results."""
    for given, named in cases_of(func):
        args, kwargs = cast(given, dtype), {key: cast(x, dtype) for key, x in named.items()}
        try:
            with np.errstate(all="ignore"):
                yield args, kwargs, func(*args, **kwargs)
        except TypeError:
            continue


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("func", COMPOSITES, ids=NAMES.get)
def test_a_composite_has_numpys_value_to_the_bit(func, dtype):
    for args, kwargs, expected in calls(func, dtype):
        seen = []

        def note(*a, kwargs=kwargs, seen=seen):
            seen.append(plain(func(*a, **kwargs)))
            return 0.0

        ag.grad(note, differentiable(func, args))(*args)
        assert_identical(seen[0], expected)


@pytest.mark.parametrize("dtype", DTYPES)
@every_function
@pytest.mark.slow
def test_a_gradient_has_the_dtype_of_its_argument(func, dtype):
    for args, kwargs, _ in calls(func, dtype):
        argnums = differentiable(func, args)
        with np.errstate(all="ignore"):
            gradients = ag.grad(lambda *a, kw=kwargs: total(func(*a, **kw)), argnums)(*args)
        for n, dx in zip(argnums, gradients, strict=True):
            assert_same_type(dx, args[n])
