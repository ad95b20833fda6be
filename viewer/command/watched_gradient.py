"""The trace of one gradient of a run, for a page that shows it with the profile."""

from __future__ import annotations

import time
from collections.abc import Callable

from autograd_tools import Tape, Trace
from viewer.adapters.gradients import EngineGradient
from viewer.command.choice import Choice


class WatchedGradient(Choice):
    """Takes the trace of a gradient by its number, and keeps no later one.

    `leave_out` gets the nanoseconds that the script waited for it.
    """

    def __init__(self, number: int, inner: bool, leave_out: Callable[[int], None]) -> None:
        super().__init__(number, inner, self._take)
        self.leave_out = leave_out
        self.trace: Trace | None = None

    def _take(self, x: Tape | EngineGradient) -> None:
        start = time.perf_counter_ns()
        self.trace = x.trace()
        if not self.inner:  # else all are counted
            self.observing.close()
        self.leave_out(time.perf_counter_ns() - start)
