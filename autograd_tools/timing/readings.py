"""Readings of a timer: the sums of what its threads have measured."""

from __future__ import annotations

import functools
import time
from typing import Any

from autograd_tools.base.options import BytesCounted
from autograd_tools.timing.cost import cost_of
from autograd_tools.timing.engine_cost import EngineCost
from autograd_tools.timing.facts import Facts, add_facts
from autograd_tools.timing.recorder import Recorder
from autograd_tools.timing.records import Counts, Record
from autograd_tools.timing.samples import Samples, Trials
from autograd_tools.timing.section import Snapshot
from autograd_tools.timing.shown import Section
from autograd_tools.timing.totals import MEMORY, Code, Totals


class Readings(Recorder):
    """The half of a timer that is read: threads are added up when somebody asks."""

    def totals(self) -> Totals:
        """Return a copy of all measurements, with the cost of measuring."""
        totals = self._sum()
        totals.events = self._events.to_dict() if self.keeps_events else None
        totals.section_cost_ns = self.section_cost_ns
        totals.add_code()
        return totals

    def totals_of(self, kept: dict[str, Any]) -> Totals:
        """Return the totals of what `set_apart` returned."""
        other = Readings()
        vars(other).update(kept)
        return other.totals()

    def _sum(self) -> Totals:
        """Add up past totals and those of all threads."""
        totals = Totals()
        totals.merge(self._past)
        self.add_up()
        threads = list(self._threads)
        totals.threads = max(totals.threads, sum(1 for thread in threads if thread.root.children))
        for thread in threads:
            totals.root.merge(thread.root)
            tallies = list(thread.tallies.items())
            totals.add_records(
                [(record, tally.counts(thread.steps)) for record, tally in tallies], thread.steps
            )
        if self._watch is not None:
            totals.see(*self._watch.most())
        totals.memory = (
            max(totals.memory, self.memory, key=MEMORY.index)
            if self._start is not None
            else totals.memory
        )
        add_facts(totals.facts, self._facts.all())
        totals.samples |= self._samples.found()
        totals.own_ns += sum(thread.own_ns for thread in threads)
        totals.total_ns = self.total_ns  # last, so that no section takes longer
        return totals

    @property
    def root(self) -> Section:
        """The sections of all threads, added up below a root without counts."""
        return self._sum().root

    @property
    def records(self) -> dict[Record, Counts]:
        """The self time of operations by call site; it adds up to the engine's sections."""
        return self._sum().records

    @property
    def facts(self) -> Facts:
        """Facts on the structure of gradients, with the calls that have each, of how many.

        They are known where shapes are. The first gradients are looked at, and far longer ones.
        """
        return self._sum().facts

    @property
    def samples(self) -> Samples:
        """Copies of the arrays of some calls, which are not saved, known where shapes are."""
        return self._sum().samples

    @property
    def trials(self) -> Trials:
        """The trials of rewrites that tips have made on this machine, to which they add."""
        return self._past.trials

    @property
    def code(self) -> Code:
        """The code of measured lines, by file and number, of a profile that was saved or ended."""
        return self._past.code

    @property
    def steps(self) -> int:
        """The number of gradients; inner ones of higher derivatives are parts of these."""
        return self._sum().steps

    @property
    def measured(self) -> Section:
        """The sum of the top sections."""
        return self._sum().measured

    @property
    def total_ns(self) -> int:
        """Nanoseconds since the timer was created or reset, measured or not."""
        return self._past.total_ns + (0 if self._start is None else self._time() - self._start)

    @property
    def live_bytes(self) -> int | None:
        """The live bytes of NumPy's data allocated since counting began; None unless exact."""
        return self._sum().live_nbytes

    @property
    def peak_bytes(self) -> int | None:
        """The peak of live bytes since the timer was created or reset; None unless exact."""
        return self._sum().peak_nbytes

    @property
    def peaks(self) -> dict[str, Any] | None:
        """Peak rates of the machine, if set: `timer.peaks = viewer.peaks().to_dict()`."""
        return self._past.peaks

    @peaks.setter
    def peaks(self, peaks: dict[str, Any] | None) -> None:
        self._past.peaks = peaks

    @property
    def engine(self) -> EngineCost | None:
        """The engine's own time for a call on this machine, if set; tables then show it."""
        return self._past.engine

    @engine.setter
    def engine(self, engine: EngineCost | None) -> None:
        self._past.engine = engine

    @property
    def own_ns(self) -> int:
        """Nanoseconds of the processor that the timer itself took, but for marks of calls."""
        return self._sum().own_ns

    @property
    def section_cost_ns(self) -> float:
        """Nanoseconds that one section costs on this machine; 0 with a clock of your own."""
        if self._cost_ns is None:
            self._cost_ns = (
                _section_cost(self.memory) if self._time is time.perf_counter_ns else 0.0
            )
        return self._cost_ns

    @property
    def keeps_events(self) -> bool:
        """True while single calls are kept."""
        return self._events.limit > 0

    def snapshot(self) -> Snapshot:
        """Return the state to show; shares are of the sum of the top sections."""
        totals = self._sum()
        memory = (totals.memory, totals.peak_nbytes)
        return Snapshot(
            totals.root,
            totals.measured,
            totals.total_ns,
            totals.threads,
            self.section_cost_ns,
            *memory,
        )


@functools.cache
def _section_cost(memory: BytesCounted) -> float:
    """Return the nanoseconds that a section costs here; measured once, when first shown."""
    recorder = Recorder(memory=memory)
    return cost_of(recorder.measure, recorder.add_up)
