"""Products of vectors, matrices and arrays: functions linear in each argument."""

from __future__ import annotations

import operator

import numpy as np

from autograd_tools.engine.registry import composite, rules
from autograd_tools.engine.values import unwrap
from autograd_tools.rules.shapes import for_each, shapes_of


def bar(x):
    """Return the complex conjugate; real numbers unchanged."""
    return np.conjugate(x) if np.iscomplexobj(x) else x


def flip_last(x):
    """Return the transpose of each matrix in a stack."""
    return x.mT


def matmul_left(dy, y, a, b):
    """dy @ b.mT; an outer product where b is a vector."""
    if b.ndim == 1:
        return dy * b if a.ndim == 1 else dy[..., None] * b
    if a.ndim == 1:
        return np.matmul(b, dy) if b.ndim == 2 else np.matmul(b, dy[..., None])[..., 0]
    return np.matmul(dy, flip_last(b))


def matmul_right(dy, y, a, b):
    """a.mT @ dy; an outer product where a is a vector."""
    if a.ndim == 1:
        return dy * a if b.ndim == 1 else a[:, None] * dy[..., None, :]
    if b.ndim == 1:
        return np.matmul(dy, a) if a.ndim == 2 else np.matmul(flip_last(a), dy[..., None])[..., 0]
    return np.matmul(flip_last(a), dy)


def dot_left(dy, y, a, b, out=None):
    """dy @ b.T for matrices; in general the sum over the axes that only b and y share."""
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return dy * b
    if np.ndim(b) == 1:
        return np.expand_dims(dy, -1) * b
    return np.tensordot(dy, np.swapaxes(b, -1, -2), np.ndim(b) - 1)


def dot_right(dy, y, a, b, out=None):
    """a.T @ dy for matrices; in general the sum over the axes that only a and y share."""
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return dy * a
    lead = list(range(np.ndim(a) - 1))
    if np.ndim(b) == 1:
        return np.tensordot(a, dy, (lead, lead))
    return np.moveaxis(np.tensordot(a, dy, (lead, lead)), 0, -2)


def tensordot_axes(a, b, axes):
    if np.ndim(axes) == 0:
        return list(range(np.ndim(a) - axes, np.ndim(a))), list(range(axes))
    left, right = ([side] if np.ndim(side) == 0 else list(side) for side in axes)
    return [i % np.ndim(a) for i in left], [i % np.ndim(b) for i in right]


def tensordot_left(dy, y, a, b, axes=2):
    """The sum over the axes that only b and y share."""
    left, right = tensordot_axes(a, b, axes)
    free_a = [i for i in range(np.ndim(a)) if i not in left]
    free_b = [i for i in range(np.ndim(b)) if i not in right]
    rest = list(range(np.ndim(dy) - len(free_b), np.ndim(dy)))
    dx = np.tensordot(dy, b, (rest, free_b))  # free axes of a, then summed ones in the order of b
    return np.transpose(dx, np.argsort([*free_a, *(left[right.index(i)] for i in sorted(right))]))


def tensordot_right(dy, y, a, b, axes=2):
    """The sum over the axes that only a and y share."""
    left, right = tensordot_axes(a, b, axes)
    free_a = [i for i in range(np.ndim(a)) if i not in left]
    free_b = [i for i in range(np.ndim(b)) if i not in right]
    lead = list(range(len(free_a)))
    dx = np.tensordot(a, dy, (free_a, lead))  # summed axes in the order of a, then free ones of b
    return np.transpose(dx, np.argsort([*(right[left.index(i)] for i in sorted(left)), *free_b]))


def trace_x(dy, y, x, offset=0, axis1=0, axis2=1, dtype=None, out=None):
    """Zeros, with dy on the diagonal."""
    eye = np.eye(np.shape(x)[axis1], np.shape(x)[axis2], offset, dtype=bool)
    dx = dy[..., None, None] * eye if np.ndim(dy) else dy * eye
    return np.moveaxis(dx, (-2, -1), (axis1, axis2))


def multi_dot_arrays(dy, y, arrays, *, out=None):
    """For each matrix, `dy` between the transposes of those to its left and right."""
    first, *middle, last = arrays
    first = first if np.ndim(first) == 2 else first[None, :]
    last = last if np.ndim(last) == 2 else last[:, None]
    matrices = [first, *middle, last]
    turned = [flip_last(a) for a in matrices]
    dy = np.reshape(dy, (np.shape(first)[0], np.shape(last)[1]))
    parts = [
        np.linalg.multi_dot([*turned[:i][::-1], dy, *turned[i + 1 :][::-1]])
        for i in range(len(matrices))
    ]
    shapes = shapes_of(arrays)
    return for_each([np.reshape(d, s) for d, s in zip(parts, shapes, strict=True)], arrays)


def outer_left(dy, y, a, b):
    return np.reshape(np.matmul(dy, np.ravel(b)), np.shape(a))


def outer_right(dy, y, a, b):
    return np.reshape(np.matmul(np.ravel(a), dy), np.shape(b))


def vecdot_left(dy, y, a, b):
    return bar(dy[..., None] * b)


def matvec_left(dy, y, a, b):
    return dy[..., None] * b[..., None, :]


def vecmat_right(dy, y, a, b):
    return bar(a)[..., None] * dy[..., None, :]


# To add one, see rules/__init__.py; its cases go to tests/rules/cases_linalg.py.
rules(np.matmul, matmul_left, matmul_right, forward=operator.matmul, linear=True)
rules(np.dot, dot_left, dot_right, linear=True)
rules(np.tensordot, tensordot_left, tensordot_right, linear=True)
rules(np.outer, outer_left, outer_right, linear=True)
rules(np.vecdot, vecdot_left, lambda dy, y, a, b: dy[..., None] * bar(a))
if hasattr(np, "matvec"):  # since NumPy 2.2
    rules(np.matvec, matvec_left, lambda dy, y, a, b: np.matvec(flip_last(a), dy))
    rules(np.vecmat, lambda dy, y, a, b: bar(np.matvec(b, dy)), vecmat_right)
rules(np.linalg.multi_dot, multi_dot_arrays, sequences=True)
rules(np.trace, trace_x, linear=True)
rules(np.tril, lambda dy, y, x, k=0: np.tril(dy, k))
rules(np.triu, lambda dy, y, x, k=0: np.triu(dy, k))


@composite(np.inner)
def inner(a, b):
    low, high = sorted([np.ndim(a), np.ndim(b)])
    return np.dot(a, b) if high < 2 or low == 0 else np.tensordot(a, b, (-1, -1))


@composite(np.vdot)
def vdot(a, b):
    return np.dot(np.conjugate(np.ravel(a)), np.ravel(b))


@composite(np.kron)
def kron(a, b):
    n = max(np.ndim(a), np.ndim(b))
    shape_a, shape_b = ((1,) * (n - np.ndim(x)) + np.shape(x) for x in (a, b))
    wide_a = np.reshape(a, [m for size in shape_a for m in (size, 1)])
    wide_b = np.reshape(b, [m for size in shape_b for m in (1, size)])
    return np.reshape(wide_a * wide_b, [i * j for i, j in zip(shape_a, shape_b, strict=True)])


def flat_cross(a, b, axisc):
    """Return the cross product where a vector has 2 elements; NumPy may warn or refuse."""
    np.cross(unwrap(a), unwrap(b))
    if np.shape(a)[-1] == np.shape(b)[-1]:
        return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    a, b = (np.concatenate([x, 0 * x[..., :1]], -1) if np.shape(x)[-1] == 2 else x for x in (a, b))
    return cross(a, b, axisc=axisc)


@composite(np.cross)
def cross(a, b, axisa=-1, axisb=-1, axisc=-1, axis=None):
    axisa, axisb, axisc = (axisa, axisb, axisc) if axis is None else (axis,) * 3
    a, b = np.moveaxis(a, axisa, -1), np.moveaxis(b, axisb, -1)
    if (np.shape(a)[-1], np.shape(b)[-1]) != (3, 3):
        return flat_cross(a, b, axisc)
    parts = [a[..., i] * b[..., j] - a[..., j] * b[..., i] for i, j in ((1, 2), (2, 0), (0, 1))]
    return np.moveaxis(np.stack(parts, -1), -1, axisc)


@composite(np.linalg.matrix_power)
def matrix_power(a, n):
    """Multiply repeated squares: the powers of 2 that sum to `n`."""
    square, n = (np.linalg.inv(a), -n) if n < 0 else (a, int(n))
    eye = np.eye(np.shape(a)[-1], dtype=unwrap(a).dtype)
    power = None if n else np.broadcast_to(eye, np.shape(a))
    while n:
        if n % 2:
            power = square if power is None else np.matmul(power, square)
        n //= 2
        square = np.matmul(square, square) if n else square
    return power


# Functions of np.linalg under the names of the array API standard.


@composite(np.linalg.matmul)
def linalg_matmul(x1, x2, /):
    return np.matmul(x1, x2)


@composite(np.linalg.outer)
def linalg_outer(x1, x2, /):
    return np.outer(x1, x2)


@composite(np.linalg.tensordot)
def linalg_tensordot(x1, x2, /, *, axes=2):
    return np.tensordot(x1, x2, axes)


@composite(np.linalg.vecdot)
def linalg_vecdot(x1, x2, /, *, axis=-1):
    return np.vecdot(np.moveaxis(x1, axis, -1), np.moveaxis(x2, axis, -1))


@composite(np.linalg.cross)
def linalg_cross(x1, x2, /, *, axis=-1):
    return np.cross(x1, x2, axis=axis)


@composite(np.linalg.trace)
def linalg_trace(x, /, *, offset=0, dtype=None):
    return np.trace(x, offset, -2, -1, dtype)


@composite(np.linalg.diagonal, exact=True)
def linalg_diagonal(x, /, *, offset=0):
    return np.diagonal(x, offset, -2, -1)


@composite(np.linalg.matrix_transpose, exact=True)
def linalg_matrix_transpose(x, /):
    return np.matrix_transpose(x)
