"""Matrices made of blocks and of diagonals."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_tools.engine.values import unwrap
from autograd_tools.scipy.arguments import array


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
