"""Two traces as one: the nodes of the second, and the removed ones of the first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import groupby
from typing import NamedTuple

from autograd_tools import Trace
from autograd_tools.location.call_tree import ScopeNode
from autograd_tools.tracing.columns import Argument, Columns, Nodes, TraceNode
from viewer.comparing.compare_traces import merged
from viewer.comparing.differences import Differences
from viewer.graph import Graph
from viewer.groups import Group, rebuild
from viewer.options import Mark

FEWEST_CLOSED = 2  # Params and inputs that are not closed


class Union(NamedTuple):
    """Two traces as one: the `marks` of nodes, and their ids by those in each trace.

    `order` has the ids of each node in both, 0 if it is missing.
    """

    found: Differences
    trace: Trace
    marks: dict[int, Mark]
    ids: tuple[dict[int, int], dict[int, int]]
    order: list[tuple[int, int]]

    def origin(self, id: int) -> tuple[Trace, TraceNode, list[int]]:
        """Return the trace and the node that a node was, and its parents by their ids there."""
        side = 1 if self.order[id - 1][1] else 0
        trace = (self.found.a, self.found.b)[side]
        parents = [self.order[parent - 1][side] for parent in self.trace.columns.parents[id - 1]]
        return trace, trace[self.order[id - 1][side]], parents


def union(found: Differences) -> Union:
    """Return a trace of the nodes of both.

    A removed node keeps its arguments, and is an argument beside its replacement. An operation that
    replaces another is named `sin → cos`.
    """
    ids: tuple[dict[int, int], dict[int, int]] = ({}, {})  # by the id in `a`, and in `b`
    marks: dict[int, Mark] = {}
    order = _sorted(found)
    for number, (old, new) in enumerate(order, 1):
        if old:
            ids[0][old] = number
        if new:
            ids[1][new] = number
        mark = found.direct.get(new) if old and new else "removed" if old else "added"
        if mark:
            marks[number] = mark
    nodes = []
    for number, (old, new) in enumerate(order, 1):
        if not new:
            nodes.append(_renumbered(found.a[old], number, ids[0]))
            continue
        node = _renumbered(found.b[new], number, ids[1])
        was = found.a.columns.op[old - 1] if old else node.op
        node = node if was == node.op else replace(node, op=f"{was} → {node.op}")
        before = [ids[0][id] for id in found.a.columns.parents[old - 1]] if old else []
        removed = [id if marks.get(id) == "removed" and id < number else 0 for id in before]
        nodes.append(_with_removed(node, removed))
    places, place = _places(found, order)
    engine = found.b.columns.engine or found.a.columns.engine
    columns = replace(Columns.of(nodes), places=places, place=place, engine=engine)
    result = ids[1].get(found.b.result or 0)
    return Union(found, Trace(Nodes(columns), result), marks, ids, order)


def close_leaves(graph: Graph, marks: Mapping[int, Mark]) -> Graph:
    """Return a graph with neighbouring Params and inputs without a mark as one box."""
    kinds = graph.trace.columns.kind

    def is_closed(member: int | Group) -> bool:
        return isinstance(member, int) and kinds[member - 1] != "result" and member not in marks

    def close(group: Group, members: list[int | Group]) -> Group:
        found: list[int | Group] = []
        for closed, run in groupby(members, is_closed):
            items = tuple(run)
            if closed and len(items) > FEWEST_CLOSED:
                found.append(Group(f"{len(items):,} leaves", items, "leaves", collapsed=True))
            else:
                found += items
        return group.with_members(found)

    return replace(graph, root=rebuild(graph.root, close))


def _sorted(found: Differences) -> list[tuple[int, int]]:
    """Return the nodes of both, each after its parents: a moved node may have to wait."""
    done: set[int] = set()  # ids in `a`
    order: list[tuple[int, int]] = []
    waiting: list[int] = []

    def ready(old: int) -> bool:
        return all(parent in done for parent in found.a.columns.parents[old - 1])

    for old, new in [*merged(found), (0, 0)]:
        if new:
            order.append((old, new))
            done.add(old)
        elif old:
            waiting.append(old)
        # At the end all parents are there, oldest first.
        for id in [id for id in waiting if ready(id) or not (old or new)]:
            order.append((id, 0))
            done.add(id)
            waiting.remove(id)
    return order


def _renumbered(node: TraceNode, number: int, ids: dict[int, int]) -> TraceNode:
    """Return a node with other ids."""
    args = tuple([replace(arg, nodes=tuple([ids[id] for id in arg.nodes])) for arg in node.args])
    parents = tuple([ids[id] for id in node.parents])
    return replace(node, id=number, args=args, parents=parents, children=())


def _with_removed(node: TraceNode, removed: list[int]) -> TraceNode:
    """Return a node with removed nodes beside its arguments, by position; 0 where there is none."""
    if not any(removed):
        return node
    args, position = [], 0
    for arg in node.args:
        own = removed[position : position + len(arg.nodes)]
        position += len(arg.nodes)
        args.append(replace(arg, nodes=(*arg.nodes, *filter(None, own))))
    args += [Argument("", (id,)) for id in removed[position:] if id]
    return replace(node, args=tuple(args), parents=tuple([id for arg in args for id in arg.nodes]))


def _places(found: Differences, order: list[tuple[int, int]]) -> tuple[list[ScopeNode], list[int]]:
    """Return the places of `b` and those of removed nodes alone, and the place of each node."""
    places = list(found.b.places)
    same = _same_places(found)
    for number, place in enumerate(found.a.places):
        if number not in same:
            same[number] = len(places)
            places.append(place._replace(parent=same[place.parent]))
    return places, [
        found.b.columns.place[new - 1] if new else same[found.a.columns.place[old - 1]]
        for old, new in order
    ]


def _same_places(found: Differences) -> dict[int, int]:
    """Return the places of `a` with those of `b` that contain the paired nodes."""
    same = {0: 0}
    for old, new in found.pairs.items():
        x, y = found.a.columns.place[old - 1], found.b.columns.place[new - 1]
        while x not in same and y and found.a.places[x].kind == found.b.places[y].kind:
            same[x] = y
            x, y = found.a.places[x].parent, found.b.places[y].parent
    return same
