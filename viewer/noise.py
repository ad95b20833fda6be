"""What the gradients of a run spent on something, and whether two runs differ by more than they vary by themselves."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from autograd_tools.timing import Counts, Record

# Found by comparing runs of one program on a busy machine, where with these 1 to 7 of 100 rows seemed to differ. What is slow there is
# so for a while, so that more gradients do not tell more, and runs differ more than the gradients of one.
ERRORS = 3  # standard errors of a difference
FLOOR = 0.1  # of the shorter time: what runs of one program may differ by though their gradients vary less
FEWEST = 3  # gradients of which it can be told how much they vary
MOST = 100  # gradients that count


@dataclass(frozen=True)
class Spent:
    """Calls and nanoseconds of all gradients of a run together, and the standard deviation of the nanoseconds of one."""

    gradients: int
    calls: int = 0
    ns: int = 0
    deviation: float = 0.0

    @property
    def mean(self) -> float:
        """Nanoseconds per gradient; of the whole run if nobody counted its gradients."""
        return self.ns / max(self.gradients, 1)

    @property
    def error(self) -> float:
        """The standard error of the mean; infinite where there are too few gradients to know it."""
        return self.deviation / math.sqrt(min(self.gradients, MOST)) if self.gradients >= FEWEST else math.inf


def gradients_of(records: Mapping[Record, Counts]) -> int:
    """How many gradients a run computed: as many as the gradient of an argument had a part in; 0 in files that do not tell."""
    return max([counts.steps for record, counts in records.items() if record.argument], default=0)


def spent_on(counts: Iterable[Counts], gradients: int) -> Spent:
    """What a run of so many gradients spent on some records together.

    A gradient without a part in a record spent nothing on it. The records of a gradient may be slow together, so that their
    deviations add up, as if they always were.
    """
    calls, ns, deviation = 0, 0, 0.0
    for count in counts:
        calls, ns = calls + count.calls, ns + count.ns
        if gradients > 1:
            deviation += math.sqrt(max(gradients * count.squares - count.ns**2, 0) / (gradients * (gradients - 1)))
    return Spent(gradients, calls, ns, deviation)


@dataclass(frozen=True)
class Change:
    """What two runs spent on the same, None where one had none of it; `part` is "forward", "backward" or "total".

    A difference of less than `floor` of the shorter time means nothing.
    """

    key: str
    part: str
    before: Spent | None
    after: Spent | None
    code: str = ""
    floor: float = FLOOR

    @property
    def means(self) -> tuple[float, float]:
        """Nanoseconds per gradient before and after, 0 where there is none of it."""
        before, after = (0.0 if spent is None else spent.mean for spent in (self.before, self.after))
        return before, after

    @property
    def difference(self) -> float:
        """Nanoseconds per gradient that it takes longer."""
        before, after = self.means
        return after - before

    @property
    def ratio(self) -> float | None:
        """How many times as long it takes; None if it took no time before."""
        before, after = self.means
        return after / before if before else None

    @property
    def noise(self) -> float:
        """The difference up to which it means nothing; infinite if that cannot be known."""
        if self.before is None or self.after is None:
            return 0.0
        return max(ERRORS * math.hypot(self.before.error, self.after.error), self.floor * min(self.means))

    @property
    def verdict(self) -> str:
        """One of `VERDICTS`."""
        if self.before is None or self.after is None:
            return "new" if self.before is None else "gone"
        if not math.isfinite(self.noise):
            return "unknown"
        if abs(self.difference) <= self.noise:
            return "same"
        return "slower" if self.difference > 0 else "faster"


# What a change may be, what is said of it, and how that looks.
VERDICTS = {
    "slower": ("slower", "bold red"),
    "new": ("new", "red"),
    "faster": ("faster", "green"),
    "gone": ("gone", "green"),
    "same": ("means nothing", "dim"),
    "unknown": ("cannot know", "dim"),
}
