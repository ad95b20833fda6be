"""The time that gradients spend on a row, and the significance of a difference between runs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat
from statistics import quantiles, stdev

from autograd_tools.timing import Counts

# Found by comparing runs of one program on a busy machine. It is slow for a while, so more
# gradients say no more, and runs differ more than the gradients of one run.
ERRORS = 3  # standard errors of a significant difference
FLOOR = 0.1  # the share of the shorter time that runs of one program may differ by
FEWEST = 3  # gradients that show a variation
MOST_SAMPLES = 30  # gradients that reduce the standard error

QUARTILES = 1.349  # standard deviations between the quartiles of a normal distribution
MEDIAN = math.sqrt(math.pi / 2)  # the standard error of its median over that of its mean


@dataclass(frozen=True)
class Spent:
    """Calls and nanoseconds of all gradients of a run, and nanoseconds of the sampled ones."""

    gradients: int
    calls: int = 0
    ns: int = 0
    samples: tuple[int, ...] = ()

    @cached_property
    def quartiles(self) -> tuple[float, float, float]:
        """The quartiles of the samples in nanoseconds, 0 without samples."""
        samples = self.samples or (0,)
        pairs = samples * 2 if len(samples) == 1 else samples
        low, median, high = quantiles(pairs, n=4, method="inclusive")
        return low, median, high

    @property
    def typical(self) -> float:
        """The nanoseconds of a gradient: the median, which a few disturbed gradients do not change.

        It is the mean where most gradients spend nothing or there are no samples, and the time of
        the whole run where the number of gradients is unknown.
        """
        return self.quartiles[1] or self.ns / max(self.gradients, 1)

    @cached_property
    def error(self) -> float:
        """The standard error of the median; infinite for too few gradients."""
        n = len(self.samples)
        if n < FEWEST:
            return math.inf
        low, median, high = self.quartiles
        deviation = MEDIAN * (high - low) / QUARTILES if median else stdev(self.samples)
        return deviation / math.sqrt(min(n, MOST_SAMPLES))


def spent_on(counts: Sequence[Counts], gradients: int, samples: Sequence[int]) -> Spent:
    """Return the time of a run on some records together, and that of the gradients `samples`."""
    times = zip(*[map(count.samples.get, samples, repeat(0)) for count in counts], strict=True)
    return Spent(
        gradients,
        sum(count.calls for count in counts),
        sum(count.ns for count in counts),
        tuple(map(sum, times)),
    )


@dataclass(frozen=True)
class Change:
    """The times of a row in two runs, None where it is missing.

    `part` is "forward", "backward", "engine" or "total". A difference below `floor` of the shorter
    time is not significant. A row that is a line has its `place`, in the run after unless it
    `is_gone`.
    """

    key: str
    part: str
    before: Spent | None
    after: Spent | None
    code: str = ""
    floor: float = FLOOR
    place: tuple[str, int] | None = None
    is_gone: bool = False

    @cached_property
    def times(self) -> tuple[float, float]:
        """The nanoseconds per gradient before and after, 0 where the row is missing."""
        before, after = (spent.typical if spent else 0.0 for spent in (self.before, self.after))
        return before, after

    @property
    def difference(self) -> float:
        """The nanoseconds per gradient after minus those before."""
        before, after = self.times
        return after - before

    @property
    def ratio(self) -> float | None:
        """The time after divided by the time before; None if that is 0."""
        before, after = self.times
        return after / before if before else None

    @cached_property
    def noise(self) -> float:
        """The largest difference that is not significant; infinite if it is unknown."""
        if self.before is None or self.after is None:
            return 0.0
        error = math.hypot(self.before.error, self.after.error)
        return max(ERRORS * error, self.floor * min(self.times))

    @property
    def is_significant(self) -> bool:
        """True if the difference is more than noise."""
        return self.verdict not in ("same", "unknown")

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


# The verdicts of a change, each with its text and style.
VERDICTS = {
    "slower": ("slower", "bold red"),
    "new": ("new", "red"),
    "faster": ("faster", "green"),
    "gone": ("gone", "green"),
    "same": ("not significant", "dim"),
    "unknown": ("unknown", "dim"),
}
