"""The search for parts to wrap in `ag.checkpoint`: a target peak in the least time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from viewer.profiles.memory_use.course import Course, Region
from viewer.profiles.memory_use.program_parts import Part
from viewer.profiles.memory_use.recorded import Recorded

MOST_SECONDS, FEWEST = 5.0, 4  # seconds of a search, unless it has tried few options
Chosen = frozenset[Part]


class Option(NamedTuple):
    """Calls to wrap: the peak in bytes, and the cost of computing them again."""

    peak: int
    cost: float
    parts: tuple[Part, ...]


class Planner:
    """Looks for the parts to wrap; `costs` are those of computing each one's regions again."""

    def __init__(
        self,
        work: Recorded,
        parts: Mapping[Part, Sequence[Region]],
        costs: Mapping[Part, float],
        clock: Callable[[], float],
    ) -> None:
        self._work = work
        self._calls = parts
        self._costs = costs
        self._clock = clock
        self._end = clock() + MOST_SECONDS
        self._tried: dict[Chosen, Option] = {}

    def plan(self, budget: int) -> Option:
        """Return the option of the least cost within a budget, or else of the least peak."""
        best = self.option(frozenset())
        while best.peak > budget:
            found = min(self._next(frozenset(best.parts)), default=best)
            if found >= best:
                break
            best = found
        fitting = [option for option in self._tried.values() if option.peak <= budget]
        if not fitting:
            return best
        return self._without_needless(
            min(fitting, key=lambda option: (option.cost, option.peak)), budget
        )

    def option(self, chosen: Chosen) -> Option:
        """Return what some parts do if they are wrapped."""
        if chosen not in self._tried:
            regions = [region for part in chosen for region in self._calls[part]]
            peak = max(Course(self._work, regions).run().whole)
            cost = sum(self._costs[part] for part in chosen)
            self._tried[chosen] = Option(peak, cost, tuple(sorted(chosen)))
        return self._tried[chosen]

    def _next(self, chosen: Chosen) -> Iterator[Option]:
        """Yield the options with one more part, in place of those around it or inside it."""
        for part in self._calls:
            if part not in chosen and (self._clock() < self._end or len(self._tried) < FEWEST):
                apart = frozenset(other for other in chosen if not self._overlap(part, other))
                yield self.option(apart | {part})

    def _without_needless(self, option: Option, budget: int) -> Option:
        for part in option.parts:
            fewer = self.option(frozenset(option.parts) - {part})
            if fewer.peak <= budget:
                return self._without_needless(fewer, budget)
        return option

    def _overlap(self, a: Part, b: Part) -> bool:
        """Return whether a region of one part is inside one of the other."""
        ends = sorted((r.first, r.last) for part in (a, b) for r in self._calls[part])
        return any(last >= first for (_, last), (first, _) in pairwise(ends))
