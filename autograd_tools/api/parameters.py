"""The Params inside any model: `params`."""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import Any

from autograd_tools.engine.values import Param, Result
from autograd_tools.tracing.tape import Tape

# Objects outside the user's model; most of the process can be reached through them.
SKIPPED = (
    *(str, bytes, int, float, complex, type, Result),
    *(types.ModuleType, types.CodeType, types.FrameType, types.BuiltinFunctionType),
)


def params(model: Any) -> list[Param]:
    """Return every Param inside a model, once each.

    Parameters
    ----------
    model : any object or Tape
        Lists, tuples, sets, dicts, object arrays, attributes of objects (`__dict__` and
        `__slots__`), bound methods, partials, and the closures and defaults of functions are
        searched, arbitrarily nested; the inside of a Param is not. A `Tape` gives the Params that
        it used.

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
