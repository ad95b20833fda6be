"""Calls in their plainest form: `2 * x` for twos times x, `np.outer`, and `x` for `1 * x`."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from autograd_tools.base.traced import Attribute, Method, UfuncMethod
from autograd_tools.programs.steps.arithmetic import (
    DIFFERENCES,
    MATRIX_PRODUCTS,
    PRODUCTS,
    QUOTIENTS,
    SUMS,
)
from autograd_tools.programs.steps.program import Call, Variable
from autograd_tools.programs.writing.views import is_view

FILLED = PRODUCTS | QUOTIENTS | SUMS | DIFFERENCES  # where an array of one number is that number


def plainer(call: Call, made: dict[Variable, Call], exact: bool) -> Any:
    """Return a call in a plainer form, or several calls, or the variable that it equals."""
    if type(call.func) is Attribute and call.func.name in ("T", "mT"):
        return _turned(call, made, exact)
    if type(call.func) is UfuncMethod and call.func.name == "reduce":
        return _reduced(call, exact)
    if call.func is np.transpose and len(call.args) == 1 and not call.kwargs:
        return _turned(call, made, exact)
    if type(call.func) is Method and call.func.name == "copy" and not exact:
        return _uncopied(call)
    if call.func is np.moveaxis and len(call.args) == 3:
        return _moved(call)
    if call.func in MATRIX_PRODUCTS and not exact:
        return _outer(call, made) or call
    axis = call.kwargs.get("axis")
    if type(axis) is tuple and len(axis) == 1:
        return call.calling(call.func, call.args, {**call.kwargs, "axis": axis[0]})
    is_value = type(call.output) is Variable  # and no list, which `*` repeats
    if call.func in FILLED and len(call.args) == 2 and not call.kwargs and is_value:
        return _combined(call, made, exact)
    return call


def _turned(call: Call, made: dict[Variable, Call], exact: bool) -> Any:
    """Return `x.T`; `x` itself for `x.T.T`, and calls for `y.T @ x` in place of `(x.T @ y).T`."""
    x = call.args[0]
    if type(x) is not Variable or len(x.shape) != 2 or x.root.written:
        return call
    first = _maker(x, made)
    if first is not None and first.func == Attribute("T"):
        return first.args[0]
    is_product = first is not None and first.func in MATRIX_PRODUCTS and not exact
    if is_product and call.site.gradients:
        a, b = first.args  # type: ignore[union-attr]
        left = _maker(a, made)
        is_turned = left is not None and left.func == Attribute("T") and type(b) is Variable
        if (
            is_turned
            and len(a.shape) == len(b.shape) == 2
            and not (a.root.written or b.root.written)
        ):
            turned = Variable(b.number, None, b.root)
            turned.type, turned.shape, turned.dtype = b.type, b.shape[::-1], b.dtype
            before = Call(Attribute("T"), (b,), {}, turned, call.site)
            return [before, call.calling(operator.matmul, (turned, left.args[0]))]  # type: ignore[union-attr]
    return call.calling(Attribute("T"), call.args)


BY_UFUNC = {np.add: np.sum, np.multiply: np.prod, np.maximum: np.max, np.minimum: np.min}


def _reduced(call: Call, exact: bool) -> Call:
    """Return `np.sum` for `np.add.reduce`, over all axes where it is over each."""
    func = BY_UFUNC.get(call.func.ufunc)  # type: ignore[attr-defined]
    if func is None or len(call.args) != 1 or not {*call.kwargs} <= {"axis", "keepdims"}:
        return call
    kwargs = {"axis": 0, **call.kwargs}
    if type(kwargs["axis"]) is tuple and len(kwargs["axis"]) == 1:
        [kwargs["axis"]] = kwargs["axis"]
    axis, ndim = kwargs["axis"], len(getattr(call.args[0], "shape", ()))
    axes = axis if type(axis) is tuple else (axis,)
    if Variable in map(type, axes):
        return call
    is_whole = axis is None or (ndim and {i % ndim for i in axes} == {*range(ndim)})
    if is_whole and (not exact or ndim == 1):
        del kwargs["axis"]
    if not kwargs.get("keepdims"):
        kwargs.pop("keepdims", None)
    return call.calling(func, call.args, kwargs)


def _combined(call: Call, made: dict[Variable, Call], exact: bool) -> Any:
    """Return a product, quotient, sum or difference without arrays of one number."""
    x, y = call.args
    if not exact or _keeps_layout(call):
        x, y = [_without_fill(call, i) for i in (0, 1)]
        x = _broadcast(x, y, call, made)
        y = _broadcast(y, x, call, made)
    if call.func in PRODUCTS:
        for one, other in ((x, y), (y, x)):
            if _is(one, 1) and _equals_output(other, call):
                return other
        outer = _outer(call, made)
        if outer is not None:
            return outer
    if call.func in QUOTIENTS and _is(y, 1) and _equals_output(x, call):
        return x
    if not exact and call.func in SUMS | DIFFERENCES:
        if _is(y, 0) and _equals_output(x, call):
            return x
        if call.func in SUMS and _is(x, 0) and _equals_output(y, call):
            return y
    if x is call.args[0] and y is call.args[1]:
        return call
    return call.calling(call.func, (x, y))


def _keeps_layout(call: Call) -> bool:
    """Return whether a call makes an array in the layout of its arguments: others give sums in
    another order.
    """
    orders = {x.order for x in (*call.inputs(), call.output) if len(x.shape) > 1}
    return len(orders) < 2 and "" not in orders


def _without_fill(call: Call, i: int) -> Any:
    """Return an argument; the number in an array of one number, where that gives the same."""
    x, other = call.args[i], call.args[1 - i]
    if type(x) is not np.ndarray or not x.size or type(other) is not Variable:
        return x
    output = call.output
    first = x.reshape(-1)[0]
    fits = (
        other.shape == output.shape
        and other.is_array
        and other.dtype == output.dtype == x.dtype
        and x.dtype.kind in "fc"
    )
    if fits and (x == first).all() and (first != 0 or not np.signbit(first.real)):
        return first.item()
    return x


def _broadcast(x: Any, other: Any, call: Call, made: dict[Variable, Call]) -> Any:
    """Return an argument as it was before it was broadcast to the shape of the other one."""
    view = _maker(x, made)
    if view is None or view.func is not np.broadcast_to:
        return x
    fits = getattr(other, "shape", None) == call.output.shape == x.shape
    return view.args[0] if fits and getattr(view.args[0], "dtype", None) == x.dtype else x


def _uncopied(call: Call) -> Any:
    """Return the array itself for a copy that nobody writes into, if it is no argument."""
    x, output = call.args[0], call.output
    if len(call.args) > 2 or type(x) is not Variable or type(output) is not Variable:
        return call
    return x if x.root.number >= 0 and _equals_output(x, call) and not x.root.name else call


def _maker(x: Any, made: dict[Variable, Call]) -> Call | None:
    """Return the call that makes a value; None for a constant."""
    return made.get(x) if type(x) is Variable else None


def _is(x: Any, number: int) -> bool:
    return type(x) in (int, float, np.float64) and x == number and not np.signbit(x)


def _equals_output(x: Any, call: Call) -> bool:
    """Return whether a variable may stand for the output: of the same kind, and never written."""
    output = call.output
    return (
        type(x) is Variable
        and type(output) is Variable
        and (x.type, x.shape, x.dtype) == (output.type, output.shape, output.dtype)
        and not x.root.written
        and not output.root.written
    )


def _outer(call: Call, made: dict[Variable, Call]) -> Call | None:
    """Return `np.outer(x, y)` for `x[:, None] * y` and `x[:, None] @ y[None]`."""
    if len(call.args) != 2 or call.kwargs or type(call.output) is not Variable:
        return None
    if call.output.root.written:
        return None
    column, row = call.args
    x, y = _spread(column, made, COLUMN), _spread(row, made, ROW)
    if y is None and call.func not in MATRIX_PRODUCTS and len(getattr(row, "shape", ())) == 1:
        y = row
    return None if x is None or y is None else call.calling(np.outer, (x, y))


COLUMN = ((..., None), (slice(None), None))
ROW = ((..., None, slice(None)), (None, slice(None)), (None,), None)


def _spread(x: Any, made: dict[Variable, Call], indices: tuple[Any, ...]) -> Any:
    """Return the vector that `x` is a column, or a row, of; None if it is none."""
    view = _maker(x, made)
    if view is None or view.func is not operator.getitem or not is_view(view):
        return None
    if view.args[1] not in indices:
        return None
    return view.args[0] if len(view.args[0].shape) == 1 else None


def _moved(call: Call) -> Any:
    """Return the array itself where each axis moves to its own place."""
    x, start, end = call.args
    pairs = list(zip(*[y if type(y) is tuple else (y,) for y in (start, end)], strict=True))
    if any([type(axis) is not int for pair in pairs for axis in pair]):
        return call
    same = _equals_output(x, call) and all([(a - b) % len(x.shape) == 0 for a, b in pairs])
    return x if same else call
