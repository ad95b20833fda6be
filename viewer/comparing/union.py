"""Two traces as one to be drawn: the nodes of the second, and those of the first that it has no more."""

from __future__ import annotations

from dataclasses import replace

from autograd_tools import Trace
from autograd_tools.tracing.columns import Argument, Columns, Nodes, ScopeNode, TraceNode
from viewer.comparing.compare_traces import merged
from viewer.comparing.differences import Differences


def union(found: Differences) -> tuple[Trace, dict[int, str]]:
    """A trace of the nodes of both, and by its ids which are added, removed or changed by themselves.

    A removed node keeps the arguments that it had; where it was one itself, its value goes beside what took its place.
    An operation that took the place of another is named `sin → cos`.
    """
    ids: tuple[dict[int, int], dict[int, int]] = ({}, {})  # by the id in `a`, and in `b`
    marks: dict[int, str] = {}
    order, listed = _sorted(found), set(found.listed)
    for number, (old, new) in enumerate(order, 1):
        if old:
            ids[0][old] = number
        if new:
            ids[1][new] = number
        if not (old and new) or new in listed:
            marks[number] = "changed" if old and new else "removed" if old else "added"
    nodes = []
    for number, (old, new) in enumerate(order, 1):
        node = (
            _renumbered(found.b[new], number, ids[1])
            if new
            else _renumbered(found.a[old], number, ids[0])
        )
        was = found.a.columns.op[old - 1] if old and new else node.op
        node = node if was == node.op else replace(node, op=f"{was} → {node.op}")
        before = [ids[0][id] for id in found.a.columns.parents[old - 1]] if old and new else []
        nodes.append(
            _with_removed(
                node, [id if marks.get(id) == "removed" and id < number else 0 for id in before]
            )
        )
    places, place = _places(found, order)
    columns = replace(Columns.of(nodes), places=places, place=place)
    result = ids[1].get(found.b.result or 0)
    return Trace(Nodes(columns), result), marks


def _sorted(found: Differences) -> list[tuple[int, int]]:
    """The nodes of both, each after those that it is computed from: what was moved may have to wait."""
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
        for id in [
            id for id in waiting if ready(id) or not (old or new)
        ]:  # at the end all parents are there, oldest first
            order.append((id, 0))
            done.add(id)
            waiting.remove(id)
    return order


def _renumbered(node: TraceNode, number: int, ids: dict[int, int]) -> TraceNode:
    """A node with other ids."""
    args = tuple(
        [
            replace(arg, nodes=tuple([ids[id] for id in arg.nodes])) if arg.nodes else arg
            for arg in node.args
        ]
    )
    return replace(
        node, id=number, args=args, parents=tuple([ids[id] for id in node.parents]), children=()
    )


def _with_removed(node: TraceNode, removed: list[int]) -> TraceNode:
    """A node with removed ones beside its arguments, by their position among its parents; 0 where there is none."""
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
    """The places of `b`, and those of `a` where only removed nodes are; and the place of each node."""
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
    """Which place of `a` is which of `b`: those around pairs of nodes."""
    same = {0: 0}
    for old, new in found.pairs.items():
        x, y = found.a.columns.place[old - 1], found.b.columns.place[new - 1]
        while x not in same and y and found.a.places[x].kind == found.b.places[y].kind:
            same[x] = y
            x, y = found.a.places[x].parent, found.b.places[y].parent
    return same
