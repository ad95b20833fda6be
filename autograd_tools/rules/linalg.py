"""Products of matrices, and np.linalg."""

from __future__ import annotations

import operator
import string
from typing import Any

import numpy as np

from autograd_tools.core import value
from autograd_tools.primitive import UNKNOWN, composite, rules
from autograd_tools.rules.reductions import axes_of, kept


def flip_last(x: Any) -> Any:
    """The transpose of each matrix in a stack of them."""
    return x.mT


def matmul_left(dy: Any, y: Any, a: Any, b: Any) -> Any:
    if b.ndim == 1:
        return dy * b if a.ndim == 1 else dy[..., None] * b
    if a.ndim == 1:
        return np.matmul(b, dy) if b.ndim == 2 else np.matmul(b, dy[..., None])[..., 0]
    return np.matmul(dy, flip_last(b))


def matmul_right(dy: Any, y: Any, a: Any, b: Any) -> Any:
    if a.ndim == 1:
        return dy * a if b.ndim == 1 else a[:, None] * dy[..., None, :]
    if b.ndim == 1:
        return np.matmul(dy, a) if a.ndim == 2 else np.matmul(flip_last(a), dy[..., None])[..., 0]
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


def norm_x(dy: Any, y: Any, x: Any, ord: Any = None, axis: Any = None, keepdims: Any = False) -> Any:
    """The gradient of a vector norm, or of the Frobenius norm of a matrix; zero at zero."""
    axes = axes_of(x, axis)
    y, dy = kept(y, x, axis, keepdims), kept(dy, x, axis, keepdims)
    length = np.where(value(y) == 0, 1, y)
    if ord is None or (len(axes) == 2 and ord == "fro") or (len(axes) == 1 and ord == 2):
        return dy * x / length
    if len(axes) != 1:
        raise TypeError(f"np.linalg.norm of a matrix with ord={ord!r} has no gradient rule")
    if ord == 1:
        return dy * np.sign(x)
    if abs(ord) == np.inf:
        hit = np.abs(value(x)) == value(y)
        return dy * np.sign(x) * (hit / np.sum(hit, axis=axes, dtype=np.result_type(value(y), np.float16), keepdims=True))
    return dy * np.sign(x) * np.abs(x) ** (ord - 1) * length ** (1 - ord) if ord else dy * np.zeros_like(value(x))


def slogdet_x(dy: Any, y: Any, x: Any) -> Any:
    """Of the logarithm; the sign has none."""
    return None if dy[1] is None else np.reshape(dy[1], (*np.shape(dy[1]), 1, 1)) * flip_last(np.linalg.inv(x))


def cholesky_x(dy: Any, y: Any, x: Any, /, *, upper: bool = False) -> Any:
    """Murray (2016), Differentiation of the Cholesky decomposition, arXiv:1602.07527, equation 10.

    NumPy reads one triangle of `x`, and so the gradient is on that triangle: what is off the diagonal counts twice there.
    """
    lower, dy = (flip_last(y), flip_last(dy)) if upper else (y, dy)
    n = np.shape(x)[-1]
    half = np.tril(np.ones((n, n), x.dtype)) - np.eye(n, dtype=x.dtype) / 2
    inverse = np.linalg.inv(lower)
    dx = np.matmul(np.matmul(flip_last(inverse), np.matmul(flip_last(lower), dy) * half), inverse)
    return (dx + flip_last(dx)) * (half.T if upper else half)


def einsum_terms(subscripts: str, operands: Any) -> tuple[list[str], str]:
    """The letters of each operand and of the output, with those that stand for `...` and those that are implied."""
    left, arrow, output = subscripts.replace(" ", "").partition("->")
    terms = left.split(",")
    spare = [c for c in string.ascii_letters if c not in subscripts]
    counts = [np.ndim(x) - len(term.replace("...", "")) for x, term in zip(operands, terms, strict=True)]
    dots = "".join(spare[: max(counts)])
    terms = [term.replace("...", dots[len(dots) - n :]) for term, n in zip(terms, counts, strict=True)]
    if not arrow:
        joined = left.replace("...", "").replace(",", "")
        output = dots + "".join(sorted(c for c in set(joined) if joined.count(c) == 1))
    return terms, output.replace("...", dots)


def einsum_operand(position: int) -> Any:
    """The rule of an operand: the same sum, of `dy` and the others, with the operand's letters as the output."""

    def rule(dy: Any, y: Any, subscripts: Any, *operands: Any, **kwargs: Any) -> Any:
        if not isinstance(subscripts, str):
            raise TypeError("np.einsum has a gradient with subscripts as a string only: np.einsum('ij,jk', a, b)")
        terms, output = einsum_terms(subscripts, operands)
        x, term = operands[position - 1], terms.pop(position - 1)
        others = [operand for i, operand in enumerate(operands) if i != position - 1]
        sizes = dict(zip(term, np.shape(x), strict=True))
        spare = [c for c in string.ascii_letters if c not in "".join([*terms, term, output])]
        wanted = ""
        for letter in term:
            if letter in wanted:  # a diagonal was taken: its gradient lies on the diagonal
                new = spare.pop(0)
                terms, others = [*terms, letter + new], [*others, np.eye(sizes[letter], dtype=x.dtype)]
                wanted += new
                continue
            if letter not in output + "".join(terms):  # an axis was summed over: its gradient is the same all along
                terms, others = [*terms, letter], [*others, np.ones(sizes[letter], x.dtype)]
            wanted += letter
        return np.einsum(f"{','.join([output, *terms])}->{wanted}", dy, *others)

    return rule


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
rules(np.linalg.norm, norm_x, UNKNOWN)
rules(np.linalg.slogdet, slogdet_x)
rules(np.linalg.cholesky, cholesky_x)
rules(np.einsum, None, rest=einsum_operand)


@composite(np.inner)
def inner(a: Any, b: Any) -> Any:
    return np.dot(a, b) if np.ndim(a) < 2 and np.ndim(b) < 2 else np.tensordot(a, b, (-1, -1))


@composite(np.vdot)
def vdot(a: Any, b: Any) -> Any:
    return np.dot(np.conjugate(np.ravel(a)), np.ravel(b))


@composite(np.kron)
def kron(a: Any, b: Any) -> Any:
    n = max(np.ndim(a), np.ndim(b))
    shape_a, shape_b = ((1,) * (n - np.ndim(x)) + np.shape(x) for x in (a, b))
    wide_a = np.reshape(a, [m for size in shape_a for m in (size, 1)])
    wide_b = np.reshape(b, [m for size in shape_b for m in (1, size)])
    return np.reshape(wide_a * wide_b, [i * j for i, j in zip(shape_a, shape_b, strict=True)])


@composite(np.cross)
def cross(a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Any:
    axisa, axisb, axisc = (axisa, axisb, axisc) if axis is None else (axis,) * 3
    a, b = np.moveaxis(a, axisa, -1), np.moveaxis(b, axisb, -1)
    if (np.shape(a)[-1], np.shape(b)[-1]) != (3, 3):
        raise TypeError("np.cross has a gradient for vectors of 3 numbers only")
    parts = [a[..., i] * b[..., j] - a[..., j] * b[..., i] for i, j in ((1, 2), (2, 0), (0, 1))]
    return np.moveaxis(np.stack(parts, -1), -1, axisc)
