"""Reading `x[index]` and fields of pytrees and dataclasses, unpacking them, writing into arrays."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from numpy import ndarray

from autograd_tools.base.containers import (
    LEAVES,
    children_of,
    field_names,
    has_fields,
    is_dataclass,
    with_children,
)
from autograd_tools.base.traced import Traced, capture_of, part_of_plain
from autograd_tools.engine.cotangents import add_part, is_basic, put_into
from autograd_tools.engine.registry import Primitive
from autograd_tools.engine.values import Value, unwrap
from autograd_tools.engine.writes import Place, copy_in_layout


def unpack_fields(x: Any) -> Any:
    """Return `x`, a named tuple or dataclass with tracked fields, so that its methods work."""
    held = unwrap(x)
    if not has_fields(held):
        return x
    if is_dataclass(held):
        return with_children(held, [getfield.first(x, (name,)) for name in field_names(held)])
    return with_children(held, [getitem.first(x, (i,)) for i in range(len(held))])


def unpack_level(x: Any) -> Any:
    """Return a tracked pytree as one of tracked items, and anything else unchanged."""
    x = unpack_fields(x)
    held = unwrap(x)
    if not isinstance(x, Value) or children_of(held) is None:
        return x
    return with_children(
        held, [x[key] for key in (held if isinstance(held, dict) else range(len(held)))]
    )


def unpack(x: Any) -> Any:
    """Return a pytree, tracked or not, as one of tracked leaves."""
    x = unpack_level(x)
    parts = children_of(x)
    return x if parts is None else with_children(x, [unpack(part) for part in parts])


def field_of(x: Any, name: str) -> Any:
    """Return a field or method of the named tuple or dataclass that `x` holds."""
    held = unwrap(x)
    if name not in field_names(held):
        return getattr(unpack_fields(x), name)
    return (
        getfield.first(x, (name,))
        if is_dataclass(held)
        else getitem.first(x, (field_names(held).index(name),))
    )


def getitem_x(dy: Any, y: Any, x: Any, index: Any) -> Any:
    """`put(dy, index, x)`: zeros, with `dy` at `index`."""
    if not isinstance(unwrap(x), (list, tuple, dict)):
        return (
            ungetitem.first(dy, (index, unwrap(x))) if isinstance(dy, Value) else put(dy, index, x)
        )
    return getitem_into({} if isinstance(unwrap(x), dict) else [None] * len(x), dy, x, index)


ARRAYS = frozenset({ndarray, Traced})


def getitem_into(total: Any, dy: Any, x: Any, index: Any) -> Any:
    """Add `dy` into `total` at `index`: a thousand reads of `x` allocate one array."""
    if type(total) in ARRAYS and (type(dy) in LEAVES or not isinstance(dy, Value)):
        if type(dy) is Traced and type(total) is ndarray:
            total = dy.capture.call(np.copy, (total,), {})
        if type(index) is not int or type(total) is Traced:
            put_into(total, index, dy)
        elif type(part := total[index]) is ndarray:  # put_into, without a call
            np.add(part, dy, part)
        else:
            total[index] = part + dy
    elif not isinstance(total, (list, dict)):
        return total + getitem_x(dy, None, x, index)
    elif isinstance(index, slice):
        for i, part in zip(range(*index.indices(len(total))), dy, strict=True):
            add_part(total, i, part)
    else:
        add_part(total, index, dy)
    return total


def put(dy: Any, index: Any, x: Any) -> Any:
    """Zeros like `x`, with `dy` added at `index`."""
    total = _zeros(np.shape(x), np.result_type(dy), (dy, index))
    put_into(total, index, dy)
    return total


def _zeros(shape: tuple[int, ...], dtype: Any, parts: Any) -> Any:
    """Return zeros that take `parts`: traced ones where these are traced."""
    capture = capture_of(parts)
    return np.zeros(shape, dtype) if capture is None else capture.call(np.zeros, (shape, dtype), {})


def field(x: Any, name: str) -> Any:
    return getfield.first(x, (name,)) if isinstance(x, Value) else getattr(x, name)


def getfield_x(dy: Any, y: Any, x: Any, name: str) -> Any:
    return {name: dy}


def getfield_into(total: Any, dy: Any, x: Any, name: str) -> Any:
    add_part(total, name, dy)
    return total


INDEX = frozenset({1})  # the rules read the index alone
ITEM: dict[str, Any] = {"containers": True, "item_of": unpack_fields, "reads": INDEX}
getitem = Primitive(
    operator.getitem, (getitem_x, None), accumulate_into=getitem_into, name="getitem", **ITEM
)
getfield = Primitive(
    field, (getfield_x, None), accumulate_into=getfield_into, name="getattr", **ITEM
)
ungetitem = Primitive(
    put, (lambda ddx, dx, dy, index, x: part_of_plain(ddx, index),), name="ungetitem"
)


def assigned(x: Any, index: Any, v: Any) -> Any:
    """Return a copy of the array `x` after `x[index] = v`."""
    if isinstance(index, Place):
        y = index.copy(x)
        index.view(y)[index.index] = v
    else:
        y = copy_in_layout(x)
        y[index] = v
    return y


def setitem_v(dy: Any, y: Any, x: Any, index: Any, v: Any) -> Any:
    """`dy` at `index`; only the last of several writes to an element has a gradient."""
    if x.dtype.kind not in "fc":
        return np.zeros(np.shape(v))  # integers drop the fraction
    if isinstance(index, Place):
        dy, index = index.read(dy), index.index
    dv = part_of_plain(dy, index)
    if _may_repeat(index):
        order = np.arange(np.size(dv)).reshape(np.shape(dv))
        written = _zeros(np.shape(dy), np.dtype(np.intp), index)
        written[index] = order
        dv = dv * (written[index] == order)
    return np.reshape(dv, (1,) * (np.ndim(v) - np.ndim(dv)) + np.shape(dv))


def _may_repeat(index: Any) -> bool:
    """Return whether an index may have a place twice: that of arrays or lists of integers."""
    parts = index if type(index) is tuple else (index,)
    kinds = [getattr(part, "dtype", np.dtype(int)).kind for part in parts if not is_basic(part)]
    return kinds != ["b"] * len(kinds)


def setitem_x(dy: Any, y: Any, x: Any, index: Any, v: Any) -> Any:
    return setitem(dy, index, 0)


setitem: Primitive = Primitive(assigned, (setitem_x, None, setitem_v), name="setitem", reads=INDEX)
