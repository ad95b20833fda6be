"""Recursive functions: nested calls as levels side by side, like steps of a loop, and back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from viewer.graph import Graph
from viewer.groups import Group, in_order, rebuild

_Calls: TypeAlias = list[Group]  # of one function, innermost first, without the calls in them


def side_by_side(graph: Graph, apart: Collection[str]) -> Group:
    """Return the root of a graph with each recursive call as a "recursion" of "level"s.

    Levels are named and sorted by their depth; leaves that several of them use are beside them.
    Functions whose names are `apart` are unchanged.
    """
    functions = [group for group in graph.root.inner() if group.kind == "function"]
    inner = ((group, m) for group in functions for m in group.members if isinstance(m, Group))
    if not any(member.name == group.name for group, member in inner):
        return graph.root
    kinds = graph.trace.columns.kind

    def put(group: Group, members: list[Any]) -> Group | _Calls:
        inner = [m for m in members if _is_call(m, group)] if group.name not in apart else []
        rest = [m for m in members if m is not inner[0]] if len(inner) == 1 else []
        if all(isinstance(m, int) and kinds[m - 1] != "result" for m in rest):
            has_groups = not all(isinstance(m, int) for m in members)
            return _with(graph, group, members) if has_groups else group  # it adds nothing itself
        calls = inner[0] if isinstance(inner[0], list) else inner
        calls.append(_with(graph, group, rest))
        return calls

    made = rebuild(graph.root, put)
    return made if isinstance(made, Group) else _recursion(graph, made)


def _is_call(member: Any, group: Group) -> bool:
    """Return whether a member is a call, or calls, of the same function as a group."""
    call = member[-1] if isinstance(member, list) else member
    return (
        isinstance(call, Group)
        and call.kind == group.kind == "function"
        and call.name == group.name
        and not group.copies
    )


def _with(graph: Graph, group: Group, members: list[Any]) -> Group:
    return group.with_members([_recursion(graph, m) if isinstance(m, list) else m for m in members])


def _recursion(graph: Graph, calls: _Calls) -> Group:
    kinds, children = graph.trace.columns.kind, graph.trace.columns.children
    beside: list[int] = []
    levels: list[Group] = []
    for depth, call in enumerate(reversed(calls), 1):
        own = set(call.all_ids())
        leaves = [m for m in call.members if isinstance(m, int) and kinds[m - 1] != "result"]
        shared = {leaf for leaf in leaves if not own.issuperset(children[leaf - 1])}
        beside += sorted(shared)
        members = tuple([m for m in call.members if m not in shared])
        levels.append(replace(call, name=str(depth), kind="level", members=members))
    outer = calls[-1]
    return Group(outer.name, (*beside, *levels), "recursion", outer.file, outer.line)


def nested(graph: Graph, recursion: Group, levels: Sequence[Group], leaves: Sequence[int]) -> Group:
    """Return levels nested again, with each leaf in the outermost level that uses it."""
    children = graph.trace.columns.children
    left = dict.fromkeys(leaves)
    homes: list[list[int]] = []
    for level in levels:
        ids = set(level.all_ids())
        homes.append([leaf for leaf in left if not ids.isdisjoint(children[leaf - 1])])
        for leaf in homes[-1]:
            del left[leaf]
    inner: list[Group] = []
    for level, home in zip(reversed(levels), reversed(homes), strict=True):
        members = in_order([*home, *level.members, *inner])
        inner = [replace(level, name=recursion.name, kind="function", members=members)]
    return replace(inner[0], members=in_order([*left, *inner[0].members]))
