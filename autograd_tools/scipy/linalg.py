"""scipy.linalg: linear systems, functions of matrices, and structured matrices."""

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
    """Return `a`, which must be one square matrix."""
    a = array(a)
    shape = np.shape(a)
    if len(shape) != 2 or shape[0] != shape[1]:
        raise ValueError(f"{name} expected one square matrix, got an array of shape {shape}")
    return a


def mirrored_a(dy: Any, y: Any, a: Any, lower: bool, conjugate: bool) -> Any:
    """The gradient on both triangles, so that a step of descent keeps the matrix symmetric."""
    other = np.swapaxes(dy, -1, -2)
    return (dy + (np.conjugate(other) if conjugate else other)) / 2


@primitive(mirrored_a)
def _mirrored(a: Any, lower: bool, conjugate: bool) -> Any:
    """Return the symmetric or Hermitian matrix with the triangle that SciPy reads."""
    half = np.tril(a) if lower else np.triu(a)
    other = half.T.conj() if conjugate else half.T
    diagonal = half.diagonal()
    return half + other - np.diag(diagonal.conj() if conjugate else diagonal)


MIRRORED = {"sym": False, "symmetric": False, "her": True, "hermitian": True, "pos": True}
MIRRORED["positive definite"] = True
TRIANGLES = {"upper triangular": False, "lower triangular": True}
BANDS = {"diagonal": 0, "tridiagonal": 1}
STRUCTURES = (None, "general", "gen", "banded", *MIRRORED, *TRIANGLES, *BANDS)


def solve(
    a: Any,
    b: Any,
    lower: bool = False,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
    assume_a: str | None = None,
    transposed: bool = False,
) -> Any:
    """Solve a @ x = b.

    Parameters
    ----------
    a : array_like, shape (n, n)
    b : array_like, shape (n,) or (n, k)
    lower : bool
        Read the lower triangle of a symmetric or Hermitian `a` instead of the upper one.
    overwrite_a, overwrite_b, check_finite : bool
        Accepted and ignored: `a` and `b` keep their elements.
    assume_a : str, optional
        The structure of `a`, in the words of SciPy: "sym", "her", "pos" and so on. The gradient of
        a symmetric or Hermitian `a` is shared by both triangles. Default: "general".
    transposed : bool
        Solve a.T @ x = b.

    Returns
    -------
    x : array, of the shape of `b`

    Raises
    ------
    ValueError
        If `assume_a` is unknown.
    numpy.linalg.LinAlgError
        If `a` is singular, or not positive definite with "pos".
    """
    a, b = matrix(a, "solve"), array(b)
    if assume_a not in STRUCTURES:
        known = ", ".join(map(repr, STRUCTURES[1:]))
        raise ValueError(f"solve: unknown assume_a {assume_a!r}; choose {known}")
    if assume_a in MIRRORED:
        a = _mirrored(a, bool(lower), MIRRORED[assume_a])
        if assume_a.startswith("pos"):
            np.linalg.cholesky(unwrap(a))
    elif assume_a in TRIANGLES:
        return solve_triangular(a, b, int(transposed), TRIANGLES[assume_a])
    elif assume_a in BANDS:
        a = np.triu(np.tril(a, BANDS[assume_a]), -BANDS[assume_a])
    return np.linalg.solve(np.swapaxes(a, 0, 1) if transposed else a, b)


def inv(
    a: Any,
    overwrite_a: bool = False,
    check_finite: bool = True,
    *,
    assume_a: str | None = None,
    lower: bool = False,
) -> Any:
    """Return the inverse of a matrix.

    Parameters
    ----------
    a : array_like, shape (n, n)
    overwrite_a, check_finite : bool
        Accepted and ignored: the arguments keep their elements.
    assume_a : str, optional
        The structure of `a`, as in `solve`.
    lower : bool
        As in `solve`.

    Returns
    -------
    array, shape (n, n)
    """
    a = matrix(a, "inv")
    if assume_a in (None, "general", "gen"):
        return np.linalg.inv(a)
    return solve(a, np.eye(np.shape(a)[0]), lower, assume_a=assume_a)


def det(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    """Return the determinant of a matrix.

    Parameters
    ----------
    a : array_like, shape (n, n)
    overwrite_a, check_finite : bool
        Accepted and ignored: the arguments keep their elements.

    Returns
    -------
    float or complex
    """
    return np.linalg.det(matrix(a, "det"))


def triangular_b(dy: Any, y: Any, a: Any, b: Any, trans: int, lower: bool, unit: bool) -> Any:
    return _solve_triangular(a, dy, 1 - trans, lower, unit)


def triangular_a(dy: Any, y: Any, a: Any, b: Any, trans: int, lower: bool, unit: bool) -> Any:
    """The gradient on the triangle that SciPy reads."""
    db = _solve_triangular(a, dy, 1 - trans, lower, unit)
    left, right = (y, db) if trans else (db, y)
    da = -np.outer(left, right) if np.ndim(y) == 1 else -np.matmul(left, right.T)
    return np.tril(da, -int(unit)) if lower else np.triu(da, int(unit))


@primitive(triangular_a, triangular_b)
def _solve_triangular(a: Any, b: Any, trans: int, lower: bool, unit: bool) -> Any:
    return linalg.solve_triangular(a, b, trans=trans, lower=lower, unit_diagonal=unit)


def solve_triangular(
    a: Any,
    b: Any,
    trans: Any = 0,
    lower: bool = False,
    unit_diagonal: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
) -> Any:
    """Solve a @ x = b, or a.T @ x = b, for a triangular `a`.

    Parameters
    ----------
    a : array_like, shape (n, n)
        Its gradient is zero outside the triangle that is read.
    b : array_like, shape (n,) or (n, k)
    trans : {0, 1, 2, "N", "T", "C"}
        Solve with `a`, its transpose, or its conjugate transpose.
    lower : bool
        Read the lower triangle instead of the upper one.
    unit_diagonal : bool
        Take the diagonal as ones.
    overwrite_b, check_finite : bool
        Accepted and ignored: the arguments keep their elements.

    Returns
    -------
    x : array, of the shape of `b`
    """
    a, trans = matrix(a, "solve_triangular"), {"N": 0, "T": 1, "C": 2}.get(trans, trans)
    if trans not in (0, 1, 2):
        raise ValueError(f"solve_triangular: trans must be 0, 1, 2, 'N', 'T' or 'C', got {trans!r}")
    if trans == 2 and np.iscomplexobj(a):
        a = np.conjugate(a)
    return _solve_triangular(a, array(b), min(trans, 1), bool(lower), bool(unit_diagonal))


def cholesky(
    a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True
) -> Any:
    """Return the Cholesky factor c of a positive definite matrix.

    Parameters
    ----------
    a : array_like, shape (n, n)
        Its gradient is Hermitian, although one triangle is read.
    lower : bool
        Read the lower triangle and return c with c @ c.T = a, instead of the upper ones, c.T @ c =
        a.
    overwrite_a, check_finite : bool
        Accepted and ignored: the arguments keep their elements.

    Returns
    -------
    array, shape (n, n)

    Raises
    ------
    numpy.linalg.LinAlgError
        If `a` is not positive definite.
    """
    return np.linalg.cholesky(matrix(a, "cholesky"), upper=not lower)


def cho_factor(
    a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True
) -> tuple[Any, bool]:
    """Return the Cholesky factor of `a` and `lower`, for `cho_solve`.

    Unlike SciPy's, the factor is zero outside its triangle.

    Parameters
    ----------
    a : array_like, shape (n, n)
    lower : bool
    overwrite_a, check_finite : bool
        Accepted and ignored: the arguments keep their elements.

    Returns
    -------
    c : array, shape (n, n)
    lower : bool
    """
    return cholesky(a, lower), lower


def cho_solve(
    c_and_lower: tuple[Any, bool], b: Any, overwrite_b: bool = False, check_finite: bool = True
) -> Any:
    """Solve a @ x = b with the Cholesky factor of `a`.

    Parameters
    ----------
    c_and_lower : tuple
        The result of `cho_factor(a)`.
    b : array_like, shape (n,) or (n, k)
    overwrite_b, check_finite : bool
        Accepted and ignored: the arguments keep their elements.

    Returns
    -------
    x : array, of the shape of `b`
    """
    c, lower = c_and_lower
    first, second = (0, 1) if lower else (1, 0)
    return solve_triangular(c, solve_triangular(c, b, first, lower), second, lower)


def banded(below: int, above: int, like: Any, n: int) -> tuple[Any, Any]:
    """Return the row of each element stored by diagonals, and 1 where it exists, else 0."""
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


def solve_banded(
    l_and_u: tuple[int, int],
    ab: Any,
    b: Any,
    overwrite_ab: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
) -> Any:
    """Solve a @ x = b for a banded matrix `a`.

    Parameters
    ----------
    l_and_u : tuple of two ints
        The numbers l of diagonals below the main one and u above it.
    ab : array_like, shape (l + u + 1, n)
        The diagonals: a[i, j] is ab[u + i - j, j]. Unused elements have the gradient 0.
    b : array_like, shape (n,) or (n, k)
    overwrite_ab, overwrite_b, check_finite : bool
        Accepted and ignored: the arguments keep their elements.

    Returns
    -------
    x : array, of the shape of `b`

    Raises
    ------
    ValueError
        If `ab` has another shape.
    """
    (below, above), ab, b = constant(l_and_u, "solve_banded: l_and_u"), array(ab), array(b)
    if np.ndim(ab) != 2 or np.shape(ab)[0] != below + above + 1:
        raise ValueError(
            f"solve_banded expected ab of shape (l + u + 1, n) = ({below + above + 1}, n), "
            f"got {np.shape(ab)}"
        )
    return _solve_banded(ab, b, below, above)


def solveh_banded(
    ab: Any,
    b: Any,
    overwrite_ab: bool = False,
    overwrite_b: bool = False,
    lower: bool = False,
    check_finite: bool = True,
) -> Any:
    """Solve a @ x = b for a positive definite banded matrix `a`.

    Parameters
    ----------
    ab : array_like, shape (u + 1, n)
        The upper diagonals: a[i, j] is ab[u + i - j, j]; with `lower` the lower ones, ab[i - j, j].
    b : array_like, shape (n,) or (n, k)
    overwrite_ab, overwrite_b, check_finite : bool
        Accepted and ignored: the arguments keep their elements.
    lower : bool

    Returns
    -------
    x : array, of the shape of `b`

    Raises
    ------
    numpy.linalg.LinAlgError
        If `a` is not positive definite.
    """
    ab, b = array(ab), array(b)
    linalg.cholesky_banded(unwrap(ab), lower=lower)
    above, n = np.shape(ab)[0] - 1, np.shape(ab)[1]
    rows, inside = banded(0, above, ab, n) if lower else banded(above, 0, ab, n)
    other = np.conjugate(ab)[np.arange(above, -1, -1)[:, None], rows] * inside
    parts = [other[:-1], ab] if lower else [ab, other[1:]]
    return solve_banded((above, above), np.concatenate(parts), b)


def block_rule(func: Any, dy: Any, a: Any) -> Any:
    """A block of `func` of a larger matrix: Higham (2008), Functions of Matrices, equation 3.16."""
    n = np.shape(a)[-1]
    size = np.max(np.abs(unwrap(dy)), initial=0) or 1  # dy must not change the scaling of `func`
    t, zero = np.swapaxes(a, -1, -2), np.zeros_like(unwrap(a))
    rows = [np.concatenate([t, dy / size], -1), np.concatenate([zero, t], -1)]
    return func(np.concatenate(rows, -2))[..., :n, n:] * size


@primitive(lambda dy, y, a: block_rule(expm, dy, a))
def _expm(a: Any) -> Any:
    return linalg.expm(a)


def expm(A: Any) -> Any:
    """Return the matrix exponential.

    Parameters
    ----------
    A : array_like, shape (..., n, n)

    Returns
    -------
    array, of the shape of `A`
    """
    return _expm(array(A))


def logm_a(dy: Any, y: Any, a: Any) -> Any:
    w = np.abs(np.linalg.eigvals(unwrap(a)))
    if np.any(w <= len(w) * np.finfo(w.dtype).eps * np.max(w, initial=0)):
        raise np.linalg.LinAlgError("the logarithm of a singular matrix has no gradient")
    return block_rule(logm, dy, a)


@primitive(logm_a)
def _logm(a: Any) -> Any:
    y = linalg.logm(a.astype(np.result_type(a, np.float64)))  # SciPy warns of single precision
    if a.dtype.char not in "fF":
        return y
    return y.astype(np.complex64 if np.iscomplexobj(y) else np.float32)


def logm(A: Any, disp: bool = True) -> Any:
    """Return the matrix logarithm.

    Parameters
    ----------
    A : array_like, shape (n, n)
        A regular matrix without eigenvalues on the negative real axis.
    disp : bool
        With False also return an estimate of the relative error, as older versions of SciPy do.

    Returns
    -------
    array, shape (n, n)

    Raises
    ------
    numpy.linalg.LinAlgError
        In the backward pass, if `A` is singular.
    """
    y = _logm(matrix(A, "logm"))
    if disp:
        return y
    a = unwrap(A)
    return y, np.linalg.norm(linalg.expm(unwrap(y)) - a, 1) / np.linalg.norm(a, 1)


def sqrtm_a(dy: Any, y: Any, a: Any) -> Any:
    """Solve da = dy y + y dy, which has one solution unless two eigenvalues of y are opposite."""
    w = np.linalg.eigvals(unwrap(y))
    least = len(w) * np.finfo(w.dtype).eps ** 0.5 * np.max(np.abs(w), initial=0)
    if np.any(np.abs(np.add.outer(w, w)) <= least):
        raise np.linalg.LinAlgError("the square root of a singular matrix has no gradient")
    return solve_sylvester(y.T, y.T, dy)


@primitive(sqrtm_a)
def _sqrtm(a: Any) -> Any:
    return linalg.sqrtm(a)


def sqrtm(A: Any, disp: bool = True, blocksize: int = 64) -> Any:
    """Return the matrix square root.

    Parameters
    ----------
    A : array_like, shape (n, n)
        A matrix without eigenvalues on the negative real axis.
    disp : bool
        With False also return an estimate of the relative error, as older versions of SciPy do.
    blocksize : int
        Accepted and ignored.

    Returns
    -------
    array, shape (n, n)

    Raises
    ------
    numpy.linalg.LinAlgError
        In the backward pass, if `A` is singular.
    """
    y = _sqrtm(matrix(A, "sqrtm"))
    if disp:
        return y
    a, root = unwrap(A), unwrap(y)
    return y, np.linalg.norm(root @ root - a) ** 2 / np.linalg.norm(a)


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
    """Solve a @ x + x @ b = q.

    Parameters
    ----------
    a : array_like, shape (m, m)
    b : array_like, shape (n, n)
    q : array_like, shape (m, n)

    Returns
    -------
    x : array, shape (m, n)
    """
    return _solve_sylvester(matrix(a, "solve_sylvester"), matrix(b, "solve_sylvester"), array(q))


def block_diag(*arrs: Any) -> Any:
    """Return a block diagonal matrix.

    Parameters
    ----------
    *arrs : array_like
        The blocks. A vector counts as one row.

    Returns
    -------
    array, of shape (sum of rows, sum of columns)
    """
    parts = [np.atleast_2d(array(a)) for a in arrs] or [np.zeros((1, 0))]
    width, before, rows = sum(np.shape(part)[1] for part in parts), 0, []
    dtype = np.result_type(*map(unwrap, parts))
    for part in parts:
        height, columns = np.shape(part)
        left = np.zeros((height, before), dtype)
        before += columns
        rows.append(np.concatenate([left, part, np.zeros((height, width - before), dtype)], 1))
    return np.concatenate(rows, 0)


def toeplitz(c: Any, r: Any = None) -> Any:
    """Return a matrix with constant diagonals.

    Parameters
    ----------
    c : array_like, shape (m,)
        The first column.
    r : array_like, shape (n,), optional
        The first row, by default the conjugate of `c`. Its first element is not used.

    Returns
    -------
    array, shape (m, n)
    """
    c = array(c)
    r = np.conjugate(c) if r is None else array(r)
    if np.ndim(c) != 1 or np.ndim(r) != 1:
        raise ValueError(
            f"toeplitz expected vectors, got arrays of shape {np.shape(c)} and {np.shape(r)}"
        )
    rows, columns = np.ogrid[: np.shape(c)[0], : np.shape(r)[0]]
    return np.concatenate([np.flip(c, 0), r[1:]])[np.shape(c)[0] - 1 - rows + columns]
