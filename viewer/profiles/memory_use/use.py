"""The memory of a gradient as plain data: the bytes over its time, and the holders at its peak."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np

from viewer.profiles.memory_use.course import Course
from viewer.profiles.memory_use.recorded import Recorded

COLUMNS = 64  # of the bytes over time
SAVED, KEPT = "saved for backward", "other values on the tape"
MOVING, FINAL = "gradients of results", "gradients of Params and arguments"
IN_USE, TEMPORARY = "values in use", "temporary arrays"
NODES = "nodes (estimated)"


class Held(NamedTuple):
    """An array at the peak: why it is held, by which row and argument (0 is its value)."""

    why: str
    row: int
    argument: int
    nbytes: int


@dataclass(frozen=True)
class Holder:
    """Arrays at the peak that are held for one reason, or the nodes of the tape."""

    name: str
    nbytes: int
    arrays: int


@dataclass(frozen=True)
class KeptTape:
    """Tapes that a program keeps: where they were recorded, their number, and their bytes."""

    place: str
    count: int
    nbytes: int


@dataclass(frozen=True)
class MemoryCourse:
    """Bytes over the time of a gradient, in equal parts of it; `forward` parts come first."""

    nbytes: list[int]
    forward: int


@dataclass(frozen=True)
class Peak:
    """The most bytes at once: the phase, the operation and its line.

    The phase is "forward", "backward", or "end" after the last operation. `nbytes` are those of
    arrays. The nodes of the tape take about `node_nbytes` more.
    """

    nbytes: int
    node_nbytes: int
    phase: str
    op: str
    file: str
    line: int

    @property
    def whole(self) -> int:
        """The bytes of arrays and nodes."""
        return self.nbytes + self.node_nbytes


def peak_of(work: Recorded, course: Course) -> tuple[Peak, list[Held]]:
    """Return the peak of a gradient without checkpoints, and the arrays held there."""
    top = max(range(len(course.bytes)), key=course.whole.__getitem__)
    moment, columns = course.moments[top], work.trace.columns
    row = moment if moment >= 0 else -1 - moment
    phase = "forward" if moment >= 0 else "backward" if top + 1 < len(course.bytes) else "end"
    op = columns.op[row] or columns.name[row]
    nbytes = course.bytes[top], course.nodes[top]
    peak = Peak(*nbytes, phase, op, columns.file[row], columns.line[row])
    return peak, [*_held(work, Course(work, stop=top).run())]


def _held(work: Recorded, at: Course) -> Iterator[Held]:
    """Yield the arrays held at the moment at which a course has stopped, each once."""
    buffers, seen = work.buffers, set[int]()

    def new(why: str, row: int, argument: int, number: int) -> Iterator[Held]:
        if number not in seen and at.holds(number):
            seen.add(number)
            yield Held(why, row, argument, buffers.nbytes[number])

    for row in at.saving:
        for argument, number in buffers.saved.get(row, ()):
            yield from new(SAVED, row, argument, number)
    for row in at.given:
        for number in (*at.gradient(row), *buffers.outgrad.get(row, ())):
            yield from new(FINAL if work.is_leaf[row] else MOVING, row, 0, number)
    for row, own in buffers.value.items():
        for number in own:
            yield from new(KEPT if work.keeps else IN_USE, row, 0, number)


def holders_of(peak: Peak, held: list[Held]) -> list[Holder]:
    """Return why the arrays at the peak are held, the most bytes first."""
    found = {
        why: [x.nbytes for x in held if x.why == why]
        for why in (SAVED, KEPT, MOVING, FINAL, IN_USE)
    }
    rest = peak.nbytes - sum(map(sum, found.values()))
    holders = [Holder(why, sum(own), len(own)) for why, own in found.items() if own]
    holders += [Holder(TEMPORARY, rest, 0)] if rest > 0 else []
    holders += [Holder(NODES, peak.node_nbytes, 0)] if peak.node_nbytes else []
    return sorted(holders, key=lambda holder: -holder.nbytes)


def by_time(work: Recorded, course: Course) -> MemoryCourse:
    """Return the bytes over time; steps count equally if they were not timed."""
    columns = work.trace.columns
    forward, backward = columns.forward_ns, columns.backward_ns
    timed = any(ns is not None for ns in forward)
    weights = []
    for moment in course.moments:
        if not timed:
            weights.append(1)
        elif moment >= 0:
            weights.append(forward[moment] or 0)
        else:
            own = backward[-1 - moment] or {}
            weights.append(sum(own.values()) // max(len(own), 1))
    ends = np.array([*accumulate(weights)], float)
    whole = ends[-1] or 1.0
    size = min(COLUMNS, len(weights))
    column = np.minimum((ends - 1e-9) / whole * size, size - 1).astype(int)
    most = np.zeros(size, np.int64)
    np.maximum.at(most, column, np.array(course.whole, np.int64))
    filled = np.zeros(size, bool)
    filled[column] = True
    last = np.maximum.accumulate(np.where(filled, np.arange(size), 0))
    steps = sum(
        weight for weight, moment in zip(weights, course.moments, strict=True) if moment >= 0
    )
    return MemoryCourse(most[last].tolist(), round(steps / whole * size))


# Tables of what is saved at the peak.


def _line(work: Recorded, held: Held) -> tuple[str, int]:
    columns = work.trace.columns
    return columns.file[held.row], columns.line[held.row]


def _argument(work: Recorded, held: Held) -> tuple[str, int]:
    return work.trace.columns.op[held.row], held.argument


def _scope(work: Recorded, held: Held) -> tuple[str, ...]:
    columns = work.trace.columns
    return columns.scope(columns.place[held.row])[0]


# The groupings of the tables, by name. To add one, add an entry.
HELD_BY: dict[str, tuple[Callable[[Recorded, Held], Any], Callable[[Any], dict[str, Any]]]] = {
    "line": (_line, lambda key: {"file": key[0], "line": key[1]}),
    "argument": (_argument, lambda key: {"op": key[0], "argument": key[1]}),
    "scope": (_scope, lambda key: {"scope": list(key)}),
}


def tables_of(work: Recorded, held: list[Held]) -> dict[str, list[dict[str, Any]]]:
    """Return the bytes saved at the peak, by line, argument and scope, the most first."""
    shown = [x for x in held if x.why in (SAVED, KEPT)]
    tables = {}
    for by, (key_of, facts) in HELD_BY.items():
        groups: dict[Hashable, list[int]] = {}
        for x in shown:
            groups.setdefault(key_of(work, x), []).append(x.nbytes)
        ranked = sorted(groups.items(), key=lambda item: -sum(item[1]))
        tables[by] = [{**facts(key), "nbytes": sum(own), "arrays": len(own)} for key, own in ranked]
    return tables
