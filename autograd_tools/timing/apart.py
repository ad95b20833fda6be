"""Measurements of a part of a run, apart from what the engine's timer measured before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd_tools.base.options import BytesCounted
from autograd_tools.timing import instrument as timing
from autograd_tools.timing.totals import Totals


def measure_apart(
    memory: BytesCounted, events: int, take: Callable[[Totals], None], *, add: bool
) -> Callable[[], None]:
    """Measure all from now on; return a function that ends it and has the totals taken, once.

    With `add`, the timer gets them as well if it was on before.
    """
    before = timing.levels()
    kept: dict[str, Any] | None = timing.timer.set_apart(memory, events)
    timing.switch(*(True,) * len(before))

    def end() -> None:
        nonlocal kept
        if kept is None:
            return
        take(timing.timer.totals())
        timing.timer.put_back(kept, add=add and before[0])
        kept = None
        timing.switch(*before)

    return end
