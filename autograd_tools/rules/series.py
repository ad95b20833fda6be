"""Functions along an axis: cumulative sums, differences, slopes, interpolation, convolution."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_tools.engine.primitives import SHAPES
from autograd_tools.engine.registry import Primitive, composite, rules
from autograd_tools.engine.values import unwrap
from autograd_tools.rules.arrays import as_array, as_type, widened
from autograd_tools.rules.shapes import along


def cumprod_x(dy, y, x, axis):
    """dy times the gradient of elements that are not zero: division removes a factor."""
    return np.flip(np.cumsum(np.flip(dy * y, axis), axis), axis) / x


CUMPROD = Primitive(np.cumprod, [cumprod_x])


@composite(np.cumprod)
def cumprod(a, axis=None, dtype=None, out=None):
    """With a zero in it, multiply by doublings: every partial product has its gradient."""
    a = widened(as_array(a), dtype)
    if np.ndim(a) != 1:
        a, axis = (np.ravel(a), 0) if axis is None or np.ndim(a) == 0 else (a, axis)
    axis = 0 if axis is None else axis
    if np.all(unwrap(a)):
        return CUMPROD(a, axis)
    step = 1
    while step < np.shape(a)[axis]:
        head, tail, before = (
            a[along(part, axis, np.ndim(a))]
            for part in (slice(step), slice(step, None), slice(-step))
        )
        a = np.concatenate([head, tail * before], axis)
        step *= 2
    return a


def accumulated(func: Any, x: Any, axis: Any, dtype: Any, start: float | None) -> Any:
    """Return a cumulative sum or product of the array API; `start` may come first."""
    x = np.atleast_1d(as_array(x))
    if axis is None and np.ndim(x) > 1:
        raise ValueError(f"a cumulative sum or product over {np.ndim(x)} axes needs `axis`")
    axis = 0 if axis is None else axis
    y = func(x, axis=axis, dtype=dtype)
    if start is None:
        return y
    shape = [1 if i == axis % np.ndim(x) else n for i, n in enumerate(np.shape(x))]
    return np.concatenate([np.full(shape, start, unwrap(y).dtype), y], axis)


@composite(np.cumulative_sum)
def cumulative_sum(x, /, *, axis=None, dtype=None, out=None, include_initial=False):
    return accumulated(np.cumsum, x, axis, dtype, 0 if include_initial else None)


@composite(np.cumulative_prod)
def cumulative_prod(x, /, *, axis=None, dtype=None, out=None, include_initial=False):
    return accumulated(np.cumprod, x, axis, dtype, 1 if include_initial else None)


@composite(np.nancumsum)
def nancumsum(a, axis=None, dtype=None, out=None):
    return np.cumsum(np.where(np.isnan(unwrap(a)), 0, a), axis=axis, dtype=dtype)


@composite(np.nancumprod)
def nancumprod(a, axis=None, dtype=None, out=None):
    return np.cumprod(np.where(np.isnan(unwrap(a)), 1, a), axis=axis, dtype=dtype)


@composite(np.ediff1d)
def ediff1d(ary, to_end=None, to_begin=None):
    ary = np.ravel(as_array(ary))
    ends = [
        [] if end is None else [as_type(np.ravel(as_array(end)), unwrap(ary).dtype)]
        for end in (to_begin, to_end)
    ]
    return np.concatenate([*ends[0], np.diff(ary), *ends[1]])


@composite(np.trapezoid)
def trapezoid(y, x=None, dx=1.0, axis=-1):
    y = as_array(y)
    if x is not None:
        dx = np.diff(x, axis=axis if np.ndim(x) > 1 else -1)
        dx = (
            dx
            if np.ndim(x) > 1
            else np.reshape(dx, [-1 if i == axis % np.ndim(y) else 1 for i in range(np.ndim(y))])
        )
    before, after = (
        (slice(None),) * (axis % np.ndim(y)) + (part,) for part in (slice(None, -1), slice(1, None))
    )
    return np.sum(dx * (y[before] + y[after]) / 2, axis=axis)


def slope(f, h, axis, edge_order):
    """Return the slope of `f` along an axis, by both neighbours, or by 2 or 3 points at an end."""

    def at(part):
        return f[along(part, axis, np.ndim(f))]

    if np.ndim(h):
        h = np.reshape(np.diff(h), [-1 if i == axis else 1 for i in range(np.ndim(f))])
        before, after = (
            h[along(slice(-1), axis, np.ndim(f))],
            h[along(slice(1, None), axis, np.ndim(f))],
        )
        first, second, last = (
            h[along(slice(i, i + 1 or None), axis, np.ndim(f))]
            for i in (0, min(1, np.size(h) - 1), -1)
        )
        last_but_one = h[along(slice(-2, -1), axis, np.ndim(f))]
    else:
        before = after = first = second = last = last_but_one = h
    left, right = at(slice(1, -1)) - at(slice(-2)), at(slice(2, None)) - at(slice(1, -1))
    inner = (left / before * after + right / after * before) / (before + after)
    start, end = (
        (at(slice(1, 2)) - at(slice(1))) / first,
        (at(slice(-1, None)) - at(slice(-2, -1))) / last,
    )
    if edge_order == 2:
        start = start - ((at(slice(2, 3)) - at(slice(1, 2))) / second - start) * first / (
            first + second
        )
        end = end + (end - (at(slice(-2, -1)) - at(slice(-3, -2))) / last_but_one) * last / (
            last + last_but_one
        )
    return np.concatenate([start, inner, end], axis)


@composite(np.gradient)
def gradient(f, *varargs, axis=None, edge_order=1):
    f = as_array(f)
    f = f if unwrap(f).dtype.kind in "fc" else as_type(f, float)
    axes = range(np.ndim(f)) if axis is None else (axis,) if np.ndim(axis) == 0 else axis
    steps = varargs or (1.0,)
    steps = steps * len(axes) if len(steps) == 1 and np.ndim(steps[0]) == 0 else steps
    if len(steps) != len(axes):
        raise TypeError(
            f"np.gradient expected 1 step or {len(axes)}, one for each axis, got {len(steps)}"
        )
    if edge_order not in (1, 2):
        raise ValueError(f"np.gradient: edge_order must be 1 or 2, got {edge_order}")
    if any(np.shape(f)[i] < edge_order + 1 for i in axes):
        raise ValueError(
            f"np.gradient with edge_order={edge_order} needs {edge_order + 1} or more elements "
            "along each axis"
        )
    slopes = tuple(
        as_type(
            slope(f, as_array(h) if np.ndim(h) else h, i % np.ndim(f), edge_order), unwrap(f).dtype
        )
        for i, h in zip(axes, steps, strict=True)
    )
    return slopes[0] if len(slopes) == 1 else slopes


@composite(np.interp)
def interp(x, xp, fp, left=None, right=None, period=None):
    """At a point of `xp`, take the slope to its right; at the last one to its left, or 0."""
    x, xp, fp = (t if np.iscomplexobj(t) else as_type(t, float) for t in map(as_array, (x, xp, fp)))
    if period is not None:
        x, xp = x % abs(period), xp % abs(period)
        order = np.argsort(unwrap(xp))
        xp, fp = xp[order], fp[order]
        xp, fp = (
            np.concatenate([xp[-1:] - abs(period), xp, xp[:1] + abs(period)]),
            np.concatenate([fp[-1:], fp, fp[:1]]),
        )
        left = right = None
    points, n = unwrap(xp), np.size(xp)
    low = np.clip(np.searchsorted(points, unwrap(x), side="right") - 1, 0, max(n - 2, 0))
    y = fp[low]
    if n > 1:
        gap = xp[low + 1] - xp[low]
        jump = unwrap(gap) == 0
        y = y + (fp[low + 1] - y) * np.where(jump, 1, (x - xp[low]) / np.where(jump, 1, gap))
    y = np.where(unwrap(x) < points[0], fp[0] if left is None else left, y)
    y = np.where(unwrap(x) > points[-1], fp[-1] if right is None else right, y)
    return y if np.ndim(y) else y[()]


def uncut(dy, a, v, mode):
    """Return the gradient of the full convolution, of which `mode` takes a part."""
    n, short = np.size(a) + np.size(v) - 1, min(np.size(a), np.size(v))
    start = {"f": 0, "s": (short - 1) // 2, "v": short - 1}[mode[0]]
    return np.concatenate(
        [np.zeros(start, dy.dtype), dy, np.zeros(n - start - np.size(dy), dy.dtype)]
    )


def convolve_a(dy, y, a, v, mode="full"):
    return np.reshape(
        np.convolve(uncut(dy, a, v, mode), np.flip(np.ravel(v)), "valid"), np.shape(a)
    )


def convolve_v(dy, y, a, v, mode="full"):
    return np.reshape(
        np.convolve(uncut(dy, a, v, mode), np.flip(np.ravel(a)), "valid"), np.shape(v)
    )


@composite(np.correlate)
def correlate(a, v, mode="valid"):
    a, v = np.ravel(as_array(a)), np.flip(np.conjugate(np.ravel(as_array(v))))
    if np.size(v) > np.size(a):  # NumPy swaps them
        return np.flip(np.convolve(np.flip(v), np.flip(a), mode))
    return np.convolve(a, v, mode)


# To add one, see rules/__init__.py; its cases go to tests/rules/cases_arrays.py.
rules(np.convolve, convolve_a, convolve_v)
rules(np.unwrap, lambda dy, y, p, discont=None, axis=-1, *, period=None: dy, reads=SHAPES)
