"""Functions that create arrays of recorded values with `like=x`, as np.array([x, y], like=x)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_tools.engine.values import unwrap
from autograd_tools.rules.arrays import as_array, as_type


def array(object, dtype=None, *, ndmin=0, **options):
    """Return an array with an axis for each level of lists; `copy` and `order` have no effect."""
    if isinstance(unwrap(object), (list, tuple)):
        y = np.stack([array(item) for item in object]) if len(object) else np.array([])
    else:
        y = as_array(object)
    if np.ndim(y) < ndmin:
        y = np.reshape(y, (1,) * (ndmin - np.ndim(y)) + np.shape(y))
    return as_type(y, dtype)


def asarray(a, dtype=None, *args, **options):
    return array(a, dtype)


def row(a, dtype=None):
    return array(a, dtype, ndmin=1)


def full(shape, fill_value, dtype=None, **options):
    return np.copy(np.broadcast_to(as_type(as_array(fill_value), dtype), shape), order="C")


LIKE: dict[Any, Callable[..., Any]] = {np.array: array, np.ascontiguousarray: row, np.full: full}
LIKE |= dict.fromkeys((np.asarray, np.asanyarray, np.asfortranarray, np.require), asarray)
