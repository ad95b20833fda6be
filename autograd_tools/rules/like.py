"""What makes an array of values, when `like=x` hands it over to us: np.array([x, y], like=x)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_tools.engine.values import unwrap
from autograd_tools.rules.reductions import as_array, as_type


def array(object: Any, dtype: Any = None, *, ndmin: int = 0, **options: Any) -> Any:
    """Lists become the axes of an array. How it lies in memory, and whether it is a copy, makes no difference to a gradient."""
    if isinstance(unwrap(object), (list, tuple)):
        y = np.stack([array(item) for item in object]) if len(object) else np.array([])
    else:
        y = as_array(object)
    return as_type(
        np.reshape(y, (1,) * (ndmin - np.ndim(y)) + np.shape(y)) if np.ndim(y) < ndmin else y, dtype
    )


def asarray(a: Any, dtype: Any = None, *args: Any, **options: Any) -> Any:
    return array(a, dtype)


def row(a: Any, dtype: Any = None) -> Any:
    return array(a, dtype, ndmin=1)


def full(shape: Any, fill_value: Any, dtype: Any = None, **options: Any) -> Any:
    return np.broadcast_to(as_type(as_array(fill_value), dtype), shape)


LIKE: dict[Any, Callable[..., Any]] = {
    **{
        np.array: array,
        np.asarray: asarray,
        np.asanyarray: asarray,
        np.asfortranarray: asarray,
        np.require: asarray,
    },
    **{np.ascontiguousarray: row, np.full: full},
}
