"""Cotangents: accumulated, unbroadcast to the shape of their argument, and handed to the user."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_tools.base.containers import (
    children_of,
    field_names,
    is_number,
    is_plain,
    with_children,
)
from autograd_tools.base.traced import Traced, plain_array, python_number
from autograd_tools.engine.values import unwrap

PARTS = (list, tuple, dict)  # the gradient of a pytree; None in it is zero
ONE = np.float64(1)
PYTHON_NUMBERS = frozenset({int, float, complex, bool})
BASIC = frozenset({int, slice, type(None), type(...)})


def accumulate(outgrads: list[Any], exclusive: set[int], index: int, dx: Any) -> None:
    """Accumulate the gradient `dx` into the outgrad at `index`.

    `exclusive` holds the indices whose outgrad lies in memory of its own, where adding may be in
    place.
    """
    old = outgrads[index]
    if index in exclusive:
        outgrads[index] = add_into(old, dx)
    elif issubclass(type(dx), PARTS):  # faster than isinstance for a Result
        exclusive.add(index)
        total: Any = {} if isinstance(dx, dict) else [None] * len(dx)
        outgrads[index] = add_into(total if old is None else add_into(total, old), dx)
    elif old is None:
        outgrads[index] = dx
    else:
        outgrads[index] = total = old + dx
        if type(total) is np.ndarray:
            exclusive.add(index)


def add_into(total: Any, dx: Any) -> Any:
    """Return `total` plus a gradient, in place where the memory allows it."""
    if (
        type(total) is type(dx) is np.ndarray
        and dx.dtype == total.dtype
        and dx.shape == total.shape
    ):
        return np.add(total, dx, total)
    if isinstance(total, PARTS) and isinstance(dx, PARTS):
        return _add_parts(total, dx)
    return _as_array(total) + _as_array(dx)


def _as_array(dx: Any) -> Any:
    """Return the gradient of a list of numbers, which NumPy took for an array, as an array."""
    return np.array([0 if part is None else part for part in dx]) if isinstance(dx, PARTS) else dx


def put_into(total: Any, index: Any, dy: Any) -> None:
    """Add `dy` in place to the elements of an array at `index`, once per mention."""
    if type(total) is Traced and is_basic(index):
        total.capture.call(add_at, (total, index, dy), {})
    elif type(index) is not int and not is_basic(index):
        np.add.at(total, index, dy)
    elif type(part := total[index]) is np.ndarray:
        np.add(part, dy, part)
    else:
        total[index] = part + dy


def add_at(total: Any, index: Any, dy: Any) -> None:
    """Do `total[index] += dy`, one step of a program."""
    total[index] += dy


def is_basic(index: Any) -> bool:
    """Return whether the index is basic: it names each element once and gives a view."""
    parts = index if type(index) is tuple else (index,)
    return all([type(part) in BASIC or isinstance(part, np.integer) for part in parts])


def _add_parts(total: Any, dx: Any) -> Any:
    """Add the items of `dx` into the list or dict `total`, in place."""
    for key, part in dx.items() if isinstance(dx, dict) else enumerate(dx):
        add_part(total, key, part)
    return total


def add_part(total: Any, key: Any, part: Any) -> None:
    """Add the gradient of one item into the list or dict `total`, in place."""
    old = total.get(key) if isinstance(total, dict) else total[key]
    if part is None or old is None:
        total[key] = old if part is None else part
    elif isinstance(old, PARTS):
        total[key] = _add_parts(dict(old) if isinstance(old, dict) else list(old), part)
    else:
        total[key] = old + part


def unbroadcast_to(dx: Any, x: Any, plan: Any, i: int) -> Any:
    """Return `dx` in the shape and dtype of `x`: sum what broadcasting repeated, narrow what it
    widened.
    """
    if (
        type(dx) is np.ndarray
        and type(x) is np.ndarray
        and dx.shape == x.shape
        and dx.dtype == x.dtype
    ):
        return dx
    if type(dx) is list and type(unwrap(x)) is list:
        return [
            unbroadcast_to(part, item, plan, i) for part, item in zip(dx, unwrap(x), strict=True)
        ]
    if dx is None or issubclass(type(dx), PARTS) or issubclass(type(x), PARTS):
        return dx
    if type(dx) in PYTHON_NUMBERS:
        dx = plain_array(dx)[()]
        if type(dx) is int:  # beyond int64: exact for a number, in floats for an array
            if isinstance(x, (int, float)):
                return dx
            dx = np.float64(dx)
    elif python_number(dx):
        dx = np.positive(dx)
    shape = getattr(x, "shape", ())
    if dx.shape != shape:
        dx = _unbroadcast(dx, shape, plan, i)
    kind = getattr(x, "dtype", None)
    if kind is None:
        return dx + 0j if isinstance(x, complex) else dx.real if dx.dtype.kind == "c" else dx
    if kind.kind != "c" and dx.dtype.kind == "c":
        dx = dx.real
    return dx.astype(kind) if kind.kind in "fc" and dx.dtype != kind else dx


def _unbroadcast(dx: Any, shape: tuple[int, ...], plan: Any, i: int) -> Any:
    """Sum `dx` over the axes along which broadcasting repeated an argument of this shape."""
    wide = dx.shape
    extra = len(wide) - len(shape)
    if extra < 0 or any([n not in (1, m) for n, m in zip(shape, wide[extra:], strict=True)]):
        code = getattr(plan.rules[i], "__code__", None)
        where = f" ({code.co_filename}:{code.co_firstlineno})" if code is not None else ""
        raise ValueError(
            f"the rule {plan.primitive.name}[{plan.positions[i] + 1}]{where} returned a gradient "
            f"of shape {wide} for an argument of shape {shape}: return one of that shape, or of a "
            "shape that it broadcasts to"
        )
    if wide[extra:] == shape:
        return np.add.reduce(dx, 0 if extra == 1 else tuple(range(extra)))
    repeated = tuple(
        [axis + extra for axis, n in enumerate(shape) if n == 1 and wide[axis + extra] != 1]
    )
    if extra == 0:
        return np.add.reduce(dx, repeated, keepdims=True)
    return np.reshape(np.add.reduce(dx, (*range(extra), *repeated)), shape)


def one_like(y: Any) -> Any:
    """Return 1 of the type of the number `y`: integers stay integers, float32 stays float32."""
    if type(y) is np.float64:
        return ONE
    if isinstance(y, (np.ndarray, np.number)):
        return np.int64(1) if y.dtype.kind == "u" else y.dtype.type(1)  # a gradient may be negative
    return 1 if isinstance(y, int) else np.float64(1)  # divides by zero as NumPy, not as Python


def to_user_type(dx: Any, x: Any, *, total: bool) -> Any:
    """Return the gradient `dx` in the type of the plain value `x`: restore its pytree.

    A part without a gradient is zero if `total`, else None. A constant, such as a string, has None.
    """
    if type(x) is float and type(dx) is np.float64:
        return dx.item()
    if type(x) is type(dx) is np.ndarray and x.dtype is dx.dtype:
        return dx
    parts = children_of(x)
    if parts is None:
        return _leaf_to_user_type(dx, x, total=total)
    if dx is None and not total:
        return None
    if isinstance(dx, dict):
        dx = [dx.get(key) for key in (x if isinstance(x, dict) else field_names(x))]
    given = [None] * len(parts) if dx is None else children_of(dx) or dx
    return with_children(
        x, [to_user_type(d, part, total=total) for d, part in zip(given, parts, strict=True)]
    )


def _leaf_to_user_type(dx: Any, x: Any, *, total: bool) -> Any:
    if dx is None:
        if not (total and is_number(x)):
            return None
        return np.zeros_like(x) if isinstance(x, np.ndarray) else x.__class__(0)
    if isinstance(x, np.ndarray):
        dx = dx[...] if is_plain(dx, np.generic) else dx
        same = x.dtype.kind not in "fc" or dx.dtype == x.dtype  # sums are in native byte order
        return dx if same else dx.astype(x.dtype)
    if is_plain(dx, np.ndarray) and dx.shape == ():
        dx = dx[()]
    if not is_plain(dx, np.generic) or isinstance(x, np.generic):
        return dx
    number = dx.item()
    long = isinstance(number, np.inexact)  # which Python has no type for
    return type(x)(number) if long and isinstance(x, (float, complex)) else number
