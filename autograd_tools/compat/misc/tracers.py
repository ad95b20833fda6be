"""The names of HIPS autograd's misc.tracers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd_tools.compat.insides import Internal, inside
from autograd_tools.compat.misc import const_graph


def const_graph_unary(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return `f`; accepted for compatibility, no graph is cached."""
    return f


class ConstGraphNode(Internal):
    """A node of a graph that never changes."""


class FullGraphNode(Internal):
    """A node of a graph with all values."""


def __getattr__(name: str) -> Any:
    return inside(__name__, name)


__all__ = ["ConstGraphNode", "FullGraphNode", "const_graph", "const_graph_unary"]
