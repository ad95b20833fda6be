"""Tests of type and attributes see the plain value; the table of limits lists the exceptions."""

import collections.abc
import contextlib
import copy
import decimal
import fractions
import functools
import json
import math
import numbers
import pickle
import statistics
import struct

import numpy as np
import pytest
import scipy.integrate
import scipy.optimize

import autograd_tools as ag

VALUES = {
    "array": np.array([1.0, 2.0]),
    "matrix": np.ones((2, 2), np.float32),
    "0-d": np.array(2.5),
    "np.float64": np.float64(2.5),
    "float": 2.5,
    "int": 3,
    "complex": 2j,
}


def seen(f, x):
    """Return `f` of a Param, and of a Result in one recording and in two."""
    w, found = ag.Param(x), []
    with ag.record():
        found += [f(w), f(+w) if np.ndim(x) == 0 and not isinstance(x, np.ndarray) else f(w.copy())]

    def inner(y):
        found.append(f(y))
        return 0.0

    def outer(y):
        ag.grad(inner)(y)
        return 0.0

    ag.grad(outer)(x)
    return found


TESTS = {
    "np.ndarray": lambda x: isinstance(x, np.ndarray),
    "float": lambda x: isinstance(x, float),
    "int": lambda x: isinstance(x, int),
    "complex": lambda x: isinstance(x, complex),
    "list": lambda x: isinstance(x, list),
    "a tuple of types": lambda x: isinstance(x, (float, np.ndarray)),
    "numbers.Number": lambda x: isinstance(x, numbers.Number),
    "numbers.Real": lambda x: isinstance(x, numbers.Real),
    "numbers.Integral": lambda x: isinstance(x, numbers.Integral),
    "Mapping": lambda x: isinstance(x, collections.abc.Mapping),
    "Sequence": lambda x: isinstance(x, collections.abc.Sequence),
    "np.isscalar": np.isscalar,
    "np.iterable": np.iterable,
    "np.ndim": np.ndim,
    "np.shape": np.shape,
    "callable": callable,
    "bool": lambda x: bool(np.all(x)),
    **{
        f"hasattr {name}": lambda x, name=name: hasattr(x, name)
        for name in ("__len__", "__call__", "__next__", "keys", "items", "is_integer")
    },
}


@pytest.mark.parametrize("x", VALUES.values(), ids=VALUES)
@pytest.mark.parametrize("test", TESTS.values(), ids=TESTS)
def test_a_test_of_type_answers_as_for_the_plain_value(test, x):
    assert seen(test, x) == [test(x)] * 3


def test_a_value_is_still_a_value():
    for x in VALUES.values():
        assert all(seen(lambda x: isinstance(x, ag.Value), x))
    assert isinstance(ag.Param(2.0), ag.Param)


def test_singledispatch_takes_the_function_for_the_plain_value():
    @functools.singledispatch
    def f(x):
        return 0 * x

    f.register(float, lambda x: 2 * x)
    f.register(np.ndarray, lambda x: 3 * np.sum(x))
    assert ag.grad(f)(1.5) == 2.0
    assert ag.grad(f)(np.ones(2)).tolist() == [3.0, 3.0]


def test_a_length_of_a_number_is_a_type_error():
    for f in (len, iter, list):
        with pytest.raises(TypeError, match="float"):
            ag.grad(f)(2.0)


def test_a_param_is_copied_and_pickled_as_itself():
    for x in (2.0, np.ones(2), {"a": 1.0}):
        w = ag.Param(x, name="w")
        for made in (copy.copy(w), copy.deepcopy(w), pickle.loads(pickle.dumps(w))):
            assert type(made) is ag.Param
            assert (made.name, repr(made)) == ("w", repr(w))


# Attributes that would give away the numbers.

LOST = ["tobytes", "data", "ctypes", "dumps", "base", "byteswap", "getfield", "setflags", "resize"]


@pytest.mark.parametrize("name", LOST)
def test_an_attribute_that_loses_a_gradient_says_what_to_write(name):
    with pytest.raises(AttributeError, match=rf"ag\.value\(x\)\.{name}"):
        ag.grad(lambda x: getattr(x, name))(np.ones(2))
    assert seen(lambda x: hasattr(x, name), np.ones(2)) == [False] * 3


def test_outside_a_recording_a_param_gives_away_its_numbers():
    x = np.array([1.0, 2.0])
    w = ag.Param(x)
    assert (w.tobytes(), w.base, w.strides, w.device) == (x.tobytes(), None, (8,), "cpu")


def test_the_layout_of_a_recorded_array_is_plain():
    x = np.ones((2, 3), order="F")
    assert seen(lambda x: (x.strides, x.flags.f_contiguous), x)[0] == ((8, 16), True)


def test_an_assigned_dtype_says_what_to_write():
    with pytest.raises(AttributeError, match=r"write x = x\.astype\(dtype\)"):
        ag.grad(lambda x: setattr(x * 1.0, "dtype", np.float32))(np.ones(2))


@pytest.mark.parametrize("n", [2, np.int64(2)], ids=["int", "int64"])
def test_an_integer_times_a_list_repeats_it_as_in_python(n):
    assert (
        seen(lambda n: (n * [1.0, 2.0], [1.0] * n, (3,) * n, "ab" * n), n)
        == [([1.0, 2.0, 1.0, 2.0], [1.0, 1.0], (3, 3), "abab")] * 3
    )
    assert seen(lambda n: ag.value(np.multiply(n, [1.0, 2.0])).tolist(), n) == [[2.0, 4.0]] * 3


INTEGERS = {
    "&": lambda n: (n & 6, 6 & n),
    "|": lambda n: (n | 6, 6 | n),
    "^": lambda n: (n ^ 6, 6 ^ n),
    "<<": lambda n: (n << 2, 2 << n),
    ">>": lambda n: (n >> 1, 64 >> n),
    "~": lambda n: ~n,
    "//": lambda n: (n // 2, 7 // n),
}


@pytest.mark.parametrize("n", [5, np.int64(5), np.array([5, 2])], ids=["int", "int64", "array"])
@pytest.mark.parametrize("f", INTEGERS.values(), ids=INTEGERS)
def test_an_operator_of_integers_is_plain(f, n):
    assert [repr(y) for y in seen(f, n)] == [repr(f(n))] * 3


def test_a_view_without_a_type_is_recorded():
    assert ag.grad(lambda x: np.sum(x.view() ** 2))(np.array([1.0, 2.0])).tolist() == [2.0, 4.0]
    with pytest.raises(TypeError, match=r"x\.astype\(dtype\)"):
        ag.grad(lambda x: x.view("i8"))(np.ones(2))


# Python's libraries of numbers.

REFUSED = {
    "math.sqrt": (math.sqrt, r"np\.sin\(x\)"),
    "math.fsum": (lambda x: math.fsum([x, x]), r"np\.sin\(x\)"),
    "math.hypot": (lambda x: math.hypot(x, 1.0), r"np\.sin\(x\)"),
    "math.isclose": (lambda x: math.isclose(x, 1.0), r"ag\.value\(x\)"),
    "statistics.mean": (lambda x: statistics.mean([x, 1.0]), r"np\.mean"),
    "Fraction": (fractions.Fraction, r"as_integer_ratio.*x itself"),
    "'%f' % x": (lambda x: "%f" % x, r"f'\{x:\.3f\}'"),  # noqa: UP031
    "json.dumps": (json.dumps, "Result is not JSON serializable"),
    "Decimal": (decimal.Decimal, "Result"),
}


SOLVERS = {
    "brentq": lambda x: scipy.optimize.brentq(lambda t: t * t - x, 0.0, 5.0),
    "bisect": lambda x: scipy.optimize.bisect(lambda t: t * t - x, 0.0, 5.0),
    "fsolve": lambda x: scipy.optimize.fsolve(lambda t: t * t - x, 1.0),
    "quad": lambda x: scipy.integrate.quad(lambda t: t * x, 0.0, 1.0),
    "ode": lambda x: scipy.integrate.ode(lambda t, y: -x * y).set_initial_value([1.0]).integrate(1),
}


@pytest.mark.parametrize("f", SOLVERS.values(), ids=SOLVERS)
def test_a_solver_in_c_passes_the_refusal_on(f):
    with pytest.raises(ag.LostGradientError, match=r"a function of scipy\.\w+ would turn"):
        ag.grad(f)(2.0)


def test_struct_passes_the_refusal_on():
    with pytest.raises(ag.LostGradientError, match=r"ag\.value\(x\)"):
        ag.grad(lambda x: struct.pack("d", x))(2.0)


def test_an_error_of_the_users_after_a_caught_refusal_is_kept():
    def f(x):
        with contextlib.suppress(TypeError):
            float(x)
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        ag.grad(f)(2.0)


@pytest.mark.parametrize(("f", "message"), REFUSED.values(), ids=REFUSED)
def test_a_function_of_plain_numbers_is_a_type_error(f, message):
    with pytest.raises(TypeError, match=message):
        ag.grad(f)(2.5)
