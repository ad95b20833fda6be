"""Flattening of pytrees, optimizers and fixed points."""

import functools
import importlib
from collections.abc import Callable
from typing import Any

from autograd_tools.compat.misc.flatten import flatten


def const_graph(f: Callable[..., Any], *args: Any, **kwargs: Any) -> Callable[..., Any]:
    """Return `f` with its first arguments bound; accepted for compatibility, no graph is cached."""
    return functools.partial(f, *args, **kwargs)


def __getattr__(name: str) -> Any:
    if name in ("fixed_points", "optimizers", "tracers"):
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = ["const_graph", "flatten"]
