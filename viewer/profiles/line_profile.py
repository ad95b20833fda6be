"""The profile of a line of code, and the functions that find slow patterns in it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from autograd_tools.base.formats import count_text
from autograd_tools.timing import Counts, Operand, Record
from autograd_tools.timing.facts import Fact, Facts
from autograd_tools.timing.samples import Samples, Trial, Trials
from viewer.profiles.machine_peaks import Peaks
from viewer.profiles.roofline import least_time
from viewer.profiles.trials import is_worth_it, saved_share, trial_of

Place: TypeAlias = tuple[str, int]  # a file and a line


LEAST = 0.02  # the share of the measured time below which there is no tip


class Found(NamedTuple):
    """A pattern at a line: its cost in nanoseconds, and its description.

    `instead` is what to write in this case. A `trial`, of which a gradient has `times`, says what
    it saves. There is no tip if that is less than a share of `least` of the measured time, unless
    it is `always` given. Of equal `groups`, at several lines, one is given.
    """

    ns: int
    pattern: str
    instead: str = ""
    trial: Trial | None = None
    times: float = 1.0
    least: float = LEAST
    always: bool = False
    group: str = ""

    @property
    def saved_ns(self) -> float:
        """The nanoseconds that the other form saves; all, if it has not been tried."""
        return self.ns if self.trial is None else self.ns * saved_share(self.trial)


class LineProfile(NamedTuple):
    """The records of a line of the user's code but tracing, its facts, and the machine's peaks.

    `samples`, `trials` and `lines` are those of the whole profile.
    """

    records: dict[Record, Counts]
    peaks: Peaks | None
    facts: Facts
    samples: Samples
    trials: Trials
    lines: Mapping[Place, LineProfile]

    def trial(
        self,
        rewrite: str,
        detail: str,
        operands: Sequence[Operand],
        ops: Sequence[str] = (),
        tracked: Sequence[int] = (),
    ) -> Trial | None:
        """Return the trial of a rewrite if it is worth it."""
        trial = self.tried(rewrite, detail, operands, ops, tracked)
        return trial if trial is not None and is_worth_it(trial) else None

    def tried(
        self,
        rewrite: str,
        detail: str,
        operands: Sequence[Operand],
        ops: Sequence[str] = (),
        tracked: Sequence[int] = (),
    ) -> Trial | None:
        """Return the trial of a rewrite, which is made once."""
        shapes = [f"{o.dtype}{list(o.shape)}{o.order}" for o in operands]
        key = " ".join([rewrite, detail, *shapes, *map(str, tracked)])
        if key not in self.trials:
            self.trials[key] = trial_of(rewrite, detail, operands, self.samples, ops, tracked)
        return self.trials[key]

    def told(self, kind: str) -> list[tuple[Fact, int, int]]:
        """Return the facts of a kind, with the calls that have it, and of how many."""
        return [(fact, *counts) for fact, counts in self.facts.items() if fact.kind == kind]

    def of(self, *ops: str) -> Iterator[Record]:
        """Yield the records of some operations whose operands are known."""
        return (record for record in self.records if record.op in ops and record.operands)

    def calls(self, op: str) -> float:
        """Return the calls of an operation per gradient that contains it."""
        found = [
            counts
            for record, counts in self.records.items()
            if (record.op, record.phase) == (op, "forward")
        ]
        return sum(counts.calls for counts in found) / max([1, *(counts.steps for counts in found)])

    def often(self, op: str) -> str:
        """Return `20 times per gradient`."""
        return f"{count_text(round(self.calls(op)))} times per gradient"

    def ns(self, chosen: Callable[[Record], bool]) -> int:
        """Return the nanoseconds of the chosen records, in all phases but tracing."""
        return sum(counts.ns for record, counts in self.records.items() if chosen(record))

    def ns_of(self, op: str) -> int:
        """Return the nanoseconds of an operation, in all phases but tracing."""
        return self.ns(lambda record: record.op == op)

    @property
    def total_ns(self) -> int:
        """The nanoseconds of the line, in all phases but tracing."""
        return sum(counts.ns for counts in self.records.values())

    def is_slow(self, times: float, chosen: Callable[[Record], bool], *phases: str) -> bool:
        """Return whether the chosen records took more than `times` the least possible time."""
        if self.peaks is None:
            return False
        ns, least = 0, 0.0
        for record, counts in self.records.items():
            if record.phase in (phases or ("forward", "backward")) and chosen(record):
                ns += counts.ns
                least += counts.calls * least_time(record, self.peaks)[1]
        return ns > times * least > 0


Finder: TypeAlias = Callable[[LineProfile], Found | None]
TIPS: list[tuple[Finder, str]] = []  # functions that find a pattern, and what to write instead


def tip(instead: str) -> Callable[[Finder], Finder]:
    """Add a tip to TIPS: decorate a function that finds the pattern at a line.

    To add one, write such a function in `patterns.py`, or in `rewritten.py` if a trial confirms it,
    and a case of the same name in `test_tips.py`: a program that gets the tip, and programs that
    look alike and do not.
    """

    def add(find: Finder) -> Finder:
        TIPS.append((find, instead))
        return find

    return add


def size(operand: Operand) -> int:
    """Return the number of elements of an operand."""
    return math.prod(operand.shape)
