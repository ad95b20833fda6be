"""The arguments of a call without those that the function has by default."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

OF_DEFAULTS = (bool, int, float, str, type(None))  # of defaults that can be compared


def without_defaults(
    func: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments of a call without its last ones and keywords that are the defaults."""
    try:
        positions, by_name = _defaults(func)
    except TypeError:  # it has no hash
        return args, dict(kwargs)
    kept = len(args)
    while 0 < kept <= len(positions) and _same(args[kept - 1], positions[kept - 1]):
        kept -= 1
    named = {
        name: x for name, x in kwargs.items() if not (name in by_name and _same(x, by_name[name]))
    }
    return args[:kept], named


@functools.cache
def _defaults(func: Callable[..., Any]) -> tuple[list[Any], dict[str, Any]]:
    """Return the defaults of a function by position and by name; `empty` for none."""
    try:
        parameters = inspect.signature(func).parameters.values()
    except (TypeError, ValueError):
        return [], {}
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    by_position = [p.default for p in parameters if p.kind in positional]
    return by_position, {p.name: p.default for p in parameters}


def _same(x: Any, default: Any) -> bool:
    return type(x) is type(default) and type(x) in OF_DEFAULTS and repr(x) == repr(default)
