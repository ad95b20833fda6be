"""Finding the Params inside a model, whatever it is made of."""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import Any

from autograd_tools.engine.values import Param, Result
from autograd_tools.tracing.tape import Tape

# Objects that hold no model of the user's, though one can walk from them to most of the process.
SKIPPED = (
    str,
    bytes,
    int,
    float,
    complex,
    type,
    types.ModuleType,
    types.CodeType,
    types.FrameType,
    types.BuiltinFunctionType,
    Result,
)


def params(model: Any) -> list[Param]:
    """Every Param inside `model`, once each, in the order of its fields and elements.

    Looks into lists, tuples, sets, dicts, object arrays, the attributes of objects (`__dict__` and `__slots__`), bound
    methods, partials and the variables that a function closes over, but not inside a Param. Of a `Tape`: the Params it used.

    >>> import autograd_tools as ag
    >>> ag.params({"w": ag.Param(1.0), "layers": [ag.Param(2.0), ag.Param(3.0)]})
    [P(1.0), P(2.0), P(3.0)]
    """
    if isinstance(model, Tape):
        return model.params()
    found: dict[int, Param] = {}
    seen: set[int] = set()
    alive: list[Any] = []  # what a property or an array made on the way must outlive its id
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
    if isinstance(x, Mapping):
        return [part for item in x.items() for part in item]
    if isinstance(x, (list, tuple, set, frozenset)):
        return list(x)
    if isinstance(x, types.FunctionType):
        cells = [cell.cell_contents for cell in x.__closure__ or () if _is_filled(cell)]
        return [*cells, *(x.__defaults__ or ()), *(x.__kwdefaults__ or {}).values(), vars(x)]
    if isinstance(x, types.MethodType):
        return [x.__self__, x.__func__]
    if hasattr(x, "dtype"):
        return list(x.ravel()) if x.dtype == object else []
    slots = [name for cls in type(x).__mro__ for name in _slots(cls)]
    fields = [
        getattr(x, name)
        for name in slots
        if name not in ("__dict__", "__weakref__") and hasattr(x, name)
    ]
    if type(x).__module__ == "functools":
        fields += [x.func, x.args, x.keywords] if hasattr(x, "keywords") else []
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
