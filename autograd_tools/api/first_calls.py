"""First calls of functions: their gradients record lines, later ones skip that for speed.

Most exceptions and warnings occur in the first gradient of a function.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import CodeType
from typing import Any

from autograd_tools.api.functions import FunctionOf

MOST = 4096  # functions to remember

# Codes seen, by id, which keeps them alive: of functions by themselves, which most are, and of
# functions by the number of functions around them.
_seen: dict[int, CodeType] = {}
_within: set[tuple[int, CodeType]] = set()


def is_first_call(f: Callable[..., Any]) -> bool:
    """Return True for the first call of some code, and the first in a gradient of its gradient."""
    code = getattr(f, "__code__", None)
    return (code is None or _seen.get(id(code)) is not code) and _is_new(f)


def _is_new(f: Callable[..., Any]) -> bool:
    order = 0
    while (inner := inside_of(f)) is not None:
        f, order = inner, order + 1
    code = getattr(f, "__code__", None)
    if code is None:
        return False
    if len(_seen) + len(_within) >= MOST:
        _seen.clear()
        _within.clear()
    if order == 0:
        _seen[id(code)] = code
        return True
    known = len(_within)
    _within.add((order, code))
    return len(_within) > known


def inside_of(f: Any) -> Any:
    """Return the function that `f` calls, if `f` shares its code with others."""
    if isinstance(f, functools.partial):
        return f.args[0] if isinstance(f, FunctionOf) else f.func
    return getattr(f, "calls", None) or getattr(f, "__wrapped__", None)
