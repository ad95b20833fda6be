"""Functions that join, split and broadcast arrays, or apply a function along an axis."""

from __future__ import annotations

import numpy as np

from autograd_tools.engine.registry import composite
from autograd_tools.engine.values import unwrap
from autograd_tools.rules.arrays import as_array, as_type, part_of
from autograd_tools.rules.shapes import atleast_3d


# To add one, see rules/__init__.py; its cases go to tests/rules/cases_arrays.py.
@composite(np.dstack)
def dstack(tup):
    return np.concatenate([atleast_3d(as_array(a)) for a in tup], 2)


@composite(np.append)
def append(arr, values, axis=None):
    return np.concatenate([as_array(arr), as_array(values)], axis)


@composite(np.insert)
def insert(arr, obj, values, axis=None):
    """Let NumPy insert positions, and index the concatenated arrays with them."""
    arr = as_array(arr)
    values = as_type(as_array(values), unwrap(arr).dtype)
    old = np.reshape(np.arange(np.size(arr)), np.shape(arr))
    new = np.reshape(np.size(arr) + np.arange(np.size(values)), np.shape(values))
    return np.concatenate([np.ravel(arr), np.ravel(values)])[np.insert(old, obj, new, axis)]


def depth_of(arrays):
    """Return the depth of the nested lists of np.block."""
    if not isinstance(unwrap(arrays), list):
        return 0
    return 1 + depth_of(arrays[0])


def highest(arrays):
    return max(map(highest, arrays)) if isinstance(unwrap(arrays), list) else np.ndim(arrays)


@composite(np.block)
def block(arrays):
    depth = depth_of(arrays)
    ndim = max(depth, highest(arrays))

    def join(part, axis):
        if isinstance(unwrap(part), list):
            return np.concatenate([join(item, axis + 1) for item in part], axis)
        return np.reshape(part, (1,) * (ndim - np.ndim(part)) + np.shape(part))

    return join(arrays, -depth) if depth else np.copy(join(arrays, 0))


@composite(np.array_split, exact=True)
def array_split(ary, indices_or_sections, axis=0):
    ary, parts = as_array(ary), indices_or_sections
    n = np.shape(ary)[axis]
    if np.ndim(parts) == 0:
        if parts <= 0:
            raise ValueError(f"np.array_split: the number of parts must be 1 or more, got {parts}")
        sizes = [n // parts + (i < n % parts) for i in range(parts)]
        parts = np.cumsum(sizes)[:-1].tolist()
    return [part_of(ary, slice(i, j), axis) for i, j in zip([0, *parts], [*parts, n], strict=True)]


@composite(np.split, exact=True)
def split(ary, indices_or_sections, axis=0):
    n, parts = np.shape(ary)[axis], indices_or_sections
    if np.ndim(parts) == 0 and n % parts:
        raise ValueError(f"np.split: length {n} does not split into {parts} equal parts")
    return array_split(ary, parts, axis)


@composite(np.hsplit, exact=True)
def hsplit(ary, indices_or_sections):
    if np.ndim(ary) == 0:
        raise ValueError("np.hsplit expects an array of 1 axis or more, got a number")
    return split(ary, indices_or_sections, 1 if np.ndim(ary) > 1 else 0)


@composite(np.vsplit, exact=True)
def vsplit(ary, indices_or_sections):
    if np.ndim(ary) < 2:
        raise ValueError(f"np.vsplit expects an array of 2 axes or more, got {np.ndim(ary)}")
    return split(ary, indices_or_sections, 0)


@composite(np.dsplit, exact=True)
def dsplit(ary, indices_or_sections):
    if np.ndim(ary) < 3:
        raise ValueError(f"np.dsplit expects an array of 3 axes or more, got {np.ndim(ary)}")
    return split(ary, indices_or_sections, 2)


@composite(np.unstack, exact=True)
def unstack(x, /, *, axis=0):
    x = as_array(x)
    if np.ndim(x) == 0:
        raise ValueError("np.unstack expects an array of 1 axis or more, got a number")
    return tuple(part_of(x, i, axis) for i in range(np.shape(x)[axis]))


@composite(np.broadcast_arrays, exact=True)
def broadcast_arrays(*args, subok=False):
    shape = np.broadcast_shapes(*map(np.shape, args))
    arrays = map(as_array, args)
    return tuple(a if np.shape(a) == shape else np.broadcast_to(a, shape) for a in arrays)


@composite(np.meshgrid, exact=True)
def meshgrid(*xi, copy=True, sparse=False, indexing="xy"):
    if indexing not in ("xy", "ij"):
        raise ValueError(f"np.meshgrid: indexing must be 'xy' or 'ij', got {indexing!r}")
    places = [1, 0, *range(2, len(xi))] if indexing == "xy" and len(xi) > 1 else range(len(xi))
    grids = tuple(
        np.reshape(as_array(x), [-1 if i == place else 1 for i in range(len(xi))])
        for x, place in zip(xi, places, strict=True)
    )
    grids = grids if sparse else broadcast_arrays(*grids)
    return tuple(np.copy(grid, order="C") for grid in grids) if copy else grids


@composite(np.apply_along_axis, exact=True)
def apply_along_axis(func1d, axis, arr, *args, **kwargs):
    arr, axis = as_array(arr), axis % np.ndim(arr)
    rows = np.moveaxis(arr, axis, -1)
    outer = np.shape(rows)[:-1]
    if 0 in outer:
        raise ValueError("np.apply_along_axis: the array has no rows to apply the function to")
    made = [func1d(rows[index], *args, **kwargs) for index in np.ndindex(outer)]
    own = np.ndim(made[0])
    y = np.reshape(np.stack(made), (*outer, *np.shape(made[0])))
    return np.moveaxis(y, range(len(outer), len(outer) + own), range(axis, axis + own))


@composite(np.apply_over_axes, exact=True)
def apply_over_axes(func, a, axes):
    a = as_array(a)
    for axis in [axes] if np.ndim(axes) == 0 else axes:
        y = func(a, axis % np.ndim(a))
        a = y if np.ndim(y) == np.ndim(a) else np.expand_dims(y, axis % np.ndim(a))
    return a
