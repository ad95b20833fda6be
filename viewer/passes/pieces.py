"""Pieces of groups with too many members: leaves together, and stretches of equal length."""

from __future__ import annotations

from itertools import groupby
from typing import TypeAlias

from viewer.graph import Graph
from viewer.groups import Group
from viewer.passes.steps import first_and_last, joined

PIECES = ("leaves", "stretch")  # the kinds of these groups, which are not cut again

Members: TypeAlias = tuple[int | Group, ...]


def leaves_together(graph: Graph, members: Members) -> Members:
    """Return members with neighbouring leaves as one group."""
    kinds = graph.trace.columns.kind
    found: list[int | Group] = []
    for is_leaf, run in groupby(members, lambda m: isinstance(m, int) and kinds[m - 1] != "result"):
        items = tuple(run)
        together = is_leaf and len(items) > 1
        found += [Group(f"{len(items):,} leaves", items, "leaves")] if together else items
    return tuple(found)


def stretches(graph: Graph, members: Members, pieces: int) -> Members:
    """Cut members into pieces of about equal length."""
    size = -(-len(members) // pieces)
    found = (members[start : start + size] for start in range(0, len(members), size))
    return tuple(stretch(graph, piece) if len(piece) > 1 else piece[0] for piece in found)


def stretch(graph: Graph, members: Members) -> Group:
    """Return neighbours as a group, named by its steps, its lines or else its nodes."""
    ends = [member for member in (members[0], members[-1]) if isinstance(member, Group)]
    kinds = {group.kind for group in ends}
    if len(ends) == 2 and len(kinds) == 1 and kinds <= {"step", "level"}:
        first, last = first_and_last(ends[0].name)[0], first_and_last(ends[1].name)[1]
        steps = joined(ends[0], ends[1])
        return Group(f"{ends[0].kind}s {first}-{last}", members, "stretch", steps=steps)
    ids = [id for m in members for id in (m.all_ids() if isinstance(m, Group) else (m,))]
    columns = graph.trace.columns
    files = {columns.file[id - 1] for id in ids} - {""}
    lines = [columns.line[id - 1] for id in ids if columns.file[id - 1]]
    if len(files) == 1 and lines[0] < lines[-1]:
        return Group(f"lines {lines[0]:,}-{lines[-1]:,}", members, "stretch", files.pop(), lines[0])
    return Group(f"nodes {min(ids):,}-{max(ids):,}", members, "stretch")
