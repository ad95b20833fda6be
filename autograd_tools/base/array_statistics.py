"""Statistics of many arrays, in blocks that fit the cache: each element is read once."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, Any]

BLOCK = 16_384  # elements that fit the cache with all temporaries
BINS = 8
SAMPLE = 1024  # the most elements of an array that a histogram counts
SHORT = 64  # elements; shorter rows are added up across
SMALLEST = 1e-280  # smaller sums of squares may have lost terms


class Statistics(NamedTuple):
    """Statistics over the finite elements of each array; NaN if there are none."""

    min: Array
    max: Array
    mean: Array
    norm: Array
    zeros: Array
    nans: Array
    infs: Array
    bins: Array  # counts of a histogram; all 0 without one


def statistics(arrays: Sequence[Array]) -> Statistics:
    """Return the statistics of non-empty arrays of one shape and dtype."""
    size, n = arrays[0].size, len(arrays)
    low, high = np.full(n, np.inf), np.full(n, -np.inf)
    total, squares = np.zeros((2, n))
    zeros, nans, infs = np.zeros((3, n), np.int64)
    bins = np.zeros((n, BINS), np.int64)
    with np.errstate(), np.errstate(all="ignore"):  # the first undoes both after an interrupt
        for first, last, rows in _blocks(arrays):
            axis, block = (0, np.ascontiguousarray(rows.T)) if rows.shape[1] < SHORT else (1, rows)
            part = slice(first, last)
            low[part] = np.minimum(low[part], np.minimum.reduce(block, axis))
            high[part] = np.maximum(high[part], np.maximum.reduce(block, axis))
            total[part] += np.add.reduce(block, axis)
            squares[part] += np.einsum("ij,ij->i" if axis else "ij,ij->j", block, block)
            zeros[part] += block.shape[axis] - (
                np.count_nonzero(block) if len(rows) == 1 else np.count_nonzero(block, axis=axis)
            )
            if size <= BLOCK:
                bins[part] = _histogram(rows, low[part], high[part])
        for i, array in enumerate(arrays if size > BLOCK else ()):
            part, sample = slice(i, i + 1), _numbers(array.ravel()[:: -(-size // SAMPLE)])
            bins[part] = _histogram(sample[None], low[part], high[part])
    found = Statistics(low, high, total / size, np.sqrt(squares), zeros, nans, infs, bins)
    usual = np.isfinite(squares) & ((squares > SMALLEST) | (zeros == size))
    finite = np.isfinite(low) & np.isfinite(high) & (size <= BLOCK)
    _scaled(found, arrays, np.flatnonzero(~usual & finite))  # vanishing gradients are frequent
    for i in np.flatnonzero(~usual & ~finite).tolist():
        for column, number in zip(found, _carefully(_numbers(arrays[i])), strict=False):
            column[i] = number
    return found


def _scaled(found: Statistics, arrays: Sequence[Array], which: Array) -> None:
    """Recompute means and norms of some short arrays, scaled so that squares stay in range."""
    with np.errstate(), np.errstate(all="ignore"):  # the first undoes both after an interrupt
        for first, last, rows in _blocks([arrays[i] for i in which.tolist()]) if len(which) else ():
            own = which[first:last]
            largest = np.maximum(-found.min[own], found.max[own])
            scaled = rows / largest[:, None]
            mean = np.add.reduce(scaled, 1) / rows.shape[1] * largest
            norm = np.sqrt(np.einsum("ij,ij->i", scaled, scaled)) * largest
            found.mean[own], found.norm[own] = (
                np.where(np.isfinite(x), x, math.nan) for x in (mean, norm)
            )


def _blocks(arrays: Sequence[Array]) -> Iterator[tuple[int, int, Array]]:
    """Yield blocks of real rows: several short arrays of one shape, or a part of a long one."""
    size = arrays[0].size
    if size > BLOCK:
        for i, array in enumerate(arrays):
            flat = array.ravel(order="K")
            for start in range(0, size, BLOCK):
                yield i, i + 1, _numbers(flat[start : start + BLOCK])[None]
        return
    step = BLOCK // size
    for first in range(0, len(arrays), step):
        part = arrays[first : first + step]
        joined = (
            part[0] if len(part) == 1 else np.concatenate(part) if part[0].ndim else np.array(part)
        )
        yield first, first + len(part), _numbers(joined).reshape(len(part), size)


def _numbers(x: Array) -> Array:
    """Return the elements as floats, complex ones by magnitude."""
    return (np.abs(x) if x.dtype.kind == "c" else x).ravel().astype(np.float64, copy=False)


def _carefully(numbers: Array) -> tuple[float, ...]:
    """Return the statistics if some elements are not finite, or squares are out of range."""
    finite = numbers[np.isfinite(numbers)]
    nans = int(np.isnan(numbers).sum())
    infs = numbers.size - finite.size - nans
    if finite.size == 0:
        return (math.nan, math.nan, math.nan, math.nan, 0, nans, infs)
    low, high = float(finite.min()), float(finite.max())
    size = max(-low, high) or 1.0  # scale, so that no square overflows
    scaled = finite / size
    mean = float(np.add.reduce(scaled)) / finite.size * size
    norm = math.sqrt(np.dot(scaled, scaled)) * size
    zeros = int(finite.size - np.count_nonzero(finite))
    mean, norm = (x if math.isfinite(x) else math.nan for x in (mean, norm))
    return (low, high, mean, norm, zeros, nans, infs)


def _histogram(rows: Array, low: Array, high: Array) -> Array:
    """Return the counts of each row in `BINS` equal parts from `low` to `high`; 0 if undefined.

    A row of more than `SAMPLE` elements is sampled evenly.
    """
    scale = BINS / (high - low)
    scale[~np.isfinite(scale)] = 0
    position = rows[:, :: -(-rows.shape[1] // SAMPLE)] - low[:, None]
    position *= scale[:, None]
    bins = position.astype(np.intp)
    np.clip(bins, 0, BINS - 1, out=bins)
    bins += np.arange(0, len(rows) * BINS, BINS)[:, None]
    counts = np.bincount(bins.ravel(), minlength=len(rows) * BINS).reshape(-1, BINS)
    counts[scale == 0] = 0
    return counts
