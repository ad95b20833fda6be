"""scipy.linalg: triangular and positive definite systems, functions of matrices, and matrices made of others."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import linalg

from autograd_tools.engine.registry import primitive
from autograd_tools.engine.values import unwrap
from autograd_tools.scipy.arguments import array, constant

__all__ = [
    "block_diag",
    "cho_factor",
    "cho_solve",
    "cholesky",
    "det",
    "expm",
    "inv",
    "logm",
    "solve",
    "solve_banded",
    "solve_sylvester",
    "solve_triangular",
    "solveh_banded",
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


def solve_triangular(
    a: Any, b: Any, trans: Any = 0, lower: bool = False, unit_diagonal: bool = False
) -> Any:
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


def banded(below: int, above: int, like: Any, n: int) -> tuple[Any, Any]:
    """The row in which each number of a matrix stands that is stored by its diagonals, and 1 or 0 of the type of `like`: whether
    there is one."""
    rows = np.arange(-above, below + 1)[:, None] + np.arange(n)
    return np.clip(rows, 0, n - 1), ((rows >= 0) & (rows < n)).astype(np.result_type(unwrap(like)))


def banded_ab(dy: Any, y: Any, ab: Any, b: Any, below: int, above: int) -> Any:
    rows, inside = banded(below, above, y, np.shape(ab)[1])
    db = banded_b(dy, y, ab, b, below, above)
    return -inside * (db[rows] * y if np.ndim(y) == 1 else np.sum(db[rows] * y, axis=-1))


def banded_b(dy: Any, y: Any, ab: Any, b: Any, below: int, above: int) -> Any:
    """With the transposed matrix, whose diagonals are in the opposite order."""
    rows, inside = banded(above, below, ab, np.shape(ab)[1])
    return _solve_banded(
        ab[np.arange(below + above, -1, -1)[:, None], rows] * inside, dy, above, below
    )


@primitive(banded_ab, banded_b)
def _solve_banded(ab: Any, b: Any, below: int, above: int) -> Any:
    return linalg.solve_banded((below, above), ab, b)


def solve_banded(l_and_u: tuple[int, int], ab: Any, b: Any) -> Any:
    """The solution x of a @ x = b, where `a` has l diagonals below its main one and u above: a[i, j] is ab[u + i - j, j].

    `ab` is of shape (l + u + 1, n), and its gradient is 0 where no number of `a` is; `b` is of shape (n,) or (n, k).
    """
    (below, above), ab, b = constant(l_and_u, "solve_banded: l_and_u"), array(ab), array(b)
    if np.ndim(ab) != 2 or np.shape(ab)[0] != below + above + 1:
        raise ValueError(
            f"solve_banded takes ab of shape (l + u + 1, n) = ({below + above + 1}, n), and got one of shape {np.shape(ab)}"
        )
    return _solve_banded(ab, b, below, above)


def solveh_banded(ab: Any, b: Any, lower: bool = False) -> Any:
    """The solution x of a @ x = b, where `a` is positive definite: a[i, j] is ab[u + i - j, j], or ab[i - j, j] if `lower`.

    `ab` is of shape (u + 1, n), `b` of shape (n,) or (n, k). A LinAlgError where `a` is not positive definite.
    """
    ab, b = array(ab), array(b)
    linalg.cholesky_banded(unwrap(ab), lower=lower)
    above, n = np.shape(ab)[0] - 1, np.shape(ab)[1]
    rows, inside = banded(0, above, ab, n) if lower else banded(above, 0, ab, n)
    other = np.conjugate(ab)[np.arange(above, -1, -1)[:, None], rows] * inside
    parts = [other[:-1], ab] if lower else [ab, other[1:]]
    return solve_banded((above, above), np.concatenate(parts), b)


def block_rule(func: Any, dy: Any, a: Any) -> Any:
    """A block of the function of a matrix of twice the size: Higham (2008), Functions of Matrices, equation 3.16."""
    n = np.shape(a)[-1]
    size = (
        np.max(np.abs(unwrap(dy)), initial=0) or 1
    )  # so that dy has no part in how the matrix is scaled
    t, zero = np.swapaxes(a, -1, -2), np.zeros_like(unwrap(a))
    rows = [np.concatenate([t, dy / size], -1), np.concatenate([zero, t], -1)]
    return func(np.concatenate(rows, -2))[..., :n, n:] * size


@primitive(lambda dy, y, a: block_rule(expm, dy, a))
def _expm(a: Any) -> Any:
    return linalg.expm(a)


def expm(A: Any) -> Any:
    """The exponential of a matrix of shape (n, n), or of each in a stack (..., n, n)."""
    return _expm(array(A))


def logm_a(dy: Any, y: Any, a: Any) -> Any:
    w = np.abs(np.linalg.eigvals(unwrap(a)))
    if np.any(w <= len(w) * np.finfo(w.dtype).eps * np.max(w, initial=0)):
        raise np.linalg.LinAlgError("the logarithm of a singular matrix has no gradient")
    return block_rule(logm, dy, a)


@primitive(logm_a)
def _logm(a: Any) -> Any:
    y = linalg.logm(
        a.astype(np.result_type(a, np.float64))
    )  # in which SciPy computes anyway, but not without warnings
    return (
        y.astype(np.complex64 if np.iscomplexobj(y) else np.float32) if a.dtype.char in "fF" else y
    )


def logm(A: Any) -> Any:
    """The logarithm of a matrix of shape (n, n) that is regular and has no eigenvalues on the negative real axis."""
    return _logm(matrix(A, "logm"))


def sqrtm_a(dy: Any, y: Any, a: Any) -> Any:
    """From da = dy y + y dy, which tells dy only where no two eigenvalues of y are opposite, as two zeros are."""
    w = np.linalg.eigvals(unwrap(y))
    if np.any(
        np.abs(np.add.outer(w, w))
        <= len(w) * np.finfo(w.dtype).eps ** 0.5 * np.max(np.abs(w), initial=0)
    ):
        raise np.linalg.LinAlgError("the square root of a singular matrix has no gradient")
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
    dtype = np.result_type(*map(unwrap, parts))
    for part in parts:
        height, columns = np.shape(part)
        sides = (
            np.zeros((height, before), dtype),
            np.zeros((height, width - before - columns), dtype),
        )
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
        raise ValueError(
            f"toeplitz takes vectors, and got arrays of shape {np.shape(c)} and {np.shape(r)}"
        )
    rows, columns = np.ogrid[: np.shape(c)[0], : np.shape(r)[0]]
    return np.concatenate([np.flip(c, 0), r[1:]])[np.shape(c)[0] - 1 - rows + columns]
