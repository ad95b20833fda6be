"""The gradients to measure: a number of them, after a warm-up."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import autograd_tools as ag
from autograd_tools import Timer
from autograd_tools.base.formats import count_text, time_text
from viewer.adapters.gradients import EngineGradient, ProgramGradient
from viewer.adapters.meter import Meter
from viewer.adapters.recorder import OpCall
from viewer.labels import plural


class Window:
    """Counts a script's gradients; the timer measures `steps` of them after the first `skip`.

    A meter measures those of other engines.
    """

    def __init__(self, skip: int = 0, steps: int | None = None) -> None:
        if skip < 0:
            raise ValueError(f"--skip must be 0 or more, got {skip}")
        if steps is not None and steps < 1:
            raise ValueError(f"--steps must be 1 or more, got {steps}")
        self.skip = skip
        self.steps = steps
        self.seen = 0
        self._measured: Timer | None = None
        self._left_out_ns = 0
        self._meter = Meter()
        self._lock = threading.Lock()

    def count(self) -> None:
        """Count a gradient."""
        with self._lock:
            self.seen += 1
            if self.seen == self.skip:
                ag.reset_timer()
                self._meter.reset()
                self._left_out_ns = 0
            if self.steps is not None and self.seen == self.skip + self.steps:
                self._measured = self._stopped()
                ag.timer.disable()

    def note(self, gradient: EngineGradient) -> None:
        """Count a gradient of another engine."""
        start = time.perf_counter_ns()
        if self._measured is None:
            if not isinstance(gradient, ProgramGradient):
                self._meter.add(gradient.since, gradient.done)
            elif gradient.is_known:
                self._meter.add_trace(gradient.timed())
        self.leave_out(time.perf_counter_ns() - start)
        self.count()

    def note_rest(self, calls: Sequence[OpCall]) -> None:
        """Note the calls of another engine after its last gradient."""
        if self._measured is None:
            self._meter.add_rest(calls)

    def leave_out(self, ns: int) -> None:
        """Take the time of a checkpoint off the total, during which the script waited."""
        self._left_out_ns += ns

    def measured(self) -> Timer:
        """Return the measurement, which no longer changes."""
        return self._measured or self._stopped()

    def _stopped(self) -> Timer:
        """Return a copy of `ag.timer` that does not run."""
        totals = ag.timer.totals()
        totals.total_ns -= self._left_out_ns
        timer, others = Timer(), self._meter.timer()
        if others.records:
            totals.section_cost_ns = 0  # the sections are those of the engine here
        if self._meter.alone_ns:
            totals.total_ns, totals.about["alone"] = self._meter.alone_ns, True
        timer.hold(totals)
        return timer.merge(others) if others.records else timer

    @property
    def is_elsewhere(self) -> bool:
        """True if other engines computed the gradients."""
        return self._meter.steps > 0

    @property
    def is_empty(self) -> bool:
        """True while nothing but the warm-up is measured."""
        return self.seen <= self.skip > 0

    @property
    def last(self) -> int:
        """The number of the last gradient measured so far."""
        return self.seen if self.steps is None else min(self.seen, self.skip + self.steps)

    def text(self) -> str:
        """Return the progress of the script."""
        timer = self._measured or ag.timer
        forward = (counts for record, counts in timer.records.items() if record.phase == "forward")
        calls = count_text(sum(counts.calls for counts in forward))
        state = " (warming up)" if self.seen < self.skip else " (measured)" * bool(self._measured)
        seen = plural(self.seen, "gradient")
        return f"{seen}, {calls} operations, {time_text(timer.total_ns)}{state}"

    def summary(self) -> str:
        """Return which gradients were measured; empty if all were."""
        if self.skip == 0 and self.last == self.seen:
            return ""
        if self.skip + 1 == self.last:
            return f"Measured: gradient {self.last} of {self.seen}."
        return f"Measured: gradients {self.skip + 1} to {self.last} of {self.seen}."
