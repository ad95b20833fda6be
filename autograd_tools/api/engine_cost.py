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
from contextvars import Context
from operator import itemgetter, neg
from typing import Any, NamedTuple

import numpy as np

from autograd_tools.api.derivatives import make_vjp
from autograd_tools.api.differentiate import grad
from autograd_tools.engine.listeners import unheard
from autograd_tools.timing import Timer
from autograd_tools.timing import instrument as timing
from autograd_tools.timing.apart import measure_apart
from autograd_tools.timing.engine_cost import EngineCost

OPERATIONS, ROUNDS = 200, 7
WARM_UP = 3  # gradients; the timer takes longer for the first ones
X = np.ones(1)
first = itemgetter(0)


class Spent(NamedTuple):
    """Nanoseconds of an operation: to record it, and for its gradient."""

    record: float
    backward: float


@functools.cache
def engine_cost() -> EngineCost:
    """Return the engine's nanoseconds for a call; measured when first asked for, in 0.2 s."""
    return Context().run(_measured)  # outside of the recordings and scopes that are open here


def _measured() -> EngineCost:
    before = timing.levels()
    with unheard(), timing.timer.disabled():
        try:
            timing.switch(*(False,) * len(before))
            plain = _least()
            operator, item, other = map(_recorded, OTHERS)
            call, own, read = _calls(np.negative), _calls(neg), _calls(first)
        finally:
            timing.switch(*before)
    p = Timer()
    with unheard():
        end = measure_apart("outputs", 0, p.hold, add=False)
        try:
            timed = _least(WARM_UP)
            timed_operator, timed_item, timed_other = map(_recorded, OTHERS)
        finally:
            end()
    return EngineCost(
        record_ns=max(plain.record - call, 0.0),
        operator_ns=max(operator - own, 0.0),
        item_ns=max(item - read, 0.0),
        pass_ns=max(plain.backward - call, 0.0),
        forward_ns=max(_typical(p, "forward") / 2 - call, 0.0),  # each round records twice
        backward_ns=max(_typical(p, "backward") - call, 0.0),
        accumulate_ns=_typical(p, "sum_outgrads"),
        measure_record_ns=max(timed.record - plain.record, 0.0),
        measure_pass_ns=max(timed.backward - plain.backward, 0.0),
        measure_operator_ns=max(timed_operator - operator, 0.0),
        measure_item_ns=max(timed_item - item, 0.0),
        measure_other_ns=max(timed_other - other, 0.0),
    )


def _functions(x: Any) -> Any:
    for _ in range(OPERATIONS):
        x = np.negative(x)
    return x[0]


def _operators(x: Any) -> Any:
    for _ in range(OPERATIONS):
        x = -x
    return x[0]


def _items(x: Any) -> Any:
    for _ in range(OPERATIONS):
        x[0]
    return x[0]


def _sums(x: Any) -> Any:
    for _ in range(OPERATIONS):
        x = np.sum(x, axis=0, keepdims=True)
    return x[0]


OTHERS = (_operators, _items, _sums)
for function in (_functions, *OTHERS):  # the user's code, which the timer looks for
    function.__code__ = function.__code__.replace(co_filename="<engine cost>")


def _least(warm_up: int = 0) -> Spent:
    """Return the least times in some rounds."""
    recorded, whole = make_vjp(_functions), grad(_functions)
    rounds = []
    for _ in range(warm_up + ROUNDS):
        start = time.thread_time_ns()  # others may use the processor, too
        recorded(X)
        middle = time.thread_time_ns()
        whole(X)
        rounds.append((middle - start, time.thread_time_ns() - middle))
    record, gradient = (min(own) / OPERATIONS for own in zip(*rounds[warm_up:], strict=True))
    return Spent(record, gradient - record)


def _recorded(f: Callable[[Any], Any]) -> float:
    """Return the least nanoseconds of an operation to record it."""
    return _calls(make_vjp(f), 1)


def _calls(f: Callable[[Any], Any], calls: int = OPERATIONS) -> float:
    """Return the least nanoseconds of an operation in so many calls of a function."""
    spent = []
    for _ in range(ROUNDS):
        start = time.thread_time_ns()
        for _ in range(calls):
            f(X)
        spent.append(time.thread_time_ns() - start)
    return min(spent) / OPERATIONS


def _typical(profile: Timer, phase: str) -> float:
    """Return the nanoseconds of a call in the fastest sampled gradient, as the timer saw them."""
    for record, counts in profile.records.items():
        if (record.op, record.phase) == ("negative", phase):
            return min(counts.samples.values(), default=0) / OPERATIONS
    return 0.0
