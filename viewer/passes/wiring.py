"""The exact test of a fold: the wiring of a stretch of nodes, compared with the next stretch."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from autograd_tools.tracing.columns import Argument
from viewer.graph import Graph
from viewer.groups import Group
from viewer.passes.signatures import pattern

NO_NODE = 0  # in place of a parent that is a constant
_OPERAND = re.compile(r"[\[(]*[PR]\(")  # an item of a list that is a node
# A row that runs inside the copies of others make together, the copy and position there, and the
# number of copies.
_Row: TypeAlias = tuple[tuple[int, int], int, int, int]
FURTHEST = 8  # copies back that a value may come from, as in multistep methods


@dataclass(frozen=True, slots=True)
class Copy:
    """The nodes of one stretch: its results, oldest first, and the leaves that only it uses.

    `free` leaves are in no folded group and may be moved out.
    """

    number: int  # consecutive in a row of stretches
    results: list[int]
    leaves: list[int]
    free: set[int]


class Carried(NamedTuple):
    """The origin of a value: a copy, by its distance back (-1: after), and the result there."""

    distance: int
    position: int


@dataclass(slots=True)
class Relation:
    """The relation of a copy to the one before it.

    `slots` have the origin of each value: None for the same position in the copy itself, `Carried`,
    or a thing that is the same for all; equal slots make a run. `leaves` maps the leaves of
    `before` to those of `after`; `initial` are leaves of one copy whose counterpart is carried.
    `outside` are pairs of different leaves outside of both. `reach` is the largest distance of a
    carried value.
    """

    before: Copy
    after: Copy
    slots: list[object] = field(default_factory=list)
    leaves: dict[int, int] = field(default_factory=dict)
    initial: set[int] = field(default_factory=set)
    outside: list[tuple[int, int]] = field(default_factory=list)
    reach: int = 0

    @property
    def carried(self) -> bool:
        """True if any value comes from another copy."""
        return any(isinstance(slot, Carried) for slot in self.slots)


NONE: dict[int, Carried] = {}


class Wiring:
    """Compares stretches of a graph; `runs` has the run, copy and position of each folded node."""

    def __init__(
        self,
        graph: Graph,
        signatures: list[int],
        apart: Collection[int],
        marks: Mapping[int, object],
    ) -> None:
        self.columns = graph.trace.columns
        self.parents = self.columns.parents
        self.leaf = [False, *[kind != "result" for kind in self.columns.kind]]
        self.signatures = signatures
        shown = set(graph.root.all_ids())
        self.apart = graph.hidden.union(apart)
        self.marks = marks
        self.absent = {id for id in range(1, len(self.leaf)) if id not in shown}
        self.runs: dict[int, tuple[int, int, int]] = {}
        self._copies: list[Sequence[tuple[int, ...]]] = []  # of each run
        self._rows: dict[int, _Row] = {}
        self._joined = self._count = 0
        # By id: the number of the last copy with the node, and its position there; -1 for leaves.
        self._numbers = [0] * len(self.leaf)
        self._positions = [-1] * len(self.leaf)

    def copies(self, stretches: Iterable[Sequence[int | Group]]) -> list[Copy]:
        """Return the nodes of a row of stretches, to be compared before the next row is made."""
        return [self._copy(members) for members in stretches]

    def _copy(self, members: Sequence[int | Group]) -> Copy:
        self._count += 1
        leaf, numbers, positions = self.leaf, self._numbers, self._positions
        copy = Copy(self._count, [], [], set())
        todo = list(members)
        while todo:
            member = todo.pop()
            if not isinstance(member, Group):
                if leaf[member]:
                    copy.free.add(member)
                    copy.leaves.append(member)
                else:
                    copy.results.append(member)
            elif member.copies:
                for id in member.all_ids():
                    (copy.leaves if leaf[id] else copy.results).append(id)
            else:
                todo.extend(member.members)
        copy.results.sort()
        for position, id in enumerate(copy.results):
            numbers[id] = copy.number
            positions[id] = position
        for id in copy.leaves:
            numbers[id] = copy.number
        return copy

    def relations(self, copies: Sequence[Copy]) -> list[Relation | None]:
        """Return the relation of each copy to the one before it; None if they differ."""
        found = [self._relation(copies, n) for n in range(1, len(copies))]
        for n, relation in enumerate(found):
            if relation is None or relation.reach <= 1:
                continue
            last = found[n - 1] if n else None
            if last is None or last.slots != relation.slots:
                self._begin(found, copies, n, relation.slots, relation.reach)
        return found

    def beginning(self, first: Copy, second: Copy, slots: list[object]) -> Relation | None:
        """Return the relation of a copy that starts from constants to the first copy of a run.

        The constants are where later copies carry values; all else is as `slots` of the run say.
        """
        found = self._related(first, second, first.number, self._from_constant, {})
        if found is None or found.slots != slots or found.initial:
            return None
        return (
            found
            if found.leaves.keys() == set(first.leaves) and len(first.leaves) == len(second.leaves)
            else None
        )

    def _begin(
        self,
        found: list[Relation | None],
        copies: Sequence[Copy],
        n: int,
        slots: list[object],
        reach: int,
    ) -> None:
        """Start a run at the copies of its first carried values, which get theirs from outside."""
        for start in range(max(0, n + 1 - reach), n):
            relations = []
            for k in range(start + 1, n + 1):
                carried = ((j, slot) for j, slot in enumerate(slots) if isinstance(slot, Carried))
                early = {j: slot for j, slot in carried if slot.distance > k - start}
                relations.append(self._relation(copies, k, start, early))
            if all(relation is not None and relation.slots == slots for relation in relations):
                found[start:n] = relations
                return

    def _relation(
        self, copies: Sequence[Copy], n: int, start: int = 0, early: Mapping[int, Carried] = NONE
    ) -> Relation | None:
        """Return the relation of a copy to the one before; slots that are too `early` are given."""
        return self._related(copies[n - 1], copies[n], copies[start].number, self._alike, early)

    def _alike(self, x: int, y: int) -> Iterable[tuple[int, int]] | None:
        """Return the pairs of the parents of two equal operations, None if they differ."""
        if self.signatures[x] != self.signatures[y]:
            return None
        return zip(self.parents[x - 1], self.parents[y - 1], strict=True)

    def _from_constant(self, x: int, y: int) -> Iterable[tuple[int, int]] | None:
        """Return the pairs of parents, with `NO_NODE` for a constant where `y` has a parent."""
        if self.signatures[x] == self.signatures[y]:
            return self._alike(x, y)
        if x in self.apart or y in self.apart or self.marks.get(x) != self.marks.get(y):
            return None
        columns = self.columns
        pairs: list[tuple[int, int]] = []
        a, b = columns.node(x - 1), columns.node(y - 1)
        same = (a.op, a.file, a.line, len(a.args)) == (b.op, b.file, b.line, len(b.args))
        if not same or columns.value.form[x - 1] != columns.value.form[y - 1]:
            return None
        for own, other in zip(a.args, b.args, strict=True):
            if len(own.nodes) < len(other.nodes) and own.keyword == other.keyword:
                nodes = _with_constants(own, other)
            else:
                nodes = own.nodes if pattern(own) == pattern(other) else None
            if nodes is None:
                return None
            pairs += zip(nodes, other.nodes, strict=True)
        return pairs

    def _related(
        self,
        a: Copy,
        b: Copy,
        base: int,
        alike: Callable[[int, int], Iterable[tuple[int, int]] | None],
        early: Mapping[int, Carried],
    ) -> Relation | None:
        if len(a.results) != len(b.results):
            return None
        found = Relation(a, b)
        numbers, positions, leaf = self._numbers, self._positions, self.leaf
        for x, y in zip(a.results, b.results, strict=True):
            pairs = alike(x, y)
            if pairs is None:
                return None
            for p, q in pairs:
                inside = numbers[q] == b.number and not leaf[q]
                if p == NO_NODE:
                    if numbers[q] != a.number or leaf[q]:
                        return None
                    found.slots.append(Carried(1, positions[q]))
                elif inside or (numbers[p] == a.number and not leaf[p]):
                    if not inside or numbers[p] != a.number or positions[p] != positions[q]:
                        return None
                    found.slots.append(None)
                elif len(found.slots) in early:
                    if not self._start(found, p, q, base, early):
                        return None
                elif not self._relate(found, p, q, base):
                    return None
        if found.initial and not found.initial.isdisjoint((*found.leaves, *found.leaves.values())):
            return None
        return found if len(set(found.leaves.values())) == len(found.leaves) else None

    def _start(
        self, found: Relation, p: int, q: int, base: int, early: Mapping[int, Carried]
    ) -> bool:
        """Note initial values of a run; False if they are in the run and cannot be moved out."""
        found.slots.append(early[len(found.slots)])
        is_before = self.leaf[q] or self._numbers[q] < base
        ends = (found.before, p), (found.after, q)
        return is_before and all(self._is_free(found, copy, id) for copy, id in ends)

    def _relate(self, found: Relation, p: int, q: int, base: int) -> bool:
        """Note the origin of a value, `p` in one copy and `q` in the next; False if they differ."""
        a, b, number, other = found.before, found.after, self._numbers[q], self._numbers[p]
        if p == q:
            found.slots.append(q)
            return other != a.number
        if not self.leaf[q] and base <= number < b.number <= number + FURTHEST:
            # the first copy gets its initial value from anywhere
            found.slots.append(Carried(b.number - number, self._positions[q]))
            found.reach = max(found.reach, b.number - number)
            return (other <= a.number or self.leaf[p]) and self._is_free(found, a, p)
        if not self.leaf[p] and other == b.number:
            # so does the last copy, if values come from the copy after
            found.slots.append(Carried(-1, self._positions[p]))
            return self._is_free(found, b, q)
        if self.leaf[q] and number == b.number:
            found.slots.append(None)
            return self._is_like(p, q) and other == a.number and found.leaves.setdefault(p, q) == q
        found.slots.append(self._between(found, p, q))
        return found.slots[-1] is not None and (other != a.number or not self.leaf[p])

    def _is_free(self, found: Relation, copy: Copy, id: int) -> bool:
        """Return whether a value of one copy alone is outside of it, or can be moved there."""
        if not self.leaf[id] or self._numbers[id] != copy.number:
            return True
        found.initial.add(id)
        return id in copy.free

    def _is_like(self, p: int, q: int) -> bool:
        return self.leaf[p] and self.leaf[q] and self.signatures[p] == self.signatures[q]

    def _between(self, found: Relation, p: int, q: int) -> object:
        """Return the relation of two nodes outside: adjacent copies of a run, or equal leaves.

        Equal results that the graph leaves out, as `focus` does, count as leaves.
        """
        if p in self.runs and q in self.runs:
            (run, n, position), (other, m, place) = self.runs[p], self.runs[q]
            if run == other and abs(m - n) == 1 and position == place:
                return ("with", run, m - n, position)
            # or in loops around each other, whose steps make one row
            (row, n, position, _), (other_row, m, place, _) = self._row(p), self._row(q)
            if row == other_row and abs(m - n) == 1 and position == place:
                return ("with", row, m - n, position)
        if self._is_like(p, q):
            found.outside.append((p, q))
            return "leaf"
        alike = p in self.absent and q in self.absent and self.signatures[p] == self.signatures[q]
        return "absent" if alike else None

    def add_run(self, copies: Sequence[tuple[int, ...]]) -> None:
        """Note the nodes of a run, for stretches that use its copies one by one."""
        run = len(self._copies)
        self._copies.append(copies)
        for n, copy in enumerate(copies):
            for position, id in enumerate(copy):
                self.runs[id] = (run, n, position)

    def _row(self, id: int) -> _Row:
        """Return the row with a node in it; rows are joined when they are first asked for."""
        for run in range(self._joined, len(self._copies)):
            self._join(run, self._copies[run])
        self._joined = len(self._copies)
        return self._rows[id]

    def _join(self, run: int, copies: Sequence[tuple[int, ...]]) -> None:
        """Join the rows inside the copies of a run, those of the same part to one row."""
        for n, copy in enumerate(copies):
            parts: dict[tuple[int, int], int] = {}
            for position, id in enumerate(copy):
                row, k, place, length = self._rows.get(id, (None, 0, position, 1))
                part = -1 if row is None else parts.setdefault(row, len(parts))
                self._rows[id] = ((run, part), n * length + k, place, len(copies) * length)


def _with_constants(own: Argument, other: Argument) -> tuple[int, ...] | None:
    """Return the nodes of an argument, `NO_NODE` where the other has a node for its constant.

    None if they differ in more. The items of a list are told by their texts.
    """
    if not own.nodes and len(other.nodes) == 1:
        return (NO_NODE,)
    items = [[_OPERAND.match(item) for item in arg.text.split(", ")] for arg in (own, other)]
    counts = [sum(map(bool, found)) for found in items]
    if len(items[0]) != len(items[1]) or counts != [len(own.nodes), len(other.nodes)]:
        return None
    nodes = iter(own.nodes)
    pairs = [(bool(a), bool(b)) for a, b in zip(*items, strict=True)]
    if (True, False) in pairs:
        return None
    return tuple([next(nodes) if a else NO_NODE for a, b in pairs if b])
