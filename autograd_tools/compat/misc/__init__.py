"""Flattening of pytrees, optimizers and fixed points."""

import functools
from collections.abc import Callable
from typing import Any

from autograd_tools.compat.misc.flatten import flatten


def const_graph(f: Callable[..., Any], *args: Any, **kwargs: Any) -> Callable[..., Any]:
    """Return `f` with its first arguments bound; accepted for compatibility, no graph is cached."""
    return functools.partial(f, *args, **kwargs)


__all__ = ["const_graph", "flatten"]
