"""A plan to lower a peak: the lines to change, with the predicted peak and time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

from autograd_tools.api.engine_cost import engine_cost
from viewer.profiles.memory_use.checkpoint_cost import checkpoint_cost
from viewer.profiles.memory_use.course import Region
from viewer.profiles.memory_use.planning import Planner
from viewer.profiles.memory_use.program_parts import Part, parts_of
from viewer.profiles.memory_use.recorded import Recorded
from viewer.profiles.memory_use.rewriting import Change, Unchangeable, change_of
from viewer.profiles.memory_use.sizes import size_of
from viewer.text.places import source_lines

RUN = 10  # operations that take as long as a checkpoint itself, about


class Refusal(NamedTuple):
    """A part that cannot be wrapped, and the reason."""

    part: Part
    reason: str


@dataclass(frozen=True)
class Outcome:
    """A plan tried on the program: peaks in bytes and nanoseconds of a gradient, as measured.

    `difference` is the largest of a gradient, relative to the largest number in it.
    """

    peak_before: int
    peak: int
    ns_before: int
    ns: int
    difference: float


@dataclass(frozen=True)
class MemoryPlan:
    """The changes for a wanted peak, and what they are predicted to do.

    Attributes
    ----------
    wanted : str
        The budget as it was given.
    budget, before, peak : int
        Bytes: wanted, without the changes and with them.
    ns_before, ns : int or None
        The time of a gradient; None if the trace has no times.
    again : float
        The share of the forward pass that is computed again.
    checkpoints_ns : int
        The time that the checkpoints themselves take.
    fits : bool
        False if no plan meets the budget; then this is the one with the smallest peak.
    changes : tuple of Change
        The lines to change; none if the budget is met without.
    refused : tuple of Refusal
        Calls that cannot be wrapped.
    outcome : Outcome or None
        Peaks and times as measured on the program, if it was tried.
    note : str
        A sentence on why it was not tried.
    """

    wanted: str
    budget: int
    before: int
    peak: int
    ns_before: int | None
    ns: int | None
    again: float
    checkpoints_ns: int
    changes: tuple[Change, ...]
    refused: tuple[Refusal, ...] = ()
    outcome: Outcome | None = None
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return all in numbers, strings, lists and dicts, ready for JSON."""
        changes = [
            {
                **change.parts[0]._asdict(),
                "name": ", ".join(part.name for part in change.parts),
                "before": change.before,
                "after": change.after,
            }
            for change in self.changes
        ]
        refused = [{**part._asdict(), "reason": reason} for part, reason in self.refused]
        found = asdict(replace(self, changes=(), refused=()))
        return {**found, "changes": changes, "refused": refused, "fits": self.fits}

    def timed(self, ns: int, forward_ns: int, system: float = 0.0) -> MemoryPlan:
        """Return the plan with a time that is predicted from those of a run without it.

        The share `system` of the time goes to memory that is new each time: it shrinks with the
        peak.
        """
        own = (1 - system) * (ns + self.again * forward_ns) + self.checkpoints_ns
        return replace(self, ns_before=ns, ns=round(own + system * ns * self.peak / self.before))

    @property
    def fits(self) -> bool:
        """True if the predicted peak is within the budget."""
        return self.peak <= self.budget


def plan_of(
    work: Recorded,
    wanted: str | float,
    known: Mapping[Part, str] | None = None,
    share: float = 1.0,
    clock: Callable[[], float] = time.monotonic,
) -> MemoryPlan:
    """Return a plan for a budget, or a share of it.

    `known` are parts that a trial has found to be impossible, and why. The `clock` is read during
    the search.
    """
    budget = size_of(wanted)
    parts = parts_of(work)
    refused = {**parts.refused, **(known or {})}
    regions = {part: parts.regions[part] for part in _changeable(parts.regions, refused)}
    times = _Times(work)
    costs = {part: times.again(own) + times.checkpoints(own) for part, own in regions.items()}
    planner = Planner(work, regions, costs, clock)
    before, found = planner.option(frozenset()), planner.plan(round(budget * share))
    chosen = [region for part in found.parts for region in regions[part]]
    plan = MemoryPlan(
        str(wanted),
        budget,
        before.peak,
        found.peak,
        None,
        None,
        times.again(chosen) / times.forward_ns,
        round(times.checkpoints(chosen)) if times.known else 0,
        _changes(found.parts),
        tuple([Refusal(*item) for item in refused.items()]),
    )
    return plan.timed(round(times.whole_ns), round(times.forward_ns)) if times.known else plan


def _changes(parts: Iterable[Part]) -> tuple[Change, ...]:
    """Return the changes that wrap some parts; calls on one line are one change."""
    lines: dict[tuple[str, int], list[Part]] = {}
    for part in parts:
        lines.setdefault((part.file, part.line), []).append(part)
    return tuple(
        [change_of((*own,), "".join(source_lines(file))) for (file, _), own in lines.items()]
    )


def _changeable(parts: Iterable[Part], refused: dict[Part, str]) -> list[Part]:
    """Return the parts that can be wrapped; note why others cannot."""
    found: list[Part] = []
    sources: dict[str, str] = {}
    for part in parts:
        if part.file not in sources:
            sources[part.file] = "".join(source_lines(part.file))
        if part._replace(steps=0) in refused:
            continue
        try:
            change_of((part,), sources[part.file])
            found.append(part)
        except Unchangeable as reason:
            refused[part._replace(steps=0)] = str(reason)
    return found


class _Times:
    """The times of operations with the engine's; the number of operations if they are unknown."""

    def __init__(self, work: Recorded) -> None:
        self._buffers = work.buffers
        columns = work.trace.columns
        forward, backward = columns.forward_ns, columns.backward_ns
        self.known = any(ns is not None for ns in forward)
        self._ns = [0.0 if leaf else 1.0 for leaf in work.is_leaf]
        self.whole_ns = 0.0
        if self.known:
            self._cost, cost = checkpoint_cost(), engine_cost()
            self._ns = [
                0.0 if ns is None else max(ns - cost.forward_ns, 0) + cost.record_ns
                for ns in forward
            ]
            passed = [ns for own in backward if own for ns in own.values()]
            self.whole_ns = sum(max(ns - cost.backward_ns, 0) + cost.pass_ns for ns in passed)
        self.forward_ns = sum(self._ns) or 1.0
        self.whole_ns += self.forward_ns

    def again(self, regions: Iterable[Region]) -> float:
        """Return the time to compute regions again."""
        return sum(sum(self._ns[region.first : region.last + 1]) for region in regions)

    def checkpoints(self, regions: Sequence[Region]) -> float:
        """Return the time of the checkpoints themselves, or about as many operations."""
        if not self.known:
            return float(RUN * len(regions))
        value, nbytes = self._buffers.value, self._buffers.nbytes
        compared = (n for region in regions for row in region.outputs for n in value.get(row, ()))
        spent = self._cost.byte_ns * sum(nbytes[number] for number in compared)
        return spent + self._cost.run_ns * len(regions)
