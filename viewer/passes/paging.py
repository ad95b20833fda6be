"""The pass that cuts long groups into pages, for views that open one group at a time."""

from __future__ import annotations

from dataclasses import replace

from viewer.graph import Graph
from viewer.groups import Group, in_order, rebuild
from viewer.passes.pieces import Members, stretch

MOST_MEMBERS = 60  # of a group


def paged(graph: Graph, longest: int = MOST_MEMBERS) -> Graph:
    """Return a graph in which no group has more than `longest` members.

    The leaves of a longer one go together, and the rest into stretches of about equal length.
    """
    kinds = graph.trace.columns.kind

    def is_leaf(member: int | Group) -> bool:
        if isinstance(member, Group):
            return member.kind == "leaves"
        return kinds[member - 1] != "result"

    def cut(group: Group, members: list[int | Group]) -> Group:
        own: Members = tuple(members)
        if len(own) > longest and group.kind != "leaves":
            leaves = tuple(filter(is_leaf, own))
            if len(leaves) > 1:
                count = sum(1 for m in leaves for _ in (m.ids() if isinstance(m, Group) else (m,)))
                together = Group(f"{count:,} leaves", _pages(graph, leaves, longest), "leaves")
                own = in_order([together, *(m for m in own if not is_leaf(m))])
        return group.with_members(_pages(graph, own, longest))

    return replace(graph, root=rebuild(graph.root, cut))


def _pages(graph: Graph, members: Members, longest: int) -> Members:
    """Return members in stretches, and those in stretches again, until each is short enough."""
    if len(members) <= longest:
        return members
    size = max(longest, -(-len(members) // longest))
    pieces = (members[start : start + size] for start in range(0, len(members), size))
    return tuple(_page(graph, piece, longest) for piece in pieces)


def _page(graph: Graph, piece: Members, longest: int) -> int | Group:
    if len(piece) == 1:
        return piece[0]
    page = stretch(graph, piece)
    return replace(page, members=_pages(graph, piece, longest))
