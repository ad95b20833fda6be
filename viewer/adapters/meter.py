"""Times of the gradients of other engines, by record, as a `Timer` has them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

from autograd_tools import Timer, Trace
from autograd_tools.location.call_site import PathEntry
from autograd_tools.timing.records import Record, Tally
from viewer.adapters.recorder import BackwardPass, OpCall

# By record: calls, nanoseconds, bytes allocated and saved.
Sums: TypeAlias = dict[Record, list[int]]
MOST_SAMPLES = 128  # gradients, of each record


class Meter:
    """Sums of calls by record, as a `Timer` has them."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget all."""
        self.steps, self._stride = 0, 1
        self.alone_ns = 0  # of gradients that were timed alone, outside of the run
        self._tallies: dict[Record, Tally] = {}

    def add(self, calls: Iterable[OpCall], done: BackwardPass) -> None:
        """Add a gradient: the calls since the one before, and its backward pass."""
        self._put(_sums_of(calls, done), self.steps)
        self._end_step()

    def add_trace(self, trace: Trace) -> None:
        """Add the gradient of a trace, which was timed alone."""
        sums = _sums_of_trace(trace)
        self.alone_ns += sum(ns for _, ns, _, _ in sums.values())
        self._put(sums, self.steps)
        self._end_step()

    def _end_step(self) -> None:
        self.steps += 1
        if self.steps > self._stride * MOST_SAMPLES:
            self._stride *= 2
            for tally in self._tallies.values():
                tally.thin(self._stride)

    def add_rest(self, calls: Iterable[OpCall]) -> None:
        """Add calls after the last gradient, as a part of it."""
        self._put(_sums_of(calls, BackwardPass()), max(self.steps - 1, 0))

    def _put(self, sums: Sums, step: int) -> None:
        for record, (ncalls, ns, nbytes, saved) in sums.items():
            tally = self._tallies.get(record)
            if tally is None:
                tally = self._tallies[record] = Tally()
            tally.add((ncalls, ns, nbytes), 1, step, step)
            tally.keep(saved)
            if step % self._stride == 0:
                tally.sample(step, ns)

    def timer(self) -> Timer:
        """Return the sums so far as a stopped timer, whose total time is 0."""
        records = {record: tally.counts(self.steps) for record, tally in self._tallies.items()}
        return Timer.of_records(records, self.steps)


def _sums_of(calls: Iterable[OpCall], done: BackwardPass) -> Sums:
    sums: Sums = {}
    records = _Records()
    for call in calls:
        if call.forward_ns is not None:
            own = sums.setdefault(records.of(call, 0, "forward"), [0, 0, 0, 0])
            own[0] += 1
            own[1] += call.forward_ns
            own[2] += call.nbytes
            own[3] += call.saved
    for call, times in done.ns.items():
        for argument, ns in times.items():
            own = sums.setdefault(records.of(call, argument, "backward"), [0, 0, 0, 0])
            own[0] += 1
            own[1] += ns
    return sums


def _sums_of_trace(trace: Trace) -> Sums:
    sums: Sums = {}
    for node in trace:
        where = node.file, node.line, node.function, node.scope
        timed = [(0, "forward", node.forward_ns)]
        timed += [(n, "backward", ns) for n, ns in (node.backward_ns or {}).items()]
        for argument, phase, ns in timed:
            if ns is not None:
                record = Record(node.op, argument, *where, phase)
                own = sums.setdefault(record, [0, 0, 0, 0])
                own[0] += 1
                own[1] += ns
                own[2] += node.value.nbytes if node.value and phase == "forward" else 0
    return sums


class _Records:
    """The records of calls, one object for equal ones."""

    def __init__(self) -> None:
        self._scopes: dict[int, tuple[str, ...]] = {0: ()}
        self._equal: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._known: dict[tuple[Any, ...], Record] = {}

    def of(self, call: OpCall, argument: int, phase: str) -> Record:
        """Return the record of a call."""
        site = call.site
        scope = self._scope(site.path)
        if call.inner:
            scope = self._equal.setdefault((*scope, call.inner[0]), (*scope, call.inner[0]))
        key = call.op, argument, phase, site.line, id(site.file), site.function, id(scope)
        found = self._known.get(key)
        if found is None:
            where = site.file, site.line, site.function, scope, phase
            found = self._known[key] = Record(call.op, argument, *where)
        return found

    def _scope(self, path: PathEntry | None) -> tuple[str, ...]:
        """Return the names on a path; equal ones are one object. The calls keep paths alive."""
        if path is None:
            return self._scopes[0]
        found = self._scopes.get(id(path))
        if found is None:
            around = self._scope(path.around)
            found = (*around, path.name) if path.number > 0 else around
            found = self._scopes[id(path)] = self._equal.setdefault(found, found)
        return found
