"""Functions that create arrays from recorded numbers, or from nested lists that hold some."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_tools.base.traced import capture_of, plain_array
from autograd_tools.engine.calls import innermost, plain
from autograd_tools.engine.values import Value, unwrap
from autograd_tools.rules.arrays import as_array, as_type
from autograd_tools.rules.choosing import full_like as recorded_full_like

IF_NEEDED: Any = np._CopyMode.IF_NEEDED  # what the array API passes for `copy`


def is_recorded(*args: Any) -> bool:
    """Return True if an argument, or an item of a list or tuple, is recorded."""
    return innermost(args, sequences=True) is not None


def joined(x: Any) -> Any:
    """Return `x` as one array; stack the items of a list or tuple."""
    if isinstance(x, Value) and isinstance(unwrap(x), (list, tuple)):
        x = [x[i] for i in range(len(x))]
    if isinstance(x, Value) or not is_recorded(x):
        return as_array(x) if isinstance(x, Value) else plain_array(plain(x))
    parts = [joined(item) for item in x]
    shapes = {np.shape(part) for part in parts}
    if len(shapes) > 1:
        raise ValueError(
            "the items of a list must have one shape to become an array, "
            f"got {', '.join(map(str, sorted(shapes)))}"
        )
    return np.stack(parts)


def unnested(x: Any) -> Any:
    """Return a list or tuple with recorded items as one array, and anything else unchanged."""
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
    """Return an array of recorded or plain values, as numpy.array does.

    Parameters
    ----------
    object : array_like
        A number, an array, or a nested list or tuple of them; recorded items have gradients.
    dtype : dtype, optional
        Default: the dtype of the plain values in NumPy.
    copy, order, subok, ndmin, **kwargs
        As in NumPy. `order` and `subok` have no effect on recorded values.

    Returns
    -------
    array or recorded value

    Raises
    ------
    ValueError
        If the items of a list with recorded items differ in shape.
    """
    if not is_recorded(object):
        options = {"copy": copy, "order": order, "subok": subok, "ndmin": ndmin, **kwargs}
        if (capture := capture_of(object)) is not None:
            return capture.call(np.array, (object, dtype), options)
        return np.array(plain(object), dtype, **options)
    y = as_type(joined(object), dtype)
    if y is object and copy is not IF_NEEDED and copy:
        y = np.copy(y)
    return np.reshape(y, (1,) * (ndmin - np.ndim(y)) + np.shape(y)) if np.ndim(y) < ndmin else y


def asarray(a: Any, dtype: Any = None, order: Any = None, **kwargs: Any) -> Any:
    """Return an array of recorded or plain values, as numpy.asarray does.

    Parameters
    ----------
    a : array_like
        A number, an array, or a nested list or tuple of them; recorded items have gradients.
    dtype : dtype, optional
        Default: the dtype of the plain values in NumPy.
    order, **kwargs
        As in NumPy; no effect on recorded values.

    Returns
    -------
    array or recorded value

    Raises
    ------
    ValueError
        If the items of a list with recorded items differ in shape.
    """
    if is_recorded(a):
        return as_type(joined(a), dtype)
    if capture_of(a) is not None:
        return plain_array(a, dtype)
    return np.asarray(plain(a), dtype, order, **kwargs)


def asanyarray(a: Any, dtype: Any = None, order: Any = None, **kwargs: Any) -> Any:
    """Return an array of recorded or plain values, as numpy.asanyarray does.

    Parameters
    ----------
    a : array_like
        A number, an array, or a nested list or tuple of them; recorded items have gradients.
    dtype : dtype, optional
        Default: the dtype of the plain values in NumPy.
    order, **kwargs
        As in NumPy; no effect on recorded values.

    Returns
    -------
    array or recorded value

    Raises
    ------
    ValueError
        If the items of a list with recorded items differ in shape.
    """
    if is_recorded(a):
        return as_type(joined(a), dtype)
    return np.asanyarray(plain(a), dtype, order, **kwargs)


def ascontiguousarray(a: Any, dtype: Any = None, **kwargs: Any) -> Any:
    """Return an array of recorded or plain values, as numpy.ascontiguousarray does.

    Parameters
    ----------
    a : array_like
        A number, an array, or a nested list or tuple of them; recorded items have gradients.
    dtype : dtype, optional
        Default: the dtype of the plain values in NumPy.
    **kwargs
        As in NumPy; a recorded value keeps its memory layout.

    Returns
    -------
    array or recorded value

    Raises
    ------
    ValueError
        If the items of a list with recorded items differ in shape.
    """
    if is_recorded(a):
        return np.atleast_1d(as_type(joined(a), dtype))
    return np.ascontiguousarray(plain(a), dtype, **kwargs)


def asfortranarray(a: Any, dtype: Any = None, **kwargs: Any) -> Any:
    """Return an array of recorded or plain values, as numpy.asfortranarray does.

    Parameters
    ----------
    a : array_like
        A number, an array, or a nested list or tuple of them; recorded items have gradients.
    dtype : dtype, optional
        Default: the dtype of the plain values in NumPy.
    **kwargs
        As in NumPy; a recorded value keeps its memory layout.

    Returns
    -------
    array or recorded value

    Raises
    ------
    ValueError
        If the items of a list with recorded items differ in shape.
    """
    if is_recorded(a):
        return as_type(joined(a), dtype)
    return np.asfortranarray(plain(a), dtype, **kwargs)


def full(shape: Any, fill_value: Any, dtype: Any = None, order: Any = "C", **kwargs: Any) -> Any:
    """Return an array filled with a recorded or plain value, as numpy.full does.

    Parameters
    ----------
    shape : int or tuple of ints
    fill_value : array_like
        Has a gradient if it is recorded.
    dtype, order, **kwargs
        As in NumPy; `order` has no effect on a recorded value.

    Returns
    -------
    array or recorded value, of the given shape
    """
    if not is_recorded(fill_value):
        return np.full(plain(shape), plain(fill_value), dtype, order, **kwargs)
    return np.copy(np.broadcast_to(as_type(joined(fill_value), dtype), plain(shape)), order="C")


def full_like(
    a: Any,
    fill_value: Any,
    dtype: Any = None,
    order: Any = "K",
    subok: bool = True,
    shape: Any = None,
    **kwargs: Any,
) -> Any:
    """Return an array like `a` filled with a recorded or plain value, as numpy.full_like does.

    Parameters
    ----------
    a : array_like
        Gives the shape and the dtype; has no gradient.
    fill_value : array_like
        Has a gradient if it is recorded.
    dtype, order, subok, shape, **kwargs
        As in NumPy; `order` and `subok` have no effect on a recorded value.

    Returns
    -------
    array or recorded value
    """
    if not is_recorded(fill_value):
        return np.full_like(plain(a), plain(fill_value), dtype, order, subok, shape, **kwargs)
    return recorded_full_like(unnested(a), joined(fill_value), dtype, shape=plain(shape))  # type: ignore[no-untyped-call]


def _ends(
    start: Any = None, stop: Any = None, step: Any = None, dtype: Any = None, **kwargs: Any
) -> tuple[Any, Any, Any]:
    return (0 if stop is None else start), stop, 1 if step is None else step


def arange(*args: Any, **kwargs: Any) -> Any:
    """Return evenly spaced numbers, as numpy.arange does.

    Parameters
    ----------
    start, stop, step : number
        A recorded `start` or `step` has a gradient. The number of elements has none.
    dtype, **kwargs
        As in NumPy.

    Returns
    -------
    array or recorded value, one axis
    """
    plain_ones = np.arange(*plain(args), **plain(kwargs))
    start, _, step = _ends(*args, **kwargs)
    if not is_recorded(start, step):
        return plain_ones
    return as_type(start + step * np.arange(len(plain_ones)), plain_ones.dtype)
