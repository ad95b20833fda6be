"""Norms of gradients and their counts of NaN and Inf, in one pass for the usual ones."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray, vdot

from autograd_tools.base.array_statistics import statistics
from autograd_tools.engine.saved import FLOATS

# Between these, a sum of squares has lost no terms, by the dtype of the array.
DOUBLE = np.dtype("float64")
RANGES = {np.dtype(name): (1e-30, 1e30) for name in ("float32", "complex64")} | {
    np.dtype(name): (1e-280, 1e300) for name in ("float64", "complex128")
}


class Norm(NamedTuple):
    """The norm of a gradient, NaN or infinite if an element is, and the counts of such elements."""

    norm: float
    nans: int
    infs: int


NO_GRADIENT = Norm(-1.0, 0, 0)
_ZERO = Norm(0.0, 0, 0)


def usual_norms(gradients: Iterable[Any]) -> list[float] | None:
    """Return the norms of gradients, or None if one is not an array or number as most are."""
    found = []
    for dx in gradients:
        if type(dx) is ndarray and dx.dtype in RANGES:
            within, flat = RANGES[dx.dtype], dx.ravel("K")
            squares = float(vdot(flat, flat).real)
        elif type(dx) in FLOATS:
            within, squares = RANGES[DOUBLE], float(dx) * float(dx)  # without NumPy's warnings
        else:
            return None
        if not within[0] < squares < within[1]:
            return None
        found.append(math.sqrt(squares))
    return found


def norm_of(dx: Any) -> Norm:
    """Return the norm of a gradient: an array of any dtype or a number."""
    if dx is None:
        return NO_GRADIENT
    x = dx if type(dx) is ndarray else np.asarray(dx)
    usual = usual_norms((x,))
    if usual is not None:
        return Norm(usual[0], 0, 0)
    if x.dtype.kind not in "iufc":
        return NO_GRADIENT
    return _careful(x) if x.any() else _ZERO


def _careful(x: np.ndarray) -> Norm:
    found = statistics([x])
    nans, infs = int(found.nans[0]), int(found.infs[0])
    if nans or infs or math.isnan(found.norm[0]):  # the norm of finite elements may overflow
        return Norm(math.nan if nans else math.inf, nans, infs)
    return Norm(float(found.norm[0]), 0, 0)
