"""Passes over the graph of a trace: each takes a graph, or what has a trace, and returns a graph."""

from __future__ import annotations

from viewer.graph import Graph
from viewer.inputs import Traceable
from viewer.passes.group import group

__all__ = ["MAX_NODES", "group", "prepare"]

MAX_NODES = 60


def prepare(x: Traceable | Graph, *, max_nodes: int = MAX_NODES) -> Graph:
    """The graph that a view shows of a trace; a graph is shown as it is."""
    if not isinstance(max_nodes, int) or max_nodes < 1:
        raise ValueError(f"max_nodes is an integer of at least 1, not {max_nodes!r}")
    return x if isinstance(x, Graph) else group(x)
