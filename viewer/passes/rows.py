"""The rows of a picture: how far down each box is."""

from __future__ import annotations

from collections import defaultdict

from viewer.graph import Box, Graph, Group

SCREEN = 1440, 900  # pixels
LETTERS, LEAST = 14.7, 9  # pixels: the height of a text, and the least that can be read
LINE, GAP = 18, 37  # pixels: a line of a box, and the rim of a box with the space to the next
HEADING = 60  # pixels
FRAME = 48  # pixels that the title and the rim of a frame take
WIDTH = 190  # pixels of a box with the space beside it


def scales(graph: Graph) -> dict[str, float]:
    """Return the scale at which a picture fits a screen, by the direction in which values flow."""
    rows: dict[int, list[int]] = defaultdict(list)
    for key, rank in ranks(graph).items():
        rows[rank].append(_lines(graph, graph.boxes[key]))
    frames, todo = 0, [graph.root]
    while todo:
        inner = [m for m in todo.pop().members if isinstance(m, Group) and not m.collapsed]
        frames += len(inner)
        todo += inner
    boxes = max(map(len, rows.values()), default=0)
    height = HEADING + sum(LINE * max(lines) + GAP for lines in rows.values()) + FRAME * frames
    across = max((sum(LINE * n + GAP for n in lines) for lines in rows.values()), default=0)
    down = min(SCREEN[0] / max(WIDTH * boxes, 1), SCREEN[1] / max(height, 1))
    right = min(SCREEN[0] / max(WIDTH * len(rows), 1), SCREEN[1] / max(across + FRAME * frames, 1))
    return {"down": down, "right": right}


def legibility(graph: Graph) -> float:
    """Return 1 if letters are legible on a screen, else the share of their size that they have."""
    return min(1.0, max(scales(graph).values()) * LETTERS / LEAST)


def _lines(graph: Graph, box: Box) -> int:
    """Return the number of lines that a box has at most."""
    if box.group is None:
        return 2 + (len(box.nodes) > 2)
    kinds = graph.trace.columns.kind
    own = box.group.copies[0] if box.group.copies else tuple(box.group.ids())
    leaves = sum(kinds[id - 1] != "result" for id in own)
    lines = 2 if box.group.kind == "line" else 3
    return lines + (len(box.nodes) > 2 * len(own)) + (leaves if leaves < 3 else 1)


def leaves(graph: Graph) -> set[str]:
    """Return the keys of the boxes of single Params and inputs."""
    kinds, boxes = graph.trace.columns.kind, graph.boxes.items()
    return {key for key, box in boxes if box.node is not None and kinds[box.node - 1] != "result"}


def ranks(graph: Graph) -> dict[str, int]:
    """Return the rank of each box, 0 or 1 at the top: as low as makes its arrows shortest together.

    A leaf is right above its first use.
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
            room[tail].append(found[key] - 1)
    for edge in graph.edges:
        if edge.tail in alone:
            first[edge.tail] = min(found[edge.head], first.get(edge.tail, found[edge.head]))
    return {**found, **{key: rank - 1 for key, rank in first.items()}}
