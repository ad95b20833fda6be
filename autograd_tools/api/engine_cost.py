"""The engine's own time for each operation, measured once on this machine.

A profile times what operations and rules compute. The engine's dispatch, recording and backward
loop take a time for each call that hardly depends on the arrays. It is found from a gradient of
small operations: its time without the timer, less that of the NumPy calls in it. The same gradient
with the timer on tells what the timer adds to each time, and takes itself.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from autograd_tools.api.derivatives import make_vjp
from autograd_tools.api.differentiate import grad
from autograd_tools.engine.backward import unheard
from autograd_tools.timing import Timer
from autograd_tools.timing import instrument as timing
from autograd_tools.timing.apart import measure_apart
from autograd_tools.timing.engine_cost import EngineCost

OPERATIONS, ROUNDS = 300, 7
WARM_UP = 3  # gradients, the first of which the timer looks at more closely
X = np.ones(1)


class Spent(NamedTuple):
    """Nanoseconds of an operation: to record it, and for its gradient."""

    record: float
    backward: float


@functools.cache
def engine_cost() -> EngineCost:
    """Return the engine's nanoseconds for a call; measured when first asked for, in 0.1 s."""
    before = timing.levels()
    with unheard(), timing.timer.disabled():
        try:
            timing.switch(*(False,) * len(before))
            plain = _least()
            call = min(_spent(_calls) for _ in range(ROUNDS)) / OPERATIONS
        finally:
            timing.switch(*before)
    p = Timer()
    with unheard():
        end = measure_apart("outputs", 0, p.hold, add=False)
        try:
            timed = _least(WARM_UP)
        finally:
            end()
    return EngineCost(
        record_ns=max(plain.record - call, 0.0),
        pass_ns=max(plain.backward - call, 0.0),
        forward_ns=max(_typical(p, "forward") / 2 - call, 0.0),  # each round records twice
        backward_ns=max(_typical(p, "backward") - call, 0.0),
        accumulate_ns=_typical(p, "sum_outgrads"),
        measure_record_ns=max(timed.record - plain.record, 0.0),
        measure_pass_ns=max(timed.backward - plain.backward, 0.0),
    )


def _least(warm_up: int = 0) -> Spent:
    """Return the least times in some rounds."""
    recorded, whole = make_vjp(_chain), grad(_chain)
    rounds = []
    for _ in range(warm_up + ROUNDS):
        start = time.thread_time_ns()  # others may use the processor, too
        recorded(X)
        middle = time.thread_time_ns()
        whole(X)
        rounds.append((middle - start, time.thread_time_ns() - middle))
    record, gradient = (min(own) / OPERATIONS for own in zip(*rounds[warm_up:], strict=True))
    return Spent(record, gradient - record)


def _chain(x: Any) -> Any:
    for _ in range(OPERATIONS):
        x = np.negative(x)
    return x[0]


def _calls() -> None:
    x = X
    for _ in range(OPERATIONS):
        x = np.negative(x)


def _spent(run: Callable[[], None]) -> int:
    start = time.thread_time_ns()
    run()
    return time.thread_time_ns() - start


def _typical(profile: Timer, phase: str) -> float:
    """Return the nanoseconds of a call in the fastest sampled gradient, as the timer saw them."""
    for record, counts in profile.records.items():
        if (record.op, record.phase) == ("negative", phase):
            return min(counts.samples.values(), default=0) / OPERATIONS
    return 0.0
