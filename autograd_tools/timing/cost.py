"""Cost of the timer itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

ROUNDS, CALLS = 30, 50  # some short rounds run undisturbed even on a busy machine


def cost_of(measure: Callable[..., Any], add_up: Callable[[], None]) -> float:
    """Return the nanoseconds that `measure(label, function)` adds to a call, adding up included.

    Other work only adds time, so this is the smallest mean of some rounds.
    """

    def nothing() -> None: ...

    def run(function: Callable[..., Any], *args: Any) -> int:
        start = time.perf_counter_ns()
        for _ in range(CALLS):
            function(*args)
        return time.perf_counter_ns() - start

    added = 10**9
    for _ in range(3):
        measured, bare = (
            min(run(*call) for _ in range(ROUNDS))
            for call in ((measure, "nothing", nothing), (nothing,))
        )
        start = time.perf_counter_ns()
        add_up()
        adding = (time.perf_counter_ns() - start) / ROUNDS
        added = min(added, round((measured - bare + adding) / CALLS))
    return max(0.0, added)
