"""Calls that write into their arguments."""

from __future__ import annotations

import functools
import inspect
import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograd_tools.base.traced import BINARIES, Method, Traced, UfuncMethod
from autograd_tools.engine.changes import fingerprint
from autograd_tools.engine.cotangents import add_at
from autograd_tools.engine.saved import memory_of
from autograd_tools.programs.steps.program import Variable

CHANGING = frozenset(getattr(operator, f"__i{name}__") for name in BINARIES)
METHODS = frozenset(
    ["sort", "fill", "put", "partition", "resize", "itemset", "setflags", "setfield"]
)
WRITING: frozenset[Callable[..., Any]] = frozenset(
    {
        *(add_at, operator.setitem, np.copyto, np.put, np.place, np.putmask, np.put_along_axis),
        np.fill_diagonal,
    }
)


DRAWING = frozenset({"logm"})  # of SciPy; its result does not depend on the numbers drawn


def without_draws(func: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that leaves NumPy's global generator as it is."""
    if getattr(func, "__name__", "") not in DRAWING:
        return func

    def call(*args: Any, **kwargs: Any) -> Any:
        state = np.random.get_state()
        try:
            return func(*args, **kwargs)
        finally:
            np.random.set_state(state)

    return call


def targets_of(
    func: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> list[Any]:
    """Return the arguments that a call writes into, before it runs."""
    found: list[Any] = []
    if func in CHANGING:
        found = [args[0]] if isinstance(args[0], np.ndarray) else []
    elif (
        func in WRITING
        or (type(func) is Method and func.name in METHODS)
        or (type(func) is UfuncMethod and func.name == "at")
    ):
        found = [args[0]]
    elif isinstance(func, np.ufunc):
        found = [*args[func.nin :]]
    elif func is np.nan_to_num:
        in_place = not kwargs.get("copy", args[1] if len(args) > 1 else True)
        found = [args[0]] if in_place else []
    elif (place := _place_of_out(func)) is not None and place < len(args):
        found = [args[place]]
    out = kwargs.get("out")
    found += out if type(out) is tuple else (out,)
    return [x for x in found if x is not None]


@functools.cache
def _place_of_out(func: Any) -> int | None:
    """Return the position at which a function or method of NumPy takes `out`."""
    if type(func) is UfuncMethod:
        return {"reduce": 3, "accumulate": 3, "reduceat": 4}.get(func.name)
    known = getattr(np, func.name, None) if type(func) is Method else func
    try:
        parameters = inspect.signature(known).parameters.values()  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    by_place = [
        p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    return by_place.index("out") if "out" in by_place else None


def root_of(y: Any, traced: list[Traced]) -> Variable | None:
    """Return the root of the argument that an output views; None for an array of its own."""
    if type(y) is not np.ndarray or y.base is None:
        return None
    memory = memory_of(y)
    for x in traced:
        if type(x.plain) is np.ndarray and memory_of(x.plain) is memory:
            return x.variable.root
    return None


def same_numbers(x: Any, before: Any) -> bool:
    """Return whether an array is as it was: a copy of it, or its fingerprint."""
    if type(before) is bytes:
        return fingerprint(x) == before
    if type(x) is not np.ndarray:
        return True
    return x.shape == before.shape and x.tobytes() == before.tobytes()
