"""scipy.linalg: triangular and positive definite systems, functions of matrices, and matrices made of others."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import linalg

from autograd_tools.core import value
from autograd_tools.primitive import primitive
from autograd_tools.scipy.arguments import array

__all__ = [
    "block_diag",
    "cho_factor",
    "cho_solve",
    "cholesky",
    "det",
    "expm",
    "inv",
    "solve",
    "solve_sylvester",
    "solve_triangular",
    "sqrtm",
    "toeplitz",
]


def matrix(a: Any, name: str) -> Any:
    """`a`, which must be one square matrix."""
    a = array(a)
    shape = np.shape(a)
    if len(shape) != 2 or shape[0] != shape[1]:
        raise ValueError(f"{name} takes one square matrix, and got an array of shape {shape}")
    return a


def solve(a: Any, b: Any) -> Any:
    """The solution x of a @ x = b, for `a` of shape (n, n) and `b` of shape (n,) or (n, k)."""
    return np.linalg.solve(matrix(a, "solve"), array(b))


def inv(a: Any) -> Any:
    """The inverse of a matrix of shape (n, n)."""
    return np.linalg.inv(matrix(a, "inv"))


def det(a: Any) -> Any:
    """The determinant of a matrix of shape (n, n)."""
    return np.linalg.det(matrix(a, "det"))


def triangular_b(dy: Any, y: Any, a: Any, b: Any, trans: int, lower: bool, unit: bool) -> Any:
    return _solve_triangular(a, dy, 1 - trans, lower, unit)


def triangular_a(dy: Any, y: Any, a: Any, b: Any, trans: int, lower: bool, unit: bool) -> Any:
    """On the triangle that SciPy reads."""
    db = _solve_triangular(a, dy, 1 - trans, lower, unit)
    left, right = (y, db) if trans else (db, y)
    da = -np.outer(left, right) if np.ndim(y) == 1 else -np.matmul(left, right.T)
    return np.tril(da, -int(unit)) if lower else np.triu(da, int(unit))


@primitive(triangular_a, triangular_b)
def _solve_triangular(a: Any, b: Any, trans: int, lower: bool, unit: bool) -> Any:
    return linalg.solve_triangular(a, b, trans=trans, lower=lower, unit_diagonal=unit)


def solve_triangular(a: Any, b: Any, trans: Any = 0, lower: bool = False, unit_diagonal: bool = False) -> Any:
    """The solution x of a @ x = b, or of a.T @ x = b with `trans` 1 or "T", where `a` is triangular, upper unless `lower`.

    `a` is of shape (n, n), and its gradient is on the triangle that is read; `b` is of shape (n,) or (n, k).
    """
    a, trans = matrix(a, "solve_triangular"), {"N": 0, "T": 1, "C": 2}.get(trans, trans)
    if trans not in (0, 1, 2):
        raise ValueError(f"solve_triangular: trans is 0, 1, 2, 'N', 'T' or 'C', not {trans!r}")
    if trans == 2 and np.iscomplexobj(a):
        a = np.conjugate(a)
    return _solve_triangular(a, array(b), min(trans, 1), bool(lower), bool(unit_diagonal))


def cholesky(a: Any, lower: bool = False) -> Any:
    """The triangular matrix c with c.T @ c = a, or c @ c.T = a if `lower`, of a positive definite matrix of shape (n, n).

    The gradient is on the triangle that is read: the upper one unless `lower`. A LinAlgError where `a` is not positive definite.
    """
    return np.linalg.cholesky(matrix(a, "cholesky"), upper=not lower)


def cho_factor(a: Any, lower: bool = False) -> tuple[Any, bool]:
    """`cholesky(a, lower)` and `lower`, for `cho_solve`. Unlike SciPy's, the other triangle is 0 and not left as it was."""
    return cholesky(a, lower), lower


def cho_solve(c_and_lower: tuple[Any, bool], b: Any) -> Any:
    """The solution x of a @ x = b, for the pair that `cho_factor(a)` returned and `b` of shape (n,) or (n, k)."""
    c, lower = c_and_lower
    first, second = (0, 1) if lower else (1, 0)
    return solve_triangular(c, solve_triangular(c, b, first, lower), second, lower)


def expm_a(dy: Any, y: Any, a: Any) -> Any:
    """A block of the exponential of a matrix of twice the size: Higham (2008), Functions of Matrices, equation 3.16."""
    n = np.shape(a)[-1]
    size = np.max(np.abs(value(dy)), initial=0) or 1  # so that dy has no part in how expm scales the matrix
    t, zero = np.swapaxes(a, -1, -2), np.zeros_like(value(a))
    rows = [np.concatenate([t, dy / size], -1), np.concatenate([zero, t], -1)]
    return expm(np.concatenate(rows, -2))[..., :n, n:] * size


@primitive(expm_a)
def _expm(a: Any) -> Any:
    return linalg.expm(a)


def expm(A: Any) -> Any:
    """The exponential of a matrix of shape (n, n), or of each in a stack (..., n, n)."""
    return _expm(array(A))


def sqrtm_a(dy: Any, y: Any, a: Any) -> Any:
    """From da = dy y + y dy."""
    return solve_sylvester(y.T, y.T, dy)


@primitive(sqrtm_a)
def _sqrtm(a: Any) -> Any:
    return linalg.sqrtm(a)


def sqrtm(A: Any) -> Any:
    """The square root of a matrix of shape (n, n) without eigenvalues on the negative real axis; a gradient needs it regular."""
    return _sqrtm(matrix(A, "sqrtm"))


def sylvester_a(dy: Any, y: Any, a: Any, b: Any, q: Any) -> Any:
    return -np.matmul(solve_sylvester(a.T, b.T, dy), y.T)


def sylvester_b(dy: Any, y: Any, a: Any, b: Any, q: Any) -> Any:
    return -np.matmul(y.T, solve_sylvester(a.T, b.T, dy))


def sylvester_q(dy: Any, y: Any, a: Any, b: Any, q: Any) -> Any:
    return solve_sylvester(a.T, b.T, dy)


@primitive(sylvester_a, sylvester_b, sylvester_q)
def _solve_sylvester(a: Any, b: Any, q: Any) -> Any:
    return linalg.solve_sylvester(a, b, q)


def solve_sylvester(a: Any, b: Any, q: Any) -> Any:
    """The solution x of a @ x + x @ b = q, for shapes (m, m), (n, n) and (m, n)."""
    return _solve_sylvester(matrix(a, "solve_sylvester"), matrix(b, "solve_sylvester"), array(q))


def block_diag(*arrs: Any) -> Any:
    """The matrix with the given matrices along its diagonal and 0 elsewhere; a vector counts as one row."""
    parts = [np.atleast_2d(array(a)) for a in arrs] or [np.zeros((1, 0))]
    width, before, rows = sum(np.shape(part)[1] for part in parts), 0, []
    dtype = np.result_type(*map(value, parts))
    for part in parts:
        height, columns = np.shape(part)
        sides = np.zeros((height, before), dtype), np.zeros((height, width - before - columns), dtype)
        rows.append(np.concatenate([sides[0], part, sides[1]], 1))
        before += columns
    return np.concatenate(rows, 0)


def toeplitz(c: Any, r: Any = None) -> Any:
    """The matrix of constant diagonals with the first column `c` and the first row `r`, by default the conjugate of `c`.

    The first element of `r` is not used. `c` and `r` are vectors, of m and n numbers; the result is of shape (m, n).
    """
    c = array(c)
    r = np.conjugate(c) if r is None else array(r)
    if np.ndim(c) != 1 or np.ndim(r) != 1:
        raise ValueError(f"toeplitz takes vectors, and got arrays of shape {np.shape(c)} and {np.shape(r)}")
    rows, columns = np.ogrid[: np.shape(c)[0], : np.shape(r)[0]]
    return np.concatenate([np.flip(c, 0), r[1:]])[np.shape(c)[0] - 1 - rows + columns]
