"""Sums, means, extremes and what else takes many numbers to fewer."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_tools.engine.primitives import SHAPES, UNKNOWN
from autograd_tools.engine.registry import composite, rules
from autograd_tools.engine.values import Value, unwrap


def axes_of(x: Any, axis: Any) -> tuple[int, ...]:
    """The axes that a reduction takes away, none of them negative."""
    ndim = np.ndim(x)
    if axis is None:
        return tuple(range(ndim))
    return tuple(a % ndim for a in (axis if isinstance(axis, tuple) else (axis,))) if ndim else ()


def kept(dy: Any, x: Any, axis: Any, keepdims: Any) -> Any:
    """`np.expand_dims(dy, axis)`: the reduced axes are back in their places, of length 1."""
    if axis is None or keepdims is True or np.ndim(dy) == 0:
        return dy
    axes = axes_of(x, axis)
    return np.reshape(dy, tuple(1 if a in axes else n for a, n in enumerate(np.shape(x))))


def spread(dy: Any, shape: tuple[int, ...]) -> Any:
    """`np.broadcast_to(dy, shape)`, in a tenth of its time for plain numbers and arrays."""
    if type(dy) is np.ndarray and dy.flags.c_contiguous and dy.ndim == len(shape):
        strides = tuple(
            0 if n == 1 else stride for n, stride in zip(dy.shape, dy.strides, strict=True)
        )
    elif isinstance(dy, np.number):
        if math.prod(shape) < 1000:  # is filled as fast as it is described
            full = np.empty(shape, dy.dtype)
            full.fill(dy)
            return full
        dy, strides = np.array(dy), (0,) * len(shape)
    else:
        return np.broadcast_to(dy, shape)
    dx: Any = np.ndarray(shape, dy.dtype, dy, 0, strides)
    dx.flags.writeable = False  # its elements share memory
    return dx


def count(x: Any, axis: Any) -> int:
    """How many numbers go into one result of a reduction."""
    if axis is None:
        return np.size(x)
    shape = np.shape(x)
    n = 1
    for a in axes_of(x, axis):
        n *= shape[a]
    return n


def count_where(x: Any, axis: Any, where: Any) -> Any:
    """`np.sum(np.broadcast_to(where, np.shape(x)), axis, keepdims=True)`: how many numbers of those chosen go into each result."""
    return np.sum(
        np.broadcast_to(where, np.shape(x)),
        axis=axis,
        dtype=np.result_type(type_of(x), 1.0),
        keepdims=True,
    )


def sum_x(
    dy: Any,
    y: Any,
    x: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = False,
    initial: Any = 0,
    where: Any = True,
) -> Any:
    """`spread(kept(dy, x, axis, keepdims), shape(x))`: what was added gets the gradient of its sum."""
    if where is not True:
        return spread(kept(dy, x, axis, keepdims), np.shape(x)) * where
    return spread(kept(dy, x, axis, keepdims), np.shape(x))


def sum_initial(dy: Any, y: Any, *args: Any, **kwargs: Any) -> Any:
    return dy


def mean_x(
    dy: Any,
    y: Any,
    x: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = False,
    *,
    where: Any = True,
) -> Any:
    """`spread(kept(dy, x, axis, keepdims) / count(x, axis), shape(x))`: each of n numbers gets an n-th."""
    if where is not True:
        return (
            spread(kept(dy, x, axis, keepdims), np.shape(x)) * where / count_where(x, axis, where)
        )
    return spread(kept(dy, x, axis, keepdims) / count(x, axis), np.shape(x))


def extreme_x(
    dy: Any,
    y: Any,
    x: Any,
    axis: Any = None,
    out: Any = None,
    keepdims: Any = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    """`dy` at the extreme; evenly shared between elements that tie for it."""
    hit = unwrap(x) == unwrap(kept(y, x, axis, keepdims))
    hit = hit if where is True else hit & where
    ties = np.add.reduce(hit, axes_of(x, axis), keepdims=True)
    dx = kept(dy, x, axis, keepdims) * hit
    return dx if ties.max(initial=1) == 1 else dx / np.maximum(1, ties).astype(unwrap(y).dtype)


def cumsum_x(dy: Any, y: Any, x: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    """The sums of dy from the other end."""
    if axis is None:
        return np.reshape(np.flip(np.cumsum(np.flip(dy, 0), 0), 0), np.shape(x))
    return np.flip(np.cumsum(np.flip(dy, axis), axis), axis)


def total(x: Any, *rest: Any) -> Any:
    """np.sum, of an array in half of its time."""
    return np.add.reduce(x, *(rest or (None,))) if type(x) is np.ndarray else np.sum(x, *rest)


rules(np.sum, sum_x, initial=sum_initial, reads=("where",), forward=total)
rules(np.mean, mean_x, reads=SHAPES)
rules(np.max, extreme_x, initial=UNKNOWN)
rules(np.min, extreme_x, initial=UNKNOWN)
rules(np.amax, extreme_x, initial=UNKNOWN)
rules(np.amin, extreme_x, initial=UNKNOWN)
rules(np.nanmax, extreme_x, initial=UNKNOWN)
rules(np.nanmin, extreme_x, initial=UNKNOWN)
rules(np.cumsum, cumsum_x, reads=SHAPES)


def as_array(x: Any) -> Any:
    """`x` with axes that can be indexed: what is an array as it is, a number or a list as the array of it."""
    if isinstance(x, Value):
        return x if isinstance(unwrap(x), np.ndarray) else np.broadcast_to(x, np.shape(x))
    return np.asarray(x)


def type_of(x: Any) -> Any:
    """The type of the numbers in `x`, which may be a number or a list."""
    return np.asarray(unwrap(x)).dtype


def as_type(a: Any, dtype: Any) -> Any:
    return a if dtype is None or type_of(a) == dtype else np.astype(as_array(a), dtype)


def widened(a: Any, dtype: Any) -> Any:
    """`a` in the type in which NumPy adds up and multiplies: that asked for, or of small integers a large one."""
    if dtype is None and type_of(a).kind in "biu":
        dtype = np.add.reduce(np.zeros(1, type_of(a))).dtype
    return as_type(a, dtype)


@composite(np.var)
def var(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: Any = 0,
    keepdims: Any = False,
    *,
    where: Any = True,
    mean: Any = None,
    correction: Any = None,
) -> Any:
    a, chosen = as_type(a, dtype), {} if where is True else {"where": where}
    difference = a - (np.mean(a, axis=axis, keepdims=True, **chosen) if mean is None else mean)
    square = np.absolute(difference) ** 2 if np.iscomplexobj(a) else difference * difference
    n: Any = count(a, axis)
    if where is not True:
        n = np.sum(
            np.broadcast_to(where, np.shape(a)),
            axis=axis,
            dtype=np.result_type(unwrap(square)),
            keepdims=keepdims,
        )
    return np.sum(square, axis=axis, keepdims=keepdims, **chosen) / (
        n - (ddof if correction is None else correction)
    )


def root(x: Any) -> Any:
    """The square root of sums of squares, as a length: its gradient is zero at zero."""
    flat = unwrap(x) == 0
    return np.where(flat, 0, np.sqrt(np.where(flat, 1, x))) if np.any(flat) else np.sqrt(x)


@composite(np.std)
def std(*args: Any, **kwargs: Any) -> Any:
    return root(var(*args, **kwargs))


@composite(np.prod)
def prod(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    """By halves, so that every partial product is differentiated as it is, zeros included."""
    a = widened(a, dtype)
    a = a if where is True else np.where(where, a, 1)
    axes = axes_of(a, axis)
    rest = tuple(i for i in range(np.ndim(a)) if i not in axes)
    shape = tuple(1 if i in axes else n for i, n in enumerate(np.shape(a)))
    flat = np.reshape(
        np.transpose(a, (*rest, *axes)), (*(np.shape(a)[i] for i in rest), count(a, axis))
    )
    while (n := np.shape(flat)[-1]) > 1:
        half = n // 2
        product = flat[..., :half] * flat[..., half : 2 * half]
        flat = np.concatenate([product, flat[..., 2 * half :]], axis=-1) if n % 2 else product
    total = (
        (flat[..., 0] if rest else flat[0])
        if np.shape(flat)[-1]
        else np.ones(np.shape(flat)[:-1], unwrap(flat).dtype)[()]
    )
    total = np.reshape(total, shape) if keepdims else total
    return total if initial is None else total * initial


@composite(np.ptp)
def ptp(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    return np.max(a, axis=axis, keepdims=keepdims) - np.min(a, axis=axis, keepdims=keepdims)
