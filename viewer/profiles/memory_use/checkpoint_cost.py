"""The overhead of a checkpoint besides recomputation, measured once on this machine."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import autograd_tools as ag
from autograd_tools.engine.listeners import unheard

RUNS, TIMINGS = 20, 7
MEDIUM = 1 << 20  # bytes


class CheckpointCost(NamedTuple):
    """Nanoseconds of a checkpointed call, and of comparing a byte of its result."""

    run_ns: float
    byte_ns: float


@functools.cache
def checkpoint_cost() -> CheckpointCost:
    """Return the cost of a checkpoint; the first call takes some 0.05 s."""
    x, large = np.ones(1), np.ones(MEDIUM // 8)
    with ag.timer.disabled(), unheard():
        plain = _least(ag.grad(_repeated(np.negative)), x)
        wrapped = _least(ag.grad(_repeated(ag.checkpoint(np.negative))), x)
    comparison = _least(lambda y: np.array_equal(y, large), large.copy())
    return CheckpointCost(max(wrapped - plain, 0.0) / RUNS, comparison / MEDIUM)


def _repeated(f: Callable[..., Any]) -> Callable[..., Any]:
    def run(x: Any) -> Any:
        for _ in range(RUNS):
            x = f(x)
        return x[0]

    return run


def _least(f: Callable[..., Any], x: Any) -> float:
    spent = []
    for _ in range(TIMINGS):
        start = time.thread_time_ns()
        f(x)
        spent.append(time.thread_time_ns() - start)
    return min(spent)
