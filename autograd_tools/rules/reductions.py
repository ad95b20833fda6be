"""Reductions: sums, products, means, variances and extremes.

Conventions: elements that tie for a maximum or minimum share its gradient evenly, as in HIPS
autograd; an extreme equal to `initial` keeps none of it. If the extreme is NaN, so is the gradient
of each element. The gradient of a standard deviation is zero at zero.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_tools.base.traced import capture_of, plain_array
from autograd_tools.engine.primitives import SHAPES
from autograd_tools.engine.registry import Primitive, composite, rules
from autograd_tools.engine.values import unwrap
from autograd_tools.rules.arrays import (
    as_array,
    as_type,
    axes_of,
    broadcast,
    count,
    restore_axes,
    root,
    type_of,
    widened,
)
from autograd_tools.rules.nans import nan_for_unknown


def count_where(x, axis, where):
    """Return the number of chosen elements in each group of a reduction."""
    where, dtype = np.broadcast_to(where, np.shape(x)), np.result_type(type_of(x), 1.0)
    return np.sum(where, axis=axis, dtype=dtype, keepdims=True)


def sum_x(dy, y, x, axis=None, dtype=None, out=None, keepdims=False, initial=0, where=True):
    """`broadcast(restore_axes(dy, x, axis, keepdims), shape(x))`: dy for each element."""
    if where is not True:
        return broadcast(restore_axes(dy, x, axis, keepdims), np.shape(x)) * where
    return broadcast(restore_axes(dy, x, axis, keepdims), np.shape(unwrap(x)))


def sum_initial(dy, y, *args, **kwargs):
    return dy


def mean_x(dy, y, x, axis=None, dtype=None, out=None, keepdims=False, *, where=True):
    """`broadcast(restore_axes(dy, x, axis, keepdims) / count(x, axis), shape(x))`."""
    if where is not True:
        dx = broadcast(restore_axes(dy, x, axis, keepdims), np.shape(x))
        return dx * where / count_where(x, axis, where)
    return broadcast(restore_axes(dy, x, axis, keepdims) / count(x, axis), np.shape(unwrap(x)))


def extreme_x(dy, y, x, axis=None, out=None, keepdims=False, initial=None, where=True):
    """`dy` at the extreme, shared evenly in a tie."""
    y, dy = restore_axes(unwrap(y), x, axis, keepdims), restore_axes(dy, x, axis, keepdims)
    hit = unwrap(x) == y
    hit = hit if where is True else hit & where
    ties = np.add.reduce(hit, axes_of(x, axis), keepdims=True)
    dx = dy * hit
    if capture_of((ties,)) is not None or ties.max(initial=1) > 1:  # a program always divides
        shares = np.maximum(1, ties)
        dx = dx / (shares if y.dtype == float else shares.astype(y.dtype))
    unsure = nan_for_unknown(dx, dy, y)
    return unsure if where is True or unsure is dx else np.where(where, unsure, dx)


def at_extreme(position):
    """Return the rule of tangents: that of an extreme is the sum of those of the elements at it."""
    return None if position else lambda dx, y, args, kwargs: _at_extreme(dx, y, *args, **kwargs)


def _at_extreme(dx, y, x, axis=None, out=None, keepdims=False, initial=None, where=True):
    ones = np.ones_like(unwrap(y))
    shares = extreme_x(ones, y, x, axis, out, keepdims, initial, where)
    return np.sum(shares * dx, axis=axis, keepdims=keepdims)


def extreme_initial(dy, y, x, axis=None, out=None, keepdims=False, initial=None, where=True):
    """`dy` where no element of `x` is the extreme."""
    y, dy = restore_axes(unwrap(y), x, axis, keepdims), restore_axes(dy, x, axis, keepdims)
    hit = np.logical_or.reduce((unwrap(x) == y) & where, axes_of(x, axis), keepdims=True)
    return nan_for_unknown(dy * ~hit, dy, y)


def cumsum_x(dy, y, x, axis=None, dtype=None, out=None):
    """The cumulative sums of dy from the other end."""
    if axis is None:
        return np.reshape(np.flip(np.cumsum(np.flip(dy, 0), 0), 0), np.shape(x))
    return np.flip(np.cumsum(np.flip(dy, axis), axis), axis)


def total(x, *rest):
    """Compute np.sum, of an array in half its time."""
    if type(x) is not np.ndarray or len(rest) > 1:
        return np.sum(x, *rest)
    return np.add.reduce(x, *(rest or (None,)))


# To add one, see rules/__init__.py; its cases go to tests/rules/cases.py.
rules(np.sum, sum_x, initial=sum_initial, reads=("where",), forward=total)
rules(np.mean, mean_x, reads=SHAPES)
rules(np.max, extreme_x, initial=extreme_initial, push=at_extreme)
rules(np.min, extreme_x, initial=extreme_initial, push=at_extreme)
rules(np.amax, extreme_x, initial=extreme_initial, push=at_extreme)
rules(np.amin, extreme_x, initial=extreme_initial, push=at_extreme)
rules(np.nanmax, extreme_x, initial=extreme_initial, push=at_extreme)
rules(np.nanmin, extreme_x, initial=extreme_initial, push=at_extreme)
rules(np.cumsum, cumsum_x, reads=SHAPES)


@composite(np.var)
def var(
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
    a, chosen = as_type(a, dtype), {} if where is True else {"where": where}
    difference = a - (np.mean(a, axis=axis, keepdims=True, **chosen) if mean is None else mean)
    square = np.absolute(difference) ** 2 if np.iscomplexobj(a) else difference * difference
    n: Any = count(a, axis)
    if where is not True:
        where, dtype = np.broadcast_to(where, np.shape(a)), np.result_type(unwrap(square))
        n = np.sum(where, axis=axis, dtype=dtype, keepdims=keepdims)
    n = n - (ddof if correction is None else correction)
    return np.sum(square, axis=axis, keepdims=keepdims, **chosen) / n


AS_COMPUTED = Primitive(lambda y, value: value, [lambda dy, z, y, value: dy], name="std")


def deviation(var, a, axis=None, dtype=None, out=None, ddof=0, keepdims=False, **options):
    """Return the root of a variance.

    Where squares leave the range of floats, it has the value of NumPy and the gradient for numbers
    divided by the largest.
    """
    options |= {"axis": axis, "dtype": dtype, "ddof": ddof, "keepdims": keepdims}
    variance = var(a, **options)
    plain = plain_array(unwrap(variance))
    limits = np.finfo(plain.dtype)
    far = (plain < limits.tiny / limits.eps) | (plain == np.inf)
    if not np.any(far):
        return root(variance)
    size = np.abs(plain_array(unwrap(a)))
    scale = np.fmax.reduce(size, axes_of(a, axis), keepdims=True, initial=0).astype(plain.dtype)
    usable = np.reshape(far, scale.shape) & (scale > 0) & np.isfinite(scale)
    scale = np.where(usable, scale, 1)
    if options.get("mean") is not None:
        options["mean"] = options["mean"] / scale
    variance = var(as_array(a) / scale, **options)
    return AS_COMPUTED(root(variance) * np.reshape(scale, plain.shape), np.sqrt(plain)[()])


@composite(np.std)
def std(*args, **kwargs):
    return deviation(var, *args, **kwargs)


@composite(np.prod)
def prod(a, axis=None, dtype=None, out=None, keepdims=False, initial=None, where=True):
    """Multiply by halves: every partial product has its gradient, with zeros, too."""
    a = widened(a, dtype)
    a = a if where is True else np.where(where, a, 1)
    axes = axes_of(a, axis)
    rest = tuple(i for i in range(np.ndim(a)) if i not in axes)
    shape = tuple(1 if i in axes else n for i, n in enumerate(np.shape(a)))
    rows = (*(np.shape(a)[i] for i in rest), count(a, axis))
    flat = np.reshape(np.transpose(a, (*rest, *axes)), rows)
    while (n := np.shape(flat)[-1]) > 1:
        half = n // 2
        product = flat[..., :half] * flat[..., half : 2 * half]
        flat = np.concatenate([product, flat[..., 2 * half :]], axis=-1) if n % 2 else product
    if np.shape(flat)[-1]:
        total = flat[..., 0] if rest else flat[0]
    else:
        total = np.ones(np.shape(flat)[:-1], unwrap(flat).dtype)[()]
    total = np.reshape(total, shape) if keepdims else total
    total = total if axes else np.copy(total)  # otherwise a view
    return total if initial is None else total * initial


@composite(np.ptp)
def ptp(a, axis=None, out=None, keepdims=False):
    return np.max(a, axis=axis, keepdims=keepdims) - np.min(a, axis=axis, keepdims=keepdims)
