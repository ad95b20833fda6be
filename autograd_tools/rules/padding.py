"""np.pad in all its modes except those that leave memory uninitialized or call a function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_tools.engine.calls import holds_tracked
from autograd_tools.engine.registry import composite
from autograd_tools.engine.values import Value, unwrap
from autograd_tools.rules.arrays import as_array, as_type, laid_along, part_of
from autograd_tools.rules.like import array as nested_array


def pairs(given, ndim):
    """Return an option of np.pad as a pair for the two ends of each axis."""
    if isinstance(given, dict):
        both = {axis: (w, w) if np.ndim(w) == 0 else tuple(w) for axis, w in given.items()}
        found = {axis % ndim: ends for axis, ends in both.items()}
        return [found.get(axis, (0, 0)) for axis in range(ndim)]
    if isinstance(given, Value) and np.ndim(given) == 0:
        return [(given, given)] * ndim
    given = np.broadcast_to(nested_array(given) if holds_tracked(given) else given, (ndim, 2))
    return [(given[i, 0], given[i, 1]) for i in range(ndim)]


def copied(array, pad_width, mode):
    """Pad with elements of the array: let NumPy pad their positions."""
    places: Any = np.reshape(np.arange(np.size(array)), np.shape(array))
    padded: Any = np.pad
    return np.ravel(array)[padded(places, pad_width, mode)]


def mirrored(array, axis, before, after, mode):
    """Pad with odd reflections, as many as it takes; each continues from the last element.

    `reflect` repeats the element at an end once, `symmetric` twice.
    """
    n, ndim, dtype = np.shape(array)[axis], np.ndim(array), unwrap(array).dtype

    def along_axis(numbers):
        return laid_along(numbers, axis, ndim).astype(dtype)

    turns, rest = np.divmod(np.arange(-before, n + after), max(n - (mode == "reflect"), 1))
    back = turns % 2
    first, last = (part_of(array, slice(i, i + 1 or None), axis) for i in (0, -1))
    numbers = part_of(array, np.where(back, n - 1 - rest, rest), axis)
    y = along_axis(1 - 2 * back) * numbers + along_axis(2 * back) * last
    return y + along_axis(turns - back) * (last - first)


def constant(array, axis, at_start, width, given):
    return given


def linear_ramp(array, axis, at_start, width, given):
    edge = part_of(array, slice(1) if at_start else slice(-1, None), axis)
    near = (np.arange(width) if at_start else np.arange(width)[::-1]) / max(width, 1)
    near = laid_along(near, axis, np.ndim(array))
    return given + (edge - given) * near.astype(unwrap(array).dtype)


def statistic(func):
    """Make a mode that pads with `func` of the `given` number of elements at the end, or of all."""

    def number(array, axis, at_start, width, given):
        n = np.shape(array)[axis]
        length = n if given is None else min(given, n)
        part = slice(length) if at_start else slice(n - length, None)
        return func(part_of(array, part, axis), axis=axis, keepdims=True)

    return number


# Modes that compute the padding, with the keyword of each and its default.
COMPUTED: dict[str, tuple[Callable[..., Any], str, Any]] = {
    "constant": (constant, "constant_values", 0),
    "linear_ramp": (linear_ramp, "end_values", 0),
    "mean": (statistic(np.mean), "stat_length", None),
    "median": (statistic(np.median), "stat_length", None),
    "maximum": (statistic(np.max), "stat_length", None),
    "minimum": (statistic(np.min), "stat_length", None),
}


# To add one, see rules/__init__.py; its cases go to tests/rules/cases_arrays.py.
@composite(np.pad)
def pad(array, pad_width, mode="constant", **kwargs):
    array = as_array(array)
    ndim, dtype = np.ndim(array), unwrap(array).dtype
    if mode in ("reflect", "symmetric") and kwargs.get("reflect_type", "even") == "odd":
        for axis, (before, after) in enumerate(pairs(pad_width, ndim)):
            array = mirrored(array, axis, before, after, mode)
        return array
    if mode in ("edge", "reflect", "symmetric", "wrap"):
        return copied(array, pad_width, mode)
    if mode not in COMPUTED:
        raise TypeError(f"np.pad with mode={mode!r} has no gradient rule")
    compute, keyword, default = COMPUTED[mode]
    given = pairs(kwargs.get(keyword, default), ndim)
    for axis, widths in enumerate(pairs(pad_width, ndim)):
        ends = []
        for at_start, width, more in zip((True, False), widths, given[axis], strict=True):
            shape = [width if i == axis else n for i, n in enumerate(np.shape(array))]
            end = compute(array, axis, at_start, width, more) if width else 0
            end = as_type(as_array(end), dtype)
            ends.append(np.broadcast_to(end, shape))
        array = np.concatenate([ends[0], array, ends[1]], axis)
    return array
