"""Which of a script's gradients are measured: after a warm-up, and so many."""

from __future__ import annotations

import threading

import autograd_tools as ag
from autograd_tools import Timer
from autograd_tools.base.formats import count_text, time_text


class Window:
    """Counts gradients while a script runs, and has the timer measure all after the first `skip`, or `steps` of those.

    `begin` and `end` count gradients, too: that of the warm-up are forgotten, and after the last one nothing is measured.
    """

    def __init__(self, skip: int = 0, steps: int | None = None) -> None:
        if skip < 0:
            raise ValueError(f"--skip leaves out 0 gradients or more, and got {skip}")
        if steps is not None and steps < 1:
            raise ValueError(f"--steps measures 1 gradient or more, and got {steps}")
        self.skip = skip
        self.steps = steps
        self.seen = 0
        self._measured: Timer | None = None
        self._lock = threading.Lock()

    def count(self) -> None:
        """Count a gradient."""
        with self._lock:
            self.seen += 1
            if self.seen == self.skip:
                ag.reset_timer()
            if self.steps is not None and self.seen == self.skip + self.steps:
                self._measured = stopped()
                ag.timer.disable()

    def measured(self) -> Timer:
        """What was measured: a timer that is stopped, so that what it says does not change while it is shown."""
        return self._measured or stopped()

    @property
    def last(self) -> int:
        """The number of the last gradient that is measured, or was so far."""
        return self.seen if self.steps is None else min(self.seen, self.skip + self.steps)

    def text(self) -> str:
        """How far the script is."""
        timer = self._measured or ag.timer
        calls = sum(
            counts.calls for record, counts in timer.records.items() if record.phase == "forward"
        )
        told = (
            f"{plural_of(self.seen)}, {count_text(calls)} operations, {time_text(timer.total_ns)}"
        )
        return told + (
            " (warming up)" if self.seen < self.skip else " (measured)" if self._measured else ""
        )

    def summary(self) -> str:
        """Which gradients were measured, empty if all were."""
        if self.skip == 0 and self.last == self.seen:
            return ""
        if self.skip + 1 == self.last:
            return f"Measured: gradient {self.last} of {self.seen}."
        return f"Measured: gradients {self.skip + 1} to {self.last} of {self.seen}."


def plural_of(gradients: int) -> str:
    """`1 gradient`, `2 gradients`."""
    return f"{gradients} gradient{'s' * (gradients != 1)}"


def stopped() -> Timer:
    """A copy of `ag.timer` as it is now."""
    return Timer.from_dict(ag.timer.to_dict())
