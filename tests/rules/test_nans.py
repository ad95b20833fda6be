"""NaN in an argument of every rule, and in choices: no gradient is zero that should be NaN."""

import numpy as np
import pytest
from rules.test_rules import NAMES, cases_of, differentiable, every_function, numbers

import autograd_tools as ag
from autograd_tools.scipy import special, stats

NAN = np.nan
X = np.array([1.0, NAN, 2.0])

# A product with 0 does not depend on its factors, a range of one not on its end; a sign is a step.
INDEPENDENT = {"prod", "linspace", "sign"}
# LAPACK does not take NaN, or these functions refuse it.
REFUSED = (np.linalg.LinAlgError, ValueError)


def spoiled(x, place):
    """`x` with NaN in place of one number, and the way to it."""
    if isinstance(x, (list, tuple)):
        return type(x)([spoiled(x[0], place), *x[1:]])
    if isinstance(x, np.ndarray):
        x = np.array(x)
        x.flat[place % max(x.size, 1) : place % max(x.size, 1) + 1] = NAN
        return x
    return type(x)(NAN)


def at(dx, place):
    while isinstance(dx, (list, tuple)):
        dx = dx[0]
    return np.ravel(dx)[place % np.size(dx)] if np.size(dx) else NAN


def has_nan(y):
    return any(number != number for number in numbers(y) if isinstance(number, (float, complex)))


def weighted(y):
    """Return the sum of all numbers in `y` with different weights."""
    if isinstance(ag.value(y), dict):
        y = [y[key] for key in y]
    if isinstance(ag.value(y), (tuple, list)):
        return sum(map(weighted, y))
    if np.asarray(ag.value(y)).dtype.kind not in "fc":
        return 0.0
    weights = 0.3 + np.reshape(np.arange(1, np.size(y) + 1) * 0.618 % 1, np.shape(y))
    return np.sum(np.real(y) * weights + np.imag(y) * 0.7 * weights)


def is_spoiled(func, given, args, kwargs):
    """Return whether the NaN in `given` makes a result NaN; not where the function refuses it."""
    try:
        return has_nan(func(*given, **kwargs)) and not has_nan(func(*args, **kwargs))
    except REFUSED:
        return False


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@every_function
def test_the_gradient_for_a_nan_that_spoils_the_result_is_not_zero(func):
    if NAMES[func] in INDEPENDENT:
        return
    for args, kwargs in cases_of(func):
        argnums = differentiable(func, args)
        for i, n in enumerate(argnums):
            if not numbers(args[n]) or isinstance(args[n], dict):
                continue
            for place in (0, 1):
                given = [*args[:n], spoiled(args[n], place), *args[n + 1 :]]
                if not is_spoiled(func, given, args, kwargs):
                    continue
                dx = ag.grad(lambda *a, kwargs=kwargs: weighted(func(*a, **kwargs)), argnums)(
                    *given
                )
                assert at(dx[i], place) != 0


CHOICES = {
    "max": np.max,
    "min": np.min,
    "amax": np.amax,
    "amin": np.amin,
    "ptp": np.ptp,
    "median": np.median,
    "quantile": lambda x: np.quantile(x, 0.3),
    "quantile lower": lambda x: np.quantile(x, 0.3, method="lower"),
    "percentile": lambda x: np.percentile(x, 30.0),
    "maximum.reduce": np.maximum.reduce,
    "std": np.std,
    "var": np.var,
    "norm": np.linalg.norm,
    "norm inf": lambda x: np.linalg.norm(x, np.inf),
    "logsumexp": special.logsumexp,
    "logaddexp.reduce": np.logaddexp.reduce,
}


@pytest.mark.parametrize("f", CHOICES.values(), ids=CHOICES)
def test_each_element_beside_nan_has_the_gradient_nan(f):
    assert np.isnan(ag.grad(f)(X)).all()


ELEMENTS = {
    "sort": lambda x: np.sum(np.sort(x)),
    "partition": lambda x: np.sum(np.partition(x, 1)),
    "maximum": lambda x: np.sum(np.maximum(x, 1.5)),
    "minimum": lambda x: np.sum(np.minimum(1.5, x)),
    "fmax": lambda x: np.sum(np.fmax(x, np.array([0.0, NAN, 0.0]))),
    "clip": lambda x: np.sum(np.clip(x, -1.0, 1.0)),
    "clip method": lambda x: np.sum(x.clip(-1.0, 1.0)),
    "abs": lambda x: np.sum(np.abs(x)),
    "fabs": lambda x: np.sum(np.fabs(x)),
    "copysign": lambda x: np.sum(np.copysign(x, -1.0)),
    "hypot": lambda x: np.sum(np.hypot(x, 1.0)),
    "arctan2": lambda x: np.sum(np.arctan2(x, 1.0)),
    "accumulate": lambda x: np.sum(np.maximum.accumulate(x)[1:2]),
    "gammainc": lambda x: np.sum(special_ufunc("gammainc")(x, 1.0)),
    "betainc": lambda x: np.sum(special_ufunc("betainc")(x, 1.0, 0.5)),
    "norm.logpdf": lambda x: np.sum(stats.norm.logpdf(x)),
    "beta.cdf": lambda x: np.sum(stats.beta.cdf(0.5, x, 2.0)),
}


def special_ufunc(name):
    return getattr(pytest.importorskip("scipy.special"), name)


@pytest.mark.parametrize("f", ELEMENTS.values(), ids=ELEMENTS)
def test_a_choice_that_gives_nan_has_the_gradient_nan_there(f):
    assert np.isnan(ag.grad(f)(X)).tolist() == [False, True, False]


IGNORING = {
    "nanmax": (np.nanmax, [0.0, 0.0, 1.0]),
    "nanmin": (np.nanmin, [1.0, 0.0, 0.0]),
    "nanmedian": (np.nanmedian, [0.5, 0.0, 0.5]),
    "nanquantile": (lambda x: np.nanquantile(x, 0.25), [0.75, 0.0, 0.25]),
    "nanmean": (np.nanmean, [0.5, 0.0, 0.5]),
    "nansum": (np.nansum, [1.0, 0.0, 1.0]),
    "nanstd": (np.nanstd, [-0.5, 0.0, 0.5]),
    "fmax": (lambda x: np.sum(np.fmax(x, 1.5)), [0.0, 0.0, 1.0]),
    "fmin": (lambda x: np.sum(np.fmin(x, 1.5)), [1.0, 0.0, 0.0]),
    "nan_to_num": (lambda x: np.sum(np.nan_to_num(x)), [1.0, 0.0, 1.0]),
    "max where": (lambda x: np.max(x, where=~np.isnan(x), initial=0.0), [0.0, 0.0, 1.0]),
    "sort without nan": (lambda x: np.sum(np.sort(x)[:2]), [1.0, 0.0, 1.0]),
    "nansum of maximum": (lambda x: np.nansum(np.maximum(x, 0.5)), [1.0, 0.0, 1.0]),
    "nansum of max": (lambda x: np.nansum(np.max(x[:, None], axis=1)), [1.0, 0.0, 1.0]),
    "nansum of median": (lambda x: np.nansum(np.median(x[:, None], axis=1)), [1.0, 0.0, 1.0]),
    "where": (lambda x: np.sum(np.where(np.isnan(x), 0.0, x)), [1.0, 0.0, 1.0]),
}


@pytest.mark.parametrize(("f", "gradient"), IGNORING.values(), ids=IGNORING)
def test_a_nan_that_is_ignored_has_the_gradient_zero(f, gradient):
    assert ag.grad(f)(X).tolist() == gradient


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("func", [np.nanmax, np.nanmedian, np.nanmean, np.nanvar, np.nanstd])
def test_only_nan_has_the_gradient_nan_also_where_nan_is_ignored(func):
    assert np.isnan(ag.grad(func)(np.full(3, NAN))).all()


def test_rows_without_nan_keep_their_gradient():
    rows = np.array([[1.0, 3.0], [NAN, 2.0]])
    for func, row in ((np.max, [0.0, 1.0]), (np.median, [0.5, 0.5]), (np.min, [1.0, 0.0])):
        dx = ag.grad(lambda x, func=func: np.sum(func(x, axis=1)))(rows)
        assert dx[0].tolist() == row
        assert np.isnan(dx[1]).all()


def test_single_precision_stays_so_beside_nan():
    for func in (np.max, np.median, lambda x: np.sum(np.maximum(x, 1)), lambda x: np.sort(x)[1]):
        assert ag.grad(func)(X.astype(np.float32)).dtype == np.float32


def test_a_second_derivative_beside_nan_is_nan():
    slope = ag.grad(lambda x: np.max(x) ** 2)
    assert np.isnan(ag.grad(lambda x: np.sum(slope(x)))(X)).all()


OUTSIDE = {
    "gammainc": lambda x: special_ufunc("gammainc")(x, 1.0),
    "gammaincc": lambda x: special_ufunc("gammaincc")(x, 1.0),
    "betainc": lambda x: special_ufunc("betainc")(x, 1.0, 0.5),
    "scale": lambda x: stats.norm.logpdf(0.3, 0.0, x),
}


@pytest.mark.parametrize("f", OUTSIDE.values(), ids=OUTSIDE)
def test_an_argument_outside_of_the_domain_has_the_gradient_nan(f):
    assert np.isnan(f(-1.0))
    assert np.isnan(ag.grad(f)(-1.0))
