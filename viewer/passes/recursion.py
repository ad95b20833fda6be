"""Functions that call themselves: calls one in the other, put side by side as the steps of a loop are, and back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from viewer.graph import Graph, Group, in_order, rebuild

# Calls of one function, innermost first, each without the call that is right in it.
_Calls: TypeAlias = list[Group]


def side_by_side(graph: Graph, apart: Collection[str]) -> Group:
    """The root of a graph in which each call that has one of the same function right in it is a "recursion" of "level"s.

    Levels are named by their depth and stand in its order, leaves that several of them use beside them. Functions whose
    names are `apart` stay as they are.
    """
    functions = [group for group in graph.root.inner() if group.kind == "function"]
    if not any(
        isinstance(m, Group) and m.name == group.name for group in functions for m in group.members
    ):
        return graph.root
    kinds = graph.trace.columns.kind

    def put(group: Group, members: list[Any]) -> Group | _Calls:
        inner = [m for m in members if _is_call(m, group)] if group.name not in apart else []
        rest = [m for m in members if m is not inner[0]] if len(inner) == 1 else []
        if all(
            isinstance(m, int) and kinds[m - 1] != "result" for m in rest
        ):  # it does nothing of its own
            return (
                group if all(isinstance(m, int) for m in members) else _with(graph, group, members)
            )
        calls = inner[0] if isinstance(inner[0], list) else inner
        calls.append(_with(graph, group, rest))
        return calls

    made = rebuild(graph.root, put)
    return made if isinstance(made, Group) else _recursion(graph, made)


def _is_call(member: Any, group: Group) -> bool:
    """Whether a member is a call, or calls, of the function that a group is a call of."""
    call = member[-1] if isinstance(member, list) else member
    return (
        isinstance(call, Group)
        and call.kind == group.kind == "function"
        and call.name == group.name
        and not group.copies
    )


def _with(graph: Graph, group: Group, members: list[Any]) -> Group:
    """A group with other members; itself if they are those that it has."""
    found = tuple(
        [_recursion(graph, member) if isinstance(member, list) else member for member in members]
    )
    same = len(found) == len(group.members) and all(
        a is b for a, b in zip(found, group.members, strict=True)
    )
    return group if same else replace(group, members=found)


def _recursion(graph: Graph, calls: _Calls) -> Group:
    """The group of calls one in the other."""
    columns = graph.trace.columns
    beside: list[int] = []
    levels: list[Group] = []
    for depth, call in enumerate(reversed(calls), 1):
        own = set(call.all_ids())
        shared = {
            m
            for m in call.members
            if isinstance(m, int)
            and columns.kind[m - 1] != "result"
            and not own.issuperset(columns.children[m - 1])
        }
        beside += sorted(shared)
        levels.append(
            replace(
                call,
                name=str(depth),
                kind="level",
                members=tuple([m for m in call.members if m not in shared]),
            )
        )
    outer = calls[-1]
    return Group(outer.name, (*beside, *levels), "recursion", outer.file, outer.line)


def nested(graph: Graph, recursion: Group, levels: Sequence[Group], leaves: Sequence[int]) -> Group:
    """Levels one in the other again, with each of the leaves in the outermost level that uses it."""
    children = graph.trace.columns.children
    left = dict.fromkeys(leaves)
    homes: list[list[int]] = []
    for level in levels:
        ids = set(level.all_ids())
        homes.append([leaf for leaf in left if not ids.isdisjoint(children[leaf - 1])])
        for leaf in homes[-1]:
            del left[leaf]
    made: tuple[Group, ...] = ()
    for level, home in zip(reversed(levels), reversed(homes), strict=True):
        made = (
            replace(
                level,
                name=recursion.name,
                kind="function",
                members=in_order([*home, *level.members, *made]),
            ),
        )
    return replace(made[0], members=in_order([*left, *made[0].members]))
