"""The pass that collapses groups until no more boxes are left than a person can read."""

from __future__ import annotations

import heapq
import linecache
from dataclasses import replace
from itertools import count, groupby
from typing import TypeAlias

from viewer.graph import Graph, Group
from viewer.inputs import Traceable
from viewer.passes.folding import fold

MAX_NODES = 60  # boxes whose labels are legible on a screen: some 10 rows of 6
STRETCHES = 12  # pieces of a group with too many lines
PIECES = ("leaves", "line", "stretch")  # the kinds of groups that cutting makes, not cut again
WORTH_CUTTING = 4  # boxes left; with fewer a group stays collapsed
NESTED = 4  # nested calls of a function that are opened if not all of a recursion fits

Members: TypeAlias = tuple[int | Group, ...]


def fit(x: Traceable | Graph, max_nodes: int = MAX_NODES) -> Graph:
    """Collapse groups until at most `max_nodes` boxes are left; nothing is dropped.

    Groups near the top are opened first, and at one depth those with the fewest boxes; of a
    recursion that does not fit, a few calls. If an open group has too many nodes of its own, those
    of one source line become a collapsed group (of the kind "line"), or else stretches of equal
    length do ("stretch"). Groups that are already collapsed remain so.

    Parameters
    ----------
    x : Tape, Trace, Graph or path
        A path leads to a saved trace. A trace is grouped and folded first.
    max_nodes : int, default 60
        The number of boxes.

    Returns
    -------
    Graph
        The graph, with a note about the number of nodes and boxes if a group is collapsed.

    Raises
    ------
    ValueError
        If `max_nodes` is below 1.
    TypeError
        If `x` has no trace.

    Examples
    --------
    >>> import autograd_tools as ag, viewer
    >>> def power(w):
    ...     x = 1.0
    ...     for _ in range(100):
    ...         x = x * w
    ...     return x
    >>> viewer.fit(ag.trace(power, 1.0), 3).notes
    ('101 nodes, shown as 3 boxes',)
    """
    check_budget(max_nodes)
    graph = x if isinstance(x, Graph) else fold(x)
    budget = max_nodes
    while True:
        fitter = _Fitter(graph, budget)
        fitted, boxes = fitter.fit()
        if fitter.has_collapsed:
            fitted, boxes = _Fitter(graph, budget, NESTED).fit()
        if graph.leaves_apart:  # each use of a leaf is a box, which only the whole picture counts
            boxes = len(fitted.boxes)
        if boxes <= max_nodes or budget == 1:
            return _noted(fitted, boxes)
        budget = max(1, min(budget - 1, budget * max_nodes // boxes))


def check_budget(max_nodes: int) -> None:
    """Raise ValueError unless `max_nodes` is an int of at least 1."""
    if not isinstance(max_nodes, int) or max_nodes < 1:
        raise ValueError(f"max_nodes= must be 1 or more, got {max_nodes!r}")


def _noted(graph: Graph, boxes: int) -> Graph:
    nodes = sum(1 for id in graph.root.all_ids() if id not in graph.hidden)
    if boxes >= nodes:
        return graph
    note = f"{nodes:,} nodes, shown as {boxes:,} box{'es' if boxes > 1 else ''}"
    return replace(graph, notes=(*graph.notes, note))


class _Fitter:
    """Opens groups from the top down while there are boxes left."""

    def __init__(self, graph: Graph, budget: int, nested: int | None = None) -> None:
        self.graph = graph
        self.nested = nested
        self.has_collapsed = False
        self.left = budget - 1  # the root counts as a box until it is opened
        self.opened: list[tuple[Group, Members]] = []  # outer groups first

    def fit(self) -> tuple[Graph, int]:
        """Return the graph with groups collapsed, and the number of its boxes."""
        before, number = self.left + 1, count()
        queue: list[tuple[int, int, int, Group, tuple[str, ...]]] = [
            (0, 0, next(number), self.graph.root, ())
        ]
        while queue:
            depth, _, _, group, around = heapq.heappop(queue)
            members, final = self._opened(group, is_root=depth == 0)
            is_deep = group.kind == "function" and around.count(group.name) == self.nested
            if members is None or is_deep:
                self.has_collapsed = True
                continue
            self.opened.append((group, members))
            self.left -= self._width(members) - 1
            for member in () if final else members:
                if isinstance(member, Group) and not member.collapsed:
                    path, width = (*around, group.name), self._width(member.members)
                    heapq.heappush(queue, (depth + 1, width, next(number), member, path))
        return replace(self.graph, root=self._built()), before - self.left

    def _opened(self, group: Group, *, is_root: bool) -> tuple[Members | None, bool]:
        """Return the members to show, None to collapse the group; and whether those are final."""
        if self._width(group.members) - 1 <= self.left:
            return group.members, False
        if group.kind in PIECES or (not is_root and self.left < WORTH_CUTTING):
            return None, False
        lines = _lines(self.graph, group.members)
        if 1 < self._width(lines) <= self.left + 1:
            return lines, False
        return _stretches(group.members, min(STRETCHES, self.left + 1)), True

    def _width(self, members: Members) -> int:
        """Return the number of boxes while all groups are collapsed."""
        hidden = self.graph.hidden
        if not hidden:
            return len(members)
        return sum(
            any(id not in hidden for id in m.all_ids()) if isinstance(m, Group) else m not in hidden
            for m in members
        )

    def _built(self) -> Group:
        """Return the root, with all groups collapsed that were not opened."""
        built: dict[int, Group] = {}
        for group, members in reversed(self.opened):
            found = (
                built.get(id(m)) or replace(m, collapsed=True) if isinstance(m, Group) else m
                for m in members
            )
            built[id(group)] = replace(group, members=tuple(found))
        return built[id(self.graph.root)]


def _lines(graph: Graph, members: Members) -> Members:
    """Group neighbours of one source line, and neighbouring leaves."""
    columns = graph.trace.columns

    def line(member: int | Group) -> tuple[str, str, int]:
        if isinstance(member, Group):
            return member.kind if member.kind == "leaves" else "line", member.file, member.line
        row = member - 1
        if columns.kind[row] == "result":
            return "line", columns.file[row], columns.line[row]
        return "leaves", "", 0

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
    """Return a line of the source with its place: `train.py:12  h = np.tanh(h @ w)`."""
    code = linecache.getline(file, line).strip()
    place = f"{file.replace(chr(92), '/').rpartition('/')[2]}:{line}"
    return f"{place}  {code}" if code else place


def _stretches(members: Members, pieces: int) -> Members:
    """Cut members into pieces of about equal length."""
    size = -(-len(members) // pieces)
    found = (members[start : start + size] for start in range(0, len(members), size))
    return tuple(_stretch(piece) if len(piece) > 1 else piece[0] for piece in found)


def _stretch(members: Members) -> Group:
    groups = [member for member in (members[0], members[-1]) if isinstance(member, Group)]
    kinds = {group.kind for group in groups}
    if len(groups) == 2 and len(kinds) == 1 and kinds <= {"step", "level"}:
        first, last = groups[0].name.partition("-")[0], groups[1].name.rpartition("-")[2]
        return Group(f"{groups[0].kind}s {first}-{last}", members, "stretch")
    ids = [id for m in members for id in (m.all_ids() if isinstance(m, Group) else (m,))]
    return Group(f"nodes {min(ids):,}-{max(ids):,}", members, "stretch")
