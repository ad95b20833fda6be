"""Helpers that the tables of scipy.special share."""

from __future__ import annotations

import numpy as np

from autograd_tools.engine.values import unwrap


def of_parts(dy, *slopes):
    """Sum dy times slope over the outputs of a function; None in `dy` marks an unused output."""
    found = [part * slope() for part, slope in zip(dy, slopes, strict=True) if part is not None]
    return sum(found[1:], found[0]) if found else None


def real(x):
    """`x`; TypeError if it is complex."""
    if np.iscomplexobj(x):
        raise TypeError(
            "scaled functions of scipy.special have gradients for real arguments only, "
            "because their scale is an absolute value"
        )
    return x


def like(a, x):
    """`a`; a Python number in the precision of `x`, so that SciPy computes in that precision."""
    return np.result_type(unwrap(x), a).type(a) if type(a) in (int, float) else a
