"""A graph to be shown: the nodes of a trace in groups, of which passes fold, close and hide some.

Passes take a `Graph` and return another one; a renderer draws its `boxes` and `edges`, or walks its groups. All of it
is plain data over a trace, which stays as it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from autograd_tools import Trace


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
        for member in self.members:
            if isinstance(member, Group):
                yield from member.all_ids()
            else:
                yield member

    def all_ids(self) -> Iterator[int]:
        """The ids of all nodes that it stands for."""
        if self.copies:
            for copy in self.copies:
                yield from copy
        else:
            yield from self.ids()


@dataclass(frozen=True)
class Box:
    """One thing to draw: a node, or a closed group, which has no `node`. `nodes` are the ids of all that it stands for."""

    key: str
    nodes: tuple[int, ...]
    node: int | None = None
    group: Group | None = None


@dataclass(frozen=True)
class Edge:
    """A value on its way: from the box `tail` to the box `head`, into its `argument`, counted from 1 (0: a closed group's).

    `node` is the one whose value it is; a `carried` edge goes from one of folded copies to the next.
    """

    tail: str
    head: str
    node: int
    argument: int = 0
    carried: bool = False
    count: int = 1


@dataclass(frozen=True)
class Graph:
    """What is to be shown of a trace.

    `hidden` nodes are left out, and edges go through them; `notes` say in words what was left out.
    """

    trace: Trace
    root: Group
    hidden: frozenset[int] = frozenset()
    notes: tuple[str, ...] = ()
    leaves_apart: bool = False  # whether Params and inputs are drawn anew at each use

    @cached_property
    def boxes(self) -> dict[str, Box]:
        """The boxes by key, oldest first: `n7` is node 7, `g2` the second group, counted from the outside in."""
        nodes: dict[str, list[int]] = defaultdict(list)
        for id, key in self._targets.keys.items():
            if id not in self.hidden:
                nodes[key].append(id)
        groups = self._targets.groups
        boxes = (Box(key, tuple(ids), None if key in groups else int(key[1:]), groups.get(key)) for key, ids in nodes.items())
        return {box.key: box for box in sorted(boxes, key=lambda box: box.nodes[0])}

    @cached_property
    def edges(self) -> list[Edge]:
        """The edges between boxes, in the order of what they lead to; equal ones are one, with a `count`."""
        keys, copies, parents = self._targets.keys, self._targets.copies, self.trace.columns.parents
        counts: dict[tuple[str, str, int, bool], list[int]] = {}
        for id, head in keys.items():
            if id in self.hidden:
                continue
            for slot, parent in enumerate(parents[id - 1]):
                for source in self._sources(parent):
                    tail = keys[source]
                    carried = id in copies and source in copies and _from_another_copy(copies[source], copies[id])
                    if tail != head or carried:
                        slot_shown = -1 if head in self._targets.groups else slot
                        counts.setdefault((tail, head, slot_shown, carried), [source, 0])[1] += 1
        return [
            Edge(tail, head, source, self._argument(head, slot), carried, count)
            for (tail, head, slot, carried), (source, count) in counts.items()
        ]

    @cached_property
    def _targets(self) -> _Targets:
        found = _Targets({}, {}, {})
        found.walk(self.root, None)
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

    def _argument(self, head: str, slot: int) -> int:
        """The number of the argument that a parent is: the parents of a node are those of its arguments, one after the other."""
        if slot < 0:
            return 0
        numbers = [number for number, arg in enumerate(self.trace[int(head[1:])].args, 1) for _ in arg.nodes]
        return numbers[slot]


@dataclass(frozen=True)
class _Targets:
    """Where each node is shown: the key of its box, by id, and which of folded copies it is in; closed groups by key."""

    keys: dict[int, str]
    copies: dict[int, tuple[tuple[int, int], ...]]  # number of the folded group and of the copy, outermost first
    groups: dict[str, Group]
    count: list[int] = field(default_factory=lambda: [0])

    def walk(self, group: Group, key: str | None) -> None:
        """Find where the nodes of a group are shown: in the box `key`, if a group around them is closed."""
        number, self.count[0] = self.count[0], self.count[0] + 1
        if group.closed and key is None:
            key = f"g{number}"
            self.groups[key] = group
        for member in group.members:
            if isinstance(member, Group):
                self.walk(member, key)
            else:
                self.keys[member] = key or f"n{member}"
        if not group.copies:
            return
        first = group.copies[0]
        inner = [self.copies.get(id, ()) for id in first]
        for n, copy in enumerate(group.copies):
            for model, id, path in zip(first, copy, inner, strict=True):
                self.keys[id] = self.keys[model]
                self.copies[id] = ((number, n), *path)


def _from_another_copy(tail: tuple[tuple[int, int], ...], head: tuple[tuple[int, int], ...]) -> bool:
    """Whether a value comes from another copy of a folded group than the one that it goes to."""
    for (group, n), (other, m) in zip(tail, head, strict=False):
        if group != other:
            return False
        if n != m:
            return True
    return False
