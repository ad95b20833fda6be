"""Calls of the user's VJP rules, which cannot write into arrays that other gradients read."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd_tools.base.containers import is_plain
from autograd_tools.engine.foreign import converted
from autograd_tools.engine.primitives import Plan
from autograd_tools.engine.values import Result, result


def _is_held(dx: np.ndarray[Any, Any]) -> bool:
    """Return whether another object holds `dx`, in a local variable of the caller, or its base."""
    return sys.getrefcount(dx) > NEW if dx.base is None else sys.getrefcount(dx.base) > NEW_BASE


def _references_of_new() -> tuple[int, int]:
    """Return the counts that `_is_held` sees of a new array and of the base of a new view."""

    def counts(dx: np.ndarray[Any, Any]) -> tuple[int, int]:
        return sys.getrefcount(dx), sys.getrefcount(dx.base)

    dx, view = np.empty(1), np.empty(1)[:]
    return counts(dx)[0], counts(view)[1]


NEW, NEW_BASE = _references_of_new()  # they depend on Python's version


def call_rule(
    plan: Plan, i: int, dy: Any, y: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Any:
    """Return the gradient from the user's rule of the `i`-th differentiated argument.

    The rule gets read-only views. The array that it returns is its own: one that another object
    holds is copied.
    """
    given = [_read_only(x) for x in (dy, y, *args)]
    options = {name: _read_only(x) for name, x in kwargs.items()}
    before = _places((given, options))
    try:
        dx = plan.rules[i](*given, **options)
    except (TypeError, ValueError) as error:
        if "read-only" in str(error) or "readonly" in str(error):
            raise _writes(plan, i) from error
        raise
    if _places((given, options)) != before:
        raise _writes(plan, i)
    dx = converted(dx)
    if not is_plain(dx, np.ndarray):
        return dx
    if dx is given[0]:
        return dy
    of_dy = is_plain(dy, np.ndarray) and np.may_share_memory(dx, dy)
    return dx.copy() if _is_held(dx) and not of_dy else dx


def _read_only(x: Any) -> Any:
    """Return `x` with its arrays as read-only views, and recorded values as others of their kind.

    Writing into a recorded value changes the object, not its memory.
    """
    if type(x) is np.ndarray:
        x = x.view()
        x.flags.writeable = False
    elif isinstance(x, Result):
        return result(x.value, x.recording, x.index)
    elif type(x) in (list, tuple):
        return type(x)([_read_only(item) for item in x])
    elif type(x) is dict:
        return {key: _read_only(item) for key, item in x.items()}
    return x


def _places(x: Any) -> list[int]:
    """Return the indices of recorded values: writing into one moves it."""
    if isinstance(x, Result):
        return [x.index]
    items = x.values() if type(x) is dict else x if type(x) in (list, tuple) else ()
    return [place for item in items for place in _places(item)]


def _writes(plan: Plan, i: int) -> ValueError:
    code = getattr(plan.rules[i], "__code__", None)
    where = f" ({code.co_filename}:{code.co_firstlineno})" if code is not None else ""
    return ValueError(
        f"the rule {plan.primitive.name}[{plan.positions[i] + 1}]{where} writes into its "
        "arguments, which other gradients read; write into a copy: dy.copy()"
    )
