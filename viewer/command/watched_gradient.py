"""The trace of one gradient of a run, for a page that shows it beside the profile."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import autograd_tools as ag
from autograd_tools import Tape, Trace
from viewer.adapters.gradients import EngineGradient


class WatchedGradient:
    """Takes the trace of a gradient by its number, from 1, and looks at no later one.

    `leave_out` gets the nanoseconds that the script waited for it.
    """

    def __init__(self, number: int, leave_out: Callable[[int], None]) -> None:
        self.number = number
        self.leave_out = leave_out
        self.seen = 0
        self.trace: Trace | None = None
        self._watching = ExitStack()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch a block."""
        self._watching.enter_context(ag.observe(self.look))
        with self._watching:
            yield

    def look(self, x: Tape | EngineGradient) -> None:
        """Take the trace of a gradient if it is the one."""
        self.seen += 1
        if self.seen == self.number:
            start = time.perf_counter_ns()
            self.trace = x.trace()
            self._watching.close()
            self.leave_out(time.perf_counter_ns() - start)
