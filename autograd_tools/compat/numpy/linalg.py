"""autograd_tools.numpy.linalg; gradients of `eigh` and `eigvalsh` are those of HIPS autograd."""

from __future__ import annotations

import functools
from typing import Any, Literal

import numpy

from autograd_tools.compat.boxes import isbox
from autograd_tools.compat.insides import inside
from autograd_tools.numpy import linalg
from autograd_tools.numpy.linalg import *  # noqa: F403

__all__ = linalg.__all__


@functools.wraps(numpy.linalg.eigh)
def eigh(a: Any, UPLO: Literal["L", "U", "l", "u"] = "L") -> Any:
    """Return numpy.linalg.eigh; the gradient is that of the triangle which NumPy reads."""
    return linalg.eigh(_from_triangle(a, UPLO), UPLO)


@functools.wraps(numpy.linalg.eigvalsh)
def eigvalsh(a: Any, UPLO: Literal["L", "U", "l", "u"] = "L") -> Any:
    """Return numpy.linalg.eigvalsh; the gradient is that of the triangle which NumPy reads."""
    return linalg.eigvalsh(_from_triangle(a, UPLO), UPLO)


def _from_triangle(a: Any, uplo: str) -> Any:
    """Return the Hermitian matrices with one triangle of `a`, which both triangles then track."""
    if not isbox(a):
        return a
    triangle = numpy.tril(a) if uplo.upper() == "L" else numpy.triu(a)
    half: Any = triangle * (1 - numpy.eye(numpy.shape(a)[-1]) / 2)
    return half + numpy.conj(numpy.swapaxes(half, -1, -2))


def __getattr__(name: str) -> Any:
    return getattr(linalg, name) if hasattr(linalg, name) else inside(__name__, name)
