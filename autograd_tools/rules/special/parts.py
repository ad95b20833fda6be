"""What the tables of scipy.special share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_tools.engine.values import unwrap


def of_parts(dy: Any, *slopes: Callable[[], Any]) -> Any:
    """The gradient of the argument of a function of several outputs: None in `dy` stands for an output that was not used."""
    found = [part * slope() for part, slope in zip(dy, slopes, strict=True) if part is not None]
    return sum(found[1:], found[0]) if found else None


def real(x):
    """`x`, which must be real: what follows holds for real numbers only."""
    if np.iscomplexobj(x):
        raise TypeError(
            "a scaled function of scipy.special has a gradient for real arguments only, because it holds the absolute value"
        )
    return x


def like(a, x):
    """`a`, if it is a number of Python's in the precision of `x`: what SciPy computes of it is then no wider than `x`."""
    return np.result_type(unwrap(x), a).type(a) if type(a) in (int, float) else a
