"""Norms, eigenvalues, singular values and pseudo-inverses."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.linalg

from autograd_tools.engine.calls import plain
from autograd_tools.scipy.arguments import array, is_recorded
from autograd_tools.scipy.linalg.systems import matrix
from autograd_tools.scipy.steps import Steps

linalg = Steps(scipy.linalg)


def norm(
    a: Any, ord: Any = None, axis: Any = None, keepdims: bool = False, check_finite: bool = True
) -> Any:
    """Return a norm of a vector or matrix, as numpy.linalg.norm does.

    Parameters
    ----------
    a : array_like
    ord, axis, keepdims, check_finite
        As in SciPy.

    Returns
    -------
    number or array
    """
    if not is_recorded(a):
        return linalg.norm(plain(a), ord, axis, keepdims, check_finite)
    return np.linalg.norm(array(a), ord, axis, keepdims)


def eigvals(
    a: Any,
    b: Any = None,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
    homogeneous_eigvals: bool = False,
) -> Any:
    """Return the eigenvalues of a matrix.

    Parameters
    ----------
    a : array_like, shape (n, n)
    b, homogeneous_eigvals
        As in SciPy, for plain matrices only.
    overwrite_a, overwrite_b, check_finite : bool
        Accepted and ignored: the arguments keep their elements.

    Returns
    -------
    array of complex numbers, shape (n,)
    """
    if not is_recorded(a, b):
        options = {"check_finite": check_finite, "homogeneous_eigvals": homogeneous_eigvals}
        return linalg.eigvals(plain(a), plain(b), **options)
    if b is not None or homogeneous_eigvals:
        raise TypeError("eigvals has a gradient without b and homogeneous_eigvals")
    return np.linalg.eigvals(matrix(a, "eigvals")) + 0j


def svdvals(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    """Return the singular values of a matrix, the largest first.

    Parameters
    ----------
    a : array_like, shape (m, n)
    overwrite_a, check_finite : bool
        Accepted and ignored: the arguments keep their elements.

    Returns
    -------
    array, shape (min(m, n),)
    """
    if not is_recorded(a):
        return linalg.svdvals(plain(a), False, check_finite)
    return np.linalg.svd(array(a), full_matrices=False)[1]


def pinv(
    a: Any,
    *,
    atol: Any = None,
    rtol: Any = None,
    return_rank: bool = False,
    check_finite: bool = True,
) -> Any:
    """Return the pseudo-inverse of a matrix.

    Parameters
    ----------
    a : array_like, shape (m, n)
    atol, rtol, return_rank, check_finite
        As in SciPy; `atol` is for plain matrices only.

    Returns
    -------
    array, shape (n, m); with `return_rank`, also the rank
    """
    if not is_recorded(a):
        return linalg.pinv(
            plain(a), atol=atol, rtol=rtol, return_rank=return_rank, check_finite=check_finite
        )
    if atol:
        raise TypeError("pinv has a gradient without atol; write rtol")
    a = array(a)
    if rtol is None:
        rtol = max(np.shape(a)) * np.finfo(a.dtype).eps
    y = np.linalg.pinv(a, rtol)
    return (y, int(np.linalg.matrix_rank(plain(a), rtol=rtol))) if return_rank else y
