"""The timer: how long each operation took forward, and each of its arguments backward.

`AUTOGRAD_TIMER` is read here, once, when autograd_tools is imported. Without it the functions below that
wrap the engine's steps hand them back as they are, so that no timed code exists on the path.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any, TypeVar

from autograd_tools.timing.measure import Record, Timer
from autograd_tools.timing.section import Section

__all__ = [
    "ENABLED",
    "Record",
    "Section",
    "Timer",
    "reset_timer",
    "settle",
    "time_backward",
    "time_forward",
    "time_note",
    "time_sum",
    "timer",
]

F = TypeVar("F", bound=Callable[..., Any])

ENABLED = os.environ.get("AUTOGRAD_TIMER", "").strip().lower() not in ("", "0", "false", "no", "off")

timer = Timer()


def reset_timer() -> None:
    """Forget everything measured by `ag.timer` and start its clock again."""
    timer.reset()


tracked: type | tuple[()] = ()  # what `core` sets: a call on such a value is timed where it reaches plain ones


def time_forward(function: F, name: str) -> F:
    """Make every call of a primitive on plain values a section of its name."""
    if not ENABLED:
        return function

    @functools.wraps(function)
    def timed(*args: Any, **kwargs: Any) -> Any:
        for arg in args:
            if isinstance(arg, tracked):
                return function(*args, **kwargs)
        return timer.measure(name, function, *args, **kwargs)

    return timed  # type: ignore[return-value]


def time_note(note: F, recording: Any) -> F:
    """Make the recording of a call, from its end to this note of where it was called, the section `record`."""
    if not ENABLED:
        return note

    def timed() -> Any:
        thread = timer.thread()
        recording.ticks.append((len(recording.notes), 0, *thread.last))
        found = note()
        end = timer.clock()
        thread.add("record", end - thread.last_end)
        thread.last_end = end
        return found

    return timed  # type: ignore[return-value]


def time_backward(backward: F) -> F:
    """Make every gradient rule a section named by operation and argument, such as `matmul[1]`."""
    if not ENABLED:
        return backward

    def timed(recording: Any, index: int, i: int, dy: Any) -> Any:
        plan = recording.entries[index][0]
        name, argument = plan.primitive.name, plan.positions[i] + 1
        dx = timer.measure(f"{name}[{argument}]", backward, recording, index, i, dy)
        recording.ticks.append((index, argument, name, *timer.thread().last[1:]))
        return dx

    return timed  # type: ignore[return-value]


def time_sum(sum_outgrads: F) -> F:
    """Make the adding up of gradients the section `sum_outgrads`."""
    return timer.timed("sum_outgrads", sum_outgrads) if ENABLED else sum_outgrads


def settle(recording: Any) -> None:
    """Add what was measured of a recording to the records of the timer, by where its operations were called."""
    notes = recording.notes
    totals: dict[tuple[str, int, int], list[int]] = {}
    for index, argument, name, _, self_ns, nbytes in recording.ticks:
        key = (name, argument, id(notes[index]))
        total = totals.get(key)
        if total is None:
            totals[key] = [index, self_ns, nbytes, 1]
        else:
            total[1] += self_ns
            total[2] += nbytes
            total[3] += 1
    for (name, argument, _), (index, *counts) in totals.items():
        timer.add(Record(name, argument, *notes[index][:4]), *counts)
    if recording.keep:
        for index, argument, _, ns, _, _ in recording.ticks:
            recording.times.setdefault(index, {})[argument] = ns
    recording.ticks.clear()
