"""How two profiles differ, row by row: the data that a table of it is made of."""

from __future__ import annotations

import linecache
from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from autograd_tools import Timer
from autograd_tools.timing import Counts, Record
from viewer.comparing.line_pairs import pair_files, pair_lines
from viewer.comparing.noise import FEWEST, FLOOR, Change, Spent, spent_on
from viewer.text.places import scope_text, source_text

Records = Mapping[Record, Counts]
Spot = tuple[str, int]  # a file and a line
PARTS = ("forward", "backward")
BIG = 0.05  # of the total: a row below that fails no check
Key = Callable[[Record], Hashable]


@dataclass(frozen=True)
class Comparison:
    """Two profiles by a grouping: how many gradients each has, what changed of each row, and in all; largest differences first.

    `machine` is how many times as long the machine took after for the same.
    """

    by: str
    gradients: tuple[int, int]
    machine: float
    rows: tuple[Change, ...]
    totals: tuple[Change, ...]

    @property
    def known(self) -> bool:
        """Whether there are enough gradients to tell a difference from noise."""
        return min(self.gradients) >= FEWEST

    def failures(self, limit: float) -> list[Change]:
        """What got slower by more than this share and beyond the noise: the total, and rows that are more than `BIG` of it."""
        whole = max(self.totals[-1].times)
        big = [row for row in self.rows if max(row.times) > BIG * whole]
        return [
            row
            for row in (self.totals[-1], *big)
            if row.verdict == "slower" and row.ratio and row.ratio - 1 > limit
        ]


def changes(a: Timer, b: Timer, by: str = "op") -> Comparison:
    """Group the records of two profiles, and set each group of the one beside that of the other, forward and backward apart."""
    if by not in GROUPINGS:
        raise ValueError(f"profiles are not compared by {by!r}; there are: {', '.join(GROUPINGS)}")
    records = a.records, b.records
    gradients = a.steps, b.steps
    samples = [
        sorted({step for counts in own.values() for step in counts.samples}) for own in records
    ]
    grouping = GROUPINGS[by](*records)
    groups = [_spent(*run) for run in zip(records, grouping.keys, gradients, samples, strict=True)]
    found = dict.fromkeys([*groups[0], *groups[1]])
    machine = _machine(a, b, samples)
    floor = (1 + FLOOR) * max(machine, 1 / machine) - 1
    rows = [
        _change(groups, key, part, grouping.name(key), floor, grouping.code(key))
        for key, part in found
    ]
    rows.sort(key=lambda row: (row.verdict == "same", -abs(row.difference), row.key, row.part))
    whole = [
        _spent(*run, parts=(*PARTS, "total"))
        for run in zip(records, [lambda record: "total"] * 2, gradients, samples, strict=True)
    ]
    totals = [_change(whole, "total", part, "total", floor) for part in (*PARTS, "total")]
    return Comparison(by, gradients, machine, tuple(rows), tuple(totals))


Groups = dict[tuple[Hashable, str], Spent]  # by key, and part


def _change(
    groups: list[Groups], key: Hashable, part: str, name: str, floor: float, code: str = ""
) -> Change:
    before, after = (own.get((key, part)) for own in groups)
    return Change(name, part, before, after, code, floor)


def _spent(
    records: Records, key: Key, gradients: int, samples: list[int], parts: tuple[str, ...] = PARTS
) -> Groups:
    """What a run spent on the records of each key, by key and part: forward, backward, or in all."""
    groups: dict[tuple[Hashable, str], list[Counts]] = defaultdict(list)
    for record, counts in records.items():
        for part in {PARTS[record.argument > 0], "total"}.intersection(parts):
            groups[key(record), part].append(counts)
    return {group: spent_on(counts, gradients, samples) for group, counts in groups.items()}


def _machine(a: Timer, b: Timer, samples: list[list[int]]) -> float:
    """How many times as long the machine of the second took for the same work of the engine's.

    That is to note a call, which it did all through both runs, wherever they did alike; or else a section of the timer, which
    measures that when it is saved. 1 if neither is known.
    """
    before, after = (_notes(timer, own) for timer, own in zip((a, b), samples, strict=True))
    ratios = [
        after[key] / before[key]
        for key in before.keys() & after.keys()
        if before[key] and after[key]
    ]
    if ratios:
        return median(ratios)
    return b.section_cost_ns / a.section_cost_ns if a.section_cost_ns and b.section_cost_ns else 1.0


def _notes(timer: Timer, samples: list[int]) -> dict[Hashable, float]:
    """Nanoseconds that it took to note a call, in a typical gradient, by operation and function."""
    groups: dict[Hashable, list[Counts]] = defaultdict(list)
    for record, counts in timer.records.items():
        if record.phase == "record":
            groups[record.op, record.function].append(counts)
    spent = {key: spent_on(counts, timer.steps, samples) for key, counts in groups.items()}
    return {key: own.typical * timer.steps / own.calls for key, own in spent.items() if own.calls}


# Groupings: what the records of both runs are grouped by, and what the groups are called.


@dataclass(frozen=True)
class Grouping:
    """The keys of records before and after, which are equal for what stands for each other, and the name and the code of a key."""

    keys: tuple[Key, Key]
    name: Callable[[Hashable], str] = str
    code: Callable[[Hashable], str] = lambda key: ""


def _by(key: Callable[[Record], str]) -> Callable[[Records, Records], Grouping]:
    return lambda before, after: Grouping((key, key))


def _by_line(before: Records, after: Records) -> Grouping:
    """Lines are known by their place after, or before if they are gone."""
    moved = _moved(before, after)
    back = {new: old for old, new in moved.items()}
    files = {record.file for record in after}

    def key_before(record: Record) -> Hashable:
        spot = (record.file, record.line)
        return moved.get(spot, ("gone", *spot))

    def name(key: Any) -> str:
        if key[0] == "gone":
            return _place(key[1:])
        old, new = _place(back.get(key, key)), _place(key)
        return (
            new
            if old == new
            else f"{old} → {key[1] if old.rpartition(':')[0] == new.rpartition(':')[0] else new}"
        )

    def code(key: Any) -> str:
        if key[0] == "gone":  # a file that is there as it was after has other lines now
            return "" if key[1] in files else _code(key[1:])
        return _code(key)

    return Grouping((key_before, lambda record: (record.file, record.line)), name, code)


def _moved(before: Records, after: Records) -> dict[Spot, Spot]:
    """The lines of a run, and those of the other that stand for them."""
    does = [_what_lines_do(records) for records in (before, after)]
    found: dict[Spot, Spot] = {}
    for old, new in pair_files(*does).items():
        timed = left, right = does[0][old], does[1][new]
        reads = [linecache.getlines(file) for file in (old, new)] if old != new else [[], []]
        if all(reads):
            left, right = ({n: text.strip() for n, text in enumerate(lines, 1)} for lines in reads)
        pairs = pair_lines(left, right)
        found.update(
            {
                (old, line): (new, other)
                for line, other in pairs.items()
                if line in timed[0] and other in timed[1]
            }
        )
    return found


def _what_lines_do(records: Records) -> dict[str, Mapping[int, Hashable]]:
    """The operations of each line, by file and number, and the function that it is in."""
    found: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    for record in records:
        found[record.file][record.line].update((f"def {record.function}", record.op))
    return {
        file: {line: frozenset(does) for line, does in lines.items()}
        for file, lines in found.items()
    }


def _place(spot: Spot) -> str:
    return source_text(*spot) or "(no line)"


def _code(spot: Spot) -> str:
    return linecache.getline(*spot).strip() if spot[0] else ""


# Adding a grouping is adding an entry here.
GROUPINGS: dict[str, Callable[[Records, Records], Grouping]] = {
    "op": _by(lambda record: record.op),
    "argument": _by(lambda record: record.label),
    "line": _by_line,
    "scope": _by(lambda record: scope_text(record.scope)),
}
