"""Helpers for the arguments of the functions in this package."""

from __future__ import annotations

from typing import Any

from autograd_tools.base.traced import plain_array
from autograd_tools.engine.calls import innermost, plain
from autograd_tools.engine.values import Value, unwrap
from autograd_tools.rules.like import array as nested_array


def array(x: Any) -> Any:
    """Return a tracked value unchanged, and anything else as an array; lists may hold recorded
    numbers.
    """
    if isinstance(unwrap(x), (list, tuple)) and is_recorded(x):
        return nested_array(x)  # type: ignore[no-untyped-call]
    return x if isinstance(x, Value) else plain_array(x)


def is_recorded(*args: Any) -> bool:
    """Return True if an argument, or an item of a list or tuple, is recorded."""
    return innermost(args, sequences=True) is not None


def constant(x: Any, name: str) -> Any:
    """Return the plain value of an argument without a gradient; TypeError if it is recorded."""
    if is_recorded(x):
        raise TypeError(f"{name} has no gradient; pass ag.value(x) to treat it as a constant")
    return plain(x)
