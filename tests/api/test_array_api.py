"""Code for the array API standard, which asks an array for its functions, differentiates."""

import numpy as np
import pytest

import autograd_tools as ag
import autograd_tools.numpy

X = np.array([[0.5, 1.0], [2.0, 3.0]])


def softplus(x):
    """Compute as SciPy and scikit-learn do: with the functions of the array's own namespace."""
    xp = x.__array_namespace__()
    y = xp.astype(xp.permute_dims(x, (1, 0)), xp.float64)
    y = xp.concat([xp.reshape(y, (-1,)), xp.zeros(2, device=x.device)])
    return xp.sum(xp.log1p(xp.exp(y))) + xp.linalg.vector_norm(x) * xp.asarray(2.0)


def test_the_namespace_of_a_recorded_array():
    seen = []
    ag.grad(lambda x: seen.append(x.__array_namespace__()) or np.sum(x))(X)
    assert seen == [autograd_tools.numpy]
    assert ag.gradcheck(softplus, X)
    assert ag.grad(softplus)(X).shape == (2, 2)


def test_a_plain_number_has_no_namespace():
    with pytest.raises(AttributeError, match="'float' object has no attribute '__array_namesp"):
        ag.grad(lambda x: x.__array_namespace__())(1.0)


def test_an_unknown_version_is_an_error():
    with pytest.raises(ValueError, match="1999"):
        ag.grad(lambda x: x.__array_namespace__(api_version="1999"))(X)


def test_an_array_is_on_the_cpu():
    assert ag.grad(lambda x: np.sum(x.to_device("cpu") ** 2))(X).tolist() == (2 * X).tolist()
    with pytest.raises(ValueError, match="gpu"):
        ag.grad(lambda x: x.to_device("gpu"))(X)


def test_array_api_compat_finds_the_namespace():
    compat = pytest.importorskip("array_api_compat")
    found = []
    ag.grad(lambda x: found.append(compat.array_namespace(x)) or np.sum(x))(X)
    assert found == [autograd_tools.numpy]
    assert compat.is_array_api_obj(ag.Param(X))


def test_autoray_finds_the_functions():
    autoray = pytest.importorskip("autoray")
    found = ag.grad(lambda x: autoray.do("sum", autoray.do("sin", x)))(X)
    assert found.tolist() == np.cos(X).tolist()
