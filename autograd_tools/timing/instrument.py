"""The timer: how long each operation took forward, and each of its arguments backward.

`AUTOGRAD_TIMER` is read here, once, when autograd_tools is imported. Without it the functions below that
wrap the engine's steps hand them back as they are, so that no timed code exists on the path. With `times` it does not look
for the user's lines, which takes longer than all else; then there is no `record` either, because that ends with the line.
With `shapes` it looks at the arrays of each operation as well. `exact` counts all bytes that NumPy makes.
"""

from __future__ import annotations

import functools
import os
import weakref
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from numpy import float64, ndarray

from autograd_tools.timing.log import CLOSE, HALF, LABELS, LIMIT, RECORDED, VOID, WIDTH, code_of
from autograd_tools.timing.measure import Timer
from autograd_tools.timing.node_times import recordings
from autograd_tools.timing.records import Signature, signature
from autograd_tools.timing.totals import MEMORY

F = TypeVar("F", bound=Callable[..., Any])

# What the timer looks for by the word that AUTOGRAD_TIMER is: nothing, times, the user's lines, and the arrays' shapes.
SETTINGS = {
    **dict.fromkeys(("", "0", "false", "no", "off"), 0),
    "times": 1,
    **dict.fromkeys(("1", "true", "yes", "on", "lines"), 2),
    "shapes": 3,
}


def _setting(text: str) -> tuple[int, str]:
    """What is looked for, and how bytes are counted, which is also a word, alone or beside the other: `shapes,exact`."""
    words = [word.strip().lower() for word in text.split(",")]
    levels, ways = (
        [word for word in words if word in SETTINGS],
        [word for word in words if word in MEMORY],
    )
    if (
        len(levels) > 1
        or len(ways) > 1
        or len(levels) + len(ways) < len(words)
        or ("" in words and ways)
    ):
        known = ", ".join(filter(None, SETTINGS))
        raise ValueError(
            f"AUTOGRAD_TIMER={text!r} is not known; there are: {known}; and behind a comma {', '.join(MEMORY)}"
        )
    return SETTINGS[levels[0] if levels else "lines"], ways[0] if ways else "outputs"


_level, _memory = _setting(os.environ.get("AUTOGRAD_TIMER", ""))
ENABLED, LINES, SHAPES = _level >= 1, _level >= 2, _level >= 3
KEPT = ENABLED and (
    SHAPES or _memory == "exact"
)  # whether it looks at what is kept for the backward pass

timer = Timer(memory=_memory if ENABLED else "outputs")


def reset_timer() -> None:
    """Forget everything measured by `ag.timer` and start its clock again."""
    timer.reset()


tracked: (
    type | tuple[()]
) = ()  # what `core` sets: a call on such a value is timed where it reaches plain ones


def time_forward(function: F, name: str, *, leaf: bool = False) -> F:
    """Make every call of a primitive on plain values a section of its name. A `leaf` is one of NumPy's or SciPy's functions
    with positional arguments only: it takes half the time."""
    if not ENABLED:
        return function
    return _time_leaf(function, name) if leaf else _time_call(function, name)  # type: ignore[return-value]


def _time_leaf(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """Nothing nests in what NumPy and SciPy compute: on tracked values they call us, and we time what is computed there."""
    code, clock = -code_of(name, name, 0), timer.clock

    @functools.wraps(function)
    def timed(*args: Any) -> Any:
        start = clock()
        try:
            y = function(*args)
        except BaseException:
            if not _any_tracked(args):
                timer.local.log += (code, None, 0, start, clock())
            raise
        end = clock()
        if type(y) is ndarray:
            nbytes = y.nbytes if y.base is None else 0
        elif type(y) is not float64 and _any_tracked(args):
            return y
        else:
            nbytes = 0
        log = timer.local.log
        if len(log) > LIMIT:
            timer.local.thread.add_up()
        log += (code, seen(args, y) if SHAPES else None, nbytes, start, end)
        return y

    return timed


def _time_call(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """A function of the user's may call the engine itself."""
    code, clock = code_of(name, name, 0), timer.clock

    @functools.wraps(function)
    def timed(*args: Any, **kwargs: Any) -> Any:
        if not timer.enabled:
            return function(*args, **kwargs)
        thread, nbytes = timer.thread(), 0
        opened = thread.begin(None, code, clock())
        try:
            y = function(*args, **kwargs)
            if type(y) is ndarray and y.base is None:
                nbytes = y.nbytes
        finally:
            end = clock()
            void = _any_tracked(args)
            thread.end(opened, VOID if void else CLOSE, nbytes, end)
        if SHAPES and not void:
            thread.log[-WIDTH + 1] = seen(args, y)
        return y

    return timed


_seen: dict[Signature, tuple[None, Signature]] = {}


def seen(args: tuple[Any, ...], y: Any) -> tuple[None, Signature]:
    """The signature of a call, as a note of no place; equal ones are the same object."""
    found = signature(args, y)
    timer.local.called = pair = _seen.get(found) or _seen.setdefault(found, (None, found))
    return pair


def _any_tracked(args: tuple[Any, ...]) -> bool:
    return any([isinstance(arg, tracked) for arg in args])


def time_note(note: F, recording: Any) -> F:
    """Make the recording of a call, from its end to this note of where it was called, the section `record`."""
    if not ENABLED:
        return note
    first, clock = first_node(recording), timer.clock
    pairs: dict[tuple[int, int], Any] = {}

    def timed() -> Any:
        found = marked = note()
        if SHAPES:
            called = timer.local.called
            key = (id(found), id(called))
            recording.marked[len(recording.notes)] = marked = pairs.get(key) or pairs.setdefault(
                key, (found, called[1])
            )
        log, end = timer.local.log, clock()
        log += (RECORDED, marked, first + len(recording.notes), end, end)
        if len(log) > LIMIT:  # here, where no section is that the time for it would be in
            timer.local.thread.add_up()
        return found

    return timed  # type: ignore[return-value]


def time_backward(backward: F) -> F:
    """Make every gradient rule a section, for a sweep that writes no marks itself."""
    if not ENABLED:
        return backward

    def timed(recording: Any, index: int, i: int, dy: Any) -> Any:
        if not timer.enabled:
            return backward(recording, index, i, dy)
        notes = recording.marked or recording.notes
        thread, nbytes, note = timer.thread(), 0, notes and notes[index]
        code = recording.entries[index][0].sections[i]
        opened = thread.begin(None, code, timer.clock(), note, first_node(recording) + index)
        try:
            dx = backward(recording, index, i, dy)
            if type(dx) is ndarray and dx.base is None:
                nbytes = dx.nbytes
        finally:
            thread.end(opened, CLOSE, nbytes, timer.clock())
        return dx

    return timed  # type: ignore[return-value]


def note_kept(recording: Any, kept: dict[int, int]) -> None:
    """Count the bytes that a gradient is about to keep for its rules, by index of an entry."""
    notes = recording.marked or recording.notes
    sums: dict[tuple[int, int], tuple[Any, int]] = {}
    for index, nbytes in kept.items():
        note = notes and notes[index]
        key = (recording.entries[index][0].sections[0], id(note))
        sums[key] = (note, nbytes + sums.get(key, (None, 0))[1])
    timer.thread().keep(
        [(LABELS[section].op, note, nbytes) for (section, _), (note, nbytes) in sums.items()]
    )


def backward_sections(name: str, positions: Iterable[int]) -> tuple[int, ...]:
    """The labels of the gradients of the arguments at these positions, such as `matmul[1]`."""
    return tuple([code_of(f"{name}[{i + 1}]", name, i + 1) for i in positions])


def first_node(recording: Any) -> int:
    """The number in a log of the node at index 0 of a recording; 0 if nobody can ask for its nodes."""
    if recording.retain:
        recordings[recording.serial + 1] = weakref.ref(recording)
    elif not timer.keeps_events:
        return 0
    return recording.serial + 1 << HALF


def times(recording: Any) -> dict[int, dict[int, int]]:
    """The nanoseconds of each node of a recording that keeps all: forward under 0, the gradient of argument n under n."""
    if ENABLED:
        timer.add_up()
    while recording.ticks:
        for index, argument, ns in zip(
            *(column.tolist() for column in recording.ticks.pop()), strict=True
        ):
            recording.node_times.setdefault(index, {})[argument] = ns
    found: dict[int, dict[int, int]] = recording.node_times
    return found
