"""A graph to be shown: the nodes of a trace in groups, of which passes fold, close and hide some.

Passes take a `Graph` and return another one; a renderer draws its `boxes` and `edges`, or walks its groups. All of it
is plain data over a trace, which stays as it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, repeat
from typing import Any, TypeVar

from autograd_tools import Trace
from autograd_tools.base.html import html_of

Made = TypeVar("Made")


@dataclass(frozen=True)
class Group:
    """Nodes that stand together: a function's call, a scope, a loop, a step of a loop, or whatever a pass put together.

    `members` are ids of nodes, and groups, oldest first. `closed` ones are drawn as one box. A folded group stands for
    many equal ones: `copies` has the ids of the nodes of each, in the same order; the first are those in `members`.
    """

    name: str
    members: tuple[int | Group, ...]
    kind: str = ""
    file: str = ""
    line: int = 0
    closed: bool = False
    copies: tuple[tuple[int, ...], ...] = ()

    @property
    def times(self) -> int:
        """How many equal groups it stands for: 1 unless it was folded."""
        return len(self.copies) or 1

    def ids(self) -> Iterator[int]:
        """The ids of the nodes in it, inner groups and their copies included; not those of its own other copies."""
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
        """The ids of all nodes that it stands for."""
        return chain.from_iterable(self.copies) if self.copies else self.ids()

    def inner(self) -> Iterator[Group]:
        """It and the groups in it, from the outside in, each before those that come after it."""
        todo = [self]
        while todo:
            group = todo.pop()
            yield group
            todo.extend(member for member in reversed(group.members) if isinstance(member, Group))

    @property
    def first(self) -> int:
        """The id of its oldest node, by which members are put in order."""
        member: int | Group = self
        while isinstance(member, Group):
            member = member.members[0]
        return member


def in_order(members: Iterable[int | Group]) -> tuple[int | Group, ...]:
    """Members in the order of their oldest nodes."""
    return tuple(
        sorted(members, key=lambda member: member if isinstance(member, int) else member.first)
    )


def rebuild(root: Group, make: Callable[[Group, list[Any]], Made]) -> Made:
    """Make something of a group and what was made of the groups in it, from the inside out, however deep they are.

    `make` gets each group, and its members with what it made of groups in their place.
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
            made = make(group, done)
            todo.pop()
            if not todo:
                return made
            todo[-1][2].append(made)


@dataclass(frozen=True)
class Box:
    """One thing to draw: a node, or a closed group, which has no `node`. `nodes` are the ids of all that it stands for.

    A leaf that is drawn at its use has the key of the box there as its `head`, and belongs beside it.
    """

    key: str
    nodes: tuple[int, ...]
    node: int | None = None
    group: Group | None = None
    head: str = ""


@dataclass(frozen=True)
class Edge:
    """A value on its way: from the box `tail` to the box `head`, into its `argument`, counted from 1 (0: a closed group's).

    `node` is the one whose value it is. An edge between folded copies is `carried` so many copies further: 1 to the next,
    -1 to the one before; else 0.
    """

    tail: str
    head: str
    node: int
    argument: int = 0
    carried: int = 0
    count: int = 1


@dataclass(frozen=True)
class Graph:
    """What is to be shown of a trace.

    `hidden` nodes are left out, and edges go through them; nodes that are in no group are left out with their edges.
    `notes` say in words what was left out.
    """

    trace: Trace
    root: Group
    hidden: frozenset[int] = frozenset()
    notes: tuple[str, ...] = ()
    leaves_apart: bool = False  # whether Params and inputs are drawn anew at each use
    constants: bool = True  # whether the arguments that are constants are drawn

    def _repr_html_(self) -> str | None:
        return html_of(self)

    @cached_property
    def boxes(self) -> dict[str, Box]:
        """The boxes by key, oldest first: `n7` is node 7, `g2` the second group, counted from the outside in.

        Where leaves are drawn at each use, `n1_for_n7` is the leaf 1 as it goes into the box `n7`.
        """
        nodes: dict[str, list[int]] = defaultdict(list)
        for id in sorted(self._targets.keys.keys() - self.hidden):
            nodes[self._targets.keys[id]].append(id)
        uses = self._shown.uses
        for tail, _ in uses:
            nodes.pop(tail, None)
        groups = self._targets.groups
        boxes = [
            Box(key, tuple(ids), _node(key, groups), groups.get(key)) for key, ids in nodes.items()
        ]
        boxes += [
            Box(_use(tail, head), tuple(ids), _node(tail, groups), None, head)
            for (tail, head), ids in uses.items()
        ]
        return {box.key: box for box in sorted(boxes, key=lambda box: box.nodes[0])}

    @cached_property
    def edges(self) -> list[Edge]:
        """The edges between boxes, in the order of what they lead to; equal ones are one, with a `count`."""
        uses = self._shown.uses
        return [
            Edge(
                _use(tail, head) if (tail, head) in uses else tail,
                head,
                source,
                argument,
                carried,
                count,
            )
            for (tail, head, argument, carried), (source, count) in self._shown.counts.items()
        ]

    @cached_property
    def _shown(self) -> _Shown:
        shown, keys, groups = _Shown({}, {}), self._targets.keys, self._targets.groups
        columns, copies = self.trace.columns, self._targets.copies
        for id in sorted(keys.keys() - self.hidden):
            head = keys[id]
            numbers = chain(() if head in groups else self._arguments(head), repeat(0))
            for argument, parent in zip(numbers, columns.parents[id - 1]):  # noqa: B905  zeros without an end
                for source in self._sources(parent):
                    tail = keys[source]
                    carried = (
                        _copies_between(copies[source], copies[id])
                        if id in copies and source in copies
                        else 0
                    )
                    if tail == head and not carried:
                        continue
                    shown.counts.setdefault((tail, head, argument, carried), [source, 0])[1] += 1
                    if (
                        self.leaves_apart
                        and tail not in groups
                        and columns.kind[source - 1] != "result"
                    ):
                        shown.uses.setdefault((tail, head), {})[source] = None
        return shown

    @cached_property
    def _targets(self) -> _Targets:
        found = _Targets({}, {}, {})
        found.walk(self.root)
        return found

    def _sources(self, id: int) -> list[int]:
        """The node itself; of a hidden one those that it was computed from and that are shown."""
        if id not in self.hidden:
            return [id] if id in self._targets.keys else []
        found: list[int] = []
        seen, todo = {id}, [id]
        while todo:
            for parent in self.trace.columns.parents[todo.pop() - 1]:
                if parent not in seen:
                    seen.add(parent)
                    (todo if parent in self.hidden else found).append(parent)
        return sorted(id for id in found if id in self._targets.keys)

    def _arguments(self, head: str) -> list[int]:
        """The numbers of the arguments that parents are: those of a node are those of its arguments, one after the other."""
        if head not in self._numbers:
            args = self.trace[int(head[1:])].args
            self._numbers[head] = [number for number, arg in enumerate(args, 1) for _ in arg.nodes]
        return self._numbers[head]

    @cached_property
    def _numbers(self) -> dict[str, list[int]]:
        return {}

    def check(self) -> None:
        """Raise ValueError unless each node is in one place, copies match, and each edge is between two boxes."""
        for group in self.root.inner():
            if not group.members and group is not self.root:
                raise ValueError(f"the group {group.name!r} is empty")
            firsts = [
                member.first if isinstance(member, Group) else member for member in group.members
            ]
            if firsts != sorted(firsts):
                raise ValueError(
                    f"the members of the group {group.name!r} are not in order: {firsts}"
                )
            if group.copies and sorted(group.copies[0]) != sorted(group.ids()):
                raise ValueError(
                    f"the first copy of the group {group.name!r} is {group.copies[0]}, and its nodes {[*group.ids()]}"
                )
            if len({len(copy) for copy in group.copies}) > 1:
                raise ValueError(f"the copies of the group {group.name!r} differ in length")
        ids = list(self.root.all_ids())
        if len(set(ids)) != len(ids) or not set(ids) <= set(range(1, len(self.trace) + 1)):
            raise ValueError("a node is in two places, or is not in the trace")
        drawn = {id for box in self.boxes.values() for id in box.nodes}
        if drawn != set(ids) - self.hidden:
            raise ValueError(
                f"no box, or a wrong one, for the nodes {sorted(drawn ^ (set(ids) - self.hidden))}"
            )
        for edge in self.edges:
            if edge.tail not in self.boxes or edge.head not in self.boxes:
                raise ValueError(f"an edge without its boxes: {edge}")


@dataclass(frozen=True)
class _Shown:
    """What the edges are made of: node and count by ends, argument and how far it is carried; leaves by (tail, head)."""

    counts: dict[tuple[str, str, int, int], list[int]]
    uses: dict[tuple[str, str], dict[int, None]]


@dataclass(frozen=True)
class _Targets:
    """Where each node is shown: the key of its box, by id, and which of folded copies it is in; closed groups by key."""

    keys: dict[int, str]
    copies: dict[
        int, tuple[tuple[int, int], ...]
    ]  # number of the folded group and of the copy, outermost first
    groups: dict[str, Group]

    def walk(self, root: Group) -> None:
        """Find where all nodes are shown: those in a closed group in its box."""
        todo: list[tuple[Group, str | None, int]] = [(root, None, -1)]
        count = 0
        while todo:
            group, key, number = todo.pop()
            if number >= 0:  # all in it are found
                self._add_copies(group, number)
                continue
            if group.closed and key is None:
                key = f"g{count}"
                self.groups[key] = group
            todo.append((group, key, count))
            count += 1
            todo.extend(
                (member, key, -1) for member in reversed(group.members) if isinstance(member, Group)
            )
            self.keys.update(
                (member, key or f"n{member}")
                for member in group.members
                if not isinstance(member, Group)
            )

    def _add_copies(self, group: Group, number: int) -> None:
        """Show the nodes of all copies where those of the first are."""
        inner = [self.copies.get(id, ()) for id in group.copies[0]] if group.copies else []
        for n, copy in enumerate(group.copies):
            for model, id, path in zip(group.copies[0], copy, inner, strict=True):
                self.keys[id] = self.keys[model]
                self.copies[id] = ((number, n), *path)


def _node(key: str, groups: dict[str, Group]) -> int | None:
    return None if key in groups else int(key[1:])


def _use(tail: str, head: str) -> str:
    """The key of a leaf that is drawn at its use."""
    return f"{tail}_for_{head}"


def _copies_between(tail: tuple[tuple[int, int], ...], head: tuple[tuple[int, int], ...]) -> int:
    """How many copies of a folded group a value goes further: 0 within one."""
    for (group, n), (other, m) in zip(tail, head, strict=False):
        if group != other:
            return 0
        if n != m:
            return m - n
    return 0
