"""Gradients on their way back: fitted to their argument, and added up."""

from __future__ import annotations

from typing import Any

import numpy as np


class Sparse:
    """The gradient of `x` after `x[index]`: `dy` at that place and zero elsewhere."""

    __slots__ = ("dy", "index")

    def __init__(self, dy: Any, index: Any) -> None:
        self.dy = dy
        self.index = index


class Sum:
    """An outgrad under construction, in memory that nobody else sees, so that adding to it may be in place."""

    __slots__ = ("of_tuple", "total")

    def __init__(self, total: Any, of_tuple: bool = False) -> None:
        self.total = total
        self.of_tuple = of_tuple

    def finish(self) -> Any:
        """The outgrad, complete."""
        return tuple(self.total) if self.of_tuple else self.total

    def add(self, dx: Any) -> None:
        """Add a gradient, in place if it fits into the memory that is there."""
        total = self.total
        if type(total) is not np.ndarray:
            self.total = _add_items(total, dx) if isinstance(total, (list, dict)) else total + dx
        elif type(dx) is Sparse:
            index = dx.index
            if type(index) is int or _is_basic(index):
                total[index] += dx.dy
            else:
                np.add.at(total, index, dx.dy)
        elif type(dx) is np.ndarray and dx.dtype == total.dtype and dx.shape == total.shape:
            np.add(total, dx, out=total)
        else:
            self.total = total + dx


def add(old: Any, dx: Any, x: Any) -> Any:
    """The outgrad `old` of a value `x`, which may be None, and `dx` on top of it."""
    if type(old) is Sum:
        old.add(dx)
        return old
    if type(dx) is Sparse or isinstance(dx, (list, tuple, dict)):
        total = Sum(_zeros(x, dx), of_tuple=isinstance(x, tuple))
        if old is not None:
            total.add(old)
        total.add(dx)
        return total
    if old is None:
        return dx
    total = old + dx
    return Sum(total) if type(total) is np.ndarray else total


def _zeros(x: Any, dx: Any) -> Any:
    if isinstance(x, dict):
        return {}
    if isinstance(x, (list, tuple)):
        return [None] * len(x)
    # An integer array has a gradient of the kind that flows back: [1, 2, 3] -> [2, 4, 6], but floats after np.sin.
    dtype = x.dtype if x.dtype.kind in "fc" else np.result_type(dx.dy)
    return np.zeros(x.shape, dtype)


def _is_basic(index: Any) -> bool:
    """Whether the index names every element once, so that `+=` adds all of `dy`."""
    parts = index if type(index) is tuple else (index,)
    return all(isinstance(part, (int, np.integer, slice, type(None), type(...))) for part in parts)


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
    if type(dx) is Sparse or isinstance(dx, (list, tuple, dict)) or isinstance(x, (list, tuple, dict)) or dx is None:
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
    extra = np.ndim(dx) - len(shape)
    if extra < 0 or any(n not in (1, m) for n, m in zip(shape, np.shape(dx)[extra:], strict=True)):
        code = getattr(plan.rules[i], "__code__", None)
        where = f" ({code.co_filename}:{code.co_firstlineno})" if code is not None else ""
        raise ValueError(
            f"the rule {plan.primitive.name}[{plan.positions[i] + 1}]{where} returned a gradient of shape {np.shape(dx)} "
            f"for an argument of shape {shape}: a rule returns a gradient that has, or broadcasts from, the shape of its argument"
        )
    repeated = tuple(axis + extra for axis, n in enumerate(shape) if n == 1 and np.shape(dx)[axis + extra] != 1)
    if extra == 0:
        return dx.sum(axis=repeated, keepdims=True) if repeated else dx
    total = dx.sum(axis=(*range(extra), *repeated))
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
