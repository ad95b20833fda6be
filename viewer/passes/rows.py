"""The rows of a picture: how far down each box is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from viewer.graph import Graph


def leaves(graph: Graph) -> set[str]:
    """Return the keys of the boxes of single Params and inputs."""
    kinds, boxes = graph.trace.columns.kind, graph.boxes.items()
    return {key for key, box in boxes if box.node is not None and kinds[box.node - 1] != "result"}


def ranks(graph: Graph, frames: Mapping[str, int] | None = None) -> dict[str, int]:
    """Return the rank of each box, 0 or 1 at the top: as low as makes its arrows shortest together.

    A leaf is right above its first use. With the number of the frame around each box, an arrow out
    of a frame moves no box in it.
    """
    order = {key: position for position, key in enumerate(graph.boxes)}
    alone = leaves(graph)
    into: dict[str, list[str]] = defaultdict(list)
    first: dict[str, int] = {}
    for edge in graph.edges:
        if not edge.carried and order[edge.tail] < order[edge.head] and edge.tail not in alone:
            into[edge.head].append(edge.tail)
    found: dict[str, int] = {}
    for key in graph.boxes:
        found[key] = 1 + max((found[tail] for tail in into[key]), default=0)
    room: dict[str, list[int]] = defaultdict(list)  # by box: the ranks above its uses
    for key in reversed(graph.boxes):
        if len(into[key]) <= len(room[key]):
            found[key] = min(room[key], default=found[key])
        for tail in into[key]:
            if not frames or frames[tail] in (0, frames[key]):
                room[tail].append(found[key] - 1)
    for edge in graph.edges:
        if edge.tail in alone:
            first[edge.tail] = min(found[edge.head], first.get(edge.tail, found[edge.head]))
    return {**found, **{key: rank - 1 for key, rank in first.items()}}
