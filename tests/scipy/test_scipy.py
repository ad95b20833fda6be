"""autograd_tools.scipy: SciPy's results, gradients to second order, errors."""

import importlib
import re
import sys

import numpy as np
import pytest
import scipy.fft
import scipy.integrate
import scipy.linalg
import scipy.ndimage
import scipy.signal
import scipy.sparse.csgraph
import scipy.sparse.linalg
import scipy.spatial
import scipy.special
import scipy.stats
from rules.cases import spread

import autograd_tools as ag
import autograd_tools.scipy
from autograd_tools.api.gradient_check import GradientError
from autograd_tools.engine.calls import call as call_of
from autograd_tools.engine.primitives import name_of
from autograd_tools.engine.registry import Primitive
from autograd_tools.engine.values import LostGradientError
from autograd_tools.scipy import integrate, linalg, signal, special, stats

A, POSITIVE, B = spread(2, 3), spread(2, 3, low=0.5, high=2.0), spread(3, start=1.3)
SQUARE = spread(3, 3) + 3 * np.eye(3)
COVARIANCE = SQUARE @ SQUARE.T / 4
RICCATI = (SQUARE - 2 * np.eye(3), spread(3, 2), COVARIANCE, np.array([[1.5, 0.2], [0.2, 1.0]]))
DIAGONALS, B4 = spread(4, 4) + 4 * np.eye(4)[1][:, None], spread(4)
TRIANGULAR = {
    f"solve_triangular trans={trans} lower={lower} unit={unit}": (
        "solve_triangular",
        (SQUARE, b),
        [trans, lower, unit],
    )
    for trans, lower, unit, b in [
        (0, False, False, B),
        (0, True, True, B),
        (1, False, True, spread(3, 2)),
        (1, True, False, spread(3, 2)),
        (0, True, False, spread(3, 1)),
        ("T", False, False, B),
        ("N", True, False, B),
    ]
}

# Calls: the name of a function, the arguments with gradients, and the constants after them.
CALLS = {
    special: {
        "logsumexp": ("logsumexp", (A,), []),
        "logsumexp along an axis": ("logsumexp", (A,), [1]),
        "logsumexp along two axes": ("logsumexp", (spread(2, 3, 2),), [(0, -1)]),
        "softmax": ("softmax", (A,), []),
        "softmax along an axis": ("softmax", (A,), [1]),
        "log_softmax": ("log_softmax", (A,), [0]),
        "multigammaln": ("multigammaln", (POSITIVE + 1,), [3]),
        "multigammaln of a number": ("multigammaln", (1.7,), [2]),
    },
    linalg: {
        "solve": ("solve", (SQUARE, B), []),
        "solve of a matrix": ("solve", (SQUARE, spread(3, 2)), []),
        **{
            f"solve {a} lower={lower} transposed={transposed}": (
                "solve",
                (COVARIANCE if a in ("sym", "pos") else SQUARE, B),
                [lower, False, False, True, a, transposed],
            )
            for a, lower, transposed in [
                ("sym", True, False),
                ("sym", False, True),
                ("pos", False, False),
                ("tridiagonal", False, True),
                ("upper triangular", False, True),
                ("gen", False, True),
            ]
        },
        "inv": ("inv", (SQUARE,), []),
        "det": ("det", (SQUARE,), []),
        "cholesky": ("cholesky", (COVARIANCE,), []),
        "cholesky lower": ("cholesky", (COVARIANCE,), [True]),
        "expm": ("expm", (spread(3, 3),), []),
        "expm of a stack": ("expm", (spread(2, 3, 3),), []),
        "sqrtm": ("sqrtm", (SQUARE + np.eye(3),), []),
        "logm": ("logm", (SQUARE + np.eye(3),), []),
        "solveh_banded": ("solveh_banded", (DIAGONALS[:2], spread(4)), []),
        "solveh_banded of a matrix": ("solveh_banded", (DIAGONALS[:2], spread(4, 2)), []),
        "solveh_banded of a diagonal": ("solveh_banded", (DIAGONALS[1:2], spread(4)), []),
        "solve_sylvester": ("solve_sylvester", (SQUARE, spread(2, 2, low=0.1), spread(3, 2)), []),
        "solve_continuous_lyapunov": ("solve_continuous_lyapunov", (SQUARE, spread(3, 3)), []),
        "solve_discrete_lyapunov": ("solve_discrete_lyapunov", (SQUARE / 9, spread(3, 3)), []),
        "bilinear": ("solve_discrete_lyapunov", (SQUARE / 9, spread(3, 3)), ["bilinear"]),
        "solve_continuous_are": ("solve_continuous_are", RICCATI, []),
        "solve_discrete_are": ("solve_discrete_are", RICCATI, []),
        "norm": ("norm", (A,), []),
        "norm along an axis": ("norm", (A,), [1, 0, True]),
        "svdvals": ("svdvals", (A,), []),
        "pinv": ("pinv", (A,), []),
        "block_diag": ("block_diag", (A, B, 2.5), []),
        "toeplitz": ("toeplitz", (B,), []),
        "toeplitz of a row": ("toeplitz", (B, spread(4)), []),
        **TRIANGULAR,
    },
    signal: {
        **{
            f"convolve {mode}": ("convolve", (spread(6), spread(3)), [mode])
            for mode in ("full", "same", "valid")
        },
        **{
            f"convolve the shorter {mode}": ("convolve", (spread(3), spread(6)), [mode])
            for mode in ("full", "same", "valid")
        },
        **{
            f"convolve images {mode}": ("convolve", (spread(5, 4), spread(2, 3)), [mode, "direct"])
            for mode in ("full", "same", "valid")
        },
        "convolve numbers": ("convolve", (1.5, 2.5), []),
        "fftconvolve": ("fftconvolve", (spread(6), spread(3)), ["same"]),
    },
}
MODULES = {module: getattr(scipy, module.__name__.rpartition(".")[2]) for module in CALLS}
# Functions that SciPy computes in double precision.
DOUBLE = ("solve_continuous_are", "solve_discrete_are", "solve_discrete_lyapunov")
every_call = pytest.mark.parametrize(
    ("module", "call"),
    [(module, call) for module, calls in CALLS.items() for call in calls.values()],
    ids=[i for c in CALLS.values() for i in c],
)


def primitives(module):
    """Return the primitives that a module defines, by the names that `ag.primitive` decorates."""
    modules = [m for name, m in sys.modules.items() if f"{name}.".startswith(f"{module.__name__}.")]
    cells = [
        (name, cell.cell_contents)
        for part in modules
        for name, f in vars(part).items()
        for cell in getattr(f, "__closure__", None) or ()
    ]
    return {
        name: entry
        for name, entry in cells
        if isinstance(entry, Primitive) and name.startswith("_")
    }


def called(module, name, constants):
    """Return a function of the arguments, the first of them made symmetric where half is read."""
    f = getattr(module, name)
    if name == "cholesky" or {"sym", "pos"}.intersection(map(str, constants)):
        return lambda a, *args: f((a + a.T) / 2, *args, *constants)
    if name.endswith("_are"):
        return lambda a, b, q, r: f(a, b, (q + q.T) / 2, (r + r.T) / 2)
    return lambda *args: f(*args, *constants)


def check_calls(module, calls):
    for name, args, constants in calls:
        ag.gradcheck(lambda *a, f=called(module, name, constants): f(*a) ** 2, *args)  # noqa: B008


WITH_FACTORS = [*list(CALLS[special].values())[:2], ("logsumexp", (A, None, POSITIVE), [])]
RULES = [
    (m, name, n)
    for m in CALLS
    for name, p in primitives(m).items()
    for n, rule in enumerate(p.rules)
    if rule is not None
]


@pytest.mark.parametrize(
    ("module", "name", "position"), RULES, ids=[f"{name}[{n + 1}]" for _, name, n in RULES]
)
def test_the_calls_catch_each_rule_off_by_a_thousandth(module, name, position, monkeypatch):
    entry = primitives(module)[name]
    right = entry.rules[position]
    rules = [
        *entry.rules[:position],
        lambda *args, **kwargs: 1.001 * right(*args, **kwargs),
        *entry.rules[position + 1 :],
    ]
    monkeypatch.setattr(entry, "rules", tuple(rules))
    monkeypatch.setattr(entry, "_plan", entry._make_plan)
    for attribute in ("fast", "first"):
        monkeypatch.setattr(entry, attribute, lambda *args: call_of(entry, args))
    with pytest.raises(GradientError):
        check_calls(module, WITH_FACTORS if name == "_logsumexp" else CALLS[module].values())


@every_call
def test_a_function_gives_scipys_result(module, call):
    name, args, constants = call
    y, expected = (
        getattr(module, name)(*args, *constants),
        getattr(MODULES[module], name)(*args, *constants),
    )
    assert (np.shape(y), np.result_type(y)) == (np.shape(expected), np.result_type(expected))
    np.testing.assert_allclose(y, expected, rtol=1e-12, atol=1e-13)


@every_call
def test_gradients_agree_with_finite_differences_to_second_order(module, call):
    name, args, constants = call
    ag.gradcheck(called(module, name, constants), *args, order=2)


@every_call
def test_a_param_outside_of_a_recording_acts_like_its_value(module, call):
    name, args, constants = call
    y = getattr(module, name)(*map(ag.Param, args), *constants)
    assert not isinstance(y, ag.Value)
    np.testing.assert_array_equal(y, getattr(module, name)(*args, *constants))


@every_call
def test_single_precision_stays_so(module, call):
    name, args, constants = call
    singles = [np.asarray(arg, np.float32) for arg in args]
    expected = np.float64 if name in DOUBLE else np.float32
    assert np.result_type(getattr(module, name)(*singles, *constants)) == expected
    gradients = ag.grad(
        lambda *args: np.sum(getattr(module, name)(*args, *constants)), tuple(range(len(args)))
    )(*singles)
    assert [dx.dtype for dx in gradients] == [np.float32] * len(args)


# scipy.linalg


def test_eigenvalues_are_complex_and_have_gradients():
    assert linalg.eigvals(SQUARE).tolist() == scipy.linalg.eigvals(SQUARE).tolist()
    assert ag.make_vjp(linalg.eigvals)(SQUARE)[1].dtype.kind == "c"
    ag.gradcheck(lambda a: np.real(linalg.eigvals(a)) ** 2 + np.imag(linalg.eigvals(a)), SQUARE)
    with pytest.raises(TypeError, match="without b and homogeneous_eigvals"):
        ag.grad(lambda a: np.sum(np.abs(linalg.eigvals(a, np.eye(3)))))(SQUARE)


def test_options_of_a_pseudo_inverse():
    def f(a):
        y, rank = linalg.pinv(a, return_rank=True)
        return rank * y[0, 0]

    expected, rank = scipy.linalg.pinv(A, return_rank=True)
    assert f(A) == pytest.approx(rank * expected[0, 0], rel=1e-12)
    ag.gradcheck(f, A)
    with pytest.raises(TypeError, match="without atol"):
        ag.grad(lambda a: np.sum(linalg.pinv(a, atol=1e-3)))(A)


# scipy.special


@pytest.mark.parametrize("b", [POSITIVE, POSITIVE[0], 0.5])
def test_logsumexp_takes_factors(b):
    np.testing.assert_allclose(
        special.logsumexp(A, axis=1, b=b, keepdims=True),
        scipy.special.logsumexp(A, axis=1, b=b, keepdims=True),
        rtol=1e-14,
    )
    ag.gradcheck(lambda a, b: special.logsumexp(a, axis=1, b=b, keepdims=True), A, b, order=2)


def test_logsumexp_shares_no_gradient_where_all_is_zero():
    assert ag.grad(special.logsumexp)(np.array([-np.inf, -np.inf])).tolist() == [0.0, 0.0]
    assert ag.grad(special.logsumexp)(np.array([-np.inf, 1.0])).tolist() == [0.0, 1.0]


@pytest.mark.parametrize("n", [0, 1, 3, [0, 1, 2], np.array([[2], [0]])], ids=str)
def test_polygamma_is_the_derivative_of_the_one_before(n):
    x = spread(3, low=0.5, high=4.0)
    np.testing.assert_allclose(special.polygamma(n, x), scipy.special.polygamma(n, x), rtol=1e-14)
    ag.gradcheck(lambda x: special.polygamma(n, x), x, order=2)


def test_the_order_of_polygamma_has_no_gradient():
    with pytest.raises(TypeError, match="the order n has no gradient"):
        ag.grad(lambda n: special.polygamma(n, 2.0))(1.0)


@pytest.mark.parametrize(("a", "d"), [(0.5, 2), (3.0, 1.5), (3.0, 0)])
def test_multigammaln_refuses_arguments_outside_its_domain(a, d):
    with pytest.raises(ValueError, match="multigammaln"):
        special.multigammaln(a, d)


def test_products_with_a_logarithm_are_finite_at_zero():
    x = np.zeros(2)
    assert ag.grad(lambda y: np.sum(scipy.special.xlogy(x, y)))(np.array([0.0, 2.0])).tolist() == [
        0.0,
        0.0,
    ]
    assert ag.grad(lambda y: np.sum(scipy.special.xlog1py(x, y)))(
        np.array([-1.0, 2.0])
    ).tolist() == [0.0, 0.0]
    assert ag.grad(lambda y: np.sum(scipy.special.rel_entr(x, y)))(
        np.array([1.0, 2.0])
    ).tolist() == [0.0, 0.0]


def test_integrals_are_smooth_at_zero():
    assert ag.grad(lambda x: scipy.special.sici(x)[0])(0.0) == 1.0
    assert ag.grad(lambda x: scipy.special.shichi(x)[0])(0.0) == 1.0


def test_a_scaled_bessel_function_has_no_complex_gradient():
    with pytest.raises(TypeError, match="real arguments only"):
        ag.grad(lambda x: np.abs(scipy.special.ive(1.0, x)))(1.0 + 1.0j)


def test_user_rules_stay_when_scipys_are_registered(python):
    code = """if True:
        import autograd_tools as ag, scipy.special as s
        ag.primitive(lambda dy, y, x: 7.0 * dy)(s.expit)
        ag.zerograd(s.erf)
        print(ag.grad(s.gamma)(1.0) < 0, ag.grad(s.expit)(1.0))
        print(ag.grad(lambda x: s.erf(x) * x)(0.0))
    """
    assert python("-c", code) == "True 7.0\n0.0\n"


# scipy.linalg


@pytest.mark.parametrize("lower", [False, True])
@pytest.mark.parametrize("b", [B, spread(3, 2)])
def test_cho_solve_takes_the_result_of_cho_factor(lower, b):
    def f(a, b):
        return linalg.cho_solve(linalg.cho_factor(a, lower), b)

    np.testing.assert_allclose(f(COVARIANCE, b), scipy.linalg.solve(COVARIANCE, b), rtol=1e-12)
    ag.gradcheck(lambda a, b: f((a + a.T) / 2, b), COVARIANCE, b, order=2)


SYMMETRIC_GRADIENTS = {
    "np.linalg.cholesky": np.linalg.cholesky,
    "np.linalg.cholesky upper": lambda a: np.linalg.cholesky(a, upper=True),
    "np.linalg.eigh": lambda a: np.linalg.eigh(a)[1],
    "np.linalg.eigh upper": lambda a: np.linalg.eigh(a, "U")[1],
    "np.linalg.eigvalsh": np.linalg.eigvalsh,
    "np.linalg.svd": lambda a: np.linalg.svd(a, hermitian=True)[1],
    "np.linalg.pinv": lambda a: np.linalg.pinv(a, hermitian=True),
    "cholesky": linalg.cholesky,
    "cho_solve": lambda a: linalg.cho_solve(linalg.cho_factor(a), np.outer(B, B)),
    "solve sym": lambda a: linalg.solve(a, np.outer(B, B), assume_a="sym"),
    "solve her": lambda a: linalg.solve(a, np.outer(B, B), assume_a="her", lower=True),
    "solve pos": lambda a: linalg.solve(a, np.outer(B, B), assume_a="pos"),
    "expm": linalg.expm,
    "sqrtm": linalg.sqrtm,
    "logm": linalg.logm,
    "inv": linalg.inv,
    "multivariate_normal": lambda a: stats.multivariate_normal.logpdf(B, B / 2, a),
}


@pytest.mark.parametrize("f", SYMMETRIC_GRADIENTS.values(), ids=SYMMETRIC_GRADIENTS)
def test_a_step_of_descent_keeps_a_symmetric_matrix_symmetric(f):
    dx = ag.grad(lambda a: np.sum(f(a) ** 3))(COVARIANCE)
    assert np.any(dx)
    np.testing.assert_allclose(dx, dx.T, rtol=1e-10)


@pytest.mark.parametrize("f", [np.linalg.cholesky, lambda a: np.linalg.eigh(a)[0]])
def test_a_step_of_descent_keeps_a_hermitian_matrix_hermitian(f):
    z = COVARIANCE + 0.1j * (SQUARE - SQUARE.T)
    dx = ag.grad(lambda a: np.sum(np.abs(f(a)) ** 3))(z)
    np.testing.assert_allclose(dx, dx.conj().T, rtol=1e-10)


def test_both_triangles_share_the_gradient_through_cholesky():
    dx = ag.grad(lambda a: np.linalg.cholesky(a)[1, 0])(np.array([[4.0, 2.0], [2.0, 5.0]]))
    assert dx.tolist() == [[-0.125, 0.25], [0.25, 0.0]]


@pytest.mark.parametrize("assume_a", ["sym", "her", "pos", "diagonal", "tridiagonal"])
@pytest.mark.parametrize("transposed", [False, True])
def test_solve_reads_of_a_matrix_what_scipy_reads(assume_a, transposed):
    a = COVARIANCE + np.triu(SQUARE, 1) * (assume_a != "pos")
    options = {"assume_a": assume_a, "transposed": transposed}
    np.testing.assert_allclose(
        linalg.solve(a, B, **options), scipy.linalg.solve(a, B, **options), rtol=1e-12
    )


def test_solve_lists_the_structures_that_it_knows():
    with pytest.raises(ValueError, match="unknown assume_a 'posdef'; choose 'general', 'gen'"):
        linalg.solve(COVARIANCE, B, assume_a="posdef")


@pytest.mark.parametrize("b", [spread(4), spread(4, 2)], ids=["vector", "matrix"])
@pytest.mark.parametrize(("below", "above"), [(2, 1), (1, 1), (0, 1), (0, 0)])
def test_a_banded_system_is_solved_as_scipy_does_with_gradients(below, above, b):
    ab = DIAGONALS[1 - above : 2 + below]
    np.testing.assert_allclose(
        linalg.solve_banded((below, above), ab, b),
        scipy.linalg.solve_banded((below, above), ab, b),
        rtol=1e-12,
    )
    ag.gradcheck(lambda ab, b: linalg.solve_banded((below, above), ab, b) ** 2, ab, b, order=2)


def test_unused_corners_of_banded_storage_have_gradient_zero():
    dx = ag.grad(lambda ab: np.sum(linalg.solve_banded((2, 1), ab, np.ones(4))))(DIAGONALS)
    assert (dx == 0).tolist() == [
        [True, False, False, False],
        [False] * 4,
        [False, False, False, True],
        [False, False, True, True],
    ]


def test_a_lower_banded_system_has_gradients():
    ab = DIAGONALS[1:3]
    np.testing.assert_allclose(
        linalg.solveh_banded(ab, B4, lower=True),
        scipy.linalg.solveh_banded(ab, B4, lower=True),
        rtol=1e-12,
    )
    ag.gradcheck(lambda ab: linalg.solveh_banded(ab, B4, lower=True) ** 2, ab, order=2)


def test_an_indefinite_banded_system_is_an_error():
    with pytest.raises(np.linalg.LinAlgError):
        linalg.solveh_banded(-DIAGONALS[:2], B4)


def test_banded_storage_of_another_number_of_diagonals_is_an_error():
    with pytest.raises(
        ValueError, match=r"expected ab of shape \(l \+ u \+ 1, n\) = \(2, n\), got \(4, 4\)"
    ):
        linalg.solve_banded((1, 0), DIAGONALS, B4)


@pytest.mark.filterwarnings("ignore")  # SciPy's, of singular matrices
@pytest.mark.parametrize(
    ("func", "what"),
    [(linalg.sqrtm, "square root"), (linalg.logm, "logarithm")],
    ids=["sqrtm", "logm"],
)
@pytest.mark.parametrize(
    "a", [np.array([[1.0, 2.0], [2.0, 4.0]]), np.zeros((2, 2))], ids=["rank one", "zero"]
)
def test_a_missing_gradient_at_a_singular_matrix_is_an_error(func, what, a):
    with pytest.raises(
        np.linalg.LinAlgError, match=f"the {what} of a singular matrix has no gradient"
    ):
        ag.grad(lambda a: np.sum(func(a)))(a)


def test_a_complex_square_root_of_a_real_matrix_has_gradients():
    ag.gradcheck(lambda a: np.real((1 - 0.5j) * linalg.sqrtm(a)), SQUARE - 4 * np.eye(3), order=2)


def test_block_diag_of_nothing_is_as_scipys():
    assert linalg.block_diag().shape == scipy.linalg.block_diag().shape == (1, 0)


def test_the_gradient_of_expm_is_accurate_for_large_cotangents():
    a = spread(3, 3)
    small, large = (ag.grad(lambda a: size * np.sum(linalg.expm(a)))(a) for size in (1.0, 1e30))  # noqa: B023
    np.testing.assert_allclose(large, 1e30 * small, rtol=1e-13)


def test_a_triangular_matrix_of_complex_numbers_is_solved_conjugated():
    a = SQUARE + 1j * SQUARE.T
    np.testing.assert_allclose(
        linalg.solve_triangular(a, B, "C"), scipy.linalg.solve_triangular(a, B, "C"), rtol=1e-13
    )


@pytest.mark.parametrize(
    "f",
    [
        linalg.det,
        linalg.inv,
        linalg.cholesky,
        lambda a: linalg.solve(a, B),
        lambda a: linalg.solve_triangular(a, B),
    ],
    ids=["det", "inv", "cholesky", "solve", "solve_triangular"],
)
def test_a_matrix_that_is_not_square_is_an_error(f):
    with pytest.raises(
        ValueError, match=r"expected one square matrix, got an array of shape \(2, 3\)"
    ):
        f(A)


def test_solve_triangular_lists_the_values_of_trans():
    with pytest.raises(ValueError, match="'N', 'T' or 'C'"):
        linalg.solve_triangular(SQUARE, B, trans=3)


def test_toeplitz_takes_vectors():
    with pytest.raises(ValueError, match="toeplitz expected vectors, got"):
        linalg.toeplitz(A)


@pytest.mark.parametrize(
    ("f", "keyword"),
    [
        (lambda **kwargs: stats.norm.pdf(B, **kwargs), "sigma"),
        (lambda **kwargs: integrate.odeint(pendulum, B, [0.0, 1.0], **kwargs), "full_output"),
    ],
    ids=["norm", "odeint"],
)
def test_an_unsupported_keyword_is_an_error_that_names_it(f, keyword):
    with pytest.raises(TypeError, match=keyword):
        f(**{keyword: True})


# scipy.signal


def test_convolve_takes_arrays_of_the_same_number_of_axes():
    with pytest.raises(ValueError, match="equally many axes"):
        signal.convolve(A, B)


def test_convolve_knows_three_modes():
    with pytest.raises(ValueError, match="'full', 'same' or 'valid'"):
        signal.convolve(B, B, "circular")


def test_convolve_where_neither_lies_within_the_other_is_an_error():
    with pytest.raises(ValueError, match="at least as long along every axis"):
        signal.convolve(spread(2, 3), spread(3, 2), "valid")


# scipy.stats

CONTINUOUS = {
    **{"norm": (), "laplace": (), "uniform": (), "expon": ()},
    **{"t": (3.4,), "gamma": (1.7,), "chi2": (3.4,), "lognorm": (0.8,), "beta": (1.7, 2.3)},
}
DISCRETE = {"poisson": (1.7,), "binom": (4, 0.3), "bernoulli": (0.3,)}
FUNCTIONS = ("pdf", "logpdf", "cdf", "sf", "logcdf", "logsf")
MASSES = ("pmf", "logpmf", "cdf", "sf", "logcdf", "logsf")
INSIDE = spread(2, 3, low=0.2, high=0.8)
EVERYWHERE = np.array([-3.0, -0.5, 0.0, 0.3, 0.5, 1.0, 1.7, 9.0, np.inf, np.nan])
continuous = pytest.mark.parametrize(
    ("name", "function"), [(name, function) for name in CONTINUOUS for function in FUNCTIONS]
)
discrete = pytest.mark.parametrize(
    ("name", "function"), [(name, function) for name in DISCRETE for function in MASSES]
)


def both(name, function):
    return getattr(getattr(stats, name), function), getattr(getattr(scipy.stats, name), function)


def assert_as_scipy(f, expected, *args, **kwargs):
    with np.errstate(all="ignore"):
        y, wanted = f(*args, **kwargs), expected(*args, **kwargs)
    assert (type(y), np.shape(y)) == (type(wanted), np.shape(wanted))
    np.testing.assert_allclose(y, wanted, rtol=1e-11, atol=1e-300)


@continuous
def test_a_continuous_distribution_gives_scipys_result(name, function):
    f, expected = both(name, function)
    shapes = CONTINUOUS[name]
    assert_as_scipy(f, expected, EVERYWHERE, *shapes)
    assert_as_scipy(f, expected, EVERYWHERE, *shapes, 0.3, 2.0)
    assert_as_scipy(f, expected, 0.4, *shapes, scale=2.0, loc=0.1)
    assert_as_scipy(f, expected, INSIDE, *(np.full(3, shape) for shape in shapes))
    assert_as_scipy(f, expected, 1, *shapes)
    assert np.isnan(f(0.4, *shapes, 0.0, -1.0))
    assert not shapes or np.isnan(f(0.4, *(-shape for shape in shapes)))


@continuous
def test_continuous_gradients_agree_with_finite_differences(name, function):
    f, shapes = getattr(getattr(stats, name), function), CONTINUOUS[name]
    known = function.endswith("pdf") or name == "lognorm"
    argnums = None if known else (0, len(shapes) + 1, len(shapes) + 2)
    ag.gradcheck(f, INSIDE, *shapes, 0.05, 1.3, argnums=argnums, order=2)
    ag.gradcheck(
        f, 0.4, *shapes, np.array([0.05, 0.1]), np.array([[1.3]]), argnums=argnums, order=2
    )


@continuous
def test_continuous_gradients_are_finite_outside_the_support(name, function):
    f = getattr(getattr(stats, name), function)
    dx = ag.grad(lambda x: np.sum(f(x, *CONTINUOUS[name])))(np.array([-3.0, 0.4, 7.0]))
    assert np.all(np.isfinite(dx))


def test_a_recorded_scale_leaves_the_density_0_outside_the_support():
    assert ag.value_and_grad(lambda s: stats.expon.pdf(-1.0, scale=s))(2.0) == (0.0, 0.0)


@continuous
def test_a_continuous_distribution_computes_single_precision_in_single_precision(name, function):
    f, x = getattr(getattr(stats, name), function), INSIDE.astype(np.float32)
    assert f(x, *CONTINUOUS[name]).dtype == np.float32
    assert ag.grad(lambda x: np.sum(f(x, *CONTINUOUS[name])))(x).dtype == np.float32


@discrete
def test_a_discrete_distribution_gives_scipys_result(name, function):
    f, expected = both(name, function)
    k = np.array([-1.0, 0.0, 1.0, 2.0, 2.5, 3.0, 4.0, 7.0])
    assert_as_scipy(f, expected, k, *DISCRETE[name])
    assert_as_scipy(f, expected, k, *DISCRETE[name], 1)
    assert_as_scipy(f, expected, 2, *DISCRETE[name], loc=2)
    assert np.isnan(f(1, *(-shape for shape in DISCRETE[name])))


@discrete
def test_discrete_gradients_agree_with_finite_differences(name, function):
    f, (*constants, p) = getattr(getattr(stats, name), function), DISCRETE[name]
    ag.gradcheck(lambda p: f(0, *constants, p), p, order=2)
    if not function.startswith("log"):  # whose value may be -inf
        ag.gradcheck(
            lambda p: f(np.array([[0.0], [1.0], [2.5]]), *constants, p),
            np.array([p, p / 2]),
            order=2,
        )


@pytest.mark.parametrize(
    "f",
    [
        lambda x: stats.poisson.logpmf(x, 1.7),
        lambda x: stats.binom.pmf(1, x, 0.3),
        lambda x: stats.bernoulli.cdf(1, 0.3, x),
    ],
    ids=["k", "n", "loc"],
)
def test_an_integer_argument_has_no_gradient(f):
    with pytest.raises(TypeError, match=r"has no gradient; pass ag\.value"):
        ag.grad(f)(2.0)


# The derivatives in the shape parameters, by mpmath 1.3 with 100 digits.
@pytest.mark.parametrize(
    ("f", "shape", "expected"),
    [
        (lambda a: stats.gamma.cdf(1.0, a), 2.0, -0.276196045702835),
        (lambda a: stats.gamma.cdf(0.001, a), 30.0, -3.88894588552255e-122),
        (lambda a: stats.gamma.sf(60.0, a), 2.0, 1.97005355284576e-24),
        (lambda a: stats.gamma.cdf(990.0, a), 1000.0, -0.0120577492852831),
        (lambda df: stats.chi2.sf(7.0, df), 5.0, 0.0936177236703945),
        (lambda a: stats.beta.cdf(0.3, a, 2.5), 1.5, -0.307556995130526),
        (lambda b: stats.beta.cdf(0.3, 1.5, b), 2.5, 0.1511626441491),
        (lambda b: stats.beta.sf(0.9, 0.5, b), 40.0, -2.16708662279197e-41),
        (lambda df: stats.t.cdf(1.3, df), 4.0, 0.00809153813854118),
        (lambda df: stats.t.cdf(-8.0, df), 25.0, -3.39951382897474e-9),
    ],
)
def test_distribution_functions_have_shape_gradients_in_both_tails(f, shape, expected):
    assert ag.grad(f)(shape) == pytest.approx(expected, rel=1e-10)


def test_shape_gradients_are_zero_at_the_ends_of_the_support():
    assert ag.grad(lambda a: stats.gamma.cdf(0.0, a) + stats.beta.cdf(1.0, a, 2.0))(1.5) == 0.0
    assert ag.grad(lambda df: stats.t.cdf(0.0, df))(1.5) == pytest.approx(0.0, abs=1e-15)
    assert ag.grad(lambda a: scipy.special.gammainc(a, np.inf))(1.5) == 0.0


@pytest.mark.parametrize("function", ["logpdf", "pdf"])
@pytest.mark.parametrize("shape", [(3,), (4, 3), (2, 4, 3), (1, 3)], ids=str)
@pytest.mark.parametrize(
    "given",
    [(B, COVARIANCE), (B, 2.0), (B, np.array([1.0, 2.0, 3.0])), (B,)],
    ids=["matrix", "number", "diagonal", "none"],
)
def test_the_multivariate_normal_distribution_is_scipys_with_gradients(function, shape, given):
    f, expected = both("multivariate_normal", function)
    assert_as_scipy(f, expected, spread(*shape), *given)
    ag.gradcheck(f, spread(*shape), *given, order=2)


@pytest.mark.parametrize(
    "args",
    [(0.3,), (B,), (0.3, 1.0, 2.0), (B, 1.0, 4.0)],
    ids=["number", "points", "number moved", "points moved"],
)
def test_the_multivariate_normal_distribution_of_one_dimension_is_scipys(args):
    assert_as_scipy(*both("multivariate_normal", "logpdf"), *args)
    ag.gradcheck(stats.multivariate_normal.logpdf, *args, order=2)


def test_the_multivariate_normal_distribution_may_have_no_mean():
    assert_as_scipy(*both("multivariate_normal", "logpdf"), B, None, COVARIANCE)
    assert_as_scipy(*both("multivariate_normal", "entropy"), B, COVARIANCE)
    ag.gradcheck(lambda cov: stats.multivariate_normal.entropy(None, cov), COVARIANCE, order=2)


def test_the_gradient_for_a_covariance_is_symmetric():
    dx = ag.grad(lambda cov: stats.multivariate_normal.logpdf(B, None, cov))(COVARIANCE)
    np.testing.assert_allclose(dx, dx.T, rtol=1e-12)


@pytest.mark.parametrize(
    ("x", "mean", "cov"), [(B, None, np.eye(2)), (B, np.zeros(2), np.eye(3)), (B, None, -np.eye(3))]
)
def test_a_covariance_that_does_not_fit_is_an_error(x, mean, cov):
    with pytest.raises((ValueError, np.linalg.LinAlgError)):
        stats.multivariate_normal.logpdf(x, mean, cov)


@pytest.mark.parametrize("function", ["logpdf", "pdf"])
def test_dirichlets_distribution_is_scipys_with_gradients(function):
    f, expected = both("dirichlet", function)
    x, alpha = scipy.special.softmax(spread(3, 4), axis=0), np.array([1.5, 2.0, 0.7])
    for place in (x, x[:, 0], x[:2], x[:2, 0]):
        assert_as_scipy(f, expected, place, alpha)
    ag.gradcheck(f, x[:2], alpha, order=2)
    ag.gradcheck(
        lambda z, alpha: f(special.softmax(z, axis=0), alpha), spread(3, 4), alpha, order=2
    )


@pytest.mark.parametrize(
    ("x", "alpha"), [([0.5, 0.6], [1.0, 2.0]), ([0.5, 0.5], [1.0, -2.0]), ([1.5, -0.5], [1.0, 2.0])]
)
def test_dirichlet_refuses_vectors_whose_sum_is_not_one(x, alpha):
    with pytest.raises(ValueError, match="dirichlet"):
        stats.dirichlet.logpdf(x, alpha)


# scipy.integrate

TIMES = np.linspace(0.0, 1.5, 4)
START, WEIGHTS = np.array([1.0, 0.5]), np.array([[0.0, 1.0], [-1.0, -0.3]])
EXACT = {"rtol": 1e-12, "atol": 1e-12}


def driven(y, t, w, k):
    return w @ np.sin(y) + k * np.cos(t) * np.ones(2)


def driven_tfirst(t, y, w, k):
    return driven(y, t, w, k)


def pendulum(y, t, k):
    return [y[1], -k * np.sin(y[0])]


def test_odeint_gives_scipys_result():
    for kwargs in ({}, EXACT, {"hmax": 0.1, "mxstep": 1000}):
        y = integrate.odeint(driven, START, TIMES, (WEIGHTS, 0.7), **kwargs)
        np.testing.assert_array_equal(
            y, scipy.integrate.odeint(driven, START, TIMES, (WEIGHTS, 0.7), **kwargs)
        )


def test_odeint_has_gradients_for_start_times_and_arguments():
    def f(y0, t, w, k):
        return integrate.odeint(driven, y0, t, (w, k), **EXACT)

    ag.gradcheck(f, START, TIMES[:3], WEIGHTS, 0.7, order=2, delta=1e-5)


def test_the_function_of_odeint_may_return_a_list():
    ag.gradcheck(
        lambda y0, k: integrate.odeint(pendulum, y0, TIMES, (k,), **EXACT),
        START,
        0.7,
        order=2,
        delta=1e-5,
    )


def test_odeint_takes_the_time_first():
    expected = integrate.odeint(driven, START, TIMES, (WEIGHTS, 0.7))
    np.testing.assert_array_equal(
        integrate.odeint(driven_tfirst, START, TIMES, (WEIGHTS, 0.7), tfirst=True), expected
    )


def test_exponential_decay_has_its_known_gradient():
    assert ag.grad(lambda y0: integrate.odeint(lambda y, t: -y, y0, TIMES, **EXACT)[-1, 0])(
        2.0
    ) == pytest.approx(np.exp(-1.5))
    assert ag.grad(
        lambda k: integrate.odeint(lambda y, t, k: -k * y, 1.0, TIMES, (k,), **EXACT)[-1, 0]
    )(2) == pytest.approx(-1.5 * np.exp(-3.0))


def test_the_function_of_odeint_may_take_constants_of_any_kind():
    def f(y, t, k, power):
        return -k * y ** power["p"]

    assert ag.grad(lambda k: integrate.odeint(f, 1.0, TIMES, (k, {"p": 1}), **EXACT)[-1, 0])(
        1.0
    ) == pytest.approx(-1.5 * np.exp(-1.5))


def test_odeint_in_diff_gives_the_gradient_of_a_param():
    w = ag.Param(WEIGHTS)
    J = ag.diff(lambda: np.sum(integrate.odeint(driven, START, TIMES, (w, 0.7))))
    expected = ag.grad(lambda w: np.sum(integrate.odeint(driven, START, TIMES, (w, 0.7))))(WEIGHTS)
    np.testing.assert_array_equal(ag.grad(J, w), expected)


def test_a_recorded_value_that_is_no_argument_is_an_error():
    w = ag.Param(WEIGHTS)
    with pytest.raises(TypeError, match="pass it in args"):
        ag.grad(lambda k: np.sum(integrate.odeint(lambda y, t: -k * y, START, TIMES)))(1.0)
    with pytest.raises(TypeError, match="pass it in args"):
        ag.diff(lambda: np.sum(integrate.odeint(lambda y, t: w @ y, START, TIMES)))


def test_pytrees_among_the_arguments_of_an_equation_have_gradients():
    def apart(w, b):
        return np.sum(integrate.odeint(lambda y, t, w, b: np.tanh(w @ y + b), START, TIMES, (w, b)))

    def together(p):
        return np.sum(
            integrate.odeint(
                lambda y, t, p: np.tanh(p["layers"][0][0] @ y + p["layers"][0][1]),
                START,
                TIMES,
                (p,),
            )
        )

    expected = ag.grad(apart, (0, 1))(WEIGHTS, 0.7)
    found = ag.grad(together)({"name": "net", "layers": [(WEIGHTS, 0.7)]})
    assert found["name"] is None
    np.testing.assert_array_equal(found["layers"][0][0], expected[0])
    assert found["layers"][0][1] == expected[1]


def test_a_recorded_number_in_a_list_argument_has_a_gradient():
    def loss(k):
        return np.sum(integrate.odeint(lambda y, t, d: d["k"] * y, START, TIMES, ({"k": k},)))

    assert ag.grad(loss)(1.0) == pytest.approx(
        ag.grad(lambda k: np.sum(integrate.odeint(lambda y, t, k: k * y, START, TIMES, (k,))))(1.0)
    )


@pytest.mark.parametrize(
    "times", [TIMES, TIMES[1:], TIMES[1:-1]], ids=["all", "after the start", "inside"]
)
def test_solve_ivp_gives_scipys_result(times):
    given = driven_tfirst, (0.0, 1.5), START
    found = integrate.solve_ivp(*given, t_eval=times, args=(WEIGHTS, 0.7))
    expected = scipy.integrate.solve_ivp(*given, t_eval=times, args=(WEIGHTS, 0.7))
    np.testing.assert_array_equal(found.t, expected.t)
    np.testing.assert_allclose(found.y, expected.y, rtol=1e-13)


@pytest.mark.parametrize("method", ["DOP853", "Radau"])
def test_solve_ivp_has_gradients_for_its_start_and_its_arguments(method):
    def f(y0, w, k):
        return integrate.solve_ivp(
            driven_tfirst, (0.0, 0.6), y0, method, TIMES[1:2], args=(w, k), rtol=1e-9, atol=1e-11
        ).y

    ag.gradcheck(f, START, WEIGHTS, 0.7, order=2 if method == "DOP853" else 1, delta=1e-3)


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (
            lambda x: (
                integrate.solve_ivp(
                    driven_tfirst, (x, 1.5), START, t_eval=TIMES, args=(WEIGHTS, 0.7)
                ).y
            ),
            "t_span has no gradient",
        ),
        (
            lambda x: (
                integrate.solve_ivp(
                    driven_tfirst, (0, 1.5), START, t_eval=TIMES + x, args=(WEIGHTS, 0.7)
                ).y
            ),
            "t_eval has no gradient",
        ),
        (
            lambda x: (
                integrate.solve_ivp(driven_tfirst, (0, 1.5), START * x, args=(WEIGHTS, 0.7)).y
            ),
            "needs t_eval",
        ),
        (
            lambda x: integrate.odeint(driven, START * x, TIMES, (WEIGHTS, 0.7), rtol=[1e-5, 1e-6]),
            "rtol must be one number",
        ),
    ],
    ids=["t_span", "t_eval", "no t_eval", "rtol"],
)
def test_an_invalid_argument_of_a_solver_is_an_error(f, message):
    with pytest.raises(TypeError, match=message):
        ag.grad(lambda x: np.sum(f(x)))(0.0)


def test_the_start_is_a_vector():
    with pytest.raises(ValueError, match="odeint expected a vector y0"):
        integrate.odeint(pendulum, np.ones((2, 2)), TIMES, (1.0,))


def test_a_solver_that_gives_up_is_an_error():
    with np.errstate(all="ignore"), pytest.raises(RuntimeError, match="solve_ivp"):
        integrate.solve_ivp(lambda t, y: y**2, (0.0, 2.0), np.array([1.0]), t_eval=[1.9])


# The package


@pytest.mark.parametrize("module", autograd_tools.scipy.__all__)
def test_every_public_function_has_a_docstring(module):
    public = vars(getattr(autograd_tools.scipy, module))
    assert [name for name in public["__all__"] if not public[name].__doc__] == []
    assert public["__all__"] == sorted(public["__all__"])


def test_a_function_is_listed_under_scipys_name():
    x = ag.Param(np.eye(2))
    assert "linalg.expm(P(float64[2,2]))" in str(ag.diff(lambda: np.sum(linalg.expm(x))))


@pytest.mark.parametrize(
    ("func", "name"),
    [
        (scipy.linalg.lu, "linalg.lu"),
        (scipy.stats.zscore, "stats.zscore"),
        (scipy.sparse.linalg.expm, "sparse.linalg.expm"),
        (np.linalg.cond, "linalg.cond"),
        (np.interp, "interp"),
    ],
)
def test_a_function_has_the_name_of_its_public_module(func, name):
    assert name_of(func) == name


def test_an_unknown_module_is_an_error_that_names_the_others():
    with pytest.raises(
        AttributeError,
        match="it has integrate, linalg, optimize, signal, sparse, spatial, special, stats",
    ):
        autograd_tools.scipy.ndimage  # noqa: B018


@pytest.mark.parametrize(
    ("f", "package"),
    [
        (scipy.special.logsumexp, "scipy.special"),
        (scipy.linalg.expm, "scipy.linalg"),
        (scipy.stats.norm.logpdf, "scipy.stats"),
        (lambda x: scipy.signal.convolve(x, x), "scipy.signal"),
        (lambda x: scipy.integrate.odeint(lambda y, t: -y, x[0], TIMES), "scipy.integrate"),
    ],
    ids=["special", "linalg", "stats", "signal", "integrate"],
)
def test_scipy_with_recorded_values_names_the_replacement(f, package):
    with pytest.raises(LostGradientError, match=rf"use .*autograd_tools\.{package}"):
        ag.grad(lambda x: np.sum(f(x)))(np.eye(2))


@pytest.mark.parametrize(
    "f",
    [
        scipy.fft.dct,
        scipy.linalg.lu_factor,
        scipy.ndimage.uniform_filter,
        scipy.sparse.csgraph.shortest_path,
        scipy.sparse.csr_array,
        scipy.spatial.distance.pdist,
        scipy.stats.zscore,
    ],
    ids=lambda f: f.__name__,
)
def test_an_error_names_only_what_exists(f):
    with pytest.raises(LostGradientError) as caught:
        ag.grad(lambda x: np.sum(f(x)))(np.eye(2))
    for name in re.findall(r"autograd_tools\.[\w.]*\w", str(caught.value)):
        module, _, last = name.rpartition(".")
        assert hasattr(importlib.import_module(module), last)


def test_numpy_with_recorded_values_names_no_replacement():
    with pytest.raises(LostGradientError, match=r"use np\.stack"):
        ag.grad(np.asarray)(1.0)
