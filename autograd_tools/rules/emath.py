"""np.emath: functions whose result is complex where a real argument leaves their domain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_tools.engine.registry import composite
from autograd_tools.engine.values import unwrap
from autograd_tools.rules.arrays import as_array, as_type


def complex_like(x, y):
    """`x`, as a complex number where the result `y` is complex."""
    return as_type(as_array(x), y.dtype) if np.iscomplexobj(y) and not np.iscomplexobj(x) else x


def widening(func: Any, ufunc: np.ufunc) -> Callable[[Any], Any]:
    """Make a function of np.emath from the ufunc that equals it inside the domain."""
    return lambda x: ufunc(complex_like(x, func(unwrap(x))))


# To add one, see rules/__init__.py; its cases go to tests/rules/cases_sets.py.
composite(np.emath.sqrt)(widening(np.emath.sqrt, np.sqrt))
composite(np.emath.log)(widening(np.emath.log, np.log))
composite(np.emath.log2)(widening(np.emath.log2, np.log2))
composite(np.emath.log10)(widening(np.emath.log10, np.log10))
composite(np.emath.arccos)(widening(np.emath.arccos, np.arccos))
composite(np.emath.arcsin)(widening(np.emath.arcsin, np.arcsin))
composite(np.emath.arctanh)(widening(np.emath.arctanh, np.arctanh))


@composite(np.emath.logn)
def logn(n, x):
    return np.emath.log(x) / np.emath.log(n)


@composite(np.emath.power)
def power(x, p):
    y, x, p = np.emath.power(unwrap(x), unwrap(p)), as_array(x), as_array(p)
    # NumPy computes a negative power of integers in floats
    fraction = y.dtype.kind == "f" and unwrap(p).dtype.kind in "iu"
    return complex_like(x, y) ** (p * 1.0 if fraction and unwrap(x).dtype.kind in "iu" else p)
