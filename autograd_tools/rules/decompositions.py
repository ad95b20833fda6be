"""Decompositions of matrices: Cholesky, eigenvalues, singular values, QR.

Conventions. The literature uses the gradient dL/dx + i dL/dy of a complex number x + iy, this
package its conjugate: a rule conjugates `dy` first and its result last.

Cholesky factors, `eigh` and `hermitian=True` read one triangle of a Hermitian matrix. The gradient
is Hermitian nevertheless, shared by both triangles, so that a step of descent keeps the matrix
Hermitian. This is the gradient of the function of `(x + x.conj().mT) / 2`.

The vectors of equal eigenvalues or singular values are arbitrary up to a rotation, so a loss that
depends on it has no gradient. The rules treat that rotation as constant: every gradient is
finite, and correct for a loss of the values and of the space of the equal ones. It misses how an
eigenvalue would split: the gradient of `(v * f(w)) @ v.T` is correct only where all values
differ.

A complex vector is arbitrary up to a factor of length 1. A loss that depends on it is an error.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_tools.engine.registry import composite, rules
from autograd_tools.engine.values import unwrap
from autograd_tools.rules.products import bar, flip_last


def adjoint(x):
    """Return the conjugate transpose of each matrix in a stack."""
    return bar(flip_last(x))


def bars(dy):
    """Return the conjugates of the gradients of several outputs, None for None."""
    return [None if part is None else bar(part) for part in dy]


def half_lower(x):
    """Return a lower triangle of ones with 1/2 on its diagonal, in the size and dtype of `x`."""
    n, dtype = np.shape(x)[-1], np.finfo(unwrap(x).dtype).dtype
    return np.tril(np.ones((n, n), dtype)) - np.eye(n, dtype=dtype) / 2


def hermitian_part(dx):
    """Return the Hermitian part: the gradient for a Hermitian matrix, where NumPy reads half."""
    return (dx + adjoint(dx)) / 2


def inverse_gaps(w):
    """Return 1 / (w_j - w_i) at (i, j); zero where the two are equal up to rounding."""
    gaps = w[..., None, :] - w[..., :, None]
    size = np.max(np.abs(unwrap(w)), axis=-1, initial=0, keepdims=True)[..., None]
    equal = np.abs(unwrap(gaps)) <= size * np.shape(w)[-1] * np.finfo(unwrap(w).dtype).eps
    return np.where(equal, 0, 1 / np.where(equal, 1, gaps))


def check_phases(turn: Any, func: str) -> None:
    """Raise a ValueError if the loss depends on the phases of complex vectors.

    `turn` is their adjoint times their gradient.
    """
    turn = unwrap(turn)
    eps = np.finfo(turn.dtype).eps
    phases = np.abs(np.imag(np.diagonal(turn, 0, -2, -1)))
    if np.any(phases > eps ** (1 / 3) * np.max(np.abs(turn), initial=0) + 1000 * eps):
        raise ValueError(
            f"np.linalg.{func}: the loss depends on the phases of complex vectors, which are "
            "arbitrary, so it has no gradient; use their lengths, np.abs(v), or products in which "
            "the phases cancel, v @ v.conj().T"
        )


def cholesky_x(dy, y, x, /, *, upper=False):
    """Murray (2016), Differentiation of the Cholesky decomposition, arXiv:1602.07527, eq. 10."""
    lower, dlower = (adjoint(y), adjoint(bar(np.triu(dy)))) if upper else (y, bar(np.tril(dy)))
    inverse = np.linalg.inv(lower)
    middle = np.matmul(adjoint(lower), dlower) * half_lower(y)
    return bar(hermitian_part(np.matmul(np.matmul(adjoint(inverse), middle), inverse)))


def eigh_x(dy, y, x, UPLO="L"):
    """Giles (2008), An extended collection of matrix derivative results."""
    (dw, dv), (w, v) = bars(dy), (y[0], y[1])
    middle = 0 if dw is None else diagonal_matrix(dw)
    if dv is not None:
        turn = np.matmul(adjoint(v), dv)
        check_phases(turn, "eigh")
        middle = middle + inverse_gaps(w) * turn
    return bar(hermitian_part(np.matmul(np.matmul(v, middle), adjoint(v))))


def diagonal_matrix(w):
    """Return a diagonal matrix for each vector `w` in a stack."""
    return w[..., None] * np.eye(np.shape(w)[-1], dtype=unwrap(w).dtype)


def eig_x(dy, y, x):
    """Boeddeker et al. (2017), On the computation of complex-valued gradients, arXiv:1701.00392.

    The eigenvectors have length 1, so the part of `dy` along them drops out.
    """
    (dw, dv), (w, v) = bars(dy), (y[0], y[1])
    middle = 0 if dw is None else diagonal_matrix(dw)
    if dv is not None:
        turn = np.matmul(adjoint(v), dv)
        # a real vector of a real matrix stays real
        free = np.iscomplexobj(x) | np.any(np.imag(unwrap(v)) != 0, axis=-2, keepdims=True)
        check_phases(turn * free, "eig")
        lengths = np.real(np.diagonal(turn, 0, -2, -1))[..., None, :]
        middle = middle + bar(inverse_gaps(w)) * (turn - np.matmul(adjoint(v), v) * lengths)
    return bar(np.linalg.solve(adjoint(v), np.matmul(middle, adjoint(v))))


def leading(du, u, k):
    """Return the gradient of the first `k` columns of a unitary matrix; they determine the rest."""
    if du is None or np.shape(u)[-1] == k:
        return du
    first, rest = u[..., :k], u[..., k:]
    return du[..., :k] - np.matmul(rest, adjoint(np.matmul(adjoint(first), du[..., k:])))


def svd_x(dy, y, x, full_matrices=True, compute_uv=True, hermitian=False):
    """Townsend (2016), Differentiating the singular value decomposition.

    Complex vectors: Wan and Zhang (2019), arXiv:1909.02659. A singular value of zero has no
    derivative: its vectors count as constant.
    """
    if not compute_uv:
        dy, y = (None, dy, None), np.linalg.svd(x, full_matrices=False, hermitian=hermitian)
    (du, ds, dvh), s = bars(dy), y[1]
    k = np.shape(s)[-1]
    u, v = y[0][..., :, :k], adjoint(y[2])[..., :, :k]
    du, dv = leading(du, y[0], k), None if dvh is None else leading(adjoint(dvh), adjoint(y[2]), k)
    largest = np.max(unwrap(s), axis=-1, initial=0, keepdims=True)
    zero = unwrap(s) <= largest * max(np.shape(x)[-2:]) * np.finfo(unwrap(s).dtype).eps
    inverse = np.where(zero, 0, 1 / np.where(zero, 1, s))
    sums = s[..., None, :] + s[..., :, None]
    gaps = inverse_gaps(s) / np.where(unwrap(sums) == 0, 1, sums)
    turn_u, turn_v = (0 if d is None else np.matmul(adjoint(w), d) for w, d in ((u, du), (v, dv)))
    middle, dx = 0 if ds is None else diagonal_matrix(ds), 0
    if du is not None or dv is not None:
        check_phases(turn_u + turn_v, "svd")
        middle = middle + in_the_plane(turn_u - turn_v, inverse)
    if du is not None:
        half = gaps * turn_u
        middle = middle + (half + adjoint(half)) * s[..., None, :]
        dx = dx + np.matmul((du - np.matmul(u, turn_u)) * inverse[..., None, :], adjoint(v))
    if dv is not None:
        half = gaps * turn_v
        middle = middle + s[..., :, None] * (half + adjoint(half))
        dx = dx + np.matmul(u, adjoint((dv - np.matmul(v, turn_v)) * inverse[..., None, :]))
    dx = dx + np.matmul(np.matmul(u, middle), adjoint(v))
    return bar(hermitian_part(dx) if hermitian else dx)


def in_the_plane(turn, inverse):
    """Return the part of the phase between the two complex vectors of each singular value."""
    if not np.iscomplexobj(turn):
        return 0
    return diagonal_matrix(0.5j * np.imag(np.diagonal(turn, 0, -2, -1)) * inverse)


def check_rank(r: Any, k: int) -> None:
    """Raise a LinAlgError unless the first `k` columns of q @ r are linearly independent."""
    pivots = np.abs(np.diagonal(unwrap(r)[..., :k, :k], 0, -2, -1))
    eps = np.finfo(pivots.dtype).eps
    smallest = np.min(pivots, axis=-1, initial=np.inf)
    if np.any(smallest <= k * eps * np.max(pivots, axis=-1, initial=0)):
        raise np.linalg.LinAlgError(
            f"np.linalg.qr has no gradient where the first {k} columns of the matrix are not "
            "independent"
        )


def qr_x(dy, y, x, mode="reduced"):
    """Walter and Lehmann (2018), Algorithmic differentiation of linear algebra functions.

    arXiv:1001.1654; wide matrices: Roberts and Roberts (2020), QR and LQ decomposition matrix
    backpropagation algorithms, arXiv:2009.10071. The first min(m, n) columns must be independent.
    """
    if mode == "raw":
        raise TypeError("np.linalg.qr(x, mode='raw') has no gradient rule")
    if mode == "r":
        dy, y = (None, dy), np.linalg.qr(x)
    (dq, dr), k = bars(dy), min(np.shape(x)[-2:])
    dq, q, r = leading(dq, y[0], k), y[0][..., :, :k], y[1][..., :k, :]
    dq = np.zeros_like(unwrap(q)) if dq is None else dq
    check_rank(r, k)
    dr = np.zeros_like(unwrap(r)) if dr is None else np.triu(dr[..., :k, :])
    rest, drest = x[..., :, k:], dr[..., :, k:]  # columns that q's adjoint multiplies, no more
    if np.shape(rest)[-1]:
        dq = dq + np.matmul(rest, adjoint(drest))
    square = r[..., :, :k]
    middle = np.matmul(square, adjoint(dr[..., :, :k])) - np.matmul(adjoint(dq), q)
    middle = middle * half_lower(q)
    dx = dq + np.matmul(q, middle + adjoint(middle))
    dx = adjoint(np.linalg.solve(square, adjoint(dx)))
    return bar(np.concatenate([dx, np.matmul(q, drest)], -1) if np.shape(rest)[-1] else dx)


# To add one, see rules/__init__.py; its cases go to tests/rules/cases_linalg.py.
rules(np.linalg.cholesky, cholesky_x)
rules(np.linalg.eigh, eigh_x, fields=True)
rules(np.linalg.eig, eig_x, fields=True)
rules(np.linalg.svd, svd_x, fields=True)
rules(np.linalg.qr, qr_x, fields=True)


@composite(np.linalg.eigvalsh)
def eigvalsh(a, UPLO="L"):
    return np.linalg.eigh(a, UPLO)[0]


@composite(np.linalg.eigvals)
def eigvals(a):
    return np.linalg.eig(a)[0]


@composite(np.linalg.svdvals)
def svdvals(x, /):
    return np.linalg.svd(x, full_matrices=False)[1]
