"""autograd_tools.numpy: NumPy's own objects, and replacements with NumPy's results."""

import autograd_tools.numpy.random as npr
import numpy
import numpy.testing
import pytest
from rules.cases import spread

import autograd_tools as ag
import autograd_tools.numpy as np
import autograd_tools.numpy.linalg
from autograd_tools.numpy import pi, sin
from autograd_tools.numpy.fft import fft

X, A = 1.5, spread(3)

# Functions of a number; the result equals NumPy's for the plain number.
OF_NUMBER = {
    "array of nested lists": lambda np, x: np.array([[x, 1.0], [x * x, 2]]),
    "array of a tuple": lambda np, x: np.array((x, 2.0)),
    "array of a number": lambda np, x: np.array(x),
    "array copied if needed": lambda np, x: np.array(x, copy=numpy._CopyMode.IF_NEEDED),
    "array with ndmin": lambda np, x: np.array([x, 1.0], ndmin=3),
    "array with dtype": lambda np, x: np.array([x, 1], dtype=numpy.float32),
    "array of complex": lambda np, x: np.abs(np.array([x, 2j])),
    "array with a number of single precision": lambda np, x: np.array([numpy.float32(1), x]),
    "asarray": lambda np, x: np.asarray([[x], [2]]),
    "asanyarray": lambda np, x: np.asanyarray([x, x]),
    "ascontiguousarray": lambda np, x: np.ascontiguousarray(x),
    "asfortranarray": lambda np, x: np.asfortranarray([[x, 2.0]]),
    "full": lambda np, x: np.full((2, 3), x),
    "full with dtype": lambda np, x: np.full(2, x, numpy.float32),
    "full_like": lambda np, x: np.full_like(numpy.ones((2, 2)), x),
    "arange": lambda np, x: np.arange(x, 4.2, 0.5),
    "arange by a step": lambda np, x: np.arange(0, 7, x),
    "linspace": lambda np, x: np.linspace([0.0, 1.0], [x, 2 * x], 4),
    "r_": lambda np, x: np.r_[1, x, 3:x:3j, [x, 2.0]],
    "r_ with a slice from it": lambda np, x: np.r_[x:4.2:0.5],
    "concatenate": lambda np, x: np.concatenate([[x, 1.0], [2.0, x]]),
    "stack": lambda np, x: np.stack([x, 1.0]),
    "stack lists": lambda np, x: np.stack([[x, 1.0], [2.0, x]], axis=1),
    "vstack": lambda np, x: np.vstack([[x, 1.0], [2.0, x]]),
    "hstack": lambda np, x: np.hstack([[x], [2.0, x]]),
    "hstack values of a dict": lambda np, x: (
        np.hstack({"a": [x], "b": [2.0, x]}.values()) if np is not numpy else np.array([x, 2.0, x])
    ),
    "append": lambda np, x: np.append([x, 1.0], [x]),
    "where": lambda np, x: np.where([True, False], [x, 1.0], [2.0, x]),
    "select": lambda np, x: np.select([[True, False], [True, True]], [[x, 1.0], [2.0, x]]),
    "choose": lambda np, x: np.choose([0, 1], [[x, 1.0], [2.0, x]]),
    "sum of a list": lambda np, x: np.sum([x, 2 * x]),
    "mean of a list": lambda np, x: np.mean([[x, 1.0], [2.0, x]], axis=0),
    "std of a list": lambda np, x: np.std([x, 1.0, 3.0]),
    "max of a list": lambda np, x: np.max([x, 1.0]),
    "dot of lists": lambda np, x: np.dot([[x, 1.0], [2.0, x]], [x, 3.0]),
    "norm of a list": lambda np, x: np.linalg.norm([x, 1.0]),
    "inv of a list": lambda np, x: np.linalg.inv([[x, 1.0], [0.0, x]]),
    "exp of a list": lambda np, x: np.exp([x, 1.0]),
    "add lists": lambda np, x: np.add([x, 1.0], (2.0, x)),
    "add.reduce of a list": lambda np, x: np.add.reduce([x, 2.0]),
    "multiply.outer of lists": lambda np, x: np.multiply.outer([x, 2.0], [1.0, x]),
    "einsum of lists": lambda np, x: np.einsum("i,i", [x, 1.0], [x, 2.0]),
    "einsum of numbered lists": lambda np, x: np.einsum([x, 1.0], [0], [x, 2.0], [0]),
    "interp of lists": lambda np, x: np.interp([x, 1.0], [0.0, 3.0], [x, x * x]),
    "interp left": lambda np, x: np.interp([-1.0, 1.0], [0.0, 3.0], [1.0, 2.0], left=x),
    "fft of a list": lambda np, x: np.abs(np.fft.fft([x, 1.0, 2.0])),
    "multi_dot of lists": lambda np, x: np.linalg.multi_dot([[x, 1.0], [[x, 1.0], [0.0, 2.0]]]),
    "eigvalsh of a list": lambda np, x: np.linalg.eigvalsh([[x, 1.0], [1.0, 2.0]]),
    "cholesky of a list": lambda np, x: np.linalg.cholesky([[x + 1, 1.0], [1.0, 2.0]]),
    "sum with initial": lambda np, x: np.sum([1.0, 2.0], initial=x),
    "max with initial": lambda np, x: np.max([1.0, 2.0], initial=2 * x),
    "clip between lists": lambda np, x: np.clip([1.0, 2.0], x, [2 * x, 1.7]),
    "gradient of a list": lambda np, x: np.gradient([x, 2.0, x * x]),
    "histogram of weights": lambda np, x: np.histogram([1.0, 2.0], bins=2, weights=[x, 1.0])[0],
    "percentile of a list": lambda np, x: np.percentile([x, 1.0, 4.0], 30),
    "nanmean of a list": lambda np, x: np.nanmean([x, numpy.nan, 1.0]),
    "convolve lists": lambda np, x: np.convolve([x, 1.0], [1.0, x]),
    "pad with two numbers": lambda np, x: np.pad([x, 1.0], 1, constant_values=(x, 2.0)),
    "block of lists": lambda np, x: np.block([[x, 1.0]]) if np is not numpy else [[x, 1.0]],
    "select a default": lambda np, x: np.select([[True, False]], [[1.0, 2.0]], x),
    "piecewise a number": lambda np, x: np.piecewise(A, [A > 0], [x, 2.0]),
    "var with ddof": lambda np, x: np.var(A, ddof=x),
    "average with weights": lambda np, x: np.average([1.0, 2.0], weights=[x, 1.0]),
    "divmod of a list": lambda np, x: np.divmod([x, 2.0], 1.2)[1],
    "sort a list": lambda np, x: np.sort([x, 1.0]),
    "nested lists and tuples": lambda np, x: np.sum([[x, 1.0], (2.0, x)], axis=0),
    "vectorize": lambda np, x: np.vectorize(lambda a, b: a * b if a > 1 else b)([x, 0.0], 2.0),
    "vectorize two results": lambda np, x: np.vectorize(lambda a: (a, a * a))([x, 2 * x])[1],
}
OF_ARRAY = {
    "array": lambda np, a: np.array(a),
    "array of rows": lambda np, a: np.array([a, a * a, [1.0, 2.0, 3.0]]),
    "array of an array and ndmin": lambda np, a: np.array(a, ndmin=2),
    "asarray as single precision": lambda np, a: np.asarray(a, numpy.float32),
    "r_": lambda np, a: np.r_[a, 1.0, 2:4],
    "r_ along another axis": lambda np, a: np.r_["0,2", a, a * a],
    "r_ of columns": lambda np, a: np.r_["1,2,0", a, a * a],
    "c_": lambda np, a: np.c_[a, [1.0, 2.0, 3.0], a * a],
    "concatenate with a list": lambda np, a: np.concatenate([a, [1.0, a[0]]]),
    "column_stack": lambda np, a: np.column_stack([a, [a[0], 2.0, 3.0]]),
    "full_like with rows": lambda np, a: np.full_like(numpy.ones((2, 3)), a),
    "vectorize": lambda np, a: np.vectorize(lambda x: x * x)(a),
}
CASES = [pytest.param(f, X, id=name) for name, f in OF_NUMBER.items()] + [
    pytest.param(f, A, id=f"{name} (of an array)") for name, f in OF_ARRAY.items()
]


@pytest.mark.parametrize(("f", "x"), CASES)
def test_a_replacement_gives_numpys_result(f, x):
    expected, vjp_y = f(numpy, x), ag.make_vjp(lambda x: f(np, x))(x)[1]
    for y in (f(np, x), f(np, ag.Param(x)), vjp_y):
        numpy.testing.assert_array_equal(y, expected)
        assert numpy.shape(y) == numpy.shape(expected)
        assert numpy.asarray(y).dtype == numpy.asarray(expected).dtype


@pytest.mark.parametrize(("f", "x"), CASES)
def test_a_replacement_has_the_right_gradient(f, x):
    single = numpy.asarray(f(numpy, x)).dtype == numpy.float32
    assert ag.gradcheck(
        lambda x: f(np, x), x, delta=1e-2 if single else 1e-6, rtol=1e-3 if single else 1e-5
    )


@pytest.mark.parametrize(
    "name", ["pi", "newaxis", "ndarray", "float64", "zeros", "finfo", "random"]
)
def test_other_names_are_numpys_own(name):
    assert getattr(np, name) is getattr(numpy, name)


def test_modules_and_names_are_imported_as_those_of_numpy():
    assert (sin.ufunc, pi, npr) == (numpy.sin, numpy.pi, numpy.random)
    assert fft([1.0]) == numpy.fft.fft([1.0])
    assert autograd_tools.numpy.linalg.LinAlgError is numpy.linalg.LinAlgError


def test_a_replaced_ufunc_has_the_attributes_of_numpys():
    assert (sin.nin, np.add.identity, sin.__name__) == (1, 0, "sin")
    assert np.add.reduce([1.0, 2.0]) == 3.0


def test_every_name_of_numpy_is_there():
    assert [name for name in sorted(numpy.__all__) if not hasattr(np, name)] == []


def test_a_name_that_numpy_has_not_is_an_error():
    with pytest.raises(
        AttributeError, match="has no attribute 'nosuch', and NumPy has none either"
    ):
        _ = np.nosuch


def test_descriptions_of_recorded_values_are_plain():
    def f(x):
        assert np.isscalar(x)
        assert (np.ndim([x, x]), np.shape([[x, x]]), np.size([x, x])) == (1, (1, 2), 2)
        assert np.result_type(x, numpy.float32(1)) == np.float64
        assert np.allclose([x, x], [x, 1.5])
        assert np.array_equal([x], [1.5])
        assert not np.iscomplexobj([x])
        return x

    assert ag.grad(f)(numpy.float64(1.5)) == 1.0


def test_a_list_of_different_shapes_is_an_error():
    with pytest.raises(
        ValueError, match=r"must have one shape to become an array, got \(\), \(3,\)"
    ):
        ag.grad(lambda a: np.sum(np.array([a, a[0]])))(A)


def test_a_cast_to_integers_has_no_gradient():
    assert ag.grad(lambda x: np.sum(np.array([x, 2 * x], dtype=int)) + x)(1.5) == 1.0


def test_a_matrix_is_an_error():
    with pytest.raises(TypeError, match="returns a matrix"):
        ag.grad(lambda a: np.sum(np.r_["r", a]))(A)


def test_array_copies_a_param():
    p = ag.Param(numpy.ones(2))
    assert np.array(p) is not p.value


def test_importing_autograd_tools_does_not_load_it(python):
    prefixes = ("autograd_tools.numpy", "autograd_tools.compat")
    found = f"[name for name in sys.modules if name.startswith({prefixes})]"
    code = f"import sys, autograd_tools; print({found})"
    assert python("-c", code) == "[]\n"
