"""Functions along an axis: cumulative sums, differences, slopes, interpolation, convolution."""

from __future__ import annotations

import numpy as np

from autograd_tools.engine.primitives import SHAPES
from autograd_tools.engine.registry import Primitive, composite, rules
from autograd_tools.engine.values import unwrap
from autograd_tools.rules.arrays import as_array, as_type, laid_along, part_of, widened


def cumprod_x(dy, y, x, axis):
    """dy times the gradient of elements that are not zero: division removes a factor."""
    return np.flip(np.cumsum(np.flip(dy * y, axis), axis), axis) / x


CUMPROD = Primitive(np.cumprod, [cumprod_x])


@composite(np.cumprod)
def cumprod(a, axis=None, dtype=None, out=None):
    """With a product of zero or infinity, multiply by doublings: every partial product has its
    gradient.
    """
    a = widened(as_array(a), dtype)
    if np.ndim(a) != 1:
        a, axis = (np.ravel(a), 0) if axis is None or np.ndim(a) == 0 else (a, axis)
    axis = 0 if axis is None else axis
    with np.errstate(all="ignore"):
        products = np.cumprod(unwrap(a), axis)
    if np.all((products != 0) & np.isfinite(products)):
        return CUMPROD(a, axis)
    step = 1
    while step < np.shape(a)[axis]:
        tail, before = part_of(a, slice(step, None), axis), part_of(a, slice(-step), axis)
        a = np.concatenate([part_of(a, slice(step), axis), tail * before], axis)
        step *= 2
    return a


def accumulated(func, x, axis, dtype, start):
    """Return a cumulative sum or product of the array API; `start` may come first."""
    x = np.atleast_1d(as_array(x))
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
        several = np.ndim(x) > 1
        dx = np.diff(x, axis=axis) if several else laid_along(np.diff(x), axis, np.ndim(y))
    both = part_of(y, slice(None, -1), axis) + part_of(y, slice(1, None), axis)
    return np.sum(dx * both / 2, axis=axis)


def slope(f, h, axis, edge_order):
    """Return the slope of `f` along an axis, by both neighbours, or by 2 or 3 points at an end."""

    def at(start, stop, of=f):
        return part_of(of, slice(start, stop), axis)

    if np.ndim(h):
        h = laid_along(np.diff(h), axis, np.ndim(f))
        second = min(1, np.size(h) - 1)
        before, after = at(None, -1, h), at(1, None, h)
        first, second = at(0, 1, h), at(second, second + 1, h)
        last, last_but_one = at(-1, None, h), at(-2, -1, h)
    else:
        before = after = first = second = last = last_but_one = h
    left, right = at(1, -1) - at(None, -2), at(2, None) - at(1, -1)
    inner = (left / before * after + right / after * before) / (before + after)
    start, end = (at(1, 2) - at(0, 1)) / first, (at(-1, None) - at(-2, -1)) / last
    if edge_order == 2:
        next_start = (at(2, 3) - at(1, 2)) / second
        next_end = (at(-2, -1) - at(-3, -2)) / last_but_one
        start = start - (next_start - start) * first / (first + second)
        end = end + (end - next_end) * last / (last + last_but_one)
    return np.concatenate([start, inner, end], axis)


@composite(np.gradient)
def gradient(f, *varargs, axis=None, edge_order=1):
    f = as_array(f)
    f = f if unwrap(f).dtype.kind in "fc" else as_type(f, float)
    axes = range(np.ndim(f)) if axis is None else (axis,) if np.ndim(axis) == 0 else axis
    steps = varargs or (1.0,)
    steps = steps * len(axes) if len(steps) == 1 and np.ndim(steps[0]) == 0 else steps
    places = [as_array(h) if np.ndim(h) else h for h in steps]
    found = [slope(f, h, i % np.ndim(f), edge_order) for i, h in zip(axes, places, strict=True)]
    slopes = tuple(as_type(y, unwrap(f).dtype) for y in found)
    return slopes[0] if len(slopes) == 1 else slopes


@composite(np.interp)
def interp(x, xp, fp, left=None, right=None, period=None):
    """At a point of `xp`, take the slope to its right; at the last one to its left, or 0."""
    x, xp, fp = (t if np.iscomplexobj(t) else as_type(t, float) for t in map(as_array, (x, xp, fp)))
    if period is not None:
        x, xp = x % abs(period), xp % abs(period)
        order = np.argsort(unwrap(xp))
        xp, fp = xp[order], fp[order]
        xp = np.concatenate([xp[-1:] - abs(period), xp, xp[:1] + abs(period)])
        fp = np.concatenate([fp[-1:], fp, fp[:1]])
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
    """Return the gradient of the full convolution; `mode` takes a part of it."""
    n, short = np.size(a) + np.size(v) - 1, min(np.size(a), np.size(v))
    start = {"f": 0, "s": (short - 1) // 2, "v": short - 1}[mode[0]]
    zeros = np.zeros(n - np.size(dy), dy.dtype)
    return np.concatenate([zeros[:start], dy, zeros[start:]])


def convolve_a(dy, y, a, v, mode="full"):
    da = np.convolve(uncut(dy, a, v, mode), np.flip(np.ravel(v)), "valid")
    return np.reshape(da, np.shape(a))


def convolve_v(dy, y, a, v, mode="full"):
    dv = np.convolve(uncut(dy, a, v, mode), np.flip(np.ravel(a)), "valid")
    return np.reshape(dv, np.shape(v))


@composite(np.correlate)
def correlate(a, v, mode="valid"):
    a, v = np.ravel(as_array(a)), np.flip(np.conjugate(np.ravel(as_array(v))))
    if np.size(v) > np.size(a):  # NumPy swaps them
        return np.flip(np.convolve(np.flip(v), np.flip(a), mode))
    return np.convolve(a, v, mode)


# To add one, see rules/__init__.py; its cases go to tests/rules/cases_arrays.py.
rules(np.convolve, convolve_a, convolve_v, linear=True)
rules(np.unwrap, lambda dy, y, p, discont=None, axis=-1, *, period=None: dy, reads=SHAPES)
