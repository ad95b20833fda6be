"""The timer: how long each operation took forward, and each of its arguments backward.

`AUTOGRAD_TIMER` is read here, once, when autograd_tools is imported. Without it the functions below that
wrap the engine's steps hand them back as they are, so that no timed code exists on the path. With `times` it does not look
for the user's lines, which takes longer than all else; then there is no `record` either, because that ends with the line.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from numpy import float64, ndarray

from autograd_tools.timing.log import CLOSE, IDLE, LIMIT, NOTE, SUM, VOID, label
from autograd_tools.timing.measure import Record, Timer
from autograd_tools.timing.section import Section
from autograd_tools.timing.thread import HALF, recordings

__all__ = [
    "CLOSE",
    "ENABLED",
    "IDLE",
    "LIMIT",
    "LINES",
    "SUM",
    "Record",
    "Section",
    "Timer",
    "backward_sections",
    "first_node",
    "reset_timer",
    "time_forward",
    "time_note",
    "timer",
    "times",
]

F = TypeVar("F", bound=Callable[..., Any])

# Whether the timer is on for each word that AUTOGRAD_TIMER may be, and whether it also looks for the user's lines.
SETTINGS = {
    **dict.fromkeys(("", "0", "false", "no", "off"), (False, False)),
    **dict.fromkeys(("1", "true", "yes", "on"), (True, True)),
    "times": (True, False),
}


def _setting(text: str) -> tuple[bool, bool]:
    found = SETTINGS.get(text.strip().lower())
    if found is None:
        raise ValueError(f"AUTOGRAD_TIMER={text!r} is not known; there are: {', '.join(filter(None, SETTINGS))}")
    return found


ENABLED, LINES = _setting(os.environ.get("AUTOGRAD_TIMER", ""))

timer = Timer()


def reset_timer() -> None:
    """Forget everything measured by `ag.timer` and start its clock again."""
    timer.reset()


tracked: type | tuple[()] = ()  # what `core` sets: a call on such a value is timed where it reaches plain ones


def time_forward(function: F, name: str) -> F:
    """Make every call of a primitive on plain values a section of its name."""
    if not ENABLED:
        return function
    code, clock = label(name, name, 0), timer.clock

    def without_array(args: tuple[Any, ...]) -> int:
        return VOID if any([isinstance(arg, tracked) for arg in args]) else CLOSE

    @functools.wraps(function)
    def timed(*args: Any, **kwargs: Any) -> Any:
        log = timer.local.log
        if len(log) > LIMIT:
            timer.add_up()
        log += (code, None, 0, clock())
        try:
            y = function(*args, **kwargs)
        except BaseException:
            log += (without_array(args), None, 0, clock())
            raise
        end = clock()
        if type(y) is ndarray:
            log += (CLOSE, None, y.nbytes if y.base is None else 0, end)
        else:
            log += (CLOSE if type(y) is float64 else without_array(args), None, 0, end)
        return y

    return timed  # type: ignore[return-value]


def time_note(note: F, recording: Any) -> F:
    """Make the recording of a call, from its end to this note of where it was called, the section `record`."""
    if not ENABLED:
        return note
    first, clock = first_node(recording), timer.clock

    def timed() -> Any:
        found = note()
        log = timer.local.log
        log += (NOTE, found, first + len(recording.notes), clock())
        return found

    return timed  # type: ignore[return-value]


def backward_sections(name: str, positions: Iterable[int]) -> tuple[int, ...]:
    """The labels of the gradients of the arguments at these positions, such as `matmul[1]`."""
    return tuple([label(f"{name}[{i + 1}]", name, i + 1) for i in positions])


def first_node(recording: Any) -> int:
    """The number in a log of the node at index 0 of a recording."""
    if not recording.keep:
        return 0
    recordings[recording.serial + 1] = recording
    return recording.serial + 1 << HALF


def times(recording: Any) -> dict[int, dict[int, int]]:
    """The nanoseconds of each node of a recording that keeps all: forward under 0, the gradient of argument n under n."""
    if ENABLED:
        timer.add_up()
    found: dict[int, dict[int, int]] = {}
    for columns in recording.ticks:
        for index, argument, ns in zip(*(column.tolist() for column in columns), strict=True):
            found.setdefault(index, {})[argument] = ns
    return found
