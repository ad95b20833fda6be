"""Passes over what is to be shown of a trace."""

from __future__ import annotations

from typing import Any

from viewer.graph import Graph, Group
from viewer.inputs import Traceable, as_trace

MAX_NODES = 60


def prepare(x: Traceable | Graph, *, max_nodes: int = MAX_NODES) -> Graph:
    """A graph to be drawn, of at most `max_nodes` boxes."""
    if not isinstance(max_nodes, int) or max_nodes < 1:
        raise ValueError(f"max_nodes is an integer of at least 1, not {max_nodes!r}")
    if isinstance(x, Graph):
        return x
    trace = as_trace(x)
    places, place = trace.places, trace.columns.place
    inside: dict[int, list[Any]] = {0: []}
    for node in trace:
        path, p = [], place[node.id - 1]
        if node.kind != "result" and node.children:
            p = place[node.children[0] - 1]
        while p:
            path.append(p)
            p = places[p].parent
        above = 0
        for p in reversed(path):
            if p not in inside:
                inside[p] = []
                inside[above].append((p,))
            above = p
        inside[above].append(node.id)

    def made(p: int) -> Group:
        at = places[p]
        return Group(at.name, tuple(made(m[0]) if isinstance(m, tuple) else m for m in inside[p]), at.kind, at.file, at.line)

    root = made(0)
    while len(root.members) == 1 and isinstance(root.members[0], Group):
        root = root.members[0]
    return Graph(trace, Group("", root.members))
