"""Passes over the graph of a trace: each takes a graph, or what has a trace, and returns a graph."""

from __future__ import annotations

from viewer.graph import Graph
from viewer.inputs import Traceable
from viewer.passes.group import group

__all__ = ["group", "prepare"]


def prepare(x: Traceable | Graph) -> Graph:
    """The graph that a view shows of a trace; a graph is shown as it is."""
    return x if isinstance(x, Graph) else group(x)
