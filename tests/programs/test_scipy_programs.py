"""Programs and sources of SciPy's functions: each is one call of SciPy."""

import warnings

import numpy as np
import pytest
import scipy.linalg
import scipy.sparse
from rules.cases import spread
from support.sources import checked

import autograd_tools as ag
from autograd_tools.programs.capturing.capture import UncapturedError
from autograd_tools.scipy import integrate, linalg, optimize, signal, sparse, special, stats
from autograd_tools.scipy.sparse.linalg import splu, spsolve

X, B, MATRIX = spread(5, low=0.3, high=1.2), spread(4), spread(4, 4) + 3 * np.eye(4)
POSITIVE = MATRIX @ MATRIX.T
BANDS = spread(3, 4) + 4 * np.eye(3)[1][:, None]
SPARSE = scipy.sparse.csc_array(np.tril(POSITIVE))

CASES = {
    "banded": (lambda ab, b: linalg.solve_banded((1, 1), ab, b), BANDS, B),
    "banded of Cholesky": (lambda ab, b: linalg.solveh_banded(ab, b, lower=True), BANDS[1:], B),
    "block_diag": (lambda a, b: linalg.block_diag(a, b, 2.0), MATRIX, B),
    "cho_solve": (lambda a, b: linalg.cho_solve(linalg.cho_factor(a), b), POSITIVE, B),
    "convolve": (lambda a, b: signal.convolve(a, b, "same"), X, B),
    "dirichlet": (lambda a: stats.dirichlet.logpdf([0.2, 0.3, 0.5], a), X[:3]),
    "expm": (lambda a: linalg.expm(a / 5), MATRIX),
    "fftconvolve": (lambda a, b: signal.fftconvolve(a, b, "valid"), X, B),
    "inv": (lambda a: linalg.inv(a, assume_a="pos"), POSITIVE),
    "logm": (linalg.logm, np.eye(4) + spread(4, 4) / 9),
    "logsumexp": (lambda a, b: special.logsumexp(a, axis=1, b=b), MATRIX, POSITIVE + 1),
    "log_softmax": (lambda a: special.log_softmax(a, axis=0), MATRIX),
    "multigammaln": (lambda a: special.multigammaln(a, 3), X + 3),
    "normal": (stats.multivariate_normal.logpdf, MATRIX, B, POSITIVE),
    "poisson": (lambda mu: stats.poisson.logpmf(3, mu), X),
    "polygamma": (lambda x: special.polygamma(2, x), X),
    "softmax": (special.softmax, MATRIX),
    "solve": (lambda a, b: linalg.solve(a, b, assume_a="sym"), POSITIVE, B),
    "solve_sylvester": (linalg.solve_sylvester, MATRIX, POSITIVE, POSITIVE),
    "solve_triangular": (lambda a, b: linalg.solve_triangular(a, b, "T", lower=True), MATRIX, B),
    "sqrtm": (linalg.sqrtm, POSITIVE),
    "t": (lambda x, scale: stats.t.logpdf(x, 3.0, 0.1, scale), X, 1.3),
    "toeplitz": (linalg.toeplitz, X, B),
}


def gradient(f, args):
    return ag.grad(lambda *args: np.sum(f(*args) ** 2), tuple(range(len(args))))


@pytest.mark.parametrize("name", CASES)
def test_the_source_of_a_gradient_calls_scipy(name):
    f, *args = CASES[name]
    text = checked(gradient(f, args), *args)
    assert "function" not in text.partition('"""')[2].partition('"""')[0]


@pytest.mark.parametrize("name", CASES)
def test_a_compiled_gradient_is_the_gradient(name):
    f, *args = CASES[name]
    compiled = ag.compile(gradient(f, args))
    for factor in (1.0, 1.1):
        given = [x * factor for x in args]
        with warnings.catch_warnings(action="error"):
            found = compiled(*given)
        for y, expected in zip(found, gradient(f, args)(*given), strict=True):
            np.testing.assert_allclose(y, expected, rtol=1e-9, atol=1e-12)


def test_a_source_names_public_functions_and_omits_defaults():
    def f(a, b):
        x = linalg.solve_triangular(a, b)
        return special.logsumexp(x)

    assert "x = scipy.linalg.solve_triangular(a, b)" in ag.source(f, MATRIX, B)
    assert "return scipy.special.logsumexp(x)" in ag.source(f, MATRIX, B)


def test_a_program_notices_a_matrix_with_another_type_of_root():
    roots = ag.compile(linalg.sqrtm)
    assert roots(np.eye(2)).dtype == np.float64
    np.testing.assert_allclose(roots(-np.eye(2)), 1j * np.eye(2), atol=1e-12)


def test_a_program_keeps_the_error_of_a_matrix_that_is_not_positive():
    solve = ag.compile(lambda a: linalg.solve(a, B, assume_a="pos"))
    solve(POSITIVE)
    with pytest.raises(np.linalg.LinAlgError):
        solve(-POSITIVE)


def products(b):
    return np.sum((SPARSE @ b) ** 2) + np.sum(SPARSE.T @ spsolve(SPARSE, b))


def test_a_constant_sparse_matrix_is_an_argument_of_a_source():
    text = ag.source(ag.grad(lambda b: np.sum((SPARSE @ b) ** 2)), B)
    assert "SPARSE csc_array" in text
    assert "SPARSE @ b" in text


def test_a_compiled_gradient_has_constant_sparse_matrices():
    compiled = ag.compile(ag.grad(products))
    for b in (B, 2 * B):
        np.testing.assert_allclose(compiled(b), ag.grad(products)(b), rtol=1e-12)
    assert len(compiled.programs) == 1


def test_a_change_of_a_sparse_matrix_is_noticed():
    a = SPARSE.copy()
    compiled = ag.compile(ag.grad(lambda b: np.sum(spsolve(a, b))))
    before = compiled(B)
    a.data *= 2
    np.testing.assert_allclose(compiled(B), before / 2, rtol=1e-12)


def test_a_factorization_is_used_by_a_program():
    lu = splu(SPARSE)
    compiled = ag.compile(ag.grad(lambda b: np.sum(lu.solve(b) ** 2)))
    for b in (B, 2 * B):
        np.testing.assert_allclose(compiled(b), ag.grad(lambda b: np.sum(lu.solve(b) ** 2))(b))


@pytest.mark.parametrize(
    ("f", "what"),
    [
        (lambda d: np.sum(sparse.diags_array(d) @ B), "a sparse array of computed elements"),
        (ag.grad(lambda d: np.sum(sparse.diags_array(d) @ B)), "a sparse array of computed"),
        (lambda y: integrate.odeint(lambda y, t: -y, y, [0.0, 1.0]), "an ODE solver"),
        (lambda y: optimize.brentq(lambda t: t - y[0], -9.0, 9.0), "brentq, whose steps"),
        (ag.grad(lambda y: optimize.fsolve(lambda t: t - y[:1], [0.0])[0]), "fsolve, whose"),
        (lambda y: integrate.quad(lambda t: t * y[0], 0.0, 1.0)[0], "quad, whose steps"),
    ],
    ids=["elements", "gradient", "odeint", "brentq", "fsolve", "quad"],
)
def test_a_refusal_names_what_no_program_can_do(f, what):
    with pytest.raises(UncapturedError, match=what):
        ag.source(f, B)
