"""Linear systems whose matrices are stored by diagonals."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.linalg

from autograd_tools.engine.registry import primitive
from autograd_tools.engine.values import unwrap
from autograd_tools.scipy.arguments import array, constant
from autograd_tools.scipy.steps import Steps

linalg = Steps(scipy.linalg)


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
