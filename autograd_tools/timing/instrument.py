"""Hooks of the engine that AUTOGRAD_TIMER switches on, or `ag.profile` while a block runs.

The variable is read once, at import. Without it, the functions below return the engine's steps
unchanged, so that no timed code exists on the path; `switch` then replaces these steps.
`times` skips the search for the user's lines, which costs more than everything else; without lines
there is no section `record`, which ends with the line. `shapes` also records the arrays of each
operation. `exact` counts all bytes of NumPy.
"""

from __future__ import annotations

import functools
import os
import weakref
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from numpy import float64, ndarray

from autograd_tools.base.options import BytesCounted
from autograd_tools.timing.log import CLOSE, HALF, LABELS, LIMIT, RECORDED, VOID, WIDTH, code_of
from autograd_tools.timing.measure import Timer
from autograd_tools.timing.node_times import recordings
from autograd_tools.timing.records import Signature, signature
from autograd_tools.timing.samples import SAMPLED
from autograd_tools.timing.stack import ever, last_section, of_generators
from autograd_tools.timing.totals import MEMORY

F = TypeVar("F", bound=Callable[..., Any])

# Levels of AUTOGRAD_TIMER: nothing, times, the user's lines, and shapes of arrays.
SETTINGS = {
    **dict.fromkeys(("", "0", "false", "no", "off"), 0),
    "times": 1,
    **dict.fromkeys(("1", "true", "yes", "on", "lines"), 2),
    "shapes": 3,
}


def _setting(text: str) -> tuple[int, BytesCounted]:
    """Return the level and the memory mode of a setting such as `shapes,exact`."""
    words = [word.strip().lower() for word in text.split(",")]
    levels = [word for word in words if word in SETTINGS]
    modes = [mode for word in words for mode in MEMORY if mode == word]
    if max(len(levels), len(modes)) > 1 or {*words} - {*levels, *modes} or ("" in words and modes):
        raise ValueError(
            f"unknown AUTOGRAD_TIMER={text!r}; choose {', '.join(filter(None, SETTINGS))}, "
            f"alone or with a comma and {', '.join(MEMORY)}"
        )
    return SETTINGS[levels[0] if levels else "lines"], modes[0] if modes else "outputs"


_level, _memory = _setting(os.environ.get("AUTOGRAD_TIMER", ""))
ENABLED, LINES, SHAPES = _level >= 1, _level >= 2, _level >= 3
KEPT = ENABLED and (SHAPES or _memory == "exact")  # count bytes saved for the backward pass
OFF = (
    "The timer is off. Write `with ag.profile() as p:` around the code to measure, or set "
    "AUTOGRAD_TIMER=1 before Python starts."
)

timer = Timer(memory=_memory if ENABLED else "outputs")
"""The `Timer` that the engine fills if AUTOGRAD_TIMER is set: sections, and records by line."""
timer.hint = "" if ENABLED else OFF
_replaced: list[Callable[[], None]] = []  # by which the engine replaces its steps


def on_switch(replace: Callable[[], None]) -> None:
    """Call a function of the engine after each `switch`, to wrap its steps again."""
    _replaced.append(replace)


def levels() -> tuple[bool, bool, bool, bool]:
    """Return what is measured: anything, lines, shapes, and bytes kept for the backward pass."""
    return ENABLED, LINES, SHAPES, KEPT


def switch(enabled: bool, lines: bool, shapes: bool, kept: bool) -> None:
    """Measure what `levels` returned, from now on."""
    global ENABLED, LINES, SHAPES, KEPT
    ENABLED, LINES, SHAPES, KEPT = enabled, lines, shapes, kept
    for replace in _replaced:
        replace()


def reset_timer() -> None:
    """Discard everything that `ag.timer` has measured and restart its clock.

    Open sections are not counted. A forked process starts with a copy of its parent's measurements:
    call this first.

    Examples
    --------
    >>> import autograd_tools as ag
    >>> ag.reset_timer()
    >>> ag.timer.steps
    0
    """
    timer.reset()


def close_stale() -> None:
    """Close the sections that an interrupt left open."""
    if last_section() is not None:
        timer.thread().close_stale(timer.clock)


# The engine sets this to its class of tracked values, whose calls are timed on plain values.
tracked: type | tuple[()] = ()


def time_forward(function: F, name: str, *, leaf: bool = False) -> F:
    """Make every call of a primitive on plain values a section of its name.

    A `leaf` is a function of NumPy or SciPy with positional arguments only; timing it costs half.
    """
    if not ENABLED:
        return function
    timed = _time_leaf(function, name) if leaf else _time_call(function, name)
    return _sample(timed, name) if SHAPES and name in SAMPLED else timed  # type: ignore[return-value]


def _sample(timed: Callable[..., Any], name: str) -> Callable[..., Any]:
    """Let the timer copy the arrays of some calls."""

    @functools.wraps(timed)
    def sampled(*args: Any, **kwargs: Any) -> Any:
        y = timed(*args, **kwargs)
        if timer.enabled and not kwargs and not _any_tracked(args):
            timer.sample(name, timer.local.called[1], args)
        return y

    return sampled


def _time_leaf(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """Time a function that calls the engine only with tracked values, which the engine times."""
    code, clock = -code_of(name, name, 0), timer.clock

    @functools.wraps(function)
    def timed(*args: Any) -> Any:
        start = clock()
        try:
            y = function(*args)
        except BaseException:
            if not _any_tracked(args):
                timer.local.thread.here()
                timer.local.log += (code, None, 0, start, clock())
            raise
        end = clock()
        if type(y) is ndarray:
            nbytes = y.nbytes if y.base is None else 0
        elif type(y) is not float64 and _any_tracked(args):
            return y
        else:
            nbytes = 0
        local = timer.local
        log, thread = local.log, local.thread
        if ever and (last_section() is not thread.seen or of_generators):
            thread.here()
        if len(log) > LIMIT:
            thread.add_up()
        log += (code, seen(args, y) if SHAPES else None, nbytes, start, end)
        return y

    return timed


def _time_call(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """Time a function of the user, which may call the engine itself."""
    code, clock = code_of(name, name, 0), timer.clock

    @functools.wraps(function)
    def timed(*args: Any, **kwargs: Any) -> Any:
        if not timer.enabled:
            return function(*args, **kwargs)
        thread, nbytes = timer.thread(), 0
        functions, opened = len(thread.functions), None
        try:
            try:
                opened = thread.begin(code, clock())
                y = function(*args, **kwargs)
                if type(y) is ndarray and y.base is None:
                    nbytes = y.nbytes
            finally:
                end = clock()
                void = _any_tracked(args)
                if opened is not None:
                    thread.end(opened, VOID if void else CLOSE, nbytes, end)
        except BaseException as error:
            thread.unwind(functions, error, clock())
            raise
        if SHAPES and not void:
            thread.log[-WIDTH + 1] = seen(args, y)
        return y

    return timed


def note_unrecorded(site: Any) -> None:
    """Give the operation that ended last, and that nothing records, a call site."""
    log = timer.local.log
    if log:
        before = log[-WIDTH + 1]
        log[-WIDTH + 1] = site if before is None else (site, before[1])


_seen: dict[Signature, tuple[None, Signature]] = {}


def seen(args: tuple[Any, ...], y: Any) -> tuple[None, Signature]:
    """Return the signature of a call as a site without a place; equal ones are the same object."""
    found = signature(args, y)
    timer.local.called = pair = _seen.get(found) or _seen.setdefault(found, (None, found))
    return pair


def _any_tracked(args: tuple[Any, ...]) -> bool:
    return any([isinstance(arg, tracked) for arg in args])


def time_note(note: F, recording: Any, owner: int | None = None) -> F:
    """Make the time from the end of a call to the note of its call site the section `record`.

    `owner` is the serial of another recording to which its call sites belong.
    """
    if not ENABLED:
        return note
    first, clock = first_node(recording), timer.clock
    if owner is not None and timer.keeps_events:
        timer.share_places(recording.serial + 1, owner + 1)
    pairs: dict[tuple[int, int], Any] = {}

    def timed() -> Any:
        found = site = note()
        if SHAPES:
            called = timer.local.called
            key = (id(found), id(called))
            site = pairs.get(key) or pairs.setdefault(key, (found, called[1]))
            recording.marked[len(recording.notes)] = site
        log, end = timer.local.log, clock()
        log += (RECORDED, site, first + len(recording.notes), end, end)
        if len(log) > LIMIT:  # here no section is open that would count the time
            timer.local.thread.add_up()
        return found

    return timed  # type: ignore[return-value]


def time_backward(backward: F) -> F:
    """Make every VJP rule a section, for a backward pass that writes no marks itself."""

    def timed(recording: Any, index: int, i: int, dy: Any) -> Any:
        if not ENABLED or not timer.enabled:
            return backward(recording, index, i, dy)
        notes, marked = recording.notes, recording.marked
        thread, nbytes = timer.thread(), 0
        note = marked.get(index) or (notes and notes[index])
        code = recording.entries[index][0].sections[i]
        functions, opened = len(thread.functions), None
        try:
            try:
                opened = thread.begin(code, timer.clock(), note, first_node(recording) + index)
                dx = backward(recording, index, i, dy)
                if type(dx) is ndarray and dx.base is None:
                    nbytes = dx.nbytes
            finally:
                if opened is not None:
                    thread.end(opened, CLOSE, nbytes, timer.clock())
        except BaseException as error:
            thread.unwind(functions, error, timer.clock())
            raise
        return dx

    return timed  # type: ignore[return-value]


def note_kept(recording: Any, kept: dict[int, int]) -> None:
    """Count the bytes that a gradient saves for its rules, given by index of the entry."""
    notes = sites_of(recording)
    sums: dict[tuple[int, int], tuple[Any, int]] = {}
    for index, nbytes in kept.items():
        note = notes and notes[index]
        key = (recording.entries[index][0].sections[0], id(note))
        sums[key] = (note, nbytes + sums.get(key, (None, 0))[1])
    timer.thread().keep(
        [(LABELS[section].op, note, nbytes) for (section, _), (note, nbytes) in sums.items()]
    )


def sites_of(recording: Any) -> list[Any] | None:
    """Return the site of each entry of a recording, with a signature where it has one."""
    notes, marked = recording.notes, recording.marked
    if not marked:
        return notes
    return [marked.get(index, note) for index, note in enumerate(notes)]


def backward_sections(name: str, positions: Iterable[int]) -> tuple[int, ...]:
    """Return the labels of the gradients of these positions, such as `matmul[1]` for 0."""
    return tuple([code_of(f"{name}[{i + 1}]", name, i + 1) for i in positions])


def first_node(recording: Any) -> int:
    """Return the number in logs of a recording's first node; 0 if nobody can ask for its nodes."""
    if recording.retain:
        recordings[recording.serial + 1] = weakref.ref(recording)
    elif not timer.keeps_events:
        return 0
    return recording.serial + 1 << HALF


def times(recording: Any) -> dict[int, dict[int, int]]:
    """Return the nanoseconds of each node: forward under 0, the gradient of argument n under n."""
    if ENABLED:
        timer.add_up()
    while recording.ticks:
        for index, argument, ns in zip(
            *(column.tolist() for column in recording.ticks.pop()), strict=True
        ):
            recording.node_times.setdefault(index, {})[argument] = ns
    found: dict[int, dict[int, int]] = recording.node_times
    return found
