"""Helpers for programs: flattening of containers, optimizers and fixed points."""

import functools
from collections.abc import Callable
from typing import Any

from autograd_tools.compat.misc.flatten import flatten


def const_graph(f: Callable[..., Any], *args: Any, **kwargs: Any) -> Callable[..., Any]:
    """`f` with its first arguments given: a promise that its graph never changes, of which nothing is made here."""
    return functools.partial(f, *args, **kwargs)


__all__ = ["const_graph", "flatten"]
