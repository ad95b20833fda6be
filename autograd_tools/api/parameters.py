"""The Params inside any model: `params`."""

from __future__ import annotations

import functools
import types
from collections import deque
from collections.abc import ItemsView, KeysView, Mapping, ValuesView
from typing import Any

import numpy as np

from autograd_tools.engine.values import Param, Result
from autograd_tools.tracing.tape import Tape

# Objects outside the user's model; most of the process can be reached through them.
SKIPPED = (
    *(str, bytes, int, float, complex, type, Result),
    *(types.ModuleType, types.CodeType, types.FrameType, types.BuiltinFunctionType),
)
COLLECTIONS = (list, tuple, set, frozenset, deque, KeysView, ValuesView, ItemsView)


def params(model: Any) -> list[Param]:
    """Return every Param inside a model, once each.

    Parameters
    ----------
    model : any object or Tape
        The search covers arbitrarily nested lists, tuples, sets, dicts, deques, object arrays,
        attributes of objects (`__dict__` and `__slots__`, also of a list or dict), bound methods,
        partials, and closures and defaults of functions, but not the inside of a Param. For a
        `Tape`, the result is the Params that it used.

    Returns
    -------
    params : list of Param
        In the order of fields and elements; for a tape, of their first use.

    Examples
    --------
    >>> import autograd_tools as ag
    >>> ag.params({"w": ag.Param(1.0), "layers": [ag.Param(2.0), ag.Param(3.0)]})
    [P(1.0), P(2.0), P(3.0)]
    """
    if isinstance(model, Tape):
        return model.params()
    found: dict[int, Param] = {}
    seen: set[int] = set()
    alive: list[Any] = []  # an object made by a property or an array must outlive its id
    todo = [model]
    while todo:
        x = todo.pop()
        if isinstance(x, Param):
            found.setdefault(id(x), x)
        elif not isinstance(x, SKIPPED) and id(x) not in seen:
            seen.add(id(x))
            alive.append(x)
            todo.extend(reversed(_contents(x)))
    return list(found.values())


def _contents(x: Any) -> list[Any]:
    if isinstance(x, types.FunctionType):
        cells = [cell.cell_contents for cell in x.__closure__ or () if _is_filled(cell)]
        return [*cells, *(x.__defaults__ or ()), *(x.__kwdefaults__ or {}).values(), vars(x)]
    if isinstance(x, types.MethodType):
        return [x.__self__, x.__func__]
    if isinstance(x, np.ndarray):
        return list(x.ravel()) if x.dtype == object else []
    return [*_items(x), *_attributes(x)]


def _items(x: Any) -> list[Any]:
    if isinstance(x, Mapping):
        return [part for item in x.items() for part in item]
    if isinstance(x, (functools.partial, functools.partialmethod)):
        return [x.func, x.args, x.keywords]
    return list(x) if isinstance(x, COLLECTIONS) else []


def _attributes(x: Any) -> list[Any]:
    slots = [name for cls in type(x).__mro__ for name in _slots(cls)]
    fields = [
        getattr(x, name)
        for name in slots
        if name not in ("__dict__", "__weakref__") and hasattr(x, name)
    ]
    return [*fields, *getattr(x, "__dict__", {}).values()]


def _slots(cls: type) -> tuple[str, ...]:
    slots = cls.__dict__.get("__slots__", ())
    return (slots,) if isinstance(slots, str) else tuple(slots)


def _is_filled(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018  an empty cell raises
    except ValueError:
        return False
    return True
