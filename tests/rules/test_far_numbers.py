"""Far numbers, infinities and integers beyond int64: gradients keep their digits."""

import numpy as np
import pytest
import scipy.special

import autograd_tools as ag
from autograd_tools.scipy import special

INF = np.inf

# Computed by mpmath 1.3 with 50 digits and more: the derivative of a function at a number.
SLOPES = {
    "spence": [
        (1e-300, -690.7755278982137),
        (1e-20, -46.051701859880914),
        (0.001, -6.914669948931068),
        (0.7, -1.1889164797957745),
        (1.3, -0.8745475482249702),
        (30.0, -0.11728266833317777),
        (10000000000.0, -2.3025850932243044e-09),
        (1e200, -4.6051701859880914e-198),
    ],
    "log_ndtr": [
        (-10000000000.0, 10000000000.0),
        (-100000.0, 100000.00001),
        (-40.0, 40.02496884720726),
        (-1.0, 1.525135276160981),
        (3.0, 0.004437839042125664),
        (20.0, 5.520948362159764e-88),
    ],
    "ndtr": [(-20.0, 5.520948362159764e-88), (5.0, 1.4867195147342977e-06)],
    "dawsn": [
        (1e-10, 1.0),
        (5.0, -0.021340744242768352),
        (12.0, -0.0035090348957182477),
        (10000.0, -5.000000075000002e-09),
        (-1000000.0, -5.0000000000075e-13),
    ],
    "erfcx": [
        (-3.0, -97237.06150316462),
        (5.0, -0.02133278976482631),
        (12.0, -0.003877862738062271),
        (100000.0, -5.641895834631278e-11),
    ],
    "i0e": [
        (0.5, -0.4886144672642784),
        (40.0, -0.0007960508007932696),
        (60.0, -0.00043191898458112284),
        (-10000.0, 1.9947862106984187e-07),
    ],
    "i1e": [
        (0.5, 0.17577286089453498),
        (40.0, -0.000766004926067782),
        (60.0, -0.00042107485190268914),
        (-10000.0, -1.9944869852852436e-07),
        (1000000.0, -1.9947091579556673e-10),
    ],
    "k0e": [
        (0.1, -8.207856580786801),
        (40.0, -0.0024543822971353152),
        (60.0, -0.0013400527077503453),
        (1000000.0, -6.266568336615697e-10),
    ],
    "k1e": [
        (0.1, -100.69397024971015),
        (40.0, -0.0025458668842255217),
        (60.0, -0.0013734178079837258),
        (1000000.0, -6.266577736465852e-10),
    ],
    "k1": [
        (1e-05, -10000000005.564426),
        (100.0, -4.703426766532271e-45),
        (700.0, -4.676452304252103e-306),
    ],
    "rgamma": [
        (-3.000001, -6.00001507339917),
        (-1.5, -0.29753523919085934),
        (-0.9999999, -0.9999999154430961),
        (1e-10, 1.0000000001154432),
        (0.3, 1.170798412677589),
        (3.0, -0.46139216754923357),
        (100.0, -4.92912075225117e-156),
    ],
    "gamma": [
        (-0.99999999, 9999999899504814.0),
        (-2.5, -1.0428235924606153),
        (50.0, 2.3735095519951813e63),
    ],
    "gammaln": [
        (-0.99999999, -99999999.07473971),
        (1e-10, -10000000000.577215),
        (1000000000000000.0, 34.538776394910684),
    ],
    "digamma": [
        (-0.999999, 999999999945.1335),
        (1e-05, 10000000001.644909),
        (10000000000.0, 1.00000000005e-10),
    ],
    "expit": [
        (-700.0, 9.85967654375977e-305),
        (-40.0, 4.248354255291589e-18),
        (40.0, 4.248354255291589e-18),
        (700.0, 9.85967654375977e-305),
    ],
    "log_expit": [(-700.0, 1.0), (40.0, 4.248354255291589e-18), (700.0, 9.85967654375977e-305)],
    "logit": [(1e-300, 9.999999999999999e299), (0.999999, 1000000.9999722443)],
    "expm1": [
        (-700.0, 9.85967654375977e-305),
        (-40.0, 4.248354255291589e-18),
        (1e-10, 1.0000000001),
    ],
    "exprel": [
        (-10000000000.0, 1e-20),
        (-30.0, 0.001111111111107888),
        (-1.5, 0.1965220442795224),
        (0.9, 0.930913196153463),
        (1.0, 1.0),
        (1.5, 1.4403753489640143),
        (700.0, 1.4468330739995269e301),
    ],
    "ellipk": [
        (-1e20, 1.1706072645530174e-29),
        (-3.0, 0.07878830166093198),
        (-1.0, 0.17798966494456595),
        (0.5, 0.847213084793979),
        (0.999999, 499998.3014712779),
    ],
    "ellipkm1": [(1e-100, -5e99), (10000000000.0, -5.9496099134787804e-15)],
    "np.expm1": [(-700.0, 9.85967654375977e-305), (-40.0, 4.248354255291589e-18)],
    "np.arcsinh": [(1e200, 1e-200), (-1e20, 1e-20)],
    "np.arctanh": [(0.9999999999, 4999999586.54818)],
    "np.arcsin": [(0.9999999999, 70710.67519510884)],
}
POINTS = [(name, x, slope) for name, points in SLOPES.items() for x, slope in points]


@pytest.mark.parametrize(("name", "x", "slope"), POINTS, ids=[f"{n}({x})" for n, x, _ in POINTS])
def test_a_slope_far_out_agrees_with_mpmath(name, x, slope):
    f = getattr(np, name[3:]) if name.startswith("np.") else getattr(scipy.special, name)
    assert ag.grad(f)(x) == pytest.approx(slope, rel=1e-11)


@pytest.mark.parametrize(
    ("f", "args", "slopes"),
    [
        ("betaln", (1e10, 1.0), (-1e-10, -23.603066594891990)),
        ("beta", (1.0, 1e-9), (-1.6449340645, -1e18)),
        ("poch", (1e8, 0.5), (5.00000000625e-5, 184206.80720926)),
        ("rel_entr", (1e200, 1e-200), (922.0340371976183, -INF)),
        ("kl_div", (1e-200, 1e200), (-921.0340371976183, 1.0)),
        ("xlogy", (0.0, 0.0), (-INF, 0.0)),
        ("xlog1py", (2.0, 1e300), (690.7755278982137, 2e-300)),
        ("logit", (1e-300,), (1e300,)),
    ],
)
def test_slopes_of_a_function_of_two_numbers_far_out(f, args, slopes):
    with np.errstate(all="ignore"):
        found = ag.grad(getattr(scipy.special, f), tuple(range(len(args))))(*args)
    np.testing.assert_allclose(found, slopes, rtol=1e-7)


def test_the_reciprocal_gamma_function_has_slopes_at_its_zeros():
    assert [ag.grad(scipy.special.rgamma)(x) for x in (0.0, -1.0, -2.0, -3.0)] == [1, -1, 2, -6]


def test_a_slope_of_boxcox_at_infinity_returns():
    with np.errstate(all="ignore"):
        assert ag.grad(scipy.special.exprel)(INF) == INF
        assert ag.grad(scipy.special.exprel)(-INF) == 0.0


# Two numbers.

PAIRS = {
    np.arctan2: {
        (1e-200, 1e-200): (5e199, -5e199),
        (1e200, 1e200): (5e-201, -5e-201),
        (0.0, 0.0): (0.0, 0.0),
        (INF, 1.0): (0.0, 0.0),
        (1.0, -INF): (0.0, 0.0),
        (INF, INF): (0.0, 0.0),
    },
    np.hypot: {
        (3e-200, 4e-200): (0.6, 0.8),
        (3e-320, 4e-320): (0.6, 0.8),
        (3e307, -4e307): (0.6, -0.8),
        (1.2e308, 1.6e308): (0.6, 0.8),
        (0.0, 0.0): (0.0, 0.0),
        (INF, 1.0): (1.0, 0.0),
        (-INF, INF): (-(0.5**0.5), 0.5**0.5),
    },
    np.logaddexp: {
        (1e200, 1e200): (0.5, 0.5),
        (-1e6, -1e6 + 1): (0.2689414213699951, 0.7310585786300049),
        (INF, 1.0): (1.0, 0.0),
        (INF, INF): (0.5, 0.5),
        (-INF, 1.0): (0.0, 1.0),
        (-INF, -INF): (0.0, 0.0),
    },
    np.logaddexp2: {
        (1e200, 1e200): (0.5, 0.5),
        (1e6, 1e6 + 1): (1 / 3, 2 / 3),
        (INF, 1.0): (1.0, 0.0),
        (-INF, -INF): (0.0, 0.0),
    },
}
CALLS = [(f, args, slopes) for f, points in PAIRS.items() for args, slopes in points.items()]


@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
@pytest.mark.parametrize(
    ("f", "args", "slopes"), CALLS, ids=[f"{f.__name__}{args}" for f, args, _ in CALLS]
)
def test_two_numbers_far_out_have_their_slopes(f, args, slopes):
    np.testing.assert_allclose(ag.grad(f, (0, 1))(*args), slopes, rtol=1e-13)


def test_a_sum_of_powers_of_infinite_numbers_shares_its_gradient():
    for f in (special.logsumexp, np.logaddexp.reduce, np.logaddexp2.reduce):
        assert ag.grad(f)(np.array([INF, 1.0])).tolist() == [1.0, 0.0]
        assert ag.grad(f)(np.array([INF, INF])).tolist() == [0.5, 0.5]
        assert ag.grad(f)(np.array([-INF, -INF])).tolist() == [0.0, 0.0]
        assert ag.grad(f)(np.array([-INF, 1.0])).tolist() == [0.0, 1.0]


def test_a_zero_probability_in_softmax_has_gradients():
    x = np.array([-INF, 1.0])
    assert ag.grad(lambda x: special.softmax(x)[1])(x).tolist() == [0.0, 0.0]
    assert ag.grad(lambda x: special.log_softmax(x)[1])(x).tolist() == [0.0, 0.0]


# Sums of squares.


@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
@pytest.mark.parametrize("size", [1e-200, 1e-320, 1.0, 1e200])
def test_a_length_has_its_gradient_although_squares_leave_the_range(size):
    x = np.array([3.0, -4.0]) * size
    np.testing.assert_allclose(ag.grad(np.linalg.norm)(x), [0.6, -0.8], rtol=1e-3)
    y, dx = ag.value_and_grad(np.std)(x)
    assert y == np.std(x)
    np.testing.assert_allclose(dx, [0.5, -0.5], rtol=1e-3)
    np.testing.assert_allclose(ag.grad(np.nanstd)(x), [0.5, -0.5], rtol=1e-3)


@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
def test_rows_of_different_size_have_their_own_scale():
    rows = np.array([[3e-200, 4e-200], [3e200, 4e200], [0.0, 0.0], [3.0, 4.0]])
    dx = ag.grad(lambda x: np.sum(np.linalg.norm(x, axis=1)))(rows)
    np.testing.assert_allclose(dx, [[0.6, 0.8], [0.6, 0.8], [0.0, 0.0], [0.6, 0.8]])
    dx = ag.grad(lambda x: np.sum(np.std(x, axis=1, keepdims=True)))(rows)
    np.testing.assert_allclose(dx, [[-0.5, 0.5], [-0.5, 0.5], [0.0, 0.0], [-0.5, 0.5]])


def test_a_norm_of_an_infinite_number_points_to_it():
    assert ag.grad(np.linalg.norm)(np.array([INF, 1.0])).tolist() == [1.0, 0.0]


def test_products_have_gradients_although_partial_products_underflow():
    last = ag.grad(lambda x: np.cumprod(x)[-1])
    assert last(np.array([1e-200, 1e-200])).tolist() == [1e-200, 1e-200]
    assert ag.grad(np.prod)(np.array([1e-200, 1e-200])).tolist() == [1e-200, 1e-200]


def test_the_determinant_of_a_matrix_far_out_has_a_gradient():
    with np.errstate(over="ignore"):
        for size in (1e-200, 1e200):
            expected = [[size, 0.0], [0.0, size]]
            np.testing.assert_allclose(ag.grad(np.linalg.det)(np.eye(2) * size), expected)


# Integers.


@pytest.mark.parametrize(
    "f",
    [lambda x: np.sum(x**62), lambda x: np.sum(np.power(x, np.array([62])))],
    ids=["number", "array"],
)
def test_a_gradient_beyond_int64_is_a_float(f):
    assert ag.grad(f)(np.array([2])).tolist() == [62 * 2.0**61]


def test_a_gradient_within_int64_stays_an_integer():
    assert ag.grad(lambda x: np.sum(x**3))(np.array([1, 2, 3])).tolist() == [3, 12, 27]


@pytest.mark.parametrize(
    ("f", "x", "gradient"),
    [
        (lambda x: x**2, 10**30, 2 * 10**30),
        (lambda x: x * x, 10**30, 2 * 10**30),
        (lambda x: x**100, 3, 100 * 3**99),
        (lambda x: x * 10**30, 2.0, 1e30),
        (lambda x: x ** (10**20), 1.0, 1e20),
        (abs, -(10**30), -1),
        (lambda x: 1 / x, 10**30, -1e-60),
    ],
    ids=["square", "product", "power", "factor", "exponent", "abs", "reciprocal"],
)
def test_pythons_big_integers_have_gradients(f, x, gradient):
    assert ag.grad(f)(x) == pytest.approx(gradient, rel=1e-15)
    p = ag.Param(x)
    assert ag.grad(ag.diff(lambda: f(p)), p) == pytest.approx(gradient, rel=1e-15)
