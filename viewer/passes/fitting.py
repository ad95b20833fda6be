"""The pass that makes a graph fit: it closes groups until no more boxes are left than can be read."""

from __future__ import annotations

import heapq
import linecache
from dataclasses import replace
from itertools import count, groupby

from viewer.graph import Graph, Group
from viewer.inputs import Traceable
from viewer.passes.folding import fold

# As many boxes as a screen holds with labels that can be read: in a picture of 60, some 10 rows of 6.
MAX_NODES = 60
STRETCHES = 12  # pieces of what has no groups and too many lines: more would say no more
PIECES = ("leaves", "line", "stretch")  # what comes of cutting, and is not cut again
WORTH_CUTTING = 4  # boxes left; with fewer a group stays closed
NESTED = 4  # calls of a function in itself that are opened where not all can be: more of a recursion say no more


def fit(x: Traceable | Graph, max_nodes: int = MAX_NODES) -> Graph:
    """Close groups until at most `max_nodes` boxes are left; where all fits none is.

    What is near the top is opened first, and of one depth what has the fewest boxes in it; of a recursion, if not all of it,
    a few calls. Where a group is opened that has too many nodes of its own, those of one line of the source become a closed
    group (of the kind "line"); if that are too many, too, stretches of equal length do ("stretch"). Groups that are closed
    stay so. Nothing is left out: the notes say how many nodes are in how many boxes.

    What is no graph yet is grouped and folded first. A ValueError refuses a `max_nodes` below 1.
    """
    check_budget(max_nodes)
    graph = x if isinstance(x, Graph) else fold(x)
    budget = max_nodes
    while True:
        fitter = _Fitter(graph, budget)
        fitted, boxes = fitter.fit()
        if fitter.has_closed:
            fitted, boxes = _Fitter(graph, budget, NESTED).fit()
        if (
            graph.leaves_apart
        ):  # each use of a leaf is a box, which only the picture as a whole can count
            boxes = len(fitted.boxes)
        if boxes <= max_nodes or budget == 1:
            return _noted(fitted, boxes)
        budget = max(1, min(budget - 1, budget * max_nodes // boxes))


def check_budget(max_nodes: int) -> None:
    """Raise ValueError unless it is a number of boxes in which something can be shown."""
    if not isinstance(max_nodes, int) or max_nodes < 1:
        raise ValueError(f"max_nodes={max_nodes!r}: at least 1 box is needed to show something")


def _noted(graph: Graph, boxes: int) -> Graph:
    nodes = sum(1 for id in graph.root.all_ids() if id not in graph.hidden)
    if boxes >= nodes:
        return graph
    return replace(
        graph,
        notes=(*graph.notes, f"{nodes:,} nodes, shown as {boxes:,} box{'es' if boxes > 1 else ''}"),
    )


class _Fitter:
    """Opens groups from the top down while there are boxes left."""

    def __init__(self, graph: Graph, budget: int, nested: int | None = None) -> None:
        self.graph = graph
        self.nested = nested
        self.has_closed = False
        self.left = budget - 1  # the root counts as a box until it is opened
        self.opened: list[
            tuple[Group, tuple[int | Group, ...]]
        ] = []  # with their members, outer ones first

    def fit(self) -> tuple[Graph, int]:
        """The graph with groups closed, and how many boxes it has."""
        before, number = self.left + 1, count()
        queue: list[tuple[int, int, int, Group, tuple[str, ...]]] = [
            (0, 0, next(number), self.graph.root, ())
        ]
        while queue:
            depth, _, _, group, around = heapq.heappop(queue)
            members, final = self._opened(group, is_root=depth == 0)
            if members is None or (
                group.kind == "function" and around.count(group.name) == self.nested
            ):
                self.has_closed = True
                continue
            self.opened.append((group, members))
            self.left -= self._width(members) - 1
            for member in () if final else members:
                if isinstance(member, Group) and not member.closed:
                    heapq.heappush(
                        queue,
                        (
                            depth + 1,
                            self._width(member.members),
                            next(number),
                            member,
                            (*around, group.name),
                        ),
                    )
        return replace(self.graph, root=self._built()), before - self.left

    def _opened(
        self, group: Group, *, is_root: bool
    ) -> tuple[tuple[int | Group, ...] | None, bool]:
        """The members to show of a group, None if it stays closed; and whether those are not to be opened."""
        if self._width(group.members) - 1 <= self.left:
            return group.members, False
        if group.kind in PIECES or (not is_root and self.left < WORTH_CUTTING):
            return None, False
        lines = _lines(self.graph, group.members)
        if 1 < self._width(lines) <= self.left + 1:
            return lines, False
        return _stretches(group.members, min(STRETCHES, self.left + 1)), True

    def _width(self, members: tuple[int | Group, ...]) -> int:
        """How many boxes they make while no group of them is open."""
        hidden = self.graph.hidden
        if not hidden:
            return len(members)
        return sum(
            any(id not in hidden for id in m.all_ids()) if isinstance(m, Group) else m not in hidden
            for m in members
        )

    def _built(self) -> Group:
        """The root, with all groups closed that were not opened."""
        built: dict[int, Group] = {}
        for group, members in reversed(self.opened):
            found = (
                built.get(id(m)) or replace(m, closed=True) if isinstance(m, Group) else m
                for m in members
            )
            built[id(group)] = replace(group, members=tuple(found))
        return built[id(self.graph.root)]


def _lines(graph: Graph, members: tuple[int | Group, ...]) -> tuple[int | Group, ...]:
    """Members with neighbours of one line put into a group, and neighbouring leaves."""
    columns = graph.trace.columns

    def line(member: int | Group) -> tuple[str, str, int]:
        if isinstance(member, Group):
            return member.kind if member.kind == "leaves" else "line", member.file, member.line
        return (
            ("line", columns.file[member - 1], columns.line[member - 1])
            if columns.kind[member - 1] == "result"
            else ("leaves", "", 0)
        )

    found: list[int | Group] = []
    for (kind, file, number), run in groupby(members, line):
        items = tuple(run)
        if len(items) == 1:
            found += items
        elif kind == "leaves":
            found.append(Group(f"{len(items):,} leaves", items, "leaves"))
        elif file:
            found.append(Group(_code(file, number), items, "line", file, number))
        else:
            found.append(_stretch(items))
    return tuple(found)


def _code(file: str, line: int) -> str:
    """A line of the source, after its place: `train.py:12  h = np.tanh(h @ w)`."""
    code = linecache.getline(file, line).strip()
    place = f"{file.replace(chr(92), '/').rpartition('/')[2]}:{line}"
    return f"{place}  {code}" if code else place


def _stretches(members: tuple[int | Group, ...], pieces: int) -> tuple[int | Group, ...]:
    """Members in about equal pieces."""
    size = -(-len(members) // pieces)
    found = (members[start : start + size] for start in range(0, len(members), size))
    return tuple(_stretch(piece) if len(piece) > 1 else piece[0] for piece in found)


def _stretch(members: tuple[int | Group, ...]) -> Group:
    first, last = members[0], members[-1]
    if (
        isinstance(first, Group)
        and isinstance(last, Group)
        and first.kind == last.kind in ("step", "level")
    ):
        return Group(
            f"{first.kind}s {first.name.partition('-')[0]}-{last.name.rpartition('-')[2]}",
            members,
            "stretch",
        )
    ids = [
        id
        for member in members
        for id in (member.all_ids() if isinstance(member, Group) else (member,))
    ]
    return Group(f"nodes {min(ids):,}-{max(ids):,}", members, "stretch")
