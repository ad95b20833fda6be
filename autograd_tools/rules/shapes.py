"""Functions that move elements without changing them."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from autograd_tools.base.traced import plain_array
from autograd_tools.engine.primitives import SHAPES
from autograd_tools.engine.registry import composite, rules
from autograd_tools.engine.values import unwrap
from autograd_tools.rules.arrays import as_array, as_type, part_of
from autograd_tools.rules.indexing import ungetitem
from autograd_tools.rules.nans import nan_of


def transpose_x(dy, y, x, axes=None):
    """dy with its axes in their original order."""
    if axes is None or np.ndim(x) < 2:
        return np.transpose(dy)
    if min(axes, default=0) >= 0:
        return np.transpose(dy, np.argsort(axes))
    return np.transpose(dy, np.argsort([a % len(axes) for a in axes]))


def shapes_of(arrays):
    """Return the shapes of the arrays to join; they may be the rows of one array."""
    if isinstance(unwrap(arrays), (list, tuple)):
        return [np.shape(a) for a in arrays]
    return [np.shape(arrays)[1:]] * np.shape(arrays)[0]


def for_each(parts, arrays):
    """Return the gradients as a list, or as one array for the rows of one."""
    return parts if isinstance(unwrap(arrays), (list, tuple)) else np.stack(parts)


def concatenate_arrays(dy, y, arrays, axis=0, out=None, **kwargs):
    """The slice of `dy` at the place of each array."""
    shapes = shapes_of(arrays)
    if axis is None:
        ends = np.cumsum([0, *map(math.prod, shapes)])
        flat = [dy[i:j] for i, j in pairwise(ends)]
        return for_each([np.reshape(d, s) for d, s in zip(flat, shapes, strict=True)], arrays)
    before = (slice(None),) * (axis % np.ndim(dy))
    ends = np.cumsum([0, *(shape[axis] for shape in shapes)])
    return for_each([dy[(*before, slice(i, j))] for i, j in pairwise(ends)], arrays)


def stack_arrays(dy, y, arrays, axis=0, out=None, **kwargs):
    """The part of dy at the place of each array."""
    before = (slice(None),) * (axis % np.ndim(dy))
    return for_each([dy[(*before, i)] for i in range(len(shapes_of(arrays)))], arrays)


def repeat_x(dy, y, x, repeats, axis=None):
    """The sum of dy over the copies of each element."""
    flat = np.reshape(x, (-1,)) if axis is None or np.ndim(x) == 0 else x
    axis = 0 if axis is None else axis
    before = (slice(None),) * (axis % np.ndim(flat))
    index = np.repeat(np.arange(np.shape(flat)[axis]), repeats)
    return np.reshape(ungetitem(dy, (*before, index), flat), np.shape(x))


def astype_x(dy, y, x, dtype, **kwargs):
    """`dy`; zero for a cast to integers."""
    if np.dtype(dtype) == object:
        raise TypeError(
            "an array of objects has no gradients; keep the dtype of x, or write "
            "ag.value(x).astype(object)"
        )
    if np.dtype(dtype).kind not in "fc" and x.dtype.kind in "fc":
        return np.zeros(np.shape(x))
    return dy


def reading_order(x, order):
    """Return the order "C" or "F" in which "A" reads the elements of `x`."""
    if order != "A":
        return order
    x = unwrap(x)
    if not isinstance(x, np.ndarray):
        return "C"
    steps = np.cumprod([x.dtype.itemsize, *x.shape])[:-1]  # strides of Fortran order
    layout = zip(x.shape, x.strides, steps, strict=True)
    fortran = all(n == 1 or stride == step for n, stride, step in layout)
    return "F" if fortran and sum(n != 1 for n in x.shape) > 1 else "C"


def reshape_x(dy, y, x, shape=None, order="C", **kwargs):
    """`np.reshape(dy, np.shape(x))`, in the reading order of `x`."""
    if order != "C":
        return np.reshape(dy, np.shape(x), order=reading_order(x, order))
    return np.reshape(dy, np.shape(x))


def ravel_x(dy, y, x, order="C"):
    """`np.reshape(dy, np.shape(x))`, in the reading order of `x`."""
    if order != "K":
        return reshape_x(dy, y, x, None, order)
    strides = np.abs(plain_array(unwrap(x)).strides)
    if any(stride == 0 and n > 1 for stride, n in zip(strides, np.shape(x), strict=True)):
        raise TypeError(
            "np.ravel(x, order='K') has no gradient rule for a broadcast array; write order='C'"
        )
    axes = np.argsort(-strides, kind="stable")  # outermost in memory first
    return np.transpose(np.reshape(dy, [np.shape(x)[axis] for axis in axes]), np.argsort(axes))


def diagonal_x(dy, y, x, offset=0, axis1=0, axis2=1):
    """`dy` on the diagonal of zeros."""
    last = np.moveaxis(np.empty(np.shape(x), bool), (axis1, axis2), (-2, -1))
    i, j = np.nonzero(np.eye(last.shape[-2], last.shape[-1], offset))
    return np.moveaxis(ungetitem(dy, (..., i, j), last), (-2, -1), (axis1, axis2))


# To add one, see rules/__init__.py; its cases go to tests/rules/cases.py.
rules(np.reshape, reshape_x, reads=SHAPES)
rules(np.ravel, ravel_x, reads=SHAPES)
rules(np.transpose, transpose_x, linear=True)
rules(np.permute_dims, transpose_x, linear=True)
rules(np.matrix_transpose, lambda dy, y, x: np.swapaxes(dy, -1, -2))
rules(np.swapaxes, lambda dy, y, x, axis1, axis2: np.swapaxes(dy, axis1, axis2))
rules(np.moveaxis, lambda dy, y, x, source, destination: np.moveaxis(dy, destination, source))
rules(np.squeeze, lambda dy, y, x, axis=None: np.reshape(dy, np.shape(x)), reads=SHAPES)
rules(np.expand_dims, lambda dy, y, x, axis: np.reshape(dy, np.shape(x)), reads=SHAPES)
rules(np.broadcast_to, lambda dy, y, x, shape, subok=False: dy)
rules(np.diagonal, diagonal_x, reads=SHAPES)
rules(np.flip, lambda dy, y, x, axis=None: np.flip(dy, axis))
rules(np.fliplr, lambda dy, y, x: np.fliplr(dy))
rules(np.flipud, lambda dy, y, x: np.flipud(dy))
rules(np.rot90, lambda dy, y, m, k=1, axes=(0, 1): np.rot90(dy, -k, axes))
rules(np.roll, lambda dy, y, x, shift, axis=None: np.roll(dy, np.negative(shift), axis))
rules(np.repeat, repeat_x, linear=True)
rules(np.copy, lambda dy, y, x, order="K", subok=False: dy)
rules(np.astype, astype_x, reads=SHAPES)
rules(np.concatenate, concatenate_arrays, sequences=True, reads=SHAPES)
rules(np.stack, stack_arrays, sequences=True, reads=SHAPES)


@composite(np.atleast_1d, exact=True)
def atleast_1d(*arrays):
    made = tuple(np.reshape(a, (1,)) if np.ndim(a) == 0 else a for a in arrays)
    return made[0] if len(made) == 1 else made


@composite(np.atleast_2d, exact=True)
def atleast_2d(*arrays):
    made = tuple(np.reshape(a, (1, -1)) if np.ndim(a) < 2 else a for a in arrays)
    return made[0] if len(made) == 1 else made


@composite(np.atleast_3d, exact=True)
def atleast_3d(*arrays):
    def high(a):
        shapes = ((1, 1, 1), (1, -1, 1), (*np.shape(a), 1))
        return np.reshape(a, shapes[np.ndim(a)]) if np.ndim(a) < 3 else a

    made = tuple(map(high, arrays))
    return made[0] if len(made) == 1 else made


@composite(np.rollaxis, exact=True)
def rollaxis(a, axis, start=0):
    axis, start = axis % np.ndim(a), start + np.ndim(a) if start < 0 else start
    return np.moveaxis(a, axis, start - 1 if start > axis else start)


@composite(np.vstack, exact=True)
def vstack(tup, **kwargs):
    return np.concatenate([atleast_2d(a) for a in tup], 0, **kwargs)


@composite(np.hstack, exact=True)
def hstack(tup, **kwargs):
    arrays = [atleast_1d(a) for a in tup]
    return np.concatenate(arrays, 0 if np.ndim(arrays[0]) == 1 else 1, **kwargs)


@composite(np.column_stack, exact=True)
def column_stack(tup):
    return np.concatenate([a if np.ndim(a) > 1 else np.reshape(a, (-1, 1)) for a in tup], 1)


@composite(np.take, exact=True)
def take(a, indices, axis=None, out=None, mode="raise"):
    a, axis = (np.ravel(a), 0) if axis is None else (np.atleast_1d(as_array(a)), axis)
    n = np.shape(a)[axis]
    indices = plain_array(indices)
    if mode != "raise":
        indices = np.mod(indices, n) if mode == "wrap" else np.clip(indices, 0, n - 1)
    return part_of(a, indices, axis)


@composite(np.take_along_axis, exact=True)
def take_along_axis(arr, indices, axis=-1):
    arr, axis = (np.ravel(arr), 0) if axis is None else (as_array(arr), axis % np.ndim(arr))
    indices = plain_array(indices)
    grid = np.ogrid[tuple(slice(n) for n in indices.shape)]
    return arr[tuple(indices if i == axis else part for i, part in enumerate(grid))]


@composite(np.sort, exact=True)
def sort(a, axis=-1, kind=None, order=None, *, stable=None, descending=False):
    a, axis = (np.ravel(a), 0) if axis is None else (a, axis)
    places = np.argsort(unwrap(a), axis=axis, kind="stable")
    y = take_along_axis(a, np.flip(places, axis) if descending is True else places, axis)
    return nan_of(y, y)


@composite(np.diag, exact=True)
def diag(v, k=0):
    v = as_array(v)
    if np.ndim(v) == 2:
        return np.diagonal(v, k)
    if np.ndim(v) != 1:
        raise ValueError(f"np.diag expects an array of one or two axes, got {np.ndim(v)}")
    n = np.shape(v)[0] + abs(k)
    y = ungetitem(v, np.nonzero(np.eye(n, n, k)), np.zeros((n, n), v.dtype))
    return as_type(y, v.dtype)


@composite(np.diagflat, exact=True)
def diagflat(v, k=0):
    return diag(np.ravel(v), k)


@composite(np.diff)
def diff(a, n=1, axis=-1, prepend=None, append=None):
    def wide(x):
        shape = [1 if i == axis % np.ndim(a) else m for i, m in enumerate(np.shape(a))]
        return x if np.ndim(x) else np.broadcast_to(x, shape)

    if n == 0:
        return as_array(a)
    parts = [x if x is a else wide(x) for x in (prepend, a, append) if x is not None]
    a = np.concatenate(parts, axis) if len(parts) > 1 else as_array(a)
    for _ in range(n):
        a = part_of(a, slice(1, None), axis) - part_of(a, slice(None, -1), axis)
    return a


@composite(np.tile, exact=True)
def tile(A, reps):
    reps = (reps,) if np.ndim(reps) == 0 else tuple(reps)
    n = max(len(reps), np.ndim(A))
    reps, shape = (1,) * (n - len(reps)) + reps, (1,) * (n - np.ndim(A)) + np.shape(A)
    wide = np.reshape(A, [m for size in shape for m in (1, size)])
    wide = np.broadcast_to(wide, [m for pair in zip(reps, shape, strict=True) for m in pair])
    tiled = np.reshape(wide, [r * size for r, size in zip(reps, shape, strict=True)])
    return tiled if math.prod(reps) != 1 else np.copy(tiled)  # otherwise a view
