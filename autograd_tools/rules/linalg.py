"""Products of matrices, and np.linalg."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from autograd_tools.primitive import rules


def flip_last(x: Any) -> Any:
    """The transpose of each matrix in a stack of them."""
    return x.mT


def matmul_left(dy: Any, y: Any, a: Any, b: Any) -> Any:
    if np.ndim(b) == 1:
        return dy * b if np.ndim(a) == 1 else dy[..., None] * b
    if np.ndim(a) == 1:
        return np.matmul(b, dy[..., None])[..., 0]
    return np.matmul(dy, flip_last(b))


def matmul_right(dy: Any, y: Any, a: Any, b: Any) -> Any:
    if np.ndim(a) == 1:
        return dy * a if np.ndim(b) == 1 else a[:, None] * dy[..., None, :]
    if np.ndim(b) == 1:
        return np.matmul(flip_last(a), dy[..., None])[..., 0]
    return np.matmul(flip_last(a), dy)


def dot_left(dy: Any, y: Any, a: Any, b: Any, out: Any = None) -> Any:
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return dy * b
    if np.ndim(b) == 1:
        return np.expand_dims(dy, -1) * b
    return np.tensordot(dy, np.swapaxes(b, -1, -2), np.ndim(b) - 1)


def dot_right(dy: Any, y: Any, a: Any, b: Any, out: Any = None) -> Any:
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return dy * a
    lead = list(range(np.ndim(a) - 1))
    if np.ndim(b) == 1:
        return np.tensordot(a, dy, (lead, lead))
    return np.moveaxis(np.tensordot(a, dy, (lead, lead)), 0, -2)


def tensordot_axes(a: Any, b: Any, axes: Any) -> tuple[list[int], list[int]]:
    if np.ndim(axes) == 0:
        return list(range(np.ndim(a) - axes, np.ndim(a))), list(range(axes))
    left, right = ([side] if np.ndim(side) == 0 else list(side) for side in axes)
    return [i % np.ndim(a) for i in left], [i % np.ndim(b) for i in right]


def tensordot_left(dy: Any, y: Any, a: Any, b: Any, axes: Any = 2) -> Any:
    left, right = tensordot_axes(a, b, axes)
    free_a = [i for i in range(np.ndim(a)) if i not in left]
    free_b = [i for i in range(np.ndim(b)) if i not in right]
    rest = list(range(np.ndim(dy) - len(free_b), np.ndim(dy)))
    dx = np.tensordot(dy, b, (rest, free_b))  # axes: the free ones of a, then the summed ones in the order of b
    return np.transpose(dx, np.argsort([*free_a, *(left[right.index(i)] for i in sorted(right))]))


def tensordot_right(dy: Any, y: Any, a: Any, b: Any, axes: Any = 2) -> Any:
    left, right = tensordot_axes(a, b, axes)
    free_a = [i for i in range(np.ndim(a)) if i not in left]
    free_b = [i for i in range(np.ndim(b)) if i not in right]
    dx = np.tensordot(a, dy, (free_a, list(range(len(free_a)))))  # axes: the summed ones in the order of a, then the free ones of b
    return np.transpose(dx, np.argsort([*(right[left.index(i)] for i in sorted(left)), *free_b]))


def trace_x(dy: Any, y: Any, x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None, out: Any = None) -> Any:
    eye = np.eye(np.shape(x)[axis1], np.shape(x)[axis2], offset, dtype=bool)
    return np.moveaxis(dy[..., None, None] * eye if np.ndim(dy) else dy * eye, (-2, -1), (axis1, axis2))


def solve_left(dy: Any, y: Any, a: Any, b: Any) -> Any:
    dx = solve_right(dy, y, a, b)
    return -np.matmul(dx[..., None], y[..., None, :]) if np.ndim(b) == 1 else -np.matmul(dx, flip_last(y))


def solve_right(dy: Any, y: Any, a: Any, b: Any) -> Any:
    if np.ndim(b) == 1:  # one vector for each matrix of the stack
        return np.linalg.solve(flip_last(a), dy[..., None])[..., 0]
    return np.linalg.solve(flip_last(a), dy)


rules(np.matmul, matmul_left, matmul_right, forward=operator.matmul)
rules(np.dot, dot_left, dot_right)
rules(np.tensordot, tensordot_left, tensordot_right)
rules(
    np.outer,
    lambda dy, y, a, b: np.reshape(np.matmul(dy, np.ravel(b)), np.shape(a)),
    lambda dy, y, a, b: np.reshape(np.matmul(np.ravel(a), dy), np.shape(b)),
)
rules(np.trace, trace_x)
rules(np.tril, lambda dy, y, x, k=0: np.tril(dy, k))
rules(np.triu, lambda dy, y, x, k=0: np.triu(dy, k))
rules(np.linalg.inv, lambda dy, y, x: -np.matmul(np.matmul(flip_last(y), dy), flip_last(y)))
rules(np.linalg.det, lambda dy, y, x: np.reshape(dy * y, (*np.shape(y), 1, 1)) * flip_last(np.linalg.inv(x)))
rules(np.linalg.solve, solve_left, solve_right)
