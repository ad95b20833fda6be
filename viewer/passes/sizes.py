"""The estimated size of a picture on a screen before its layout, in each direction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from viewer.graph import Box, Graph
from viewer.groups import Group
from viewer.labels import carried, is_method, title
from viewer.passes.rows import ranks

SCREEN = 1440, 900  # pixels
LETTERS, LEAST = 11, 9  # points of a text, and the pixels of the smallest that can be read
NATURAL = 4 / 3  # pixels of a point where a picture has its own size
COLUMN, LINE, RIM = 5.9, 12.7, (14.4, 9.0)  # points of a letter, a line, and the rim of a box
SMALLEST = 54.0, 21.6  # points of a box
BETWEEN, ABOVE = 14.4, 18.7  # points between neighbours, and between ranks
MARGIN, TITLE = 10.0, 20.0  # points of a frame
HEADING = 66.0  # points, with the rim of the picture
COUNTED = ("repeat", "stretch")  # kinds of groups with a line for their operations
LONGEST_LINE = 44  # columns
CERTAIN = 0.9  # where both are legible, values flow right only if down is smaller than that
MANY = 500  # boxes; a larger picture fits in no direction

Text: TypeAlias = tuple[int, int]  # columns and lines


def best_direction(graph: Graph, texts: Mapping[str, Text], label: int) -> str:
    """Return "right" for a picture that is larger on a screen then, and too large for it down.

    The boxes that are drawn have texts by key; labels of arrows have up to `label` columns.
    """
    if len(graph.boxes) > MANY:
        return "down"
    found = _scales(graph, texts, label)
    certain = CERTAIN if found["down"] * LETTERS > LEAST else 1
    return "right" if found["down"] < min(NATURAL, found["right"] * certain) else "down"


def legibility(graph: Graph, *, measured: bool = False) -> float:
    """Return 1 if letters are legible on a screen, else the share of their size that they have.

    Boxes of a `measured` graph have a line for their time or memory.
    """
    texts = {key: _text(graph, box) for key, box in graph.boxes.items()}
    if measured:
        texts = {key: (columns, lines + 1) for key, (columns, lines) in texts.items()}
    label = len(carried(1)) if any(edge.carried for edge in graph.edges) else 0
    return min(1.0, max(_scales(graph, texts, label).values()) * LETTERS / LEAST)


def _text(graph: Graph, box: Box) -> Text:
    """Return about how many columns and lines of text a box has."""
    columns, group = graph.trace.columns, box.group
    if group is None:
        name = columns.op[box.nodes[0] - 1] or columns.name[box.nodes[0] - 1]
        return max(14, len(name) + 5), 2 + (len(box.nodes) > 2)
    own = group.copies[0] if group.copies else tuple(group.ids())
    leaves = [id for id in own if columns.kind[id - 1] != "result"]
    lines = 3 - (group.kind == "line") + (group.kind in COUNTED)
    lines += is_method(group) and any(columns.kind[id - 1] == "param" for id in leaves)
    lines += (len(box.nodes) > 2 * len(own)) + (len(leaves) if len(leaves) < 3 else 1)
    return min(LONGEST_LINE, max(26, len(title(group)))), lines


@dataclass
class _Rows:
    """The rows of a picture or a frame in it: points across each, and before and after it."""

    across: dict[int, float] = field(default_factory=lambda: defaultdict(float))
    before: dict[int, float] = field(default_factory=lambda: defaultdict(float))
    after: dict[int, float] = field(default_factory=lambda: defaultdict(float))

    def add(self, frame: _Rows, titles: tuple[float, float]) -> None:
        """Add a frame, which is as wide in all of its rows; its title is before or beside them."""
        if not frame.across:
            return
        first, last = min(frame.across), max(frame.across)
        frame.before[first] += MARGIN + titles[0]
        frame.after[last] += MARGIN
        width = max(frame.across.values()) + 2 * MARGIN + titles[1]
        for row in range(first, last + 1):
            self.across[row] += width
        for own, inner in ((self.before, frame.before), (self.after, frame.after)):
            for row, points in inner.items():
                own[row] = max(own[row], points)


def _scales(graph: Graph, texts: Mapping[str, Text], label: int) -> dict[str, float]:
    """Return the pixels of a point where a picture fills a screen, by its direction."""
    inside = _inside(graph, texts)
    rank = ranks(graph, {key: n for n, keys in enumerate(inside.values()) for key in keys})
    sizes = {key: _size(text) for key, text in texts.items()}
    gaps = len(set(rank.values())) - 1
    length, across = _extent(graph, inside, rank, {k: (h, w) for k, (w, h) in sizes.items()}, True)
    down = across, length + (LINE * gaps if label else 0)
    length, across = _extent(graph, inside, rank, sizes, False)
    right = length + COLUMN * label * gaps, across
    return {
        name: min(SCREEN[0] / (width + RIM[0]), SCREEN[1] / (height + HEADING))
        for name, (width, height) in (("down", down), ("right", right))
    }


def _size(text: Text) -> tuple[float, float]:
    columns, lines = text
    return max(SMALLEST[0], COLUMN * columns + RIM[0]), max(SMALLEST[1], LINE * lines + RIM[1])


def _inside(graph: Graph, texts: Collection[str]) -> dict[int, list[str]]:
    """Return the keys of the boxes that are drawn in each open group, by id() of it."""
    keys = {id(box.group): key for key, box in graph.boxes.items() if box.group is not None}
    beside: dict[str, list[str]] = defaultdict(list)
    for key, box in graph.boxes.items():
        if box.head and key in texts:
            beside[box.head].append(key)
    found = {}
    for group in _open(graph):
        names = (keys.get(id(m)) if isinstance(m, Group) else f"n{m}" for m in group.members)
        own = [name for name in names if name is not None and name in texts]
        found[id(group)] = own + [leaf for name in own for leaf in beside[name]]
    return found


def _open(graph: Graph) -> list[Group]:
    """Return the groups that are open, outer ones first."""
    found = [graph.root]
    for group in found:
        found += [m for m in group.members if isinstance(m, Group) and not m.collapsed]
    return found


def _extent(
    graph: Graph,
    inside: Mapping[int, list[str]],
    rank: Mapping[str, int],
    sizes: Mapping[str, tuple[float, float]],
    is_down: bool,
) -> tuple[float, float]:
    """Return how long a picture is along the flow and across it; `sizes` of boxes are alike."""
    longest: dict[int, float] = defaultdict(float)
    rows: dict[int, _Rows] = {}
    for group in reversed(_open(graph)):
        if group.is_wrapper and group is not graph.root:
            rows[id(group)] = rows[id(group.members[0])]
            continue
        own = rows[id(group)] = _Rows()
        for key in inside[id(group)]:
            length, width = sizes[key]
            longest[rank[key]] = max(longest[rank[key]], length)
            own.across[rank[key]] += width + BETWEEN
        for inner in group.members:
            if isinstance(inner, Group) and not inner.collapsed:
                own.add(rows[id(inner)], (TITLE, 0) if is_down else (0, TITLE))
    whole = rows[id(graph.root)]
    length = sum(longest.values()) + ABOVE * (len(longest) - 1)
    rims = sum(whole.before.values()) + sum(whole.after.values())
    return length + rims, max(whole.across.values(), default=0)
