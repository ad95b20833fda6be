"""Gradients on their way back: fitted to their argument, and added up."""

from __future__ import annotations

from typing import Any

import numpy as np


class Sparse:
    """The gradient of `x` after `x[index]`: `dy` at that place and zero elsewhere."""

    __slots__ = ("dy", "index")
    dy: Any
    index: Any


PARTS = (Sparse, list, tuple, dict)  # a gradient in parts


def accumulate(outgrads: list[Any], owned: set[int], index: int, dx: Any, x: Any) -> None:
    """Add `dx`, a gradient of the value `x`, to the outgrad at `index`.

    `owned` are the indices whose outgrad lies in memory that nobody else sees, so that adding to it may be in place.
    """
    old = outgrads[index]
    if index in owned:
        outgrads[index] = add_into(old, dx)
    elif isinstance(dx, PARTS):
        owned.add(index)
        total = _zeros(x, dx)
        outgrads[index] = add_into(total if old is None else add_into(total, old), dx)
    elif old is None:
        outgrads[index] = dx
    else:
        outgrads[index] = total = old + dx
        if type(total) is np.ndarray:
            owned.add(index)


def add_into(total: Any, dx: Any) -> Any:
    """`total` with a gradient added, in place if it fits into the memory that is there."""
    if type(total) is not np.ndarray:
        if isinstance(total, (list, dict)):
            return _add_items(total, dx)
        return total + (_dense(dx, total) if type(dx) is Sparse else dx)  # tracked, or a number: not to be written into
    if type(dx) is Sparse:
        put_into(total, dx.index, dx.dy)
    elif type(dx) is np.ndarray and dx.dtype == total.dtype and dx.shape == total.shape:
        np.add(total, dx, total)
    else:
        return total + dx
    return total


def put_into(total: Any, index: Any, dy: Any) -> None:
    """Add `dy` to the elements of an array at `index`, as often as it names them."""
    if type(index) is not int and not _is_basic(index):
        np.add.at(total, index, dy)
    elif type(part := total[index]) is np.ndarray:
        np.add(part, dy, part)
    else:
        total[index] = part + dy


def _dense(dx: Sparse, like: Any) -> Any:
    """A gradient in parts as one array."""
    total = np.zeros(np.shape(like), np.result_type(dx.dy))
    put_into(total, dx.index, dx.dy)
    return total


def _zeros(x: Any, dx: Any) -> Any:
    if isinstance(x, dict):
        return {}
    if isinstance(x, (list, tuple)):
        return [None] * len(x)
    # An integer array has a gradient of the kind that flows back: [1, 2, 3] -> [2, 4, 6], but floats after np.sin.
    dtype = x.dtype if x.dtype.kind in "fc" else np.result_type(dx.dy)
    return np.zeros(x.shape, dtype)


BASIC = frozenset({int, slice, type(None), type(...)})


def _is_basic(index: Any) -> bool:
    """Whether the index names every element once and gives a view of them."""
    parts = index if type(index) is tuple else (index,)
    return all([type(part) in BASIC or isinstance(part, np.integer) for part in parts])


def _add_items(total: Any, dx: Any) -> Any:
    """Add the items of `dx` into the list or dict `total`, in place; None is zero."""
    if type(dx) is Sparse:
        if isinstance(dx.index, slice):
            items: Any = zip(range(*dx.index.indices(len(total))), dx.dy, strict=True)
        else:
            items = [(dx.index, dx.dy)]
    elif isinstance(dx, dict):
        items = dx.items()
    elif isinstance(dx, (list, tuple)):
        items = enumerate(dx)
    else:  # an array, from a list of numbers that NumPy took for one
        return dx + np.array([0 if item is None else item for item in total])
    for key, item in items:
        if item is not None:
            old = total.get(key) if isinstance(total, dict) else total[key]
            total[key] = item if old is None else _add_two(old, item)
    return total


def _add_two(old: Any, item: Any) -> Any:
    if isinstance(old, (list, tuple, dict)):
        return _add_items(dict(old) if isinstance(old, dict) else list(old), item)
    return old + item


def fit(dx: Any, x: Any, plan: Any, i: int) -> Any:
    """`dx` with the shape and the kind of number of `x`: what broadcasting repeated is summed, what it widened is narrowed."""
    if type(dx) is np.ndarray and type(x) is np.ndarray and dx.shape == x.shape and dx.dtype == x.dtype:
        return dx
    if dx is None or isinstance(dx, PARTS) or isinstance(x, PARTS):
        return dx
    if isinstance(dx, (int, float, complex)) and not isinstance(dx, np.number):
        dx = np.asarray(dx)[()]
    shape = getattr(x, "shape", ())
    if dx.shape != shape:
        dx = _unbroadcast(dx, shape, plan, i)
    kind = getattr(x, "dtype", None)
    if kind is not None and kind.kind in "fc" and dx.dtype != kind:
        dx = (dx.real if dx.dtype.kind == "c" and kind.kind == "f" else dx).astype(kind)
    elif isinstance(x, float) and getattr(dx, "dtype", np.dtype(float)).kind == "c":
        dx = dx.real
    return dx


def _unbroadcast(dx: Any, shape: tuple[int, ...], plan: Any, i: int) -> Any:
    """Sum `dx` over the axes along which broadcasting repeated an argument of the given shape."""
    wide = dx.shape
    extra = len(wide) - len(shape)
    if extra < 0 or any(n not in (1, m) for n, m in zip(shape, wide[extra:], strict=True)):
        code = getattr(plan.rules[i], "__code__", None)
        where = f" ({code.co_filename}:{code.co_firstlineno})" if code is not None else ""
        raise ValueError(
            f"the rule {plan.primitive.name}[{plan.positions[i] + 1}]{where} returned a gradient of shape {wide} "
            f"for an argument of shape {shape}: a rule returns a gradient that has, or broadcasts from, the shape of its argument"
        )
    repeated = tuple([axis + extra for axis, n in enumerate(shape) if n == 1 and wide[axis + extra] != 1])
    if extra == 0:
        return np.add.reduce(dx, repeated, keepdims=True) if repeated else dx
    total = np.add.reduce(dx, (*range(extra), *repeated))
    return np.reshape(total, shape) if repeated else total


def one_like(y: Any) -> Any:
    """1 of the type of the number `y`, so that integers stay integers and float32 stays float32."""
    if isinstance(y, (np.ndarray, np.number)):
        return np.int64(1) if y.dtype.kind == "u" else y.dtype.type(1)  # a gradient may be negative
    return 1 if isinstance(y, int) else np.float64(1)  # which divides by zero as NumPy does, and not as Python


def conform(dx: Any, x: Any, *, total: bool) -> Any:
    """The gradient `dx` as the user gets it, of the same type as the plain value `x`.

    Where nothing flowed back stands zero if `total`, else None, or no entry in a dict.
    """
    if isinstance(x, dict):
        keys = x if total else dx or ()
        return {key: conform(None if dx is None else dx.get(key), x[key], total=total) for key in keys} if total or dx is not None else None
    if isinstance(x, (tuple, list)) and (dx is None or isinstance(dx, (tuple, list, np.ndarray))):
        if dx is None and not total:
            return None
        items = [conform(d, item, total=total) for d, item in zip([None] * len(x) if dx is None else dx, x, strict=True)]
        return type(x)(*items) if hasattr(x, "_fields") else type(x)(items)
    if dx is None:
        return (np.zeros_like(x) if isinstance(x, np.ndarray) else 0 * x) if total else None
    if isinstance(x, np.ndarray):
        return np.asarray(dx) if isinstance(dx, np.generic) else dx
    if isinstance(dx, np.ndarray) and dx.shape == ():
        dx = dx[()]
    return dx.item() if isinstance(dx, np.generic) and not isinstance(x, np.generic) else dx
