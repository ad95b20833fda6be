"""Norms of gradients and their counts of NaN and Inf, in one pass for the usual ones."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy import vdot

from autograd_tools.base.array_statistics import statistics

# Between these, a sum of squares has lost no terms, by the dtype of the array.
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


def norm_of(dx: Any) -> Norm:
    """Return the norm of a gradient: an array of any dtype or a number."""
    if dx is None:
        return NO_GRADIENT
    x = dx if type(dx) is np.ndarray else np.asarray(dx)
    within = RANGES.get(x.dtype)
    if within is not None:
        flat = x.ravel("K")
        squares = float(vdot(flat, flat).real)
        if within[0] < squares < within[1]:
            return Norm(math.sqrt(squares), 0, 0)
    if x.dtype.kind not in "iufc":
        return NO_GRADIENT
    return _careful(x) if x.any() else _ZERO


def _careful(x: np.ndarray) -> Norm:
    found = statistics([x])
    nans, infs = int(found.nans[0]), int(found.infs[0])
    if nans or infs or math.isnan(found.norm[0]):  # the norm of finite elements may overflow
        return Norm(math.nan if nans else math.inf, nans, infs)
    return Norm(float(found.norm[0]), 0, 0)
