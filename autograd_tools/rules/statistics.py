"""Averages, variances, quantiles and covariances, and their variants that ignore nan."""

from __future__ import annotations

import math

import numpy as np

from autograd_tools.base.traced import plain_array
from autograd_tools.engine.registry import composite
from autograd_tools.engine.values import Value, unwrap
from autograd_tools.rules.arrays import as_array, as_type, axes_of, count, type_of
from autograd_tools.rules.nans import has_nan, nan_of
from autograd_tools.rules.reductions import deviation

# Methods that pick one element. Others interpolate; the position moves with the quantile by the
# length of the row plus this. Those in neither table jump between positions.
PICKING = ("lower", "higher", "nearest", "inverted_cdf", "closest_observation")
SPEEDS = {
    "linear": -1,
    "hazen": 0,
    "weibull": 1,
    "median_unbiased": 1 / 3,
    "normal_unbiased": 1 / 4,
    "interpolated_inverted_cdf": 0,
}


# To add one, see rules/__init__.py; its cases go to tests/rules/cases_arrays.py.
@composite(np.average)
def average(a, axis=None, weights=None, returned=False, *, keepdims=False):
    if weights is None:
        mean, total = np.mean(a, axis=axis, keepdims=keepdims), count(a, axis)
    else:
        if np.shape(weights) != np.shape(a):  # weights along one axis
            shape = [n if i == axis % np.ndim(a) else 1 for i, n in enumerate(np.shape(a))]
            weights = np.reshape(weights, shape)
        weights = np.broadcast_to(weights, np.shape(a))
        total = np.sum(weights, axis=axis, keepdims=keepdims)
        mean = np.sum(a * weights, axis=axis, keepdims=keepdims) / total
    return (mean, np.broadcast_to(total, np.shape(mean))) if returned else mean


@composite(np.nansum)
def nansum(a, axis=None, dtype=None, out=None, keepdims=False, initial=0, where=True):
    counted = ~np.isnan(unwrap(a)) & where
    return np.sum(np.where(counted, a, 0), axis=axis, dtype=dtype, keepdims=keepdims) + initial


@composite(np.nanmean)
def nanmean(a, axis=None, dtype=None, out=None, keepdims=False, *, where=True):
    counted, dtype_n = ~np.isnan(unwrap(a)) & where, type_of(a).newbyteorder("=")
    n = np.sum(counted, axis=axis, dtype=dtype_n, keepdims=keepdims)
    mean = nansum(a, axis, dtype, None, keepdims, 0, where) / n
    return nan_of_rows(mean, a, axis, keepdims, where)


def nan_of_rows(y, a, axis, keepdims, where):
    """Return `y`; where it is NaN, because all elements are, each has the gradient NaN."""
    if not has_nan(unwrap(y)):
        return y
    with np.errstate(all="ignore"):
        return nan_of(y, np.sum(a, axis=axis, keepdims=keepdims, where=where))


@composite(np.nanprod)
def nanprod(a, axis=None, dtype=None, out=None, keepdims=False, initial=1, where=True):
    a = np.where(np.isnan(unwrap(a)), 1, a)
    return np.prod(a, axis, dtype, keepdims=keepdims, initial=initial, where=where)


@composite(np.nanvar)
def nanvar(
    a,
    axis=None,
    dtype=None,
    out=None,
    ddof=0,
    keepdims=False,
    *,
    where=True,
    mean=None,
    correction=None,
):
    a = as_type(as_array(a), dtype if dtype is not None or type_of(a).kind in "fc" else float)
    counted = ~np.isnan(unwrap(a)) & where
    if mean is None:
        dtype_n = type_of(a).newbyteorder("=")
        n = np.sum(counted, axis=axis, dtype=dtype_n, keepdims=True)
        mean = np.sum(np.where(counted, a, 0), axis=axis, keepdims=True) / np.maximum(n, 1)
    mean = as_type(as_array(mean), unwrap(a).dtype)
    difference = np.where(counted, a, mean) - mean
    is_complex = np.iscomplexobj(difference)
    square = np.absolute(difference) ** 2 if is_complex else difference * difference
    squares = np.sum(square, axis=axis, keepdims=keepdims)
    left = np.sum(counted, axis=axis, keepdims=keepdims)
    left = left - (ddof if correction is None else correction)
    variance = squares / np.where(left > 0, left, np.nan).astype(unwrap(squares).dtype)
    return nan_of_rows(variance, a, axis, keepdims, where)


@composite(np.nanstd)
def nanstd(*args, **kwargs):
    return deviation(nanvar, *args, **kwargs)


def places_of(counts, q, method):
    """Return NumPy's positions of the quantiles `q` in sorted rows of `counts` elements."""
    places = np.zeros((len(counts), len(q)))
    for n in set(counts.tolist()) - {0}:
        found = np.quantile(np.arange(float(n)), q, method=method)
        places = np.where((counts == n)[:, None], found, places)
    return places


def type_between(q, dtype):
    """Return the dtype of NumPy's interpolation: that of `q`, or `dtype` for a Python number."""
    q = unwrap(q)
    own = dtype if type(q) in (int, float) else plain_array(q).dtype
    return own if own.kind == "f" else np.dtype(float)


def quantiles(a, q, axis, keepdims, method, weights=None, *, skip_nan):
    """Return quantiles; one between two elements has a gradient in both."""
    if weights is not None:
        raise TypeError(
            "quantiles and percentiles with weights have no gradient rule; "
            "pass ag.value(x) to treat x as a constant"
        )
    a = as_array(a)
    if np.size(a) == 0:
        empty = np.nanquantile if skip_nan else np.quantile
        return empty(unwrap(a), unwrap(q), axis, method=method, keepdims=keepdims)
    axes = axes_of(a, axis)
    rest = [i for i in range(np.ndim(a)) if i not in axes]
    kept_shape = [1 if i in axes else n for i, n in enumerate(np.shape(a))]
    shape = (*np.shape(q), *(kept_shape if keepdims else [np.shape(a)[i] for i in rest]))
    rows = np.reshape(np.transpose(a, (*rest, *axes)), (math.prod(kept_shape), count(a, axis)))
    rows = np.sort(rows, axis=-1)  # NaN sorts last
    missing = np.sum(np.isnan(unwrap(rows)), axis=-1)
    counts = np.shape(rows)[1] - (missing if skip_nan else 0 * missing)
    places = places_of(counts, np.ravel(unwrap(q)), "linear" if method == "median" else method)
    low = np.floor(places).astype(int)
    each = np.arange(len(counts))[:, None]
    y = rows[each, low]
    if method == "median":  # infinity may be in the middle
        y = (y + rows[each, np.ceil(places).astype(int)]) / 2
    elif method not in PICKING:
        dtype, last = type_between(q, unwrap(rows).dtype), np.maximum(counts - 1, 0)[:, None]
        inside = (places > 0) & (places < last)
        speed = counts[:, None] + SPEEDS[method] if method in SPEEDS else 0
        speed = (inside * speed).astype(dtype)
        part = (places - low).astype(dtype)
        if isinstance(q, Value):
            part = part + as_type(np.ravel(as_array(q) - plain_array(unwrap(q))), dtype) * speed
        y = y + (rows[each, np.minimum(low + 1, last)] - y) * part
    unknown = counts == 0 if skip_nan else missing > 0
    if np.any(unknown):
        y = nan_of_rows(np.where(unknown[:, None], np.nan, y), rows, -1, True, True)
    return np.reshape(np.transpose(y), shape) if shape else y[0, 0]


def quantile_of(skip_nan):
    def quantile(
        a, q, axis=None, out=None, overwrite_input=False, method="linear", keepdims=False, **weights
    ):
        return quantiles(a, q, axis, keepdims, method, skip_nan=skip_nan, **weights)

    return quantile


quantile = composite(np.quantile)(quantile_of(skip_nan=False))
nanquantile = composite(np.nanquantile)(quantile_of(skip_nan=True))


def percent(q):
    return q / 100 if type(unwrap(q)) in (int, float) else as_array(q) / 100


@composite(np.percentile)
def percentile(a, q, *args, **kwargs):
    return quantile(a, percent(q), *args, **kwargs)


@composite(np.nanpercentile)
def nanpercentile(a, q, *args, **kwargs):
    return nanquantile(a, percent(q), *args, **kwargs)


def median_of(func, skip_nan):
    def median(a, axis=None, out=None, overwrite_input=False, keepdims=False):
        a = as_array(a)
        if np.size(a) == 0:
            return func(unwrap(a), axis, keepdims=keepdims)
        return quantiles(a, 0.5, axis, keepdims, "median", skip_nan=skip_nan)

    return median


composite(np.median)(median_of(np.median, skip_nan=False))
composite(np.nanmedian)(median_of(np.nanmedian, skip_nan=True))


def variables(m, rowvar, dtype):
    """Return a matrix with a row for each variable."""
    m = as_type(as_array(m), dtype)
    return np.reshape(m, (1, -1)) if np.ndim(m) < 2 else m if rowvar else np.transpose(m)


@composite(np.cov)
def cov(m, y=None, rowvar=True, bias=False, ddof=None, fweights=None, aweights=None, *, dtype=None):
    if dtype is None:
        dtype = np.result_type(*(type_of(x) for x in (m, y) if x is not None), float)
    rows = variables(m, rowvar, dtype)
    if np.shape(rows)[0] == 0:
        return np.zeros((0, 0))
    rows = rows if y is None else np.concatenate([rows, variables(y, rowvar, dtype)])
    ddof = (0 if bias else 1) if ddof is None else ddof
    given = [w for w in (fweights, aweights) if w is not None]
    ones = np.ones(np.shape(rows)[1], dtype)
    weights = math.prod(given[1:], start=as_array(given[0])) if given else ones
    n = np.sum(weights)
    weighted = aweights is not None and ddof
    left = n - ddof * (np.sum(weights * as_array(aweights)) / n if weighted else 1)
    centred = rows - np.average(rows, axis=1, weights=weights, keepdims=True)
    return np.squeeze(np.dot(centred, np.conjugate(np.transpose(centred * weights))) / left)


@composite(np.corrcoef)
def corrcoef(x, y=None, rowvar=True, *, dtype=None):
    c = cov(x, y, rowvar, dtype=dtype)
    if np.iscomplexobj(c):
        raise TypeError("np.corrcoef of complex numbers has no gradient rule")
    if np.ndim(c) == 0:
        return c / c
    deviations = np.sqrt(np.diag(c))
    return np.clip(c / deviations[:, None] / deviations[None, :], -1, 1)
