"""What the timer itself costs."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any


def cost_of(measure: Callable[..., Any], add_up: Callable[[], None]) -> float:
    """Nanoseconds that `measure(label, function)` adds to a call, with the adding up.

    It is the smallest mean of some rounds, as other work only adds to it.
    """
    rounds, calls = 5, 2000

    def nothing() -> None: ...

    def run(function: Callable[..., Any], *args: Any) -> int:
        start = time.perf_counter_ns()
        for _ in range(calls):
            function(*args)
        add_up()
        return time.perf_counter_ns() - start

    measured, bare = (min(run(*call) for _ in range(rounds)) for call in ((measure, "nothing", nothing), (nothing,)))
    return max(0.0, (measured - bare) / calls)
