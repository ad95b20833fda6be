"""Summaries of the arrays of JAX, and of their types."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import jax
import numpy as np

from autograd_tools.tracing.summaries import Summary, array_text, summary


def is_extended(x: Any) -> bool:
    """Return whether a value has elements that are no numbers, such as random keys."""
    return bool(jax.dtypes.issubdtype(getattr(x, "dtype", None) or np.float64, jax.dtypes.extended))


def of_value(x: Any) -> Summary:
    """Return the summary of an array of JAX."""
    if is_extended(x):
        return of_type(jax.typeof(x))
    array = np.asarray(x)
    if array.dtype.kind != "V":
        found = summary(array[()])
    else:  # bfloat16 and smaller ones, which NumPy does not know
        found = summary(array.astype(np.float32)[()])
    if found is None:
        return of_type(jax.typeof(x))
    if array.dtype.kind == "V":
        text = found.text if array.ndim == 0 else array_text(array.dtype, array.shape)
        found = replace(found, text=text, dtype=str(array.dtype), nbytes=array.nbytes)
    return found


def of_type(aval: Any) -> Summary:
    """Return the summary of a value of which only the type is known."""
    dtype = getattr(aval, "dtype", None)
    if not isinstance(dtype, np.dtype):
        return Summary(str(aval))
    size = int(np.prod(aval.shape, dtype=np.int64)) * dtype.itemsize
    return Summary(array_text(dtype, aval.shape), tuple(aval.shape), str(dtype), size)
