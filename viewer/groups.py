"""Groups of nodes in each other: calls, scopes, loops and their steps."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, TypeVar

Built = TypeVar("Built")


@dataclass(frozen=True)
class Group:
    """Nodes that belong together: a call, a scope, a loop, one step of it, or the work of a pass.

    `members` are ids of nodes, and groups, oldest first. A `collapsed` group is drawn as one box. A
    folded group stands for many equal ones: `copies` has the ids of the nodes of each, in the same
    order; the first are those in `members`. `steps` has the numbers of the first and the last step
    in each copy of it, in each copy of the groups around it; see `viewer.passes.steps`.
    """

    name: str
    members: tuple[int | Group, ...]
    kind: str = ""
    file: str = ""
    line: int = 0
    collapsed: bool = False
    copies: tuple[tuple[int, ...], ...] = ()
    steps: tuple[tuple[int, int], ...] = ()

    @property
    def times(self) -> int:
        """The number of equal groups it represents, 1 unless it is folded."""
        return len(self.copies) or 1

    def ids(self) -> Iterator[int]:
        """Yield the ids of its nodes, with the copies of inner groups but without its own."""
        todo: list[int | Group] = list(reversed(self.members))
        while todo:  # a loop, because calls may be nested more deeply than Python's own
            member = todo.pop()
            if not isinstance(member, Group):
                yield member
            elif member.copies:
                yield from chain.from_iterable(member.copies)
            else:
                todo.extend(reversed(member.members))

    def all_ids(self) -> Iterator[int]:
        """Return the ids of all nodes that it represents."""
        return chain.from_iterable(self.copies) if self.copies else self.ids()

    def inner(self) -> Iterator[Group]:
        """Yield the group itself and those in it, in pre-order."""
        todo = [self]
        while todo:
            group = todo.pop()
            yield group
            todo.extend(member for member in reversed(group.members) if isinstance(member, Group))

    @property
    def is_wrapper(self) -> bool:
        """True for an open group with one open group in it and nothing else: both share a frame."""
        only = self.members[0] if len(self.members) == 1 else None
        is_open = not self.collapsed and not self.copies
        return is_open and isinstance(only, Group) and not only.collapsed

    def with_members(self, members: Sequence[int | Group]) -> Group:
        """Return the group with other members, or itself if they are the same objects."""
        same = len(members) == len(self.members) and all(map(operator.is_, members, self.members))
        return self if same else replace(self, members=tuple(members))

    @property
    def first(self) -> int:
        """The id of its oldest node, by which members are sorted."""
        member: int | Group = self
        while isinstance(member, Group):
            member = member.members[0]
        return member


def in_order(members: Iterable[int | Group]) -> tuple[int | Group, ...]:
    """Return members sorted by their oldest nodes."""
    return tuple(sorted(members, key=lambda m: m.first if isinstance(m, Group) else m))


def rebuild(root: Group, build: Callable[[Group, list[Any]], Built]) -> Built:
    """Return `build(group, members)` of a group, from the inside out, at any depth.

    The members that `build` gets contain its results in place of groups.
    """
    todo: list[tuple[Group, Iterator[int | Group], list[Any]]] = [(root, iter(root.members), [])]
    while True:
        group, members, done = todo[-1]
        for member in members:
            if isinstance(member, Group):
                todo.append((member, iter(member.members), []))
                break
            done.append(member)
        else:
            built = build(group, done)
            todo.pop()
            if not todo:
                return built
            todo[-1][2].append(built)
