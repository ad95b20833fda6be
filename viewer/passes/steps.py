"""The numbers of steps: the iteration of the program's loop for each copy of a folded group."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TypeAlias

from autograd_tools.location.call_tree import AT_LEAST, DIGITS
from viewer.graph import Graph
from viewer.groups import Group, rebuild

UNKNOWN = 0
NAMED = 3  # steps in a title

# The first and the last step of a copy; -3 for "≥3".
Ends: TypeAlias = tuple[int, int]


def number_of(member: int | Group) -> int:
    """Return the number of a step or level, `UNKNOWN` for anything else."""
    name = member.name if isinstance(member, Group) else ""
    digits = name.removeprefix(AT_LEAST)
    if not DIGITS.fullmatch(digits):
        return UNKNOWN
    return int(digits) if digits == name else -int(digits)


def step_text(first: int, last: int) -> str:
    """Return `5`, `≥5` or `5-7`."""
    sign = AT_LEAST if first < 0 else ""
    return f"{sign}{abs(first)}" + (f"-{abs(last)}" if last != first else "")


def listed(steps: Iterable[Ends]) -> str:
    """Return the text of different steps: `2`, `2, 5, 8`, or `2, 5, … 29`."""
    in_order = sorted(set(steps), key=lambda ends: (abs(ends[0]), abs(ends[1])))
    found = list(dict.fromkeys(step_text(*ends) for ends in in_order))
    if len(found) > NAMED:
        found = [", ".join(found[: NAMED - 1]), f"… {found[-1]}"]
    return ", ".join(found)


def first_and_last(name: str) -> tuple[str, str]:
    """Return the ends of the name of steps: `2` and `4` for `2-4`, and for `2-4, 5-7`."""
    first, *rest = re.split("[-,]", name)
    return first, rest[0] if name[len(first) :].startswith("-") else first


def joined(a: Group, b: Group) -> tuple[Ends, ...]:
    """Return the numbers of all steps from one to another, in each copy of the groups around."""
    ends = zip(a.steps[:: a.times], b.steps[b.times - 1 :: b.times], strict=False)
    return tuple([(first[0], last[1]) for first, last in ends])


def with_steps(graph: Graph, before: Group, root: Group) -> Group:
    """Return a folded tree in which steps inside of folded groups have the numbers in all copies.

    `before` is the tree before it was folded. A step in several copies is named "2, 5, 8".
    """
    counted = _Counted(graph, before)
    steps = {id(g): ends for g, ends in _numbered(graph, counted, root) if ends}
    if not steps:
        return root

    def put(group: Group, members: list[int | Group]) -> Group:
        made, own = group.with_members(members), steps.get(id(group), ())
        if not own:
            return made
        if group.kind not in ("step", "level"):
            return replace(made, steps=own)
        times = group.times
        rows = zip(own[::times], own[times - 1 :: times], strict=True)
        return replace(made, steps=own, name=listed((a[0], b[1]) for a, b in rows))

    return rebuild(root, put)


class _Counted:
    """The steps around each node, before they were folded."""

    def __init__(self, graph: Graph, before: Group) -> None:
        self.places: dict[int, dict[int, int]] = {}  # of nodes in the first copy, by folded group
        self.of = [0] * (len(graph.trace) + 1)  # the innermost step; 0 for none
        self.number, self.outer, self.depth = [UNKNOWN], [0], [0]
        todo = [(before, 0)]
        while todo:
            group, step = todo.pop()
            if group.kind == "step":
                self.number.append(number_of(group))
                self.outer.append(step)
                self.depth.append(self.depth[step] + 1)
                step = len(self.number) - 1
            for member in group.members:
                if isinstance(member, Group):
                    todo.append((member, step))
                else:
                    self.of[member] = step

    def at(self, id: int, depth: int) -> int:
        """Return the number of the step around a node that `depth - 1` others are around."""
        step = self.of[id]
        while self.depth[step] > depth:
            step = self.outer[step]
        return self.number[step] if self.depth[step] == depth else UNKNOWN

    def in_all(self, around: Sequence[Group], ids: list[int]) -> list[int]:
        """Return nodes of first copies in all copies of the groups around, outermost first."""
        for group in reversed(around):
            places = self.places.get(id(group))
            if places is None:
                places = {node: place for place, node in enumerate(group.copies[0])}
                self.places[id(group)] = places
            own = [places[node] for node in ids]
            ids = [copy[place] for copy in group.copies for place in own]
        return ids


def _numbered(
    graph: Graph, counted: _Counted, root: Group
) -> Iterator[tuple[Group, tuple[Ends, ...]]]:
    """Yield the steps and rows of steps inside of folded groups, with their numbers."""
    kind = graph.trace.columns.kind
    todo: list[tuple[Group, tuple[Group, ...], int]] = [(root, (), 0)]
    while todo:
        group, around, depth = todo.pop()
        is_step, is_level = group.kind == "step", _is_of_levels(group)
        inner = (*around, group) if group.copies else around
        if around and is_level:
            yield group, _levels(group, around)
        elif around and (is_step or group.steps):
            results = [id for id in group.ids() if kind[id - 1] == "result"]
            if results:
                ends = [
                    [counted.at(id, depth + 1) for id in counted.in_all(inner, [end])]
                    for end in (min(results), max(results))
                ]
                found = tuple(zip(*ends, strict=True))
                yield group, found if all(map(all, found)) else ()
        depth += is_step or (group.kind == "loop" and bool(group.steps))
        todo += [(m, inner, depth) for m in group.members if isinstance(m, Group)]


def _levels(group: Group, around: Sequence[Group]) -> tuple[Ends, ...]:
    """Return the numbers of a level or a row of them, which have the same in outer copies.

    A level in a row of several has that of each copy of the row.
    """
    row = around[-1]
    own, number = group.steps, number_of(group)
    if number and row.steps and _is_of_levels(row):
        before = number - row.steps[0][0]
        own, around = tuple([(a + before, a + before) for a, _ in row.steps]), around[:-1]
    return own * math.prod(len(outer.copies) for outer in around)


def _is_of_levels(group: Group) -> bool:
    first = group.members[0] if group.kind == "repeat" and group.members else group
    return isinstance(first, Group) and first.kind in ("level", "recursion")
