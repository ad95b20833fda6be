"""Functions that move numbers without changing them."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_tools.primitive import composite, rules


def transpose_x(dy: Any, y: Any, x: Any, axes: Any = None) -> Any:
    if axes is None:
        return np.transpose(dy)
    return np.transpose(dy, np.argsort([a % len(axes) for a in axes]))


def concatenate_arrays(dy: Any, y: Any, arrays: Any, axis: Any = 0, out: Any = None, **kwargs: Any) -> list[Any]:
    """The slice of `dy` that each array became."""
    if axis is None:
        ends = np.cumsum([0, *(np.size(a) for a in arrays)])
        return [np.reshape(dy[i:j], np.shape(a)) for a, i, j in zip(arrays, ends[:-1], ends[1:], strict=True)]
    before = (slice(None),) * (axis % np.ndim(dy))
    ends = np.cumsum([0, *(np.shape(a)[axis] for a in arrays)])
    return [dy[(*before, slice(i, j))] for i, j in zip(ends[:-1], ends[1:], strict=True)]


def stack_arrays(dy: Any, y: Any, arrays: Any, axis: Any = 0, out: Any = None, **kwargs: Any) -> list[Any]:
    before = (slice(None),) * (axis % np.ndim(dy))
    return [dy[(*before, i)] for i in range(len(arrays))]


def repeat_x(dy: Any, y: Any, x: Any, repeats: Any, axis: Any = None) -> Any:
    flat = np.reshape(x, (-1,)) if axis is None else x
    axis = 0 if axis is None else axis
    n = np.shape(flat)[axis]
    ends = np.cumsum(np.broadcast_to(repeats, (n,)))
    total = np.concatenate([np.zeros_like(np.take(dy, [0], axis)), np.cumsum(dy, axis)], axis) if np.size(dy) else None
    if total is None:
        return np.zeros(np.shape(x))
    index = (slice(None),) * (axis % np.ndim(flat))
    return np.reshape(total[(*index, ends)] - total[(*index, ends - np.broadcast_to(repeats, (n,)))], np.shape(x))


def astype_x(dy: Any, y: Any, x: Any, dtype: Any, **kwargs: Any) -> Any:
    return dy


rules(np.reshape, lambda dy, y, x, shape=None, order="C", **kwargs: np.reshape(dy, np.shape(x), order=order))
rules(np.ravel, lambda dy, y, x, order="C": np.reshape(dy, np.shape(x), order=order))
rules(np.transpose, transpose_x)
rules(np.permute_dims, transpose_x)
rules(np.matrix_transpose, lambda dy, y, x: np.swapaxes(dy, -1, -2))
rules(np.swapaxes, lambda dy, y, x, i, j: np.swapaxes(dy, i, j))
rules(np.moveaxis, lambda dy, y, x, source, destination: np.moveaxis(dy, destination, source))
rules(np.squeeze, lambda dy, y, x, axis=None: np.reshape(dy, np.shape(x)))
rules(np.expand_dims, lambda dy, y, x, axis: np.reshape(dy, np.shape(x)))
rules(np.atleast_1d, lambda dy, y, x: np.reshape(dy, np.shape(x)))
rules(np.atleast_2d, lambda dy, y, x: np.reshape(dy, np.shape(x)))
rules(np.atleast_3d, lambda dy, y, x: np.reshape(dy, np.shape(x)))
rules(np.broadcast_to, lambda dy, y, x, shape, subok=False: dy)
rules(np.flip, lambda dy, y, x, axis=None: np.flip(dy, axis))
rules(np.fliplr, lambda dy, y, x: np.fliplr(dy))
rules(np.flipud, lambda dy, y, x: np.flipud(dy))
rules(np.roll, lambda dy, y, x, shift, axis=None: np.roll(dy, np.negative(shift), axis))
rules(np.copy, lambda dy, y, x, **kwargs: dy)
rules(np.astype, astype_x)
rules(np.concatenate, concatenate_arrays, sequences=True)
rules(np.stack, stack_arrays, sequences=True)


@composite(np.vstack)
def vstack(arrays: Any, **kwargs: Any) -> Any:
    return np.concatenate([np.atleast_2d(a) for a in arrays], 0)


@composite(np.hstack)
def hstack(arrays: Any, **kwargs: Any) -> Any:
    arrays = [np.atleast_1d(a) for a in arrays]
    return np.concatenate(arrays, 0 if np.ndim(arrays[0]) == 1 else 1)


@composite(np.column_stack)
def column_stack(arrays: Any) -> Any:
    return np.concatenate([a if np.ndim(a) > 1 else np.reshape(a, (-1, 1)) for a in arrays], 1)


@composite(np.split)
def split(x: Any, parts: Any, axis: int = 0) -> list[Any]:
    n = np.shape(x)[axis]
    if np.ndim(parts) == 0 and n % parts:
        raise ValueError(f"np.split: an axis of length {n} does not split into {parts} equal parts")
    ends = list(range(n // parts, n, n // parts)) if np.ndim(parts) == 0 else list(parts)
    before = (slice(None),) * (axis % np.ndim(x))
    return [x[(*before, slice(i, j))] for i, j in zip([0, *ends], [*ends, n], strict=True)]
