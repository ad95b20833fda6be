"""Which arrays a gradient rule reads, seen from its code, so that a recording need not keep the others."""

from __future__ import annotations

import dis
import functools
import inspect
from collections.abc import Callable
from types import FunctionType
from typing import Any

from autograd_tools.core import VALUE

SHAPES = frozenset[int]()  # of a rule that looks at shapes and dtypes only


@functools.cache
def reads(rule: Callable[..., Any]) -> frozenset[int] | None:
    """The positions of the arguments that `rule(dy, y, *args, **kwargs)` reads, with VALUE for `y`; None if it may read all.

    >>> sorted(reads(lambda dy, y, a, b: dy * b)), sorted(reads(lambda dy, y, x: dy * y))
    ([1], [-1])
    """
    if not isinstance(rule, FunctionType) or rule.__code__.co_flags & inspect.CO_VARARGS:
        return None
    code = rule.__code__
    names = code.co_varnames[: code.co_argcount]
    loaded = set(code.co_cellvars)
    for instruction in dis.get_instructions(code):
        if "LOAD" in instruction.opname:
            loaded.update(instruction.argval if isinstance(instruction.argval, tuple) else (instruction.argval,))
    return frozenset(VALUE if i == 1 else i - 2 for i, name in enumerate(names) if i > 0 and name in loaded)
