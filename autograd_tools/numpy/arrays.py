"""Making arrays of recorded numbers, and of nested lists with recorded numbers or arrays in them."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_tools.engine.calls import innermost, plain
from autograd_tools.engine.values import Value, unwrap
from autograd_tools.rules.arrays import as_array, as_type
from autograd_tools.rules.choosing import full_like as recorded_full_like


def is_recorded(*args: Any) -> bool:
    """Whether a gradient is to flow back through one of the arguments, or through something in a list or tuple."""
    return innermost(args, sequences=True) is not None


def joined(x: Any) -> Any:
    """`x` as one array: a list or tuple stacked from what is in it."""
    if isinstance(x, Value) and isinstance(unwrap(x), (list, tuple)):
        x = [x[i] for i in range(len(x))]
    if isinstance(x, Value) or not is_recorded(x):
        return as_array(x) if isinstance(x, Value) else np.asarray(plain(x))
    parts = [joined(item) for item in x]
    shapes = {np.shape(part) for part in parts}
    if len(shapes) > 1:
        raise ValueError(
            f"the items of a list are to be of one shape to become an array, and not {', '.join(map(str, sorted(shapes)))}"
        )
    return np.stack(parts)


def unnested(x: Any) -> Any:
    """`x`, but as one array where it is a list or tuple with something recorded in it."""
    return joined(x) if isinstance(unwrap(x), (list, tuple)) and is_recorded(x) else x


def array(
    object: Any,
    dtype: Any = None,
    *,
    copy: bool | None = True,
    order: Any = "K",
    subok: bool = False,
    ndmin: int = 0,
    **kwargs: Any,
) -> Any:
    """numpy.array, also of recorded values and of lists with recorded values in them.

    The shape and the type are those that NumPy would give the plain values.
    """
    if not is_recorded(object):
        return np.array(
            plain(object), dtype, copy=copy, order=order, subok=subok, ndmin=ndmin, **kwargs
        )
    y = as_type(joined(object), dtype)
    if y is object and copy:
        y = np.copy(y)
    return np.reshape(y, (1,) * (ndmin - np.ndim(y)) + np.shape(y)) if np.ndim(y) < ndmin else y


def asarray(a: Any, dtype: Any = None, order: Any = None, **kwargs: Any) -> Any:
    """numpy.asarray, also of recorded values and of lists with recorded values in them."""
    return (
        as_type(joined(a), dtype)
        if is_recorded(a)
        else np.asarray(plain(a), dtype, order, **kwargs)
    )


def asanyarray(a: Any, dtype: Any = None, order: Any = None, **kwargs: Any) -> Any:
    """numpy.asanyarray, also of recorded values and of lists with recorded values in them."""
    return (
        as_type(joined(a), dtype)
        if is_recorded(a)
        else np.asanyarray(plain(a), dtype, order, **kwargs)
    )


def ascontiguousarray(a: Any, dtype: Any = None, **kwargs: Any) -> Any:
    """numpy.ascontiguousarray; a recorded value stays in memory as it is."""
    return (
        np.atleast_1d(as_type(joined(a), dtype))
        if is_recorded(a)
        else np.ascontiguousarray(plain(a), dtype, **kwargs)
    )


def asfortranarray(a: Any, dtype: Any = None, **kwargs: Any) -> Any:
    """numpy.asfortranarray; a recorded value stays in memory as it is."""
    return (
        as_type(joined(a), dtype)
        if is_recorded(a)
        else np.asfortranarray(plain(a), dtype, **kwargs)
    )


def full(shape: Any, fill_value: Any, dtype: Any = None, order: Any = "C", **kwargs: Any) -> Any:
    """numpy.full, also with a recorded number or array to fill with."""
    if not is_recorded(fill_value):
        return np.full(plain(shape), plain(fill_value), dtype, order, **kwargs)
    return np.broadcast_to(as_type(joined(fill_value), dtype), plain(shape))


def full_like(
    a: Any,
    fill_value: Any,
    dtype: Any = None,
    order: Any = "K",
    subok: bool = True,
    shape: Any = None,
    **kwargs: Any,
) -> Any:
    """numpy.full_like, also with a recorded number or array to fill with."""
    if not is_recorded(fill_value):
        return np.full_like(plain(a), plain(fill_value), dtype, order, subok, shape, **kwargs)
    return recorded_full_like(unnested(a), joined(fill_value), dtype, shape=plain(shape))  # type: ignore[no-untyped-call]


def _ends(
    start: Any = None, stop: Any = None, step: Any = None, dtype: Any = None, **kwargs: Any
) -> tuple[Any, Any, Any]:
    return (0 if stop is None else start), stop, 1 if step is None else step


def arange(*args: Any, **kwargs: Any) -> Any:
    """numpy.arange, also from a recorded start and by a recorded step; how many numbers there are has no gradient."""
    plain_ones = np.arange(*plain(args), **plain(kwargs))
    start, _, step = _ends(*args, **kwargs)
    if not is_recorded(start, step):
        return plain_ones
    return as_type(start + step * np.arange(len(plain_ones)), plain_ones.dtype)
