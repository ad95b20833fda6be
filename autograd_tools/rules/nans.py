"""NaN as the result of a choice: which element gave it is unknown, so the gradient is NaN.

A gradient of zero would look like convergence. Where the cotangent is zero, as after np.nansum, the
rest of the program ignores the NaN: the gradient stays zero there.
"""

from __future__ import annotations

import numpy as np

from autograd_tools.engine.registry import Primitive
from autograd_tools.engine.values import unwrap


def has_nan(y):
    """Return whether plain numbers hold NaN, in half the time of np.isnan.

    Their squared length is NaN then. For infinite complex numbers the answer may be True, too.
    """
    if np.size(y) > 5000:  # BLAS starts threads
        return np.isnan(y).any()
    return np.isnan(np.vdot(y, y))


def nan_for_unknown(dx, dy, y):
    """`dx`, and NaN where the choice is unknown because `y` is NaN."""
    y = unwrap(y)
    return dx * unknown(dy, y, 1) if has_nan(y) else dx


def unknown(dy, y, otherwise):
    """NaN where `y` is NaN and has an influence, elsewhere the number `otherwise`."""
    lost = np.isnan(unwrap(y)) & (unwrap(dy) != 0)
    return np.where(lost, np.nan, otherwise).astype(np.result_type(unwrap(y)))


def of_unknown(dy, z, y, *inputs):
    return unknown(dy, y, 0)


NAN_OF = Primitive(
    lambda y, *inputs: +y,
    [lambda dy, z, y, *inputs: dy],
    rest=lambda position: of_unknown,
    name="nan_of",
)


def nan_of(y, *inputs):
    """Return `y`; where it is NaN, `inputs` gave it: they broadcast with it and get NaN, too."""
    return NAN_OF(y, *inputs) if has_nan(unwrap(y)) else y
