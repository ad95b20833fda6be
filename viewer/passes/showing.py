"""The pass that expands the groups around a node to draw it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from viewer.graph import Graph
from viewer.groups import Group, in_order
from viewer.passes.pieces import PIECES, Members, leaves_together, stretch

UNFRAMED = ("line", *PIECES)  # kinds of groups whose members are beside others when they are open
NEAR = 3  # members on each side of a node that are drawn one by one


def opened_to(graph: Graph, id: int | None) -> Graph:
    """Return a graph in which a node is drawn itself; None for `id` returns it unchanged.

    The groups around the node that were collapsed are open, and those beside it in them are not. A
    node of a folded group is drawn with those that are equal to it, a Param alone.
    """
    if id is None or id in graph.hidden or id not in set(graph.root.all_ids()):
        return graph
    path, own = _path(graph, id)
    if not any(group.collapsed for group in path):
        return graph
    first = next(n for n, group in enumerate(path) if group.collapsed)
    shown: Members = (own,)
    for depth in range(len(path) - 1, -1, -1):
        group = path[depth]
        inner = path[depth + 1] if depth + 1 < len(path) else own
        if depth >= first:
            shown = _around(graph, group, inner, shown)
        else:
            at = group.members.index(inner)
            shown = (*group.members[:at], *shown, *group.members[at + 1 :])
        if group.kind not in UNFRAMED:
            shown = (replace(group, members=in_order(shown), collapsed=False),)
    root = shown[0]
    assert isinstance(root, Group)
    return replace(graph, root=root)


def _path(graph: Graph, id: int) -> tuple[list[Group], int]:
    """Return the groups around a node, the outermost first, and the node that it is drawn as."""
    path, member = [], graph.root
    while True:
        path.append(member)
        if member.copies and member.kind != "leaves":
            copy = next(copy for copy in member.copies if id in copy)
            id = member.copies[0][copy.index(id)]
        inner = next(
            (m for m in member.members if isinstance(m, Group) and id in set(m.all_ids())), None
        )
        if inner is None:
            return path, id
        member = inner


def _around(graph: Graph, group: Group, inner: int | Group, shown: Members) -> Members:
    """Return the members of a group to open, with those `shown` in place of one, `inner`."""
    if group.kind == "leaves":
        members: Members = tuple(sorted(group.all_ids()))
    else:
        members = group.members
    at = members.index(inner)
    sides = (members[:at], members[at + 1 :])
    before, after = (_closed(graph, leaves_together(graph, side)) for side in sides)
    return (*before, *shown, *after)


def _closed(graph: Graph, members: Sequence[int | Group]) -> Members:
    """Return members as collapsed groups, and many of them as one."""
    if len(members) > NEAR:
        members = [stretch(graph, tuple(members))]
    return tuple(replace(m, collapsed=True) if isinstance(m, Group) else m for m in members)
