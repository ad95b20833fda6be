"""Statistics of many arrays: in blocks that fit a processor's cache, so that each number comes from memory once."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, Any]

BLOCK = 16_384  # numbers; they and what is made of them stay in the cache
BINS = 8
SAMPLE = 1024  # numbers of an array that a histogram counts at most
SHORT = 64  # numbers in a row; shorter ones are added up across
SMALLEST = 1e-280  # a sum of squares below this may have lost some of them


class Statistics(NamedTuple):
    """For each of some arrays, NaN where there is nothing to take them from."""

    min: Array
    max: Array
    mean: Array
    norm: Array
    zeros: Array
    nans: Array
    infs: Array
    bins: Array  # the counts of a histogram: all 0 where there is none


def statistics(arrays: Sequence[Array]) -> Statistics:
    """The statistics of arrays of one shape and type, which have numbers; those that are not finite are counted and left out."""
    size, n = arrays[0].size, len(arrays)
    low, high, total, squares, zeros = (
        np.full(n, np.inf),
        np.full(n, -np.inf),
        np.zeros(n),
        np.zeros(n),
        np.zeros(n, np.int64),
    )
    bins = np.zeros((n, BINS), np.int64)
    with np.errstate(all="ignore"):
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
            part = slice(i, i + 1)
            bins[part] = _histogram(
                _numbers(array.ravel()[:: -(-size // SAMPLE)])[None], low[part], high[part]
            )
    found = Statistics(
        low,
        high,
        total / size,
        np.sqrt(squares),
        zeros,
        np.zeros(n, np.int64),
        np.zeros(n, np.int64),
        bins,
    )
    usual = np.isfinite(squares) & ((squares > SMALLEST) | (zeros == size))
    finite = np.isfinite(low) & np.isfinite(high) & (size <= BLOCK)
    _scaled(found, arrays, np.flatnonzero(~usual & finite))  # vanishing gradients are many
    for i in np.flatnonzero(~usual & ~finite).tolist():
        for column, number in zip(found, _carefully(_numbers(arrays[i])), strict=False):
            column[i] = number
    return found


def _scaled(found: Statistics, arrays: Sequence[Array], which: Array) -> None:
    """Find the means and norms of some short arrays again, scaled so that no square is too large or small for a float."""
    with np.errstate(all="ignore"):
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
    """The numbers of arrays of one shape as real rows, in blocks: several short arrays, or a part of a long one."""
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
    """The numbers as statistics take them: of complex ones their size."""
    return (np.abs(x) if x.dtype.kind == "c" else x).ravel().astype(np.float64, copy=False)


def _carefully(numbers: Array) -> tuple[float, ...]:
    """The statistics of numbers of which some are not finite, or whose squares are too large or small for a float."""
    finite = numbers[np.isfinite(numbers)]
    nans = int(np.isnan(numbers).sum())
    infs = numbers.size - finite.size - nans
    if finite.size == 0:
        return (math.nan, math.nan, math.nan, math.nan, 0, nans, infs)
    low, high = float(finite.min()), float(finite.max())
    size = max(-low, high) or 1.0  # what the norm is scaled by, so that no square overflows
    scaled = finite / size
    mean = float(np.add.reduce(scaled)) / finite.size * size
    norm = math.sqrt(np.dot(scaled, scaled)) * size
    zeros = int(finite.size - np.count_nonzero(finite))
    return (
        low,
        high,
        *(x if math.isfinite(x) else math.nan for x in (mean, norm)),
        zeros,
        nans,
        infs,
    )


def _histogram(rows: Array, low: Array, high: Array) -> Array:
    """How many numbers of each row lie in each of `BINS` equal parts from `low` to `high`: none where that cannot be told.

    Of more than `SAMPLE` numbers only an evenly spaced sample is counted.
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
