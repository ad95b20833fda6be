"""np.linalg without decompositions: inverses, determinants, equations, norms.

Conventions: the gradient of a norm is zero at zero; elements, rows or singular values that tie
for an extreme share it evenly. det has a gradient at singular matrices, too. lstsq and pinv keep
the rank.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_tools.engine.primitives import UNKNOWN
from autograd_tools.engine.registry import composite, rules
from autograd_tools.engine.values import Value, unwrap
from autograd_tools.rules.arrays import axes_of, restore_axes
from autograd_tools.rules.decompositions import adjoint, hermitian_part
from autograd_tools.rules.products import bar, flip_last


def solve_left(dy, y, a, b):
    """-solve(a.mT, dy) @ y.mT, where y is the solution."""
    dx = solve_right(dy, y, a, b)
    if np.ndim(b) == 1:
        return -np.matmul(dx[..., None], y[..., None, :])
    return -np.matmul(dx, flip_last(y))


def solve_right(dy, y, a, b):
    """`np.linalg.solve(a.mT, dy)`, for each right-hand side."""
    if np.ndim(b) == 1 and np.ndim(a) > 2:  # one vector for each matrix of the stack
        return np.linalg.solve(flip_last(a), dy[..., None])[..., 0]
    return np.linalg.solve(flip_last(a), dy)


def direction(x):
    """The gradient of |x|: the conjugate of its sign."""
    return bar(np.sign(x))


def shared(hit: Any, y: Any, axes: tuple[int, ...]) -> Any:
    """Share 1 evenly between the hits along `axes`, in the precision of `y`."""
    number = np.sum(hit, axis=axes, dtype=np.result_type(unwrap(y), np.float16), keepdims=True)
    with np.errstate(invalid="ignore"):  # nothing equals NaN
        return hit / number


NO_POWERS = (1, np.inf, -np.inf, 0)


def in_range(x, y, ord, axis, axes):
    """Return `x` and its norm `y`, both divided by the largest element where powers of it may leave
    the range of floats: the gradient is the same. Of infinite elements only the signs are left.
    """
    limits = np.finfo(np.result_type(unwrap(y)))
    far = (unwrap(y) < limits.tiny**0.25) | (unwrap(y) > limits.max**0.25)
    if not np.any(far):
        return x, y
    size = np.abs(unwrap(x))
    largest = np.max(size, axis=axes, keepdims=True, initial=0)
    if np.any(np.isinf(largest)):
        x = np.where(np.isinf(largest), np.where(np.isinf(size), np.sign(unwrap(x)), 0), x)
        largest = np.where(np.isinf(largest), 1, largest)
    x = x / np.where(far & (largest > 0), largest, 1)
    return x, np.linalg.norm(x, ord, axis, keepdims=True)


def norm_x(dy, y, x, ord=None, axis=None, keepdims=False):
    """dy times the gradient of a norm of vectors, matrices or all elements."""
    axes = axes_of(x, axis)
    y, dy = restore_axes(y, x, axis, keepdims), restore_axes(dy, x, axis, keepdims)
    if ord is None or ord in ("fro", "f") or (len(axes) == 1 and ord not in NO_POWERS):
        x, y = in_range(x, y, ord, axis, axes)
    length = np.where(unwrap(y) == 0, 1, y)
    if ord is None or (len(axes) == 2 and ord in ("fro", "f")) or (len(axes) == 1 and ord == 2):
        return dy * (bar(x) / length)
    if len(axes) == 2:
        of_sums = abs_is(ord, 1) or abs_is(ord, np.inf)
        return dy * (sum_norm_x if of_sums else spectral_norm_x)(y, x, ord, axes)
    if ord == 1:
        return dy * direction(x)
    if abs(ord) == np.inf:
        return dy * direction(x) * shared(np.abs(unwrap(x)) == unwrap(y), y, axes)
    if ord == 0:
        return dy * np.zeros_like(unwrap(x))
    return dy * direction(x) * (np.abs(x) / length) ** (ord - 1)


def abs_is(ord, number):
    return not isinstance(ord, str) and abs(ord) == number


def sum_norm_x(y, x, ord, axes):
    """The gradient of the largest or smallest sum of a column (1, -1) or row (inf, -inf)."""
    along, across = axes if abs(ord) == 1 else axes[::-1]
    sums = np.add.reduce(np.abs(unwrap(x)), along, keepdims=True)
    extreme = (np.max if ord > 0 else np.min)(sums, axis=across, keepdims=True)
    return direction(x) * shared(sums == extreme, y, (across,))


def spectral_norm_x(y, x, ord, axes):
    """The gradient of the largest (2) or smallest (-2) singular value, or of their sum ("nuc")."""
    u, s, vh = np.linalg.svd(np.moveaxis(x, axes, (-2, -1)), full_matrices=False)
    weights = (unwrap(s) > 0).astype(unwrap(s).dtype)
    if ord != "nuc":
        edge = unwrap(s)[..., :1] if ord > 0 else unwrap(s)[..., -1:]
        hit = np.isclose(unwrap(s), edge, rtol=0, atol=np.finfo(weights.dtype).eps * edge)
        weights = weights * shared(hit, y, (-1,))
    return np.moveaxis(bar(np.matmul(u * weights[..., None, :], vh)), (-2, -1), axes)


def cofactors(x):
    """Return the signed determinants of matrices without a row and a column: the gradient of det.

    They hold for singular matrices. The first order uses singular values, further ones n^5 steps.
    """
    n = np.shape(x)[-1]
    if not isinstance(x, Value):
        usable = np.isfinite(x).all((-2, -1), keepdims=True)  # of others, LAPACK finds no values
        if not usable.all():
            return np.where(usable, cofactors(np.where(usable, x, 0)), np.nan)
        u, s, vh = np.linalg.svd(x)
        others = np.stack([np.prod(np.delete(s, i, -1), -1) for i in range(n)], -1)
        return bar(np.linalg.det(bar(u)) * np.linalg.det(bar(vh)))[..., None, None] * bar(
            np.matmul(u * others[..., None, :], vh)
        )
    rest = [[j for j in range(n) if j != i] for i in range(n)]
    minors = x[..., np.array(rest)[:, None, :, None], np.array(rest)[None, :, None, :]]
    return np.linalg.det(minors) * (-1.0) ** np.add.outer(np.arange(n), np.arange(n)).astype(
        unwrap(x).dtype
    )


def det_x(dy, y, x):
    """dy det(x) times the transposed inverse; for a near singular `x`, dy times cofactors."""
    if np.all((unwrap(y) != 0) & ~np.isinf(unwrap(y))):
        inverse = np.linalg.inv(x)
        size, other = (np.linalg.norm(unwrap(a), axis=(-2, -1)) for a in (x, inverse))
        if not np.any(size * other * np.finfo(size.dtype).eps >= 1e-2):  # also for NaN
            return np.reshape(dy * y, (*np.shape(y), 1, 1)) * flip_last(inverse)
    slope = cofactors(x) if np.shape(x)[-1] > 1 else np.ones_like(unwrap(x))
    return np.reshape(dy, (*np.shape(y), 1, 1)) * slope


def slogdet_x(dy, y, x):
    """The gradient of the logarithm, and of a complex sign."""
    dsign, dlog = dy[0], dy[1]
    if dsign is not None and np.iscomplexobj(dsign):
        turn = -1j * np.real(1j * dsign * y[0])
        dlog = turn if dlog is None else dlog + turn
    if dlog is None:
        return None
    return np.reshape(dlog, (*np.shape(dlog), 1, 1)) * flip_last(np.linalg.inv(x))


def pinv_a(dy, y, a, rcond=None, hermitian=False, *, rtol=None):
    """Golub and Pereyra (1973), The differentiation of pseudo-inverses, at constant rank."""
    across, dy = adjoint(y), adjoint(bar(dy))
    dx = np.matmul(across, np.matmul(adjoint(dy), across))
    left, right = np.matmul(dy, np.matmul(y, across)), np.matmul(across, np.matmul(y, dy))
    left, right = left - np.matmul(a, np.matmul(y, left)), right - np.matmul(np.matmul(right, y), a)
    dx = left + right - dx
    return bar(hermitian_part(dx) if hermitian else dx)


def columns(x):
    """Return a vector as a matrix of one column."""
    return np.reshape(x, (-1, 1)) if np.ndim(x) == 1 else x


def solution(dy, a, rcond):
    """Return the conjugate gradients of solution and right-hand side, and the pseudo-inverse."""
    dx = columns(bar(dy))
    if rcond is None:
        rcond = np.finfo(unwrap(dx).dtype).eps * max(np.shape(a))
    inverse = np.linalg.pinv(a, rcond)
    return dx, np.matmul(adjoint(inverse), dx), inverse


def lstsq_a(dy, y, a, b, rcond=None):
    """The solution is the pseudo-inverse times `b`: see `pinv_a`."""
    x, parts = columns(y[0]), []
    left = columns(b) - np.matmul(a, x)
    if dy[0] is not None:
        dx, db, inverse = solution(dy[0], a, rcond)
        beside = dx - np.matmul(inverse, np.matmul(a, dx))
        parts += [np.matmul(left, adjoint(np.matmul(inverse, db))) - np.matmul(db, adjoint(x))]
        parts += [np.matmul(np.matmul(adjoint(inverse), x), adjoint(beside))]
    if dy[1] is not None and np.size(dy[1]):
        parts += [-np.matmul(2 * left * dy[1], adjoint(x))]
    if dy[3] is not None:
        u, _, vh = np.linalg.svd(a, full_matrices=False)
        parts += [np.matmul(u * dy[3], vh)]
    return bar(sum(parts)) if parts else None


def lstsq_b(dy, y, a, b, rcond=None):
    parts = [] if dy[0] is None else [solution(dy[0], a, rcond)[1]]
    if dy[1] is not None and np.size(dy[1]):
        parts += [2 * (columns(b) - np.matmul(a, columns(y[0]))) * dy[1]]
    return np.reshape(bar(sum(parts)), np.shape(b)) if parts else None


# To add one, see rules/__init__.py; its cases go to tests/rules/cases_linalg.py.
rules(np.linalg.inv, lambda dy, y, x: -np.matmul(np.matmul(flip_last(y), dy), flip_last(y)))
rules(np.linalg.det, det_x)
rules(np.linalg.slogdet, slogdet_x, fields=True)
rules(np.linalg.solve, solve_left, solve_right)
rules(np.linalg.lstsq, lstsq_a, lstsq_b)
rules(np.linalg.pinv, pinv_a)
rules(np.linalg.norm, norm_x, ord=UNKNOWN)


@composite(np.linalg.matrix_norm)
def matrix_norm(x, /, *, keepdims=False, ord="fro"):
    return np.linalg.norm(x, ord, (-2, -1), keepdims)


@composite(np.linalg.vector_norm)
def vector_norm(x, /, *, axis=None, keepdims=False, ord=2):
    axes = axes_of(x, axis)
    rest = [i for i in range(np.ndim(x)) if i not in axes]
    numbers = math.prod(np.shape(x)[i] for i in axes)
    shape = (numbers, *(np.shape(x)[i] for i in rest))
    norms = np.linalg.norm(np.reshape(np.transpose(x, (*axes, *rest)), shape), ord, 0)
    if not keepdims:
        return norms
    return np.reshape(norms, [1 if i in axes else n for i, n in enumerate(np.shape(x))])


@composite(np.linalg.cond)
def cond(x, p=None):
    broken = np.isnan(unwrap(x)).any((-2, -1), keepdims=True)
    if broken.any():  # the SVD fails for NaN, and NumPy returns NaN since version 2.5
        nans = np.sum(np.real(x) * np.where(broken, math.nan, 0).astype(np.real(x).dtype), (-2, -1))
        return nans + cond(np.where(broken, np.eye(*x.shape[-2:], dtype=x.dtype), x), p)
    if p is None or p in (2, -2):
        s = np.linalg.svdvals(x)
        return s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    return np.linalg.norm(x, p, (-2, -1)) * np.linalg.norm(np.linalg.inv(x), p, (-2, -1))


@composite(np.linalg.tensorinv)
def tensorinv(a, ind=2):
    rows, columns = np.shape(a)[:ind], np.shape(a)[ind:]
    return np.reshape(np.linalg.inv(np.reshape(a, (-1, math.prod(columns)))), (*columns, *rows))


@composite(np.linalg.tensorsolve)
def tensorsolve(a, b, axes=None):
    n = np.ndim(a)
    last = [] if axes is None else [axis % n for axis in axes]
    a = np.transpose(a, [*(i for i in range(n) if i not in last), *last])
    shape = np.shape(a)[np.ndim(b) :]
    return np.reshape(np.linalg.solve(np.reshape(a, (-1, math.prod(shape))), np.ravel(b)), shape)
