"""The pass that cuts long groups into pages, for views that open one group at a time."""

from __future__ import annotations

from dataclasses import replace

from viewer.graph import Graph, Group, rebuild
from viewer.passes.pieces import Members, leaves_together, stretch

MOST_MEMBERS = 60  # members of a group


def paged(graph: Graph, longest: int = MOST_MEMBERS) -> Graph:
    """Return a graph in which no group has more than `longest` members.

    Neighbouring leaves of a longer one go together, and then stretches of about equal length.
    """

    def cut(group: Group, members: list[int | Group]) -> Group:
        own: Members = tuple(members)
        if len(own) > longest:
            own = _pages(graph, leaves_together(graph, own), longest)
        return group.with_members(own)

    return replace(graph, root=rebuild(graph.root, cut))


def _pages(graph: Graph, members: Members, longest: int) -> Members:
    """Return members in stretches, and those in stretches again, until each is short enough."""
    found: list[int | Group] = []
    for member in members:
        if isinstance(member, Group) and len(member.members) > longest:  # leaves together
            member = replace(member, members=_pages(graph, member.members, longest))  # noqa: PLW2901
        found.append(member)
    if len(found) <= longest:
        return tuple(found)
    size = max(longest, -(-len(found) // longest))
    pieces = (tuple(found[start : start + size]) for start in range(0, len(found), size))
    return tuple(_page(graph, piece, longest) for piece in pieces)


def _page(graph: Graph, piece: Members, longest: int) -> int | Group:
    if len(piece) == 1:
        return piece[0]
    page = stretch(graph, piece)
    return replace(page, members=_pages(graph, piece, longest))
