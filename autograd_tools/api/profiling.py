"""Profiles of a block of code: the timer is on while the block runs, and off again after it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from autograd_tools.api.engine_cost import engine_cost
from autograd_tools.base.html import text_of
from autograd_tools.base.options import BytesCounted
from autograd_tools.timing import Timer
from autograd_tools.timing.apart import measure_apart
from autograd_tools.timing.totals import Totals


class Profile(Timer):
    """The measurements of a block, as a `Timer` that is empty until the block ends.

    `print(profile)` shows the hotspots by operation and by line, tips, and the share of the run, as
    `autograd-tools profile` does. A notebook shows the same. All views of a timer accept it, such
    as `viewer.hotspots(profile, "scope")` and `viewer.compare(before, profile)`.
    `profile.save(path)` writes a file that `Timer.load` and the command line read.
    """

    measured_here = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.hold(Totals())

    def __str__(self) -> str:
        return str(text_of(self) or super().__str__())


@contextmanager
def profile(*, memory: BytesCounted = "outputs", events: int = 0) -> Iterator[Profile]:
    """Measure the gradients in a `with` block, by operation, argument, line and shape.

    It needs no environment variable. The timer measures all threads and costs nothing outside the
    block. A recording that began before the block has no lines. The first block of a process takes
    another 0.2 s, to measure the engine's own time for a call.

    Parameters
    ----------
    memory : {"outputs", "exact", "nobytes"}
        The bytes to count: of returned arrays, of all that NumPy allocates (with peaks), or none.
    events : int
        The maximum number of single calls to keep, for a timeline; 0 keeps none.

    Yields
    ------
    Profile
        The measurements, available when the block has ended, also after an exception.

    Raises
    ------
    ValueError
        If `memory` is unknown or `events` is negative.

    Notes
    -----
    With AUTOGRAD_TIMER set, `ag.timer` gets the measurements of the block, too.

    Examples
    --------
    >>> import numpy as np, autograd_tools as ag
    >>> with ag.profile() as p:
    ...     _ = ag.grad(lambda x: np.sum(np.sin(x)))(np.ones(3))
    >>> [record.label for record in p.records if record.phase == "backward"]
    ['sum[1]', 'sin[1]']
    """
    found, cost = Profile(), engine_cost()

    def take(totals: Totals) -> None:
        totals.engine = cost
        found.hold(totals)
        found.measured_here = True

    end = measure_apart(memory, events, take, add=True)
    try:
        try:
            yield found
        finally:
            end()
    finally:
        end()  # again, where an interrupt ended the first
