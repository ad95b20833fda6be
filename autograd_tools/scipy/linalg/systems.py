"""Linear systems: of general, symmetric and triangular matrices, and by Cholesky factors."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.linalg

from autograd_tools.engine.registry import primitive
from autograd_tools.engine.values import unwrap
from autograd_tools.scipy.arguments import array
from autograd_tools.scipy.steps import Steps

linalg = Steps(scipy.linalg)


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
