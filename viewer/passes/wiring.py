"""How the nodes of stretches of a trace are wired, compared from each to the next: the exact test of a fold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from viewer.graph import Graph, Group

FURTHEST = 8  # copies back that a value may come from: multistep methods look at as many


@dataclass(frozen=True, slots=True)
class Copy:
    """The nodes of one stretch: its results in the order of their making, and the leaves that only it uses.

    `free` are the leaves that are in no folded group, and may be moved out.
    """

    number: int  # those of a row of stretches are numbered one after the other
    results: list[int]
    leaves: list[int]
    free: set[int]


class Carried(NamedTuple):
    """Where a value comes from that another copy made: how many copies before, -1 for the one after, and which result there."""

    distance: int
    position: int


@dataclass(slots=True)
class Relation:
    """How the copy `after` follows the one `before`.

    `slots` say where each value comes from: None for the same place in the copy itself, `Carried`, or what is the same for
    all; equal ones make a run. `leaves` are the leaves of the copy before and those that stand for them in the one after,
    `initial` those that stand in one alone, because others get a value from another copy instead. `outside` are pairs of
    different leaves that stand outside of both. `reach` is how many copies back the furthest value comes from.
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
        """Whether a value goes from a copy to another."""
        return any(isinstance(slot, Carried) for slot in self.slots)


NONE: dict[int, Carried] = {}


class Wiring:
    """Compares stretches of a graph; `runs` tells of a node the run, the copy and the position where it was folded."""

    def __init__(self, graph: Graph, signatures: list[int]) -> None:
        self.columns = graph.trace.columns
        self.parents = self.columns.parents
        self.leaf = [False, *[kind != "result" for kind in self.columns.kind]]
        self.signatures = signatures
        self.runs: dict[int, tuple[int, int, int]] = {}
        self._runs = self._count = 0
        # By id: the number of the last copy that the node was in, and which of its results it is; -1 for leaves.
        self._numbers = [0] * len(self.leaf)
        self._positions = [-1] * len(self.leaf)

    def copies(self, stretches: Iterable[Sequence[int | Group]]) -> list[Copy]:
        """The nodes of each of a row of stretches, to be compared before another row is looked at."""
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
        """How each copy follows the one before it; None if they are not the same but for the numbers of their nodes."""
        found = [self._relation(copies, n) for n in range(1, len(copies))]
        for n, relation in enumerate(found):
            last = found[n - 1] if n else None
            if (
                relation is not None
                and relation.reach > 1
                and (last is None or last.slots != relation.slots)
            ):
                self._begin(found, copies, n, relation.slots, relation.reach)
        return found

    def _begin(
        self,
        found: list[Relation | None],
        copies: Sequence[Copy],
        n: int,
        slots: list[object],
        reach: int,
    ) -> None:
        """Let a run begin with the copies that its first values come from, whose own values come from outside of it."""
        for start in range(max(0, n + 1 - reach), n):
            relations = []
            for k in range(start + 1, n + 1):
                early = {
                    j: slot
                    for j, slot in enumerate(slots)
                    if isinstance(slot, Carried) and slot.distance > k - start
                }
                relations.append(self._relation(copies, k, start, early))
            if all(relation is not None and relation.slots == slots for relation in relations):
                found[start:n] = relations
                return

    def _relation(
        self, copies: Sequence[Copy], n: int, start: int = 0, early: Mapping[int, Carried] = NONE
    ) -> Relation | None:
        """How a copy follows the one before it; slots of values that come too `early` to be carried have those given."""
        a, b, base = copies[n - 1], copies[n], copies[start].number
        if len(a.results) != len(b.results):
            return None
        found = Relation(a, b)
        numbers, positions, leaf, signatures = (
            self._numbers,
            self._positions,
            self.leaf,
            self.signatures,
        )
        for x, y in zip(a.results, b.results, strict=True):
            if signatures[x] != signatures[y]:
                return None
            for p, q in zip(self.parents[x - 1], self.parents[y - 1], strict=True):
                inside = numbers[q] == b.number and not leaf[q]
                if inside or (numbers[p] == a.number and not leaf[p]):
                    if not inside or numbers[p] != a.number or positions[p] != positions[q]:
                        return None
                    found.slots.append(None)
                elif not (
                    self._start(found, p, q, base, early)
                    if len(found.slots) in early
                    else self._relate(found, p, q, base)
                ):
                    return None
        if found.initial and not found.initial.isdisjoint((*found.leaves, *found.leaves.values())):
            return None
        return found if len(set(found.leaves.values())) == len(found.leaves) else None

    def _start(
        self, found: Relation, p: int, q: int, base: int, early: Mapping[int, Carried]
    ) -> bool:
        """Note values with which a run starts; False if they come from the run itself, or cannot be moved out of it."""
        found.slots.append(early[len(found.slots)])
        return (
            (self.leaf[q] or self._numbers[q] < base)
            and self._is_free(found, found.before, p)
            and self._is_free(found, found.after, q)
        )

    def _relate(self, found: Relation, p: int, q: int, base: int) -> bool:
        """Note where a value comes from that is `p` to one copy and `q` to the next; False if they do not correspond."""
        a, b, number, other = found.before, found.after, self._numbers[q], self._numbers[p]
        if p == q:
            found.slots.append(q)
            return other != a.number
        if (
            not self.leaf[q] and base <= number < b.number <= number + FURTHEST
        ):  # a first copy gets an initial value from anywhere
            found.slots.append(Carried(b.number - number, self._positions[q]))
            found.reach = max(found.reach, b.number - number)
            return (other <= a.number or self.leaf[p]) and self._is_free(found, a, p)
        if (
            not self.leaf[p] and other == b.number
        ):  # and so does a last one whose values come from the copy after it
            found.slots.append(Carried(-1, self._positions[p]))
            return self._is_free(found, b, q)
        if self.leaf[q] and number == b.number:
            found.slots.append(None)
            return self._is_like(p, q) and other == a.number and found.leaves.setdefault(p, q) == q
        found.slots.append(self._between(found, p, q))
        return found.slots[-1] is not None and (other != a.number or not self.leaf[p])

    def _is_free(self, found: Relation, copy: Copy, id: int) -> bool:
        """Whether a value that only one copy gets stands outside of it, or is a leaf that can be moved there."""
        if not self.leaf[id] or self._numbers[id] != copy.number:
            return True
        found.initial.add(id)
        return id in copy.free

    def _is_like(self, p: int, q: int) -> bool:
        return self.leaf[p] and self.leaf[q] and self.signatures[p] == self.signatures[q]

    def _between(self, found: Relation, p: int, q: int) -> object:
        """What two different nodes outside have in common: neighbouring copies of a run, or leaves of one kind."""
        if p in self.runs and q in self.runs:
            (run, n, position), (other, m, place) = self.runs[p], self.runs[q]
            if run == other and abs(m - n) == 1 and position == place:
                return ("with", run, m - n, position)
        if self._is_like(p, q):
            found.outside.append((p, q))
            return "leaf"
        return None

    def add_run(self, copies: Iterable[tuple[int, ...]]) -> None:
        """Remember nodes as a run, for those that use its copies one by one."""
        self._runs += 1
        for n, copy in enumerate(copies):
            for position, id in enumerate(copy):
                self.runs[id] = (self._runs, n, position)
