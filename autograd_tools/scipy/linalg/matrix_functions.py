"""Functions of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.linalg

from autograd_tools.engine.registry import primitive
from autograd_tools.engine.values import unwrap
from autograd_tools.scipy.arguments import array
from autograd_tools.scipy.linalg.matrix_equations import solve_sylvester
from autograd_tools.scipy.linalg.systems import matrix
from autograd_tools.scipy.steps import Steps

linalg = Steps(scipy.linalg)


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
