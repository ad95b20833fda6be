"""The displayed graph: the nodes of a trace in groups, which passes fold, collapse and hide.

A pass takes a `Graph` and returns another one; a renderer draws its `boxes` and `edges`, or walks
its groups. All of it is plain data over a trace, which is never changed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias

import numpy as np

from autograd_tools import Trace
from autograd_tools.base.html import html_of
from viewer.groups import Group

Copies: TypeAlias = tuple[tuple[int, int], ...]  # folded groups and copies in them, outermost first


@dataclass(frozen=True)
class Box:
    """A node or a collapsed group (which has no `node`) to draw; `nodes` are all ids in it.

    A leaf that is drawn at its use has the key of the box there as its `head`.
    """

    key: str
    nodes: tuple[int, ...]
    node: int | None = None
    group: Group | None = None
    head: str = ""


@dataclass(frozen=True)
class Edge:
    """The value of `node` on its way from the box `tail` into an argument of the box `head`.

    The `argument` counts from 1; it is 0 for a collapsed group. An edge between folded copies is
    `carried` by a number of copies: 1 to the next, -1 to the one before, else 0. `count` is the
    number of equal edges that it represents; the last of them has the value of `last`.
    """

    tail: str
    head: str
    node: int
    argument: int = 0
    carried: int = 0
    count: int = 1
    last: int = 0


@dataclass(frozen=True)
class Graph:
    """A computation graph prepared for a view.

    The passes `viewer.group`, `fold`, `focus`, `prune`, `leaves_apart` and `fit` make it, and every
    view takes it.

    Attributes
    ----------
    trace : Trace
        The nodes.
    root : Group
        The groups of the nodes to show; nodes in no group are left out with their edges.
    hidden : frozenset of int
        The ids of nodes that edges pass through.
    notes : tuple of str
        The notes of passes about omitted nodes.
    leaves_apart : bool
        Draw Params and inputs again at each use.
    constants : bool
        Draw constant arguments.
    """

    trace: Trace
    root: Group
    hidden: frozenset[int] = frozenset()
    notes: tuple[str, ...] = ()
    leaves_apart: bool = False
    constants: bool = True

    def _repr_html_(self) -> str | None:
        return html_of(self)

    def with_note(self, note: str) -> Graph:
        """Return the graph with another note, and with all that is known of it."""
        noted = replace(self, notes=(*self.notes, note))
        known = {name: x for name, x in self.__dict__.items() if name not in noted.__dict__}
        noted.__dict__.update(known)
        return noted

    @cached_property
    def boxes(self) -> dict[str, Box]:
        """The boxes by key, oldest first.

        `n7` is node 7, `g2` the third group in pre-order from 0. With `leaves_apart`, `n1_for_n7`
        is the leaf 1 beside the box `n7`.
        """
        targets, uses = self._targets, self._shown.uses
        nodes: dict[str, list[int]] = defaultdict(list)
        for id in sorted(targets.keys.keys() - self.hidden):
            nodes[targets.keys[id]].append(id)
        for tail, _ in uses:
            nodes.pop(tail, None)
        groups = targets.groups
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
        """The edges between boxes, sorted by their heads; equal ones are one, with a `count`."""
        uses, edges = self._shown.uses, []
        for (tail, head, argument, carried), (source, count, last) in self._shown.counts.items():
            start = _use(tail, head) if (tail, head) in uses else tail
            edges.append(Edge(start, head, source, argument, carried, count, last))
        return edges

    @cached_property
    def alike(self) -> dict[int, list[int]]:
        """The nodes that each node of a first copy represents, itself first, oldest first."""
        found: dict[int, list[int]] = defaultdict(list)
        models = self._targets.models
        for id in sorted(self._targets.keys):
            found[models.get(id, id)].append(id)
        return found

    @cached_property
    def _shown(self) -> _Shown:
        shown, keys, groups = _Shown({}, {}), self._targets.keys, self._targets.groups
        columns, copies = self.trace.columns, self._targets.copies
        hidden, counts, kind = self.hidden, shown.counts, columns.kind
        for id, position, parent in self._wires():
            head, own = keys[id], copies.get(id)
            argument = 0 if head in groups else self._arguments(id)[position]
            is_plain = parent in keys and parent not in hidden
            for source in (parent,) if is_plain else self._sources(parent):
                tail, there = keys[source], copies.get(source) if own else None
                carried = _copies_between(there, own) if there and own and there != own else 0
                if tail == head and not carried:
                    continue
                wire = tail, head, argument, carried
                if wire in counts:
                    ends = counts[wire]
                    ends[1:] = ends[1] + 1, max(ends[2], source)
                else:
                    counts[wire] = [source, 1, source]
                if self.leaves_apart and tail not in groups and kind[source - 1] != "result":
                    shown.uses.setdefault((tail, head), {})[source] = None
        return shown

    def _wires(self) -> Iterator[tuple[int, int, int]]:
        """Yield the edges of nodes that may be drawn: a node, the position of a parent, the parent.

        Those within one box, most of all in a large graph, are left out by array operations.
        """
        columns, keys = self.trace.columns, self._targets.keys
        numbers = {key: number for number, key in enumerate(dict.fromkeys(keys.values()), 1)}
        size = len(self.trace) + 1
        boxes = np.zeros(size, int)
        boxes[list(keys)] = [numbers[key] for key in keys.values()]
        hidden, folded = np.zeros(size, bool), np.zeros(size, bool)
        hidden[list(self.hidden)] = True
        folded[list(self._targets.copies)] = True
        own = np.repeat(np.arange(1, size), np.diff(columns.starts))
        parents = np.asarray(columns.flat)
        apart = (boxes[own] != boxes[parents]) | (folded[own] & folded[parents])
        there = (boxes[own] > 0) & ~hidden[own] & ((boxes[parents] > 0) & apart | hidden[parents])
        found = np.flatnonzero(there)
        positions = found - np.asarray(columns.starts)[own[found] - 1]
        return zip(own[found].tolist(), positions.tolist(), parents[found].tolist(), strict=True)

    @cached_property
    def _targets(self) -> _Targets:
        found = _Targets({}, {}, {}, {})
        found.walk(self.root)
        return found

    def _sources(self, id: int) -> list[int]:
        """Return the node itself; for a hidden one the shown nodes it was computed from."""
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

    def _arguments(self, id: int) -> list[int]:
        """Return the argument that each parent of a node is, for all nodes of a box alike.

        The first of them may have a constant where others have a parent.
        """
        columns = self.trace.columns
        alike = self._targets.models.get(id, id), len(columns.parents[id - 1])
        if alike not in self._numbers:
            args = columns.node(id - 1).args
            self._numbers[alike] = [number for number, arg in enumerate(args, 1) for _ in arg.nodes]
        return self._numbers[alike]

    @cached_property
    def _numbers(self) -> dict[tuple[int, int], list[int]]:
        return {}

    def check(self) -> None:
        """Check the invariants of the graph, which every pass keeps.

        Raises
        ------
        ValueError
            If a node is in two places, members are unsorted, copies differ, or an edge lacks a box.
        """
        for group in self.root.inner():
            name = f"the group {group.name!r}"
            if not group.members and group is not self.root:
                raise ValueError(f"{name} is empty")
            firsts = [m.first if isinstance(m, Group) else m for m in group.members]
            if firsts != sorted(firsts):
                raise ValueError(f"the members of {name} are not in order: {firsts}")
            if group.copies and sorted(group.copies[0]) != sorted(group.ids()):
                raise ValueError(
                    f"the first copy of {name} is {group.copies[0]}, its nodes are {[*group.ids()]}"
                )
            if len({len(copy) for copy in group.copies}) > 1:
                raise ValueError(f"the copies of {name} differ in length")
        ids = list(self.root.all_ids())
        if len(set(ids)) != len(ids) or not set(ids) <= set(range(1, len(self.trace) + 1)):
            raise ValueError("a node is in two places, or is not in the trace")
        drawn = {id for box in self.boxes.values() for id in box.nodes}
        if wrong := drawn ^ (set(ids) - self.hidden):
            raise ValueError(f"no box, or a wrong one, for the nodes {sorted(wrong)}")
        for edge in self.edges:
            if edge.tail not in self.boxes or edge.head not in self.boxes:
                raise ValueError(f"an edge without its boxes: {edge}")


@dataclass(frozen=True)
class _Shown:
    """The data of edges: nodes and count by ends, argument and carry; leaves by (tail, head)."""

    counts: dict[tuple[str, str, int, int], list[int]]
    uses: dict[tuple[str, str], dict[int, None]]


@dataclass(frozen=True)
class _Targets:
    """The key of the box and the folded copies of each node, by id; collapsed groups by key.

    `models` has the node that is shown for each node of another copy.
    """

    keys: dict[int, str]
    copies: dict[int, Copies]
    groups: dict[str, Group]
    models: dict[int, int]

    def walk(self, root: Group) -> None:
        """Find the boxes of all nodes; those in a collapsed group share one."""
        todo: list[tuple[Group, str | None, int]] = [(root, None, -1)]
        count = 0
        while todo:
            group, key, number = todo.pop()
            if number >= 0:  # all in it are found
                self._add_copies(group, number, key)
                continue
            if group.collapsed and key is None:
                key = f"g{count}"
                self.groups[key] = group
            todo.append((group, key, count))
            count += 1
            for member in reversed(group.members):
                if isinstance(member, Group):
                    todo.append((member, key, -1))
                else:
                    self.keys[member] = key or f"n{member}"

    def _add_copies(self, group: Group, number: int, key: str | None) -> None:
        """Show the nodes of all copies in the boxes of the first; `key` is the box around them."""
        is_within = key is not None and self.groups[key] is not group
        inner = [self.copies.get(id, ()) for id in group.copies[0]] if group.copies else []
        for n, copy in enumerate(group.copies):
            for model, id, path in zip(group.copies[0], copy, inner, strict=True):
                self.keys[id] = self.keys[model]
                self.models[id] = self.models.get(model, model)
                if not is_within:
                    self.copies[id] = ((number, n), *path)


def _node(key: str, groups: dict[str, Group]) -> int | None:
    return None if key in groups else int(key[1:])


def _use(tail: str, head: str) -> str:
    return f"{tail}_for_{head}"


def _copies_between(tail: Copies, head: Copies) -> int:
    """Return by how many copies of a folded group a value is carried, 0 within one."""
    for (group, n), (other, m) in zip(tail, head, strict=False):
        if group != other:
            return 0
        if n != m:
            return m - n
    return 0
