"""Calls that write into their arguments."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograd_tools.base.traced import Method, Traced, UfuncMethod
from autograd_tools.engine.cotangents import add_at

CHANGING = frozenset(
    getattr(operator, f"__i{name}__")
    for name in [
        "add",
        "sub",
        "mul",
        "truediv",
        "floordiv",
        "mod",
        "pow",
        "matmul",
        "and",
        "or",
        "xor",
        "lshift",
        "rshift",
    ]
)
METHODS = frozenset(
    ["sort", "fill", "put", "partition", "resize", "itemset", "setflags", "setfield"]
)
WRITING: frozenset[Callable[..., Any]] = frozenset(
    {
        *(add_at, operator.setitem, np.copyto, np.put, np.place, np.putmask, np.put_along_axis),
        np.fill_diagonal,
    }
)


def writes_of(
    func: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any], y: Any
) -> list[Any]:
    """Return the arrays that a call has written into."""
    found: list[Any] = []
    if func in CHANGING:
        found = [args[0]] if type(args[0]) is Traced and y is args[0].plain else []
    elif (
        func in WRITING
        or (type(func) is Method and func.name in METHODS)
        or (type(func) is UfuncMethod and func.name == "at")
    ):
        found = [args[0]]
    elif isinstance(func, np.ufunc) and len(args) > func.nin:
        found = [x for x in args[func.nin :] if x is not None]
    out = kwargs.get("out")
    if out is not None:
        found += [x for x in (out if type(out) is tuple else (out,)) if x is not None]
    return found
