"""Histograms: counts have no gradient in the values, but one in weights and bin edges."""

from __future__ import annotations

import numpy as np

from autograd_tools.base.traced import plain_array
from autograd_tools.engine.calls import plain
from autograd_tools.engine.registry import composite
from autograd_tools.engine.values import unwrap
from autograd_tools.rules.arrays import as_array, as_type
from autograd_tools.rules.indexing import ungetitem


# To add one, see rules/__init__.py; its cases go to tests/rules/cases_sets.py.
@composite(np.bincount)
def bincount(x, /, weights=None, minlength=0):
    counts = np.bincount(plain(x), plain(weights), minlength)
    if weights is None:
        return counts
    weights = as_type(as_array(weights), float)
    return ungetitem(weights, plain_array(plain(x)), np.zeros(len(counts)))


@composite(np.histogram_bin_edges)
def histogram_bin_edges(a, bins=10, range=None, weights=None):
    """Return equal steps from the lowest to the highest number, or the given edges."""
    found = np.histogram_bin_edges(unwrap(a), plain(bins), plain(range), plain(weights))
    if np.ndim(bins) == 1:
        return as_array(bins)
    if range is not None:
        low, high = range
    else:
        low, high = (np.min(a), np.max(a)) if np.size(a) else (found[0], found[-1])
    if unwrap(low) == unwrap(high):
        low, high = low - 0.5, high + 0.5
    return np.linspace(low, high, len(found), dtype=found.dtype)


@composite(np.histogram)
def histogram(a, bins=10, range=None, density=None, weights=None):
    y, found = np.histogram(unwrap(a), plain(bins), plain(range), weights=plain(weights))
    edges = histogram_bin_edges(a, bins, range)
    if weights is not None:
        a, weights = np.ravel(unwrap(a)), as_type(np.ravel(as_array(weights)), y.dtype)
        inside = (a >= found[0]) & (a <= found[-1])
        places = np.minimum(np.searchsorted(found, a[inside], "right") - 1, len(y) - 1)
        y = ungetitem(weights[inside], places, y)
    return (y / as_type(np.diff(edges), float) / np.sum(y) if density else y), edges


@composite(np.histogramdd)
def histogramdd(sample, bins=10, range=None, density=None, weights=None):
    rows = sample if isinstance(sample, (list, tuple)) else np.atleast_2d(np.transpose(sample))
    columns = [as_array(row) for row in rows]
    numbers = np.stack([unwrap(x) for x in columns], -1)
    y, found = np.histogramdd(numbers, plain(bins), plain(range), weights=plain(weights))
    many = bins if hasattr(bins, "__len__") else [bins] * len(columns)
    ranges = [None] * len(columns) if range is None else range
    given = zip(columns, many, ranges, found, strict=True)
    edges = [as_type(histogram_bin_edges(x, n, ends), e.dtype) for x, n, ends, e in given]
    if weights is not None:
        pairs = zip(numbers.T, found, strict=True)
        inside = np.all([(x >= e[0]) & (x <= e[-1]) for x, e in pairs], axis=0)
        pairs = zip(numbers[inside].T, found, strict=True)
        bins_of = [np.searchsorted(e, x, "right") - 1 for x, e in pairs]
        places = tuple(np.minimum(i, len(e) - 2) for i, e in zip(bins_of, found, strict=True))
        y = ungetitem(as_type(as_array(weights), float)[inside], places, y)
    if density:
        widths = [np.diff(e) for e in edges]
        y = y / np.sum(y) / np.prod(np.stack(np.meshgrid(*widths, indexing="ij")), axis=0)
    return y, type(found)(edges)


@composite(np.histogram2d)
def histogram2d(x, y, bins=10, range=None, density=None, weights=None):
    """Use one array of edges for both axes."""
    if hasattr(bins, "__len__") and len(bins) not in (1, 2):
        bins = [bins, bins]
    counts, (first, second) = histogramdd([x, y], bins, range, density, weights)
    return counts, first, second
