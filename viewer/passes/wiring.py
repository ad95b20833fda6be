"""How the nodes of one stretch of a trace are wired, compared with those of the next: the exact test of a fold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from viewer.graph import Graph, Group


@dataclass(frozen=True)
class Copy:
    """The nodes of one stretch: its results in the order of their making, and the leaves that only it uses.

    `free` are the leaves that are in no folded group, and may be moved out.
    """

    results: list[int]
    leaves: set[int]
    free: set[int]
    position: dict[int, int]


@dataclass(frozen=True)
class Relation:
    """How a copy follows the one before it.

    `slots` say where each value comes from that is not of the copy itself; equal ones make a run. `leaves` are the leaves
    of the copy before and those that stand for them in this one, `initial` those of the first of a run that later copies
    have no like of, because they get a value from the copy before instead. `outside` are pairs of different leaves that
    stand outside of both.
    """

    slots: list[object] = field(default_factory=list)
    leaves: dict[int, int] = field(default_factory=dict)
    initial: set[int] = field(default_factory=set)
    outside: list[tuple[int, int]] = field(default_factory=list)

    @property
    def carried(self) -> bool:
        """Whether a value goes from a copy to the next."""
        return any(isinstance(slot, tuple) and slot[0] == "carried" for slot in self.slots)


class Wiring:
    """Compares stretches of a graph; `runs` tells of a node the run, the copy and the position where it was folded."""

    def __init__(self, graph: Graph, signatures: list[int]) -> None:
        self.columns = graph.trace.columns
        self.parents = self.columns.parents
        self.leaf = [False, *(kind != "result" for kind in graph.trace.columns.kind)]
        self.signatures = signatures
        self.runs: dict[int, tuple[int, int, int]] = {}
        self._count = 0

    def copy(self, members: Iterable[int | Group]) -> Copy:
        """The nodes of some members."""
        results: list[int] = []
        leaves: set[int] = set()
        free: set[int] = set()
        todo = list(members)
        while todo:
            member = todo.pop()
            if not isinstance(member, Group):
                if self.leaf[member]:
                    free.add(member)
                else:
                    results.append(member)
            elif member.copies:
                for id in member.all_ids():
                    if self.leaf[id]:
                        leaves.add(id)
                    else:
                        results.append(id)
            else:
                todo.extend(member.members)
        results.sort()
        return Copy(results, leaves | free, free, {id: n for n, id in enumerate(results)})

    def relation(self, a: Copy, b: Copy) -> Relation | None:
        """How `b` follows `a`; None if they are not the same but for the numbers of their nodes."""
        found = Relation()
        if len(a.results) != len(b.results):
            return None
        for x, y in zip(a.results, b.results, strict=True):
            if self.signatures[x] != self.signatures[y]:
                return None
            for p, q in zip(self.parents[x - 1], self.parents[y - 1], strict=True):
                if not self._relate(found, a, b, p, q):
                    return None
        if found.initial & found.leaves.keys() or len(set(found.leaves.values())) < len(found.leaves):
            return None
        return found

    def _relate(self, found: Relation, a: Copy, b: Copy, p: int, q: int) -> bool:
        """Note where a value comes from that is `p` to one copy and `q` to the next; False if they do not correspond."""
        if q in b.position or p in a.position:
            return a.position.get(p, -1) == b.position.get(q, -2)
        if q in b.leaves:
            return p in a.leaves and self.signatures[p] == self.signatures[q] and found.leaves.setdefault(p, q) == q
        if q in a.position:  # carried; the first copy gets an initial value from anywhere
            found.slots.append(("carried", a.position[q]))
            if p in a.leaves:
                found.initial.add(p)
            return p not in a.leaves or p in a.free
        found.slots.append(p if p == q else self._between(found, p, q))
        return p not in a.leaves and found.slots[-1] is not None

    def _between(self, found: Relation, p: int, q: int) -> object:
        """What two different nodes outside have in common: neighbouring copies of a run, or leaves of one kind."""
        if p in self.runs and q in self.runs:
            (run, n, position), (other, m, place) = self.runs[p], self.runs[q]
            if run == other and abs(m - n) == 1 and position == place:
                return ("with", run, m - n, position)
        if self.leaf[p] and self.leaf[q] and self.signatures[p] == self.signatures[q]:
            found.outside.append((p, q))
            return "leaf"
        return None

    def add_run(self, copies: Iterable[tuple[int, ...]]) -> None:
        """Remember nodes as a run, for those that use its copies one by one."""
        self._count += 1
        for n, copy in enumerate(copies):
            for position, id in enumerate(copy):
                self.runs[id] = (self._count, n, position)
