"""The pass that expands groups as long as a picture remains legible."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias, get_args

import numpy as np

from autograd_tools.base.text import unknown
from autograd_tools.tracing.columns import Columns
from viewer.graph import Graph
from viewer.groups import Group, in_order, rebuild
from viewer.inputs import Traceable
from viewer.options import Detail, HeatBy
from viewer.passes.folding import fold
from viewer.passes.lines import by_lines
from viewer.passes.pieces import PIECES, Members, leaves_together, stretches
from viewer.passes.showing import opened_to
from viewer.passes.sizes import legibility

MAX_NODES = 25  # boxes whose labels are legible on a screen of 1440 x 900 pixels
STRETCHES = 12  # pieces of a group with too many members
FEW = 8  # boxes that are shown however tall they are
NEARLY = 0.85  # of the size of legible letters: better than less than half as many boxes
WORTH_CUTTING = 4  # boxes left; with fewer a group stays collapsed
NESTED = 4  # nested calls of a function that are opened if not all of a recursion fits

Heat: TypeAlias = str | Sequence[float] | None
Key: TypeAlias = tuple[object, ...]  # of groups that are opened together


def fit(
    x: Traceable | Graph,
    max_nodes: int | None = MAX_NODES,
    *,
    by: Detail = "op",
    heat: HeatBy | Sequence[float] | None = None,
    show: int | None = None,
) -> Graph:
    """Collapse groups until at most `max_nodes` boxes are left; nothing is dropped.

    From the outermost inwards, the groups with most operations are expanded: functions and loops,
    then source lines. Calls of one function are all expanded or all collapsed; in a recursion that
    does not fit, a few calls are expanded. If an expanded group has too many members, they are
    split into ranges of equal length. Groups that are already collapsed remain so.

    Parameters
    ----------
    x : Tape, Trace, Graph or path
        A path must be that of a saved trace. A trace is grouped and folded first.
    max_nodes : int or None, default 25
        The maximum number of boxes; None for no limit.
    by : {"op", "line", "function"}
        The smallest boxes: operations, source lines, or functions and the lines around their calls.
    heat : {"time", "bytes", "gradient", "least-gradient"}, optional
        Expand the groups with most of this measure instead of those with most operations, and none
        without it. A sequence holds the weight of each node, starting with node 1.
    show : int, optional
        The id of a node to draw: the groups around it are expanded.

    Returns
    -------
    Graph
        The graph, with a note about the number of nodes and boxes if a group is collapsed.

    Raises
    ------
    ValueError
        If `max_nodes` is below 1, and for an unknown `by` or `heat`.
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
    >>> viewer.fit(ag.trace(power, 1.0)).notes
    ('101 nodes, shown as 2 boxes',)
    """
    check_budget(max_nodes)
    if by not in get_args(Detail):
        raise unknown("by", by, get_args(Detail))
    check_heat(heat)
    graph = x if isinstance(x, Graph) else fold(x)
    if by != "op":
        graph = _closed(by_lines(graph, alone=True), by)
    if max_nodes is None:
        found = opened_to(graph, show)
    elif _is_small(graph, max_nodes):
        found = opened_to(graph, show)
        is_right = max_nodes > MAX_NODES or _share(found, max_nodes, heat) == 1
        found = found if is_right else _fitted(by_lines(graph), max_nodes, heat, show)
    else:
        found = _fitted(by_lines(graph), max_nodes, heat, show)
    return _noted(found, len(found.boxes))


def _fitted(graph: Graph, max_nodes: int, heat: Heat, show: int | None) -> Graph:
    """Return a graph with groups collapsed until its boxes fit, and are legible on a screen."""
    weights, budget = _weights(graph, heat), max_nodes
    is_shown = not (heat is None or isinstance(heat, str))  # all that has a weight is to be seen
    nearly: Graph | None = None  # one that is hardly too large
    while True:
        fitted = _Fitter(graph, budget, weights, one_alone=is_shown).fit()
        fitted = opened_to(fitted, show)
        boxes, share = len(fitted.boxes), _share(fitted, max_nodes, heat)
        if nearly and 2 * boxes < len(nearly.boxes):
            return nearly
        if share == 1 or budget == 1:
            return fitted
        nearly = fitted if share > NEARLY and boxes <= max_nodes else None
        budget = max(1, min(boxes - 1, budget - 1, int(boxes * share)))


def opened_as(graph: Graph, shown: Graph) -> list[Group]:
    """Return the groups of a graph that are open if it looks like another one of the same trace.

    Those are the groups that are open there, and lines whose operations are drawn themselves.
    """
    names = {(group.kind, group.name, group.first) for group in _open_groups(shown.root)}
    boxes = {id: box for box in shown.boxes.values() for id in box.nodes}
    found, todo = [], [graph.root]
    while todo:
        group = todo.pop()
        own = filter(None, map(boxes.get, group.all_ids()))
        one = next(own, None)
        is_cut = one and one.group is not None and one.group.kind in PIECES  # elsewhere than here
        is_split = one and not is_cut and (one.group is None or any(b is not one for b in own))
        if is_split or group is graph.root or (group.kind, group.name, group.first) in names:
            found.append(group)
            todo += [member for member in group.members if isinstance(member, Group)]
    return found


def _open_groups(root: Group) -> Iterator[Group]:
    """Yield the groups that are drawn as frames."""
    todo = [root] if root.members else []
    while todo:
        group = todo.pop()
        yield group
        inner = (member for member in group.members if isinstance(member, Group))
        todo += [member for member in inner if not member.collapsed]


def check_budget(max_nodes: int | None) -> None:
    """Raise ValueError unless `max_nodes` is None or an int of at least 1."""
    if max_nodes is not None and (not isinstance(max_nodes, int) or max_nodes < 1):
        raise ValueError(f"max_nodes= must be 1 or more, got {max_nodes!r}")


def check_heat(heat: Heat) -> None:
    """Raise ValueError unless `heat` is None, the name of a measure, or a row of weights."""
    is_row = hasattr(heat, "__len__") and not isinstance(heat, str)
    if not is_row and heat not in WEIGHTS:
        raise unknown("heat", heat, get_args(HeatBy))


def _share(graph: Graph, max_nodes: int, heat: Heat) -> float:
    """Return the share of the boxes that fit, by their number and on a screen."""
    boxes = len(graph.boxes)
    share = min(1.0, max_nodes / boxes) if boxes else 1.0
    if boxes <= FEW or not (heat is None or isinstance(heat, str)):
        return share  # with weights of nodes, all that have one are to be seen
    letters = legibility(graph, measured=heat in ("time", "bytes"))
    return min(share, letters * max(1, max_nodes / MAX_NODES))


def _is_small(graph: Graph, max_nodes: int) -> bool:
    """Return whether a graph has no more boxes than fit; a big one is not asked."""
    boxes = 0
    todo = [graph.root]
    while todo and boxes <= max_nodes:
        group = todo.pop()
        inner = [m for m in group.members if isinstance(m, Group)]
        boxes += sum(m not in graph.hidden for m in group.members if not isinstance(m, Group))
        boxes += sum(group.collapsed for group in inner)
        todo += [group for group in inner if not group.collapsed]
    return boxes <= max_nodes and len(graph.boxes) <= max_nodes


def _closed(graph: Graph, by: Detail) -> Graph:
    """Return a graph with its lines collapsed; by "function" also groups without inner ones."""

    def close(group: Group, members: list[int | Group]) -> Group:
        made = group.with_members(members)
        if group is graph.root:
            return made
        inner = [m for m in members if isinstance(m, Group) and m.kind not in ("line", "leaves")]
        closed = group.kind in ("line", "leaves") or (by == "function" and not inner)
        return replace(made, collapsed=True) if closed else made

    return replace(graph, root=rebuild(graph.root, close))


def _noted(graph: Graph, boxes: int) -> Graph:
    nodes = sum(1 for id in graph.root.all_ids() if id not in graph.hidden)
    if boxes >= nodes:
        return graph
    note = f"{nodes:,} nodes, shown as {boxes:,} box{'es' if boxes > 1 else ''}"
    return graph.with_note(note)


class _Fitter:
    """Opens groups from the top down, those of the largest weights first, while boxes are left.

    Groups of one key, such as the calls of a function, are opened together; if they do not fit and
    `one_alone`, the one of the largest weight is opened. A group that can never fit is cut into
    stretches.
    """

    def __init__(
        self, graph: Graph, budget: int, weights: Mapping[int, float], *, one_alone: bool = False
    ) -> None:
        self.graph = graph
        self.one_alone = one_alone
        self.budget = self.left = budget
        self.weights = weights  # of groups, by id()
        self.opened: dict[int, tuple[Group, Members]] = {}  # by id(), outer groups first
        self.is_open: dict[Key, bool] = {}  # of the keys that were tried
        self.waiting: dict[Key, list[Group]] = {}  # the visible groups of the other keys
        self.around: dict[int, Counter[str]] = {}  # the functions around visible groups, by id()
        self.queue: list[tuple[float, int, Key]] = []  # weights, largest first; the oldest nodes

    def fit(self) -> Graph:
        """Return the graph with groups collapsed."""
        root = self.graph.root
        self.around[id(root)] = Counter()
        self._show(root, self._arranged(root, self.left, cut=True) or root.members)
        self.left -= 1
        while self.queue:
            _, _, key = heapq.heappop(self.queue)
            if groups := self.waiting.pop(key, None):
                plan = self._plan(key, groups)
                self.is_open[key] = bool(plan)
                self.is_open |= {_key(group, self.around[id(group)]): True for group, _ in plan}
                if not plan and self.one_alone:
                    heaviest = max(groups, key=lambda group: self.weights[id(group)])
                    plan = self._plan(key, [heaviest])
                for group, members in plan:
                    self._show(group, members)
        return replace(self.graph, root=self._built())

    def _plan(self, key: Key, groups: list[Group]) -> list[tuple[Group, Members]]:
        """Return groups to open with their members, and those in them whose keys are open.

        Nothing if their boxes do not fit. A recursion is opened a few calls deep, or as deep as it
        is.
        """
        is_deep = key[0] == "function" and key[2] == NESTED
        plan: list[tuple[Group, Members]] = []
        left, todo = self.left, [*reversed(groups)]
        while todo:
            group = todo.pop()
            is_alone = len(groups) == 1 and not plan and not is_deep
            members = self._arranged(group, left + 1, cut=is_alone)
            if members is None:
                return []
            left -= self._width(members) - 1
            plan.append((group, members))
            inner = self._inner(group, members)
            todo += [
                member
                for other, member in inner
                if other == key or self.is_open.get(other) or (is_deep and other[:2] == key[:2])
            ]
        return plan

    def _show(self, group: Group, members: Members) -> None:
        """Open a group."""
        self.opened[id(group)] = group, members
        self.left -= self._width(members) - 1
        for key, member in self._inner(group, members):
            if key not in self.is_open:
                groups = self.waiting.setdefault(key, [])
                groups.append(member)
                weight = sum(self.weights[id(group)] for group in groups)
                if weight:
                    heapq.heappush(self.queue, (-weight, groups[0].first, key))

    def _inner(self, group: Group, members: Members) -> list[tuple[Key, Group]]:
        """Return the members of an open group that may be opened, with their keys."""
        around = self.around[id(group)]
        if group.kind == "function":
            around = around + Counter([group.name])
        found = []
        for member in members:
            if isinstance(member, Group) and not member.collapsed and member.kind not in PIECES:
                self.around[id(member)] = around
                found.append((_key(member, around), member))
        return found

    def _arranged(self, group: Group, boxes: int, *, cut: bool) -> Members | None:
        """Return members of a group that fit: all, or with leaves together, or cut, else None."""
        own = group.members
        if len(own) == 1 and isinstance(own[0], Group) and own[0].kind == "line":
            own = own[0].members  # a function of one line: its frame would show nothing more
        for members in (own, leaves_together(self.graph, own)):
            if self._width(members) <= boxes:
                return members
        is_root = group is self.graph.root  # any other is cut only where it could never fit
        never = group.kind != "line" and self._width(members) > self.budget
        if cut and (is_root or (never and boxes >= WORTH_CUTTING)):
            return stretches(self.graph, members, min(STRETCHES, boxes))
        return None

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
        """Return the root, with all groups collapsed that were not opened.

        An open line has no frame: its members are beside those of other lines.
        """
        built: dict[int, Group] = {}
        for group, members in reversed(self.opened.values()):
            found: list[int | Group] = []
            for member in members:
                made = built.get(id(member))
                if made is not None and made.kind == "line":
                    found += made.members
                elif made is None and isinstance(member, Group):
                    found.append(replace(member, collapsed=True))
                else:
                    found.append(made or member)
            built[id(group)] = replace(group, members=in_order(found))
        return built[id(self.graph.root)]


def _weights(graph: Graph, heat: Heat) -> dict[int, float]:
    """Return the sum of the weights of all nodes that each group represents, by id() of it."""
    weights = WEIGHTS[heat](graph.trace.columns) if heat is None or isinstance(heat, str) else heat
    found: dict[int, float] = {}
    for group in reversed([*graph.root.inner()]):
        if group.copies:
            found[id(group)] = sum(weights[id - 1] for copy in group.copies for id in copy)
        else:
            found[id(group)] = sum(
                found[id(m)] if isinstance(m, Group) else weights[m - 1] for m in group.members
            )
    return found


def _times(columns: Columns) -> list[float]:
    backward = (sum((times or {}).values()) for times in columns.backward_ns)
    return [(ns or 0) + more for ns, more in zip(columns.forward_ns, backward, strict=True)]


# The weights of nodes by the measure of heat; None has that of a picture without heat.
WEIGHTS: dict[str | None, Callable[[Columns], Sequence[float]]] = {
    None: lambda columns: [float(kind == "result") for kind in columns.kind],
    "time": _times,
    "bytes": lambda columns: columns.value.nbytes.tolist(),
    "gradient": lambda columns: np.nan_to_num(columns.outgrad.norm).tolist(),
    "least-gradient": lambda columns: np.nan_to_num(columns.outgrad.norm).tolist(),
}


def _key(group: Group, around: Counter[str]) -> Key:
    """Return the key of groups that are opened together: a function by how often it is nested.

    Steps of a loop that are equal to no other are opened together, folded ones on their own.
    """
    if group.kind == "function":
        return group.kind, group.name, around[group.name]
    is_alike = group.kind == "line" or (group.kind == "step" and not group.copies)
    name, first = "" if is_alike else group.name, 0 if group.file else group.first
    return group.kind, name, group.file, group.line, first
