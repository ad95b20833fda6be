"""What the gradients of a run spent on something, and whether two runs differ by more than they vary by themselves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat
from statistics import quantiles, stdev

from autograd_tools.timing import Counts

# Found by comparing runs of one program on a busy machine. What is slow there is so for a while, so that more gradients do not
# tell more, and runs differ more than the gradients of one.
ERRORS = 3  # standard errors of a difference
FLOOR = 0.1  # of the shorter time: what runs of one program may differ by though their gradients vary less
FEWEST = 3  # gradients of which it can be told how much they vary
MOST = 30  # gradients that count

QUARTILES = 1.349  # standard deviations between those of a normal distribution
MEDIAN = math.sqrt(
    math.pi / 2
)  # standard errors of its mean that the standard error of its median is, for many samples


@dataclass(frozen=True)
class Spent:
    """Calls and nanoseconds of all gradients of a run together, and the nanoseconds of those that are samples."""

    gradients: int
    calls: int = 0
    ns: int = 0
    samples: tuple[int, ...] = ()

    @cached_property
    def quartiles(self) -> tuple[float, float, float]:
        """A quarter, a half, and three quarters of the samples take at most these nanoseconds; 0 if there are none."""
        samples = self.samples or (0,)
        low, median, high = quantiles(
            samples * 2 if len(samples) == 1 else samples, n=4, method="inclusive"
        )
        return low, median, high

    @property
    def typical(self) -> float:
        """Nanoseconds of a gradient: the median, which a few that were disturbed do not change. It is the mean of what most
        gradients have no part in or nobody has samples of, and the whole run's if nobody counted its gradients."""
        return self.quartiles[1] or self.ns / max(self.gradients, 1)

    @cached_property
    def error(self) -> float:
        """The standard error of that; infinite where there are too few gradients to know it."""
        n = len(self.samples)
        if n < FEWEST:
            return math.inf
        low, median, high = self.quartiles
        deviation = MEDIAN * (high - low) / QUARTILES if median else stdev(self.samples)
        return deviation / math.sqrt(min(n, MOST))


def spent_on(counts: Sequence[Counts], gradients: int, samples: Sequence[int]) -> Spent:
    """What a run of so many gradients spent on some records together, and in those of the numbers `samples`.

    A gradient without a part in a record spent nothing on it.
    """
    times = zip(*[map(count.samples.get, samples, repeat(0)) for count in counts], strict=True)
    return Spent(
        gradients,
        sum(count.calls for count in counts),
        sum(count.ns for count in counts),
        tuple(map(sum, times)),
    )


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

    @cached_property
    def times(self) -> tuple[float, float]:
        """Nanoseconds per gradient before and after, 0 where there is none of it."""
        before, after = (
            0.0 if spent is None else spent.typical for spent in (self.before, self.after)
        )
        return before, after

    @property
    def difference(self) -> float:
        """Nanoseconds per gradient that it takes longer."""
        before, after = self.times
        return after - before

    @property
    def ratio(self) -> float | None:
        """How many times as long it takes; None if it took no time before."""
        before, after = self.times
        return after / before if before else None

    @cached_property
    def noise(self) -> float:
        """The difference up to which it means nothing; infinite if that cannot be known."""
        if self.before is None or self.after is None:
            return 0.0
        return max(
            ERRORS * math.hypot(self.before.error, self.after.error), self.floor * min(self.times)
        )

    @cached_property
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
