"""The changes between two profiles, row by row."""

from __future__ import annotations

import linecache
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from autograd_tools import Timer
from autograd_tools.base.text import unknown
from autograd_tools.timing import Counts, Record
from viewer.comparing.line_pairs import pair_files, pair_lines
from viewer.comparing.noise import FEWEST, FLOOR, Change, Spent, spent_on
from viewer.text.places import scope_text, source_text

Records = Mapping[Record, Counts]
Place = tuple[str, int]  # a file and a line
Key = Callable[[Record], Hashable]
BIG = 0.05  # the share of the total below which a row fails no check


@dataclass(frozen=True)
class Comparison:
    """The changes of two profiles by a grouping, the largest differences first.

    `gradients` has the number in each, `machine` is the time of the machine after over before for
    the same work.
    """

    by: str
    gradients: tuple[int, int]
    machine: float
    rows: tuple[Change, ...]
    totals: tuple[Change, ...]

    @property
    def known(self) -> bool:
        """True if there are enough gradients to tell a difference from noise."""
        return min(self.gradients) >= FEWEST

    def failures(self, limit: float) -> list[Change]:
        """Return the total and the big rows that are significantly slower by more than a share."""
        whole = max(self.totals[-1].times)
        big = [row for row in self.rows if max(row.times) > BIG * whole]
        slower = (row for row in (self.totals[-1], *big) if row.verdict == "slower")
        return [row for row in slower if row.ratio and row.ratio - 1 > limit]


class _Run:
    """A profile with its number of gradients and the numbers of those sampled."""

    def __init__(self, timer: Timer) -> None:
        self.records = timer.records
        self.code = timer.code
        self.gradients = timer.steps
        samples = {step for counts in self.records.values() for step in counts.samples}
        self.samples = sorted(samples)

    def spent(self, keys: Callable[[Record], Iterable[Hashable]]) -> dict[Any, Spent]:
        """Return the time spent on the records of each key."""
        groups: dict[Hashable, dict[Record, Counts]] = defaultdict(dict)
        for record, counts in self.records.items():
            for key in keys(record):
                groups[key][record] = counts
        return {
            key: replace(spent_on([*own.values()], self.gradients, self.samples), calls=_calls(own))
            for key, own in groups.items()
        }

    def parts(self, key: Key) -> dict[Any, Spent]:
        """Return the time spent on each key, by part."""
        return self.spent(lambda record: [(key(record), _part(record))])

    def tracing(self) -> dict[Any, float]:
        """Return the nanoseconds to trace a call, by operation and function."""
        spent = self.spent(lambda r: [(r.op, r.function)] if r.phase == "record" else [])
        return {
            key: own.typical * self.gradients / own.calls for key, own in spent.items() if own.calls
        }


def _calls(records: Records) -> int:
    """Return the forward and backward calls; to trace or accumulate one is no further call."""
    own = [c.calls for r, c in records.items() if r.phase in ("forward", "backward")]
    return sum(own) or sum(c.calls for c in records.values())


def _part(record: Record) -> str:
    """Return "forward" and "backward" for the operations, "engine" for tracing and accumulation."""
    return record.phase if record.phase in ("forward", "backward") else "engine"


def changes(a: Timer, b: Timer, by: str = "op") -> Comparison:
    """Group the records of two profiles, and pair the groups of a part."""
    if by not in GROUPINGS:
        raise unknown("grouping", by, GROUPINGS)
    before, after = _Run(a), _Run(b)
    machine = _machine(a, b, before, after)
    floor = (1 + FLOOR) * max(machine, 1 / machine) - 1
    grouping = GROUPINGS[by](before, after)
    old, new = before.parts(grouping.keys[0]), after.parts(grouping.keys[1])
    rows = []
    for pair in dict.fromkeys([*old, *new]):
        key, part = pair
        code = grouping.code(key)
        spent, place = (old.get(pair), new.get(pair)), grouping.place(key)
        rows.append(Change(grouping.name(key), part, *spent, code, floor, *place))
    rows.sort(key=lambda row: (row.verdict == "same", -abs(row.difference), row.key, row.part))
    old, new = (run.spent(lambda record: [_part(record), "total"]) for run in (before, after))
    totals = [
        Change("total", part, old.get(part), new.get(part), floor=floor)
        for part in ("forward", "backward", "engine", "total")
        if part != "engine" or part in {*old, *new}
    ]
    return Comparison(by, (a.steps, b.steps), machine, tuple(rows), tuple(totals))


def _machine(a: Timer, b: Timer, before: _Run, after: _Run) -> float:
    """Return the time of the machine after over before for the same work of the engine.

    That is the tracing of calls, or else a section of the timer; 1 if neither is known.
    """
    old, new = before.tracing(), after.tracing()
    ratios = [new[key] / old[key] for key in old.keys() & new.keys() if old[key] and new[key]]
    if ratios:
        return median(ratios)
    return b.section_cost_ns / a.section_cost_ns if a.section_cost_ns and b.section_cost_ns else 1.0


@dataclass(frozen=True)
class Grouping:
    """Keys of records before and after, equal for paired groups; name, code and line of a key.

    The line is that of the run after, unless it is gone.
    """

    keys: tuple[Key, Key]
    name: Callable[[Hashable], str] = str
    code: Callable[[Hashable], str] = lambda key: ""
    place: Callable[[Any], tuple[Place | None, bool]] = lambda key: (None, False)


def _by(key: Callable[[Record], str]) -> Callable[[_Run, _Run], Grouping]:
    return lambda before, after: Grouping((key, key))


def _by_line(before: _Run, after: _Run) -> Grouping:
    """Group by the place after, or the place before of a line that is gone."""
    moved = _moved(before, after)
    back = {new: old for old, new in moved.items()}
    files = {record.file for record in after.records}

    def key_before(record: Record) -> Hashable:
        place = (record.file, record.line)
        return moved.get(place, ("gone", *place))

    def name(key: Any) -> str:
        if key[0] == "gone":
            return _place_text(key[1:])
        old, new = _place_text(back.get(key, key)), _place_text(key)
        if old == new:
            return new
        return f"{old} → {key[1] if old.rpartition(':')[0] == new.rpartition(':')[0] else new}"

    def code(key: Any) -> str:
        if key[0] == "gone":  # a file of the run after has other lines now
            known = before.code.get(key[1], {}).get(key[2], "")
            return known if known or key[1] in files else _code(key[1:])
        return after.code.get(key[0], {}).get(key[1], "") or _code(key)

    def place(key: Any) -> tuple[Place | None, bool]:
        return (key[1:], True) if key[0] == "gone" else (key, False)

    return Grouping((key_before, lambda record: (record.file, record.line)), name, code, place)


def _moved(before: _Run, after: _Run) -> dict[Place, Place]:
    """Return the lines of the run before, and the lines after that they are paired with."""
    operations = [_operations(run.records) for run in (before, after)]
    found: dict[Place, Place] = {}
    for old, new in pair_files(*operations).items():
        timed = left, right = operations[0][old], operations[1][new]
        known = [run.code.get(file, {}) for run, file in ((before, old), (after, new))]
        reads = [linecache.getlines(file) for file in (old, new)] if old != new else [[], []]
        if all(all(lines.get(n) for n in own) for lines, own in zip(known, timed, strict=True)):
            left, right = known
        elif all(reads):
            left, right = ({n: text.strip() for n, text in enumerate(lines, 1)} for lines in reads)
        pairs = pair_lines(left, right)
        for line, other in pairs.items():
            if line in timed[0] and other in timed[1]:
                found[old, line] = (new, other)
    return found


def _operations(records: Records) -> dict[str, Mapping[int, Hashable]]:
    """Return the operations and functions of each line, by file and number."""
    found: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    for record in records:
        found[record.file][record.line].update((f"def {record.function}", record.op))
    return {
        file: {line: frozenset(ops) for line, ops in lines.items()} for file, lines in found.items()
    }


def _place_text(place: Place) -> str:
    return source_text(*place) or "(no line)"


def _code(place: Place) -> str:
    return linecache.getline(*place).strip() if place[0] else ""


# The groupings of profiles, by name. To add one, add an entry with a function of the records before
# and after.
GROUPINGS: dict[str, Callable[[_Run, _Run], Grouping]] = {
    "op": _by(lambda record: record.op),
    "argument": _by(lambda record: record.label),
    "line": _by_line,
    "scope": _by(lambda record: scope_text(record.scope)),
}
