"""Rules of statistics, series, joining and padding at ties, zeros, nan and in error."""

import numpy as np
import pytest
import scipy.special
from rules.cases import since, spread

import autograd_tools as ag

A = np.array([[0.3, -1.2, 0.8], [1.7, 0.1, -0.4]])
X = np.array([1.0, 3.0, 2.0])


def recorded(f, *args):
    """The plain value that `f` has while its arguments are recorded."""
    seen = []
    ag.grad(lambda *a: seen.append(f(*a)) or 0.0, tuple(range(len(args))))(*args)
    y = seen[0]
    return tuple(map(ag.value, y)) if isinstance(y, (tuple, list)) else ag.value(y)


# Functions of one or two numbers.


@pytest.mark.parametrize(
    ("x", "sign", "slope"),
    [(2.0, -1.0, -1.0), (-2.0, -1.0, 1.0), (-2.0, 3.0, -1.0), (0.0, -1.0, 0.0)],
)
def test_copysign_changes_the_sign_of_the_gradient(x, sign, slope):
    assert ag.grad(np.copysign, (0, 1))(x, sign) == (slope, 0.0)


def test_an_argument_that_gives_its_sign_has_gradient_zero():
    assert ag.grad(lambda t: np.copysign(2.0, t))(3.0) == 0.0
    assert ag.grad(lambda t: np.nextafter(2.0, t))(3.0) == 0.0
    assert ag.grad(lambda t: np.heaviside(t, 0.5))(0.0) == 0.0


def test_the_height_of_heaviside_has_a_gradient_at_zero_only():
    assert ag.grad(lambda h: np.sum(np.heaviside(np.array([-1.0, 0.0, 0.0, 1.0]), h)))(0.5) == 2.0


def test_fmod_counts_whole_divisors_also_where_the_quotient_rounds_up():
    assert 6.0 / 0.1 == 60.0
    assert ag.grad(np.fmod, 1)(6.0, 0.1) == -59.0
    assert ag.grad(np.fmod, 1)(-7.0, 2.0) == 3.0


def test_the_fraction_of_modf_and_frexp_has_a_gradient():
    assert ag.grad(lambda x: np.modf(x)[0])(-2.5) == 1.0
    assert ag.grad(lambda x: np.modf(x)[1])(-2.5) == 0.0
    assert ag.grad(lambda x: np.frexp(x)[0])(5.0) == 0.125
    assert ag.grad(lambda x: np.frexp(x)[1] * 1.0)(5.0) == 0.0


@pytest.mark.parametrize("x", [1e-3, 1.0, 30.0, 300.0, 700.0])
def test_the_slope_of_i0_is_accurate_for_all_sizes(x):
    assert ag.grad(lambda x: np.i0(x)[()])(x) == pytest.approx(scipy.special.i1(x), rel=1e-12)


# Products and extremes.


@pytest.mark.filterwarnings("ignore:Arrays of 2-dimensional vectors:DeprecationWarning")
@pytest.mark.parametrize(
    "b",
    [spread(2), spread(5, 2), spread(3), spread(5, 3)],
    ids=["2", "2 in rows", "3", "3 in rows"],
)
def test_a_cross_product_of_two_elements_has_gradients(b):
    a = spread(5, 2, start=1.3)
    if since((2, 5), a):
        with pytest.raises(ValueError, match="3-dimensional vectors"):  # NumPy's own
            recorded(lambda a: np.cross(a, b), a)
        return
    np.testing.assert_array_equal(recorded(lambda a: np.cross(a, b), a), np.cross(a, b))
    ag.gradcheck(lambda a, b: np.cross(a, b) ** 2, a, b, order=2)
    ag.gradcheck(lambda a, b: np.cross(b, a) ** 2, a, b, order=2)


def test_cumprod_without_zeros_takes_one_step():
    assert len(ag.trace(lambda x: np.cumprod(x)[-1], np.ones(1000)).nodes) == 3


def test_cumprod_with_zeros_has_gradients():
    assert ag.grad(lambda x: np.cumprod(x)[-1])(np.array([2.0, 0.0, 3.0])).tolist() == [
        0.0,
        6.0,
        0.0,
    ]
    assert ag.grad(lambda x: np.sum(np.cumprod(x)))(np.array([0.0, 0.0, 3.0])).tolist() == [
        1.0,
        0.0,
        0.0,
    ]


def test_elements_that_tie_share_evenly_and_nan_gets_none():
    for func in (np.nanmax, np.nanmin):
        assert ag.grad(func)(np.array([2.0, np.nan, 2.0])).tolist() == [0.5, 0.0, 0.5]


NAN_FUNCTIONS = (np.nansum, np.nanmean, np.nanprod, np.nanvar, np.nanstd, np.nanmedian)


@pytest.mark.parametrize("func", NAN_FUNCTIONS, ids=lambda func: func.__name__)
def test_nan_is_left_out_and_has_gradient_zero(func):
    plain = getattr(np, func.__name__.removeprefix("nan"))
    x = np.array([1.0, np.nan, 3.0, 2.5, np.nan])
    expected = ag.grad(plain)(x[[0, 2, 3]])
    assert ag.grad(func)(x)[[1, 4]].tolist() == [0.0, 0.0]
    np.testing.assert_allclose(ag.grad(func)(x)[[0, 2, 3]], expected, rtol=1e-14)


@pytest.mark.filterwarnings("ignore:Degrees of freedom")
def test_a_variance_of_nothing_but_nan_is_nan():
    x = np.array([[1.0, 2.0], [np.nan, np.nan], [np.nan, 3.0]])
    assert np.array_equal(
        recorded(lambda x: np.nanvar(x, axis=1, ddof=1), x), [0.5, np.nan, np.nan], equal_nan=True
    )


# Quantiles.


def test_an_even_median_shares_its_gradient_between_two_elements():
    assert ag.grad(np.median)(np.array([4.0, 1.0, 3.0, 2.0])).tolist() == [0.0, 0.0, 0.5, 0.5]


def test_a_quantile_shares_its_gradient_by_distance():
    assert ag.grad(lambda x: np.quantile(x, 0.75))(np.array([4.0, 1.0])).tolist() == [0.75, 0.25]


@pytest.mark.parametrize(
    "method", ["lower", "higher", "nearest", "inverted_cdf", "closest_observation"]
)
def test_a_quantile_at_an_element_has_its_whole_gradient(method):
    x = np.array([4.0, 1.0, 3.0, 2.0])
    y = np.quantile(x, 0.4, method=method)
    assert (
        ag.grad(lambda x: np.quantile(x, 0.4, method=method))(x).tolist()
        == (x == y).astype(float).tolist()
    )


def test_the_gradient_in_q_is_the_slope_between_two_elements():
    x = np.array([4.0, 1.0, 2.0])
    assert ag.grad(lambda q: np.quantile(x, q))(0.75) == 4.0
    assert ag.grad(lambda q: np.percentile(x, q))(25.0) == 0.02
    assert ag.grad(lambda q: np.quantile(x, q, method="lower"))(0.75) == 0.0
    assert ag.grad(lambda q: np.quantile(x, q, method="hazen"))(0.05) == 0.0


@pytest.mark.filterwarnings("ignore:All-NaN slice")
def test_a_quantile_of_numbers_with_nan_among_them_is_nan():
    x = np.array([[1.0, np.nan, 3.0], [4.0, 6.0, 5.0]])
    for f in (lambda x: np.median(x, axis=1), lambda x: np.quantile(x, 0.5, axis=1)):
        assert np.array_equal(recorded(f, x), [np.nan, 5.0], equal_nan=True)
    assert recorded(lambda x: np.nanmedian(x, axis=1), x).tolist() == [2.0, 5.0]
    assert np.isnan(recorded(np.nanmedian, np.array([np.nan])))


def test_a_median_may_be_infinite():
    assert recorded(np.median, np.array([1.0, np.inf, np.inf])) == np.inf
    assert ag.grad(np.median)(np.array([1.0, 2.0, np.inf])).tolist() == [0.0, 1.0, 0.0]


def test_a_quantile_with_weights_is_an_error():
    with pytest.raises(TypeError, match="with weights have no gradient rule"):
        ag.grad(lambda x: np.quantile(x, 0.5, weights=np.ones(3), method="inverted_cdf"))(X)


# Along an axis.


def test_interp_has_the_slope_on_the_right_and_none_outside():
    xp, fp = np.array([0.0, 1.0, 3.0]), np.array([0.0, 2.0, 3.0])
    x = np.array([-1.0, 0.0, 0.5, 1.0, 2.0, 3.0, 4.0])
    assert ag.grad(lambda x: np.sum(np.interp(x, xp, fp)))(x).tolist() == [
        0.0,
        2.0,
        2.0,
        0.5,
        0.5,
        0.5,
        0.0,
    ]
    assert ag.grad(lambda fp: np.sum(np.interp(x, xp, fp)))(fp).tolist() == [2.5, 2.0, 2.5]


def test_unwrap_passes_the_gradient_on():
    assert (
        ag.grad(lambda p: np.sum(np.unwrap(p) * X))(np.array([0.0, 5.0, 9.0])).tolist()
        == X.tolist()
    )


ERRORS = {
    "split": (lambda x: np.split(x, 2), ValueError, "does not split into 2 equal parts"),
    "array_split": (lambda x: np.array_split(x, 0), ValueError, "must be 1 or more, got 0"),
    "vsplit": (lambda x: np.vsplit(x, 1), ValueError, "2 axes or more, got 1"),
    "dsplit": (lambda x: np.dsplit(x, 1), ValueError, "3 axes or more, got 1"),
    "hsplit": (lambda x: np.hsplit(x[0], 1), ValueError, "1 axis or more"),
    "unstack": (lambda x: np.unstack(x[0]), ValueError, "1 axis or more"),
    "meshgrid": (lambda x: np.meshgrid(x, indexing="yx"), ValueError, "'xy' or 'ij'"),
    "apply_along_axis": (
        lambda x: np.apply_along_axis(np.sum, 0, x[:, None][:, :0]),
        ValueError,
        "the array has no rows",
    ),
    "piecewise": (
        lambda x: np.piecewise(x, [x > 0], [x, x, x]),
        ValueError,
        "or one more, got 3 and 1",
    ),
    "pad": (lambda x: np.pad(x, 1, "empty"), TypeError, "mode='empty' has no gradient rule"),
}


@pytest.mark.parametrize(("f", "error", "message"), ERRORS.values(), ids=ERRORS)
def test_an_invalid_call_is_an_error(f, error, message):
    with pytest.raises(error, match=message):
        ag.grad(f)(X)


NUMPYS_ERRORS = {
    "gradient of too few": lambda x: np.gradient(x[:1]),
    "edge_order": lambda x: np.gradient(x, edge_order=3),
    "steps of gradient": lambda x: np.gradient(x, 1.0, 2.0),
    "cumulative_sum without axis": lambda x: np.cumulative_sum(x[None]),
    "block": lambda x: np.block([[x], x]),
    "select": lambda x: np.select([x > 0], [x, x]),
    "polyder": lambda x: np.polyder(x, -1),
    "constants of polyint": lambda x: np.polyint(x, 3, [1.0, 2.0]),
    "geomspace": lambda x: np.geomspace(0.0, x),
    "take": lambda x: np.take(x, 7),
    "percentile": lambda x: np.percentile(x, 101.0),
}


@pytest.mark.parametrize("f", NUMPYS_ERRORS.values(), ids=NUMPYS_ERRORS)
def test_an_invalid_call_of_a_composite_raises_numpys_error(f):
    with pytest.raises((TypeError, ValueError, IndexError)) as expected:
        f(X)
    with pytest.raises(type(expected.value)) as caught:
        ag.grad(f)(X)
    assert str(caught.value) == str(expected.value)


# Joining: values of several recorded arrays.


def test_blocks_of_several_levels_differentiate():
    def f(x, y):
        return np.block([[x, y[:, None]], [np.ones(3), 2.0]])

    assert np.array_equal(recorded(f, A, X[:2]), np.block([[A, X[:2, None]], [np.ones(3), 2.0]]))
    assert ag.gradcheck(f, A, X[:2], order=2)


JOINED = {
    "choose": lambda x, y: np.choose(np.array([1, 0, 1]), [x, y]),
    "select": lambda x, y: np.select([X > 2.5, X > 1.5], [x, y], default=y * 2),
    "piecewise": lambda x, y: np.piecewise(x, [x > 2.5], [lambda t: t * y[1], y[0]]),
    "insert": lambda x, y: np.insert(x, [1], y),
    "meshgrid": lambda x, y: np.meshgrid(x, y, indexing="ij"),
    "broadcast_arrays": lambda x, y: np.broadcast_arrays(x[:, None], y),
    "ediff1d": lambda x, y: np.ediff1d(x, to_end=y, to_begin=y[0]),
    "gradient": lambda x, y: np.gradient(x, np.cumsum(y)),
    "interp": lambda x, y: np.interp(x, np.cumsum(y) - 0.1, y, left=x[0]),
    "full_like": np.full_like,
    "pad": lambda x, y: np.pad(x, 2, constant_values=y[0]),
    "pad ramp": lambda x, y: np.pad(x, 2, "linear_ramp", end_values=y[0]),
    "polyint": lambda x, y: np.polyint(x, 3, y),
    "cov": lambda x, y: np.cov(x, y, aweights=x),
    "linspace": lambda x, y: np.linspace(x, y, 3, axis=1, retstep=True),
}


@pytest.mark.parametrize("f", JOINED.values(), ids=JOINED)
def test_each_of_several_recorded_arrays_gets_its_gradient(f):
    y = np.array([1.5, 0.5, 2.25])
    for got, expected in zip(recorded(f, X, y), f(X, y), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-14)
    assert ag.gradcheck(f, X, y, order=2)


# Choosing.


def test_the_first_of_equal_elements_has_the_gradient_of_unique():
    x = np.array([3.0, 1.0, 3.0])
    assert ag.grad(lambda x: np.unique(x) @ np.array([1.0, 2.0]))(x).tolist() == [2.0, 1.0, 0.0]
    _, first, inverse, counts = recorded(lambda x: np.unique(x, True, True, True), x)
    assert (first.tolist(), inverse.tolist(), counts.tolist()) == ([1, 0], [1, 0, 1], [1, 2])


@pytest.mark.parametrize(
    ("trim", "kept"), [("fb", [2, 3, 4]), ("f", [2, 3, 4, 5]), ("b", [0, 1, 2, 3, 4])]
)
def test_the_gradient_of_trimmed_zeros_is_where_they_are_kept(trim, kept):
    x = np.array([0.0, 0.0, 1.5, 0.0, 2.5, 0.0])
    assert recorded(lambda x: np.trim_zeros(x, trim), x).tolist() == np.trim_zeros(x, trim).tolist()
    assert np.flatnonzero(ag.grad(lambda x: np.sum(np.trim_zeros(x, trim)))(x)).tolist() == kept


@pytest.mark.parametrize(
    "x", [np.zeros(3), np.pad(A, 1), np.zeros((2, 2))], ids=["zeros", "framed", "zeros of two axes"]
)
def test_zeros_are_trimmed_as_numpy_trims_them(x):
    if x.ndim > 1 and not since((2, 2), x):
        pytest.skip("before 2.2, NumPy trims vectors only")
    assert np.array_equal(recorded(np.trim_zeros, x), np.trim_zeros(x))


def test_where_of_a_condition_alone_gives_plain_positions():
    assert ag.grad(lambda x: x[np.where(x > 1.5)[0][0]])(X).tolist() == [0.0, 1.0, 0.0]


@pytest.mark.parametrize(
    ("mode", "gradient"),
    [("wrap", [1.0, 0.0, 1.0]), ("clip", [1.0, 0.0, 1.0]), ("raise", [0.0, 0.0, 2.0])],
)
def test_take_has_gradients_in_every_mode(mode, gradient):
    indices = [2, -1] if mode == "raise" else [5, -3]
    assert ag.grad(lambda x: np.sum(np.take(x, indices, mode=mode)))(X).tolist() == gradient


def test_select_takes_the_first_condition_and_piecewise_the_last():
    conditions = [np.array([True, True, False]), np.array([True, False, False])]
    assert ag.grad(lambda x: np.sum(np.select(conditions, [2 * x, 3 * x], x)))(X).tolist() == [
        2.0,
        2.0,
        1.0,
    ]
    assert ag.grad(
        lambda x: np.sum(np.piecewise(x, conditions, [lambda t: 2 * t, lambda t: 3 * t]))
    )(X).tolist() == [3.0, 2.0, 0.0]


# Padding and ranges.


@pytest.mark.parametrize("mode", ["maximum", "minimum"])
def test_elements_that_tie_share_the_gradient_of_padding(mode):
    assert ag.grad(lambda x: np.pad(x, (1, 0), mode)[0])(np.array([2.0, 2.0])).tolist() == [
        0.5,
        0.5,
    ]


def test_the_ends_of_a_range_get_their_shares():
    assert ag.grad(lambda a, b: np.linspace(a, b, 5)[1], (0, 1))(2.0, 4.0) == (0.75, 0.25)
    assert np.isnan(recorded(lambda a: np.linspace(a, 2.0, 1, retstep=True), 1.0)[1])


@pytest.mark.parametrize(
    "func", [np.linspace, np.logspace, np.geomspace], ids=lambda func: func.__name__
)
def test_a_range_of_integers_has_gradient_zero(func):
    for start in np.linspace(0.05, 1.95, 20).tolist():
        assert (
            recorded(lambda t: func(t, 3.0, 4, dtype=int), start).tolist()
            == func(start, 3.0, 4, dtype=int).tolist()
        )
    assert ag.grad(lambda t: np.sum(func(t, 3.0, 4, dtype=int)))(0.5) == 0.0


def test_vander_at_zero_has_the_gradient_of_the_polynomial():
    assert ag.grad(lambda x: np.vander(x, 3)[0] @ X)(np.zeros(1)).tolist() == [3.0]


# Types of arguments.

ONE_ARGUMENT = {
    "cumprod": np.cumprod,
    "cumulative_sum": lambda x: np.cumulative_sum(x, include_initial=True),
    "median": np.median,
    "quantile": lambda x: np.quantile(x, 0.3),
    "nanmax": np.nanmax,
    "nanvar": np.nanvar,
    "cov": np.cov,
    "gradient": np.gradient,
    "interp": lambda x: np.interp([1.6], np.sort(x), x),
    "convolve": lambda x: np.convolve(x, [1.0, 2.0]),
    "trapezoid": np.trapezoid,
    "unwrap": np.unwrap,
    "insert": lambda x: np.insert(x, 1, x[0]),
    "delete": lambda x: np.delete(x, 1),
    "compress": lambda x: np.compress([True, False, True], x),
    "partition": lambda x: np.partition(x, 1),
    "unique": np.unique,
    "choose": lambda x: np.choose([1, 0], x),
    "piecewise": lambda x: np.piecewise(x, [X > 1.5, X < 1.5], [np.square, 2.0]),
    "array_split": lambda x: np.array_split(x, 2)[0],
    "unstack": lambda x: np.unstack(x)[1],
    "block": np.block,
    "pad": lambda x: np.pad(x, 1, "linear_ramp"),
    "polyval": lambda x: np.polyval(x, 2.0),
    "vander": np.vander,
    "linspace": lambda x: np.linspace(x, 2.0, 3),
    "np.add.reduceat": lambda x: np.add.reduceat(x, [0, 1]),
    "np.logaddexp.reduce": np.logaddexp.reduce,
    "np.multiply.outer": lambda x: np.multiply.outer(x, x),
}
one_argument = pytest.mark.parametrize("f", ONE_ARGUMENT.values(), ids=ONE_ARGUMENT)


@one_argument
def test_the_gradient_of_a_list_is_a_list(f):
    gradient = ag.grad(lambda x: np.sum(f(x) ** 2))
    assert gradient(X.tolist()) == gradient(X).tolist()


@one_argument
def test_integers_give_numpys_result_and_have_a_gradient(f):
    x = np.array([1, 3, 2])
    np.testing.assert_allclose(recorded(f, x), f(x), rtol=1e-14)
    assert np.shape(ag.grad(lambda x: np.sum(f(x) ** 2))(x)) == (3,)


BESIDE_A_LIST = {
    "append": lambda x: np.append([1.0, 2.0], x),
    "average": lambda x: np.average([1.0, 3.0, 2.0], weights=x),
    "choose": lambda x: np.choose([0, 1, 0], [[1.0, 2.0, 3.0], x]),
    "convolve": lambda x: np.convolve([1.0, 2.0], x),
    "cov": lambda x: np.cov([1.0, 3.0, 5.0], x),
    "interp": lambda x: np.interp(1.2, [0, 1, 2], x),
    "polyval": lambda x: np.polyval([1, 2], x),
    "quantile": lambda x: np.quantile([1.0, 3.0, 2.0], x / 4.4),
    "trapezoid": lambda x: np.trapezoid([1.0, 3.0, 2.0], x),
}


@pytest.mark.parametrize("f", BESIDE_A_LIST.values(), ids=BESIDE_A_LIST)
def test_a_plain_list_may_stand_beside_a_recorded_array(f):
    np.testing.assert_allclose(recorded(f, X), f(X), rtol=1e-14)
    assert ag.gradcheck(f, X, order=2)


# Points at which the textbook's formula divides by zero.


def test_the_gradient_of_a_zero_determinant_is_the_cofactors():
    assert ag.grad(np.linalg.det)(np.array([[1.0, 2.0], [2.0, 4.0]])) == pytest.approx(
        np.array([[4.0, -2.0], [-2.0, 1.0]])
    )
    assert ag.grad(np.linalg.det)(np.zeros((3, 3))).tolist() == np.zeros((3, 3)).tolist()
    assert ag.grad(np.linalg.det)(np.zeros((1, 1))).tolist() == [[1.0]]


def test_a_determinant_zero_up_to_rounding_has_a_second_derivative():
    x = np.arange(1.0, 10.0).reshape(3, 3) / 10
    assert np.linalg.det(x) != 0
    assert ag.hessian(np.linalg.det)(x)[0, 0].tolist() == pytest.approx(
        np.array([[0, 0, 0], [0, 0.9, -0.8], [0, -0.6, 0.5]]), abs=1e-12
    )


def test_the_angle_of_zero_has_gradient_zero():
    assert ag.grad(lambda x: np.angle(x + 1j * x))(0.0) == 0.0
    assert ag.grad(np.arctan2, (0, 1))(0.0, 0.0) == (0.0, 0.0)


def test_interp_at_a_jump_has_finite_gradients():
    def f(x, xp, fp):
        return np.sum(np.interp(x, xp, fp))

    dx, dxp, dfp = ag.grad(f, (0, 1, 2))(
        np.array([0.5, 1.0]), np.array([0.0, 1.0, 1.0]), np.array([3.0, 4.0, 6.0])
    )
    assert dx.tolist() == [1.0, 0.0]
    assert dxp.tolist() == [-0.5, -0.5, 0.0]
    assert dfp.tolist() == [0.5, 0.5, 1.0]


def test_the_determinant_of_zeros_has_a_second_derivative():
    assert ag.hessian(np.linalg.det)(np.zeros((2, 2)))[0, 0].tolist() == [[0.0, 0.0], [0.0, 1.0]]


def test_each_determinant_of_a_stack_has_its_gradient():
    dx = ag.grad(lambda a: np.sum(np.linalg.det(a)))(
        np.array([[[1.0, 2.0], [2.0, 4.0]], [[1.0, 2.0], [3.0, 4.0]]])
    )
    np.testing.assert_allclose(
        dx, [[[4.0, -2.0], [-2.0, 1.0]], [[4.0, -3.0], [-2.0, 1.0]]], atol=1e-14
    )


@pytest.mark.parametrize("func", [np.std, np.nanstd], ids=["std", "nanstd"])
def test_the_deviation_of_equal_numbers_has_a_gradient_of_zero(func):
    x = np.array([[2.0, 2.0], [1.0, 3.0]])
    assert ag.grad(lambda x: np.sum(func(x, axis=1)))(x).tolist() == [[0.0, 0.0], [-0.5, 0.5]]
    assert np.isfinite(
        ag.grad(lambda x: np.sum(ag.grad(lambda x: np.sum(func(x, axis=1)))(x) ** 2))(x)
    ).all()


def test_the_hypotenuse_of_two_zeros_has_a_gradient_of_zero():
    assert ag.grad(np.hypot, (0, 1))(0.0, 0.0) == (0.0, 0.0)


@pytest.mark.parametrize("func", [np.arcsin, np.arccos], ids=["arcsin", "arccos"])
@pytest.mark.parametrize("real", [2.0, -2.0])
@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_the_slope_on_a_branch_cut_has_a_side(func, real, zero):
    before, after = (func(complex(real + step, zero)) for step in (-1e-6, 1e-6))
    assert ag.grad(lambda z: np.real(func(z)))(complex(real, zero)) == pytest.approx(
        (after - before) / 2e-6, rel=1e-6
    )


# Roots and sets.


def test_a_leading_zero_coefficient_moves_the_roots():
    dp = ag.grad(lambda p: np.sum(np.roots(p)))(np.array([0.0, 1.0, -3.0]))
    assert dp == pytest.approx(np.array([-9.0, -3.0, -1.0]))  # the root 3 of x - 3 + p x^2


def test_a_root_of_zero_moves_with_the_last_coefficient():
    assert ag.grad(lambda p: np.min(np.roots(p)))(np.array([1.0, 2.0, 0.0])) == pytest.approx(
        np.array([2.0, -1.0, 0.5])
    )


REPEATED = np.array([2.0, 1.0, 2.0, 3.0, 1.0])


@pytest.mark.parametrize(
    ("f", "gradient"),
    [
        (lambda x: np.sort(np.unique_values(x)) @ [1.0, 2.0, 3.0], [2.0, 1.0, 0.0, 3.0, 0.0]),
        (lambda x: np.sort(np.unique_all(x).values) @ [1.0, 2.0, 3.0], [2.0, 1.0, 0.0, 3.0, 0.0]),
        (
            lambda x: np.sort(np.unique_counts(x).values) @ [1.0, 2.0, 3.0],
            [2.0, 1.0, 0.0, 3.0, 0.0],
        ),
        (
            lambda x: np.sort(np.unique_inverse(x).values) @ [1.0, 2.0, 3.0],
            [2.0, 1.0, 0.0, 3.0, 0.0],
        ),
        (lambda x: np.union1d(x, [4.0, 2.0]) @ [1.0, 2.0, 3.0, 4.0], [2.0, 1.0, 0.0, 3.0, 0.0]),
        (lambda x: np.intersect1d(x, [3.0, 1.0]) @ [1.0, 2.0], [0.0, 1.0, 0.0, 2.0, 0.0]),
        (
            lambda x: np.intersect1d(x, [3.0, 1.0], return_indices=True)[0] @ [1.0, 2.0],
            [0.0, 1.0, 0.0, 2.0, 0.0],
        ),
        (lambda x: np.setdiff1d(x, [1.0]) @ [1.0, 2.0], [1.0, 0.0, 0.0, 2.0, 0.0]),
        (lambda x: np.setxor1d(x, [1.0, 5.0]) @ [1.0, 2.0, 3.0], [1.0, 0.0, 0.0, 2.0, 0.0]),
    ],
    ids=[
        "unique_values",
        "unique_all",
        "unique_counts",
        "unique_inverse",
        "union1d",
        "intersect1d",
        "indices",
        "setdiff1d",
        "setxor1d",
    ],
)
def test_the_first_of_equal_elements_has_the_whole_gradient(f, gradient):
    assert ag.grad(f)(REPEATED).tolist() == gradient


def test_the_standard_deviation_of_one_number_has_the_gradient_zero():
    assert ag.grad(np.std)(3.5) == 0.0
    assert ag.grad(lambda x: np.sum(np.std(x, axis=1)))(np.ones((2, 1))).tolist() == [[0.0], [0.0]]


# Unusual shapes, found by random programs.


@pytest.mark.parametrize(
    ("f", "x"),
    [
        (lambda x: np.polyadd(x, [1.0, 2.0, 3.0]), spread(3, 3)),
        (lambda x: np.polyadd(x, 1.0), spread(3, 3)),
        (np.polyder, spread(3, 2)),
        (lambda x: np.polymul(x, [0.0, 1.0, 2.0]), spread(3)),
        (lambda x: np.polymul(x, [0.0, 0.0]), spread(3)),
        (lambda x: np.polymul(x, [1.0, 2.0]), np.zeros(0)),
        (lambda x: np.compress([True, False], x, axis=0), np.array(1.5)),
        (lambda x: np.cov(x, spread(3, 2)), np.zeros((0, 2))),
        (lambda x: np.einsum("ij,kj->ik", x, np.ones((3, 1))), np.zeros((2, 0))),
        (lambda x: np.einsum("ij,kj->ik", x, np.zeros((3, 0))), np.ones((2, 1))),
    ],
    ids=[
        "polyadd of a matrix",
        "polyadd of a matrix and a number",
        "polyder of a matrix",
        "polymul of leading zeros",
        "polymul by zero",
        "polymul of nothing",
        "compress of a number",
        "cov of no variables",
        "einsum of nothing",
        "einsum by nothing",
    ],
)
def test_a_function_gives_numpys_result_and_gradients_for_unusual_shapes(f, x):
    y = f(x)
    assert (recorded(f, x).shape, recorded(f, x).tolist()) == (y.shape, y.tolist())
    ag.gradcheck(lambda x: f(x) ** 2, x, order=2)


def test_polymul_drops_leading_zeros():
    assert recorded(lambda x: np.polymul(x, [1.0, 2.0]), np.array([0.0, 0.0, 1.5])).tolist() == [
        1.5,
        3.0,
    ]
    assert ag.grad(lambda x: np.sum(np.polymul(x, [1.0, 2.0])))(
        np.array([0.0, 0.0, 1.5])
    ).tolist() == [0.0, 0.0, 3.0]
