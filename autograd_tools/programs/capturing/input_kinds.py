"""The leaves of arguments that are inputs of a program: numbers, and arrays of numbers."""

from __future__ import annotations

from typing import Any

import numpy as np


def is_input(x: Any) -> bool:
    """Return whether a leaf of the arguments is an input: a number or an array of numbers."""
    kind = type(x)
    if kind is np.ndarray:
        return bool(x.dtype.kind in "biufc")
    if kind in (int, float, complex):
        return True
    return isinstance(x, np.generic) and x.dtype.kind in "biufc"


def is_floating_input(x: Any) -> bool:
    """Return whether a leaf is an input that is no integer."""
    return is_input(x) and np.result_type(x).kind in "fc"
