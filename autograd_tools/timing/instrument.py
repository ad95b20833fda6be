"""Hooks of the engine that AUTOGRAD_TIMER switches on, or `ag.profile` while a block runs.

The variable is read once, at import. Without it, the functions below return the engine's steps
unchanged, so that no timed code exists on the path; `switch` then replaces these steps.
`times` skips the search for the user's lines, which costs more than everything else; without lines
there is no section `record`, which ends with the line. `shapes` also records the arrays of each
operation. `exact` counts all bytes of NumPy.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from numpy import ndarray

from autograd_tools.base.options import BytesCounted
from autograd_tools.location.line_locator import LineLocator, LineSite
from autograd_tools.timing import calls
from autograd_tools.timing.log import CLOSE, HALF, LABELS, LIMIT, RECORDED, WIDTH, code_of
from autograd_tools.timing.measure import Timer
from autograd_tools.timing.node_times import recordings
from autograd_tools.timing.patterns import LONGEST, MOST_PATTERNS
from autograd_tools.timing.records import Called, site_of
from autograd_tools.timing.stack import last_section
from autograd_tools.timing.thread import Thread
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


def time_forward(
    function: F, name: str, *, leaf: bool = False, options: bool = False, is_ufunc: bool = False
) -> F:
    """Make every call of a primitive on plain values a section of its name.

    A `leaf` is a function of NumPy or SciPy; timing it costs half, without `options` a third.
    `is_ufunc` says that it takes one or two arrays, which tell the form of its result.
    """
    if not ENABLED:
        return function
    how = calls.time_leaf if leaf else calls.time_call
    how = calls.time_options if leaf and options else how
    return how(timer, function, name, calls.Level(LINES, SHAPES, is_ufunc))  # type: ignore[return-value]


def note_unrecorded(site: Any) -> None:
    """Give the operation that ended last, and that nothing records, a call site."""
    log = timer.local.log
    if log:
        before = log[-WIDTH + 1]
        log[-WIDTH + 1] = site if before is None else (site, before)
        if len(log) > LIMIT:
            timer.local.thread.add_up()


def full_site(found: Any, called: Called | None) -> Any:
    """Return the site at a call site that keeps the path around the call."""
    return found if called is None else (found, called)


def time_note(note: F, recording: Any, owner: int | None = None) -> F:
    """Make the time from the end of a call to the note of its call site the section `record`.

    `owner` is the serial of another recording to which its call sites belong.
    """
    if not ENABLED:
        return note
    if isinstance(getattr(note, "__self__", None), LineLocator):
        return _time_line(note)  # type: ignore[return-value]
    first, clock = first_node(recording), timer.clock
    make = full_site if timer.keeps_events else site_of  # events have the path around a call
    if owner is not None and timer.keeps_events:
        timer.share_places(recording.serial + 1, owner + 1)
    known: dict[tuple[int, int], Any] = {}  # sites by the ids of call site and operands
    notes, marked = recording.notes, recording.marked

    def timed() -> Any:
        found, log = note(), timer.local.log
        called = _last_called(log)
        key = id(found), id(called)
        site = known.get(key)
        if site is None:
            site = known[key] = make(found, called)
        index, end = len(notes), clock()
        marked[index] = site
        log += (RECORDED, site, first + index, end, end)
        if len(log) > LIMIT:  # here no section is open that would count the time
            timer.local.thread.add_up()
        return found

    return timed  # type: ignore[return-value]


def _time_line(note: Callable[[], LineSite]) -> Callable[[], LineSite]:
    """Do the same in half of the time for sites that are marks' sites themselves."""
    clock = timer.clock

    def timed() -> LineSite:
        found, log = note(), timer.local.log
        if SHAPES:
            called = log[-WIDTH + 1] if log else None
            found = found.known.get(called) or found.of(_last_called(log))
        end = clock()
        log += (RECORDED, found, 0, end, end)
        if len(log) > LIMIT:
            timer.local.thread.add_up()
        return found

    return timed


def _last_called(log: list[Any]) -> Called | None:
    """Return the operands of the last operation, if they are known.

    It may have a mark on an enclosing recording.
    """
    site = log[-WIDTH + 1] if SHAPES and log else None
    if type(site) is Called:
        return site
    return site[1] if type(site) is tuple else None


def time_backward(backward: F) -> F:
    """Make every VJP rule a section, for a backward pass that writes no marks itself."""

    def timed(recording: Any, index: int, i: int, dy: Any) -> Any:
        if not ENABLED or not timer.enabled:
            return backward(recording, index, i, dy)
        thread, nbytes = timer.thread(), 0
        note = site_at(recording, index)
        code = -recording.entries[index][0].sections[i]
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


def note_kept(recording: Any, kept_bytes: Callable[[list[Any]], dict[int, int]]) -> None:
    """Count the bytes that a gradient saves for its rules, which are given by index of the entry.

    Gradients of the same operations, lines and shapes save the same.
    """
    thread = timer.thread()
    start = thread.own_time()
    _note_kept(thread, recording, kept_bytes)
    thread.own_ns += thread.own_time() - start


def _note_kept(
    thread: Thread, recording: Any, kept_bytes: Callable[[list[Any]], dict[int, int]]
) -> None:
    notes = sites_of(recording)
    if SHAPES and not recording.marked and len(recording.entries) <= LONGEST:
        key = [entry[0] for entry in recording.entries], notes
        if key in thread.counted:
            return
        thread.counted = [key, *thread.counted[: MOST_PATTERNS - 1]]
    sums: dict[tuple[int, int], tuple[Any, int]] = {}
    for index, nbytes in kept_bytes(recording.entries).items():
        note = notes and notes[index]
        key_of = (recording.entries[index][0].sections[0], id(note))
        sums[key_of] = (note, nbytes + sums.get(key_of, (None, 0))[1])
    thread.keep(
        [(LABELS[-section].op, note, nbytes) for (section, _), (note, nbytes) in sums.items()]
    )


def sites_of(recording: Any) -> list[Any] | None:
    """Return the site of each entry of a recording, with its operands where they are known."""
    notes, marked = recording.notes, recording.marked
    return list(map(marked.get, range(len(notes)), notes)) if marked else notes


def site_at(recording: Any, index: int) -> Any:
    """Return the site of an entry of a recording."""
    return recording.marked.get(index) or (recording.notes and recording.notes[index])


def backward_sections(name: str, positions: Iterable[int]) -> tuple[int, ...]:
    """Return the codes of the marks of gradients of these positions, such as `matmul[1]` for 0."""
    return tuple([-code_of(f"{name}[{i + 1}]", name, i + 1) for i in positions])


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
