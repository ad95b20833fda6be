"""Helpers that several tables share: axes, dtypes and shapes of arrays that may be tracked."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_tools.base.traced import plain_array
from autograd_tools.engine.values import Value, unwrap


def as_array(x: Any) -> Any:
    """Return `x` as something to index: an array unchanged, a number or a list as an array."""
    if isinstance(x, Value):
        return x if isinstance(unwrap(x), np.ndarray) else np.broadcast_to(x, np.shape(x))
    return plain_array(x)


def type_of(x: Any) -> Any:
    """Return the dtype of an array, a number or a list."""
    return plain_array(unwrap(x)).dtype


def as_type(a: Any, dtype: Any) -> Any:
    return a if dtype is None or type_of(a) == dtype else np.astype(as_array(a), dtype)


def widened(a: Any, dtype: Any) -> Any:
    """Return `a` in `dtype`, or in the dtype in which NumPy sums: a wide one for small integers."""
    if dtype is None and type_of(a).kind in "biu":
        dtype = np.add.reduce(np.zeros(1, type_of(a))).dtype
    return as_type(a, dtype)


def axes_of(x: Any, axis: Any) -> tuple[int, ...]:
    """Return the axes that a reduction removes, counted from the front."""
    ndim = np.ndim(x)
    if axis is None:
        return tuple(range(ndim))
    return tuple(a % ndim for a in (axis if isinstance(axis, tuple) else (axis,))) if ndim else ()


def restore_axes(dy: Any, x: Any, axis: Any, keepdims: Any) -> Any:
    """`np.expand_dims(dy, axis)`: the reduced axes come back with length 1."""
    if axis is None or keepdims is True or np.ndim(dy) == 0:
        return dy
    axes = axes_of(x, axis)
    return np.reshape(dy, tuple(1 if a in axes else n for a, n in enumerate(np.shape(x))))


def broadcast(dy: Any, shape: tuple[int, ...]) -> Any:
    """`np.broadcast_to(dy, shape)`, in a tenth of its time for plain numbers and arrays."""
    if type(dy) is np.ndarray and dy.flags.c_contiguous and dy.ndim == len(shape):
        strides = tuple(
            0 if n == 1 else stride for n, stride in zip(dy.shape, dy.strides, strict=True)
        )
    elif issubclass(type(dy), np.number):
        if math.prod(shape) < 1000:  # filling it is as fast as describing it
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
    """Return the number of elements in each group of a reduction."""
    if axis is None:
        return np.size(x)
    shape = np.shape(x)
    n = 1
    for a in axes_of(x, axis):
        n *= shape[a]
    return n


def root(x: Any) -> Any:
    """Return the square root of a sum of squares, whose gradient at zero is zero."""
    flat = unwrap(x) == 0
    return np.where(flat, 0, np.sqrt(np.where(flat, 1, x))) if np.any(flat) else np.sqrt(x)


def along(index: Any, axis: int, ndim: int) -> tuple[Any, ...]:
    """Return an index with `index` along one axis and all of the others."""
    return (*(slice(None),) * (axis % ndim), index)


def part_of(x: Any, index: Any, axis: int) -> Any:
    """Return `x` indexed along one axis."""
    return x[along(index, axis, np.ndim(x))]


def laid_along(x: Any, axis: int, ndim: int) -> Any:
    """Return a vector with `ndim` axes, its elements along one of them."""
    return np.reshape(x, [-1 if i == axis % ndim else 1 for i in range(ndim)])
