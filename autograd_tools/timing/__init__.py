"""The timer: how long each operation took forward, and each of its arguments backward.

`AUTOGRAD_TIMER` is read here, once, when autograd_tools is imported. Without it the functions below that
wrap the engine's steps hand them back as they are, so that no timed code exists on the path.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any, TypeVar

from autograd_tools.timing.measure import Record, Timer, nbytes_of
from autograd_tools.timing.section import Section

__all__ = ["ENABLED", "Record", "Section", "Timer", "reset_timer", "time_backward", "time_forward", "time_record", "time_sum", "timer"]

F = TypeVar("F", bound=Callable[..., Any])

ENABLED = os.environ.get("AUTOGRAD_TIMER", "").strip().lower() not in ("", "0", "false", "no", "off")

timer = Timer()


def reset_timer() -> None:
    """Forget everything measured by `ag.timer` and start its clock again."""
    timer.reset()


def time_forward(function: F, name: str) -> F:
    """Make every call of a primitive a section of its name."""
    if not ENABLED:
        return function

    def timed(*args: Any, **kwargs: Any) -> Any:
        return timer.measure(name, function, *args, **kwargs)

    return functools.update_wrapper(timed, function)  # type: ignore[return-value]


def time_record(record: F) -> F:
    """Make `core.record` the section `record`, and note on the recording how long the call that it records took."""
    if not ENABLED:
        return record

    def timed(recording: Any, entry: Any) -> Any:
        ns, self_ns = timer.last_ns, timer.last_self_ns
        result = timer.measure("record", record, recording, entry)
        recording.times[result.index] = {0: ns}
        timer.add(Record(entry[0].primitive.name, 0, *recording.notes[result.index][:4]), self_ns, nbytes_of(entry[1]))
        return result

    return timed  # type: ignore[return-value]


def time_backward(backward: F) -> F:
    """Make every gradient rule a section named by operation and argument, such as `matmul[1]`."""
    if not ENABLED:
        return backward

    def timed(recording: Any, index: int, i: int, dy: Any) -> Any:
        plan = recording.entries[index][0]
        argument = plan.positions[i] + 1
        dx = timer.measure(f"{plan.primitive.name}[{argument}]", backward, recording, index, i, dy)
        recording.times.setdefault(index, {})[argument] = timer.last_ns
        timer.add(Record(plan.primitive.name, argument, *recording.notes[index][:4]), timer.last_self_ns, nbytes_of(dx))
        return dx

    return timed  # type: ignore[return-value]


def time_sum(sum_outgrads: F) -> F:
    """Make the adding up of gradients the section `sum_outgrads`."""
    return time_forward(sum_outgrads, "sum_outgrads")
