"""The arguments of SciPy's functions: all that SciPy takes, in its order, with its values."""

import importlib
import inspect

import numpy as np
import pytest
import scipy.linalg
import scipy.signal
import scipy.special
import scipy.stats

import autograd_tools as ag
import autograd_tools.scipy.stats
from autograd_tools.compat import numpy as anp
from autograd_tools.scipy import linalg, signal, special, stats

MODULES = ("linalg", "special", "signal", "integrate", "optimize", "sparse.linalg")
# Arguments that have no meaning for a gradient, with the reason.
LEFT_OUT = {
    "odeint": "the adjoint system is another one, with more components: no Jacobian, bands or info",
    "solve_ivp": "the times must be given; events and dense output choose others",
    "splu": "the factors are not shown",
}


def functions():
    for module in MODULES:
        ours = importlib.import_module(f"autograd_tools.scipy.{module}")
        theirs = importlib.import_module(f"scipy.{module}")
        for name in ours.__all__:
            found, expected = getattr(ours, name), getattr(theirs, name, None)
            if inspect.isfunction(found) and expected is not None and name not in LEFT_OUT:
                yield pytest.param(found, expected, id=f"{module}.{name}")
    for name in autograd_tools.scipy.stats.__all__:
        found, expected = getattr(stats, name), getattr(scipy.stats, name)
        for method in ("pdf", "logpdf", "pmf", "logpmf", "cdf", "logcdf", "sf", "logsf", "entropy"):
            if hasattr(found, method) and name in ("multivariate_normal", "dirichlet"):
                yield pytest.param(
                    getattr(found, method), getattr(expected, method), id=f"stats.{name}.{method}"
                )


def ordered(f):
    try:
        parameters = inspect.signature(f).parameters.values()
    except ValueError:  # a function in C
        return [], set()
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [p.name for p in parameters if p.kind in kinds], {p.name for p in parameters}


@pytest.mark.parametrize(("found", "expected"), [*functions()])
def test_a_function_takes_the_arguments_of_scipys(found, expected):
    (order, names), (wanted_order, wanted) = ordered(found), ordered(expected)
    assert wanted - {"args", "kwds", "kwargs"} <= names
    shared = [name for name in wanted_order if name in order]
    assert [name for name in order if name in shared] == shared


A = np.array([[4.0, 1.0], [2.0, 3.0]])
B = np.array([1.0, 2.0])


@pytest.mark.parametrize(
    "call",
    [
        lambda m: m.inv(A, True, False),
        lambda m: m.det(A, check_finite=False),
        lambda m: m.cholesky(A @ A.T, True, False, check_finite=False),
        lambda m: m.cho_solve(m.cho_factor(A @ A.T, overwrite_a=False), B, check_finite=False),
        lambda m: m.solve_triangular(A, B, overwrite_b=False, check_finite=False),
        lambda m: m.solve_banded((1, 1), np.ones((3, 2)) + np.eye(3, 2), B, check_finite=False),
        lambda m: m.solveh_banded(np.array([[4.0, 4.0], [1.0, 0.0]]), B, False, False, True),
    ],
    ids=[
        "inv",
        "det",
        "cholesky",
        "cho_solve",
        "solve_triangular",
        "solve_banded",
        "solveh_banded",
    ],
)
def test_options_of_linear_algebra(call):
    np.testing.assert_allclose(call(linalg), call(scipy.linalg), rtol=1e-12)


def test_the_inverse_of_a_structured_matrix():
    for structure in ("sym", "pos", "upper triangular", "diagonal"):
        a = A @ A.T if structure in ("sym", "pos") else A
        expected = np.linalg.inv(
            {"upper triangular": np.triu, "diagonal": lambda a: np.diag(np.diag(a))}.get(
                structure, np.asarray
            )(a)
        )
        np.testing.assert_allclose(linalg.inv(a, assume_a=structure), expected, atol=1e-12)
        ag.gradcheck(
            lambda a, s=structure: np.sum(
                linalg.inv(a + a.T if s in ("sym", "pos") else a, assume_a=s) ** 2
            ),
            a,
        )


@pytest.mark.parametrize("name", ["logm", "sqrtm"])
def test_the_estimate_of_the_error_of_a_matrix_function(name):
    y, error = getattr(linalg, name)(A, disp=False)
    assert (y == getattr(linalg, name)(A)).all()
    assert 0 <= error < 1e-12


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("axis", [None, 0, 1])
def test_the_sign_of_logsumexp(axis, keepdims):
    a, b = (
        np.array([[0.5, 2.0, -1.0], [1.0, 0.1, 0.3]]),
        np.array([[1.0, -2.0, 1.0], [1.0, 1.0, 0.5]]),
    )
    found = special.logsumexp(a, axis, b, keepdims, return_sign=True)
    expected = scipy.special.logsumexp(a, axis, b, keepdims, return_sign=True)
    for x, y in zip(found, expected, strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-12)
        assert np.shape(x) == np.shape(y)
    ag.gradcheck(lambda a, b: np.sum(special.logsumexp(a, axis, b, return_sign=True)[0]), a, b)
    y, sign = special.logsumexp(a, axis, return_sign=True)
    assert (sign == 1).all()
    assert np.allclose(y, scipy.special.logsumexp(a, axis))


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@pytest.mark.parametrize("axes", [1, [0, -1], (2, 0)])
@pytest.mark.parametrize("dtype", [float, complex])
def test_convolution_along_some_axes(mode, axes, dtype):
    rng = np.random.default_rng(0)
    axes_of = {axis % 3 for axis in np.atleast_1d(axes).tolist()}
    a = rng.standard_normal((5, 4, 6)).astype(dtype)
    b = rng.standard_normal([3 if i in axes_of else 1 for i in range(3)]).astype(dtype)
    found = signal.fftconvolve(a, b, mode, axes)
    expected = scipy.signal.fftconvolve(a, b, mode, axes)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
    if dtype is float:
        ag.gradcheck(lambda a, b: np.sum(np.sin(signal.fftconvolve(a, b, mode, axes))), a, b)


def test_convolution_refuses_what_scipy_refuses():
    with pytest.raises(ValueError, match="'valid' where one array is at least as long"):
        signal.fftconvolve(np.ones((2, 5)), np.ones((3, 4)), "valid", axes=[0, 1])
    with pytest.raises(ValueError, match="equally many axes"):
        signal.fftconvolve(np.ones((2, 5)), np.ones(3), axes=[0])


FLAT = np.array([[2.0, 1.0, 0.0], [1.0, 2.0, 0.0], [0.0, 0.0, 0.0]])
POINTS = np.array([[0.5, 1.0, 0.0], [1.0, -1.0, 0.0], [0.1, 0.2, 1.0]])


def test_the_density_of_a_singular_covariance():
    for cov in (FLAT, FLAT + np.eye(3)):
        for name in ("pdf", "logpdf"):
            found = getattr(stats.multivariate_normal, name)(POINTS, None, cov, True)
            expected = getattr(scipy.stats.multivariate_normal, name)(
                POINTS, np.zeros(3), cov, True
            )
            np.testing.assert_allclose(found, expected, rtol=1e-10)
    with pytest.raises(np.linalg.LinAlgError):
        stats.multivariate_normal.logpdf(POINTS, None, FLAT)
    with pytest.raises(np.linalg.LinAlgError, match="not positive semidefinite"):
        stats.multivariate_normal.logpdf(POINTS, None, -FLAT, allow_singular=True)


def test_gradients_of_the_density_of_a_singular_covariance():
    def f(x, mean, factor):  # of rank two whatever the factor is
        lifted = np.concatenate([factor, np.zeros((1, 2))])
        x, mean = (np.concatenate([v, np.zeros(1)]) for v in (x, mean))
        return stats.multivariate_normal.logpdf(x, mean, lifted @ lifted.T, allow_singular=True)

    ag.gradcheck(f, np.array([0.3, 1.0]), np.array([0.1, -0.2]), A)
    assert np.isneginf(stats.multivariate_normal.logpdf(POINTS[2], None, FLAT, allow_singular=True))


@pytest.mark.parametrize("n", [1, 5, 32, 33, 40])
def test_densities_of_small_and_large_covariances(n):
    rng = np.random.default_rng(0)
    a = rng.standard_normal((n, n)) + 2 * np.eye(n)
    x, mean, cov = rng.standard_normal((3, n)), rng.standard_normal(n), a @ a.T + np.eye(n)
    found = stats.multivariate_normal.logpdf(x, mean, cov)
    np.testing.assert_allclose(found, scipy.stats.multivariate_normal.logpdf(x, mean, cov))
    f = stats.multivariate_normal.logpdf
    assert ag.gradcheck(lambda *args: np.sum(f(*args) ** 2), x, mean, cov)
    direction = rng.standard_normal(cov.shape)
    hvp = ag.grad(lambda c: np.sum(ag.grad(lambda c: f(x[0], mean, c))(c) * direction))(cov)
    step = 1e-5 * (direction + direction.T)
    slopes = [ag.grad(lambda c: f(x[0], mean, c))(cov + sign * step) for sign in (1, -1)]
    np.testing.assert_allclose(hvp + hvp.T, (slopes[0] - slopes[1]) / 2e-5, rtol=1e-5, atol=1e-7)


def test_where_of_compat_takes_keywords():
    assert anp.where(condition=np.array([True, False]), x=[1, 2], y=[3, 4]).tolist() == [1, 4]
    found = ag.grad(lambda x: np.sum(anp.where(x > 1, y=x, x=x * x)))(np.array([1.0, 2.0]))
    assert found.tolist() == [1, 4]
    with pytest.raises(TypeError):
        anp.where([True], x=1, y=2, z=3)
