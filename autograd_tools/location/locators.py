"""Finders of call sites, one for each recording."""

from __future__ import annotations

import functools
import inspect
import sys
from types import CodeType, FrameType
from typing import Any

from autograd_tools.location.call_site import NOWHERE, CallSite, PathEntry
from autograd_tools.location.code_files import SENT, file_of
from autograd_tools.location.scopes import OpenScope, innermost_scope, scopes
from autograd_tools.location.turns import (
    NO_TURNS,
    NOTHING,
    Reading,
    Readings,
    held_by,
    reading_at,
    readings_of,
    turns_of,
)
from autograd_tools.location.users_code import is_users, library_codes

OPERATORS: set[int] = set()  # ids of the code of functions that Python's operators call
GRADIENTS: set[int] = set()  # the same of those that call a function for its gradient

# A path entry that has no number yet: its key (a frame or an open scope), the rest of a `PathEntry`
# (a frame of a library has the name None), and the number of scopes open around a user's frame, or
# -1.
Entry = tuple[Any, str | None, CodeType | None, int, int, bool, int]


def _is_task(frame: FrameType) -> bool:
    """Return True for the outermost coroutine of a task."""
    below = frame.f_back
    return bool(frame.f_code.co_flags & inspect.CO_COROUTINE) and not (
        below is not None and below.f_code.co_flags & inspect.CO_COROUTINE
    )


@functools.lru_cache(4096)
def _short(name: str) -> str:
    return name.replace(".<locals>", "").removesuffix(".__call__")


PAUSES = inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR  # generators pause, too


# The number of path entries and of keys around a frame, and the innermost scope: if that scope is
# the same as before, all others are.
Around = tuple[int, int, OpenScope | None]
_NOTHING: Around = (0, 0, None)
_FAR = sys.maxsize  # beyond all instructions
_getframe = sys._getframe


class Locator:
    """Finder of the call sites of one recording; scope paths start above the frame `base`.

    It notes the iterations of loops around others.
    """

    skip = 2  # frames of the engine, the least that call `find`

    def __init__(self, base: FrameType | None) -> None:
        self.base = base
        # What to read in `_frame` at its instructions, what was read last, and what it gave; and
        # the instruction of the last operation.
        self._readings: Readings | None = None
        self._reading: Reading = NOTHING
        self._held: tuple[object, ...] = ()
        self._offset = 0
        self._start = base.f_lasti if base is not None else -1
        self._count = self._unnamed = 0
        # The frames and scopes around the last operation with their numbers, and the library frames
        # between them with 0. Python reuses freed frames: only a reference that keeps a frame alive
        # distinguishes a call from the next call of the same function. A paused generator is kept
        # beside the entry that last resumed it.
        self._numbers: dict[Any, int] = {}
        # The same keys in order, outermost first; the surroundings of each of the user's frames;
        # and the path entries: `_outside` of them lie outside of the recording, `_known` are
        # resumed.
        self._chain: list[Any] = []
        self._around: dict[Any, Around] = {}
        self._last: list[PathEntry] = []
        self._known = self._outside = 0
        self._paused: dict[int, tuple[FrameType, int]] = {}
        # The frame and the scope of the last operation, and its call sites by offset, because
        # Python searches a table for the line; or the variables to read there, and the sites by
        # offset and what was read. `_below` is the library frame that this frame called.
        self._frame: FrameType | None = None
        self._scope: object | None = None
        self._below: FrameType | None = None
        self._notes: dict[Any, Any] = {}
        self._more: dict[Any, Any] = {}

    def find(self) -> CallSite:
        """Return the call site in the innermost frame of the user's code."""
        frame: FrameType | None = _getframe(self.skip)
        below, last = None, self._frame
        while frame is not last and frame is not None:
            if id(frame.f_code) not in library_codes and is_users(frame):
                break
            below = frame
            frame = frame.f_back
        if frame is None:
            return NOWHERE
        resumed = below is not None and (below is self._below or below in self._numbers)
        scope = innermost_scope()
        if frame is not self._frame or scope is not self._scope:
            self._enter(frame, scope, below)
        self._below = below
        notes = self._more if resumed else self._notes
        offset = frame.f_lasti
        note = notes.get(offset)
        if note.__class__ is CallSite:
            self._offset = _FAR
            return note
        key: Any = offset
        if note is None and self._readings is not None:
            note = reading_at(frame.f_code, offset, self._readings)
        turns = NO_TURNS
        if note.__class__ is Reading and note is not NOTHING:
            reading = notes[offset] = note
            if offset <= self._offset or reading is not self._reading or reading.each:
                # Another iteration may have begun.
                self._held = held_by(frame, reading.names)
                self._reading = reading
            self._offset = offset
            key = offset, self._held
            found = notes.get(key)
            if found is not None:
                return found
            turns = reading.names, self._held
        operator = below is None or id(below.f_code) in OPERATORS
        site = notes[key] = CallSite(
            file_of(frame.f_code, frame.f_globals),
            frame.f_lineno,
            *self._here,
            offset,
            resumed,
            operator,
            turns=turns,
        )
        return site

    note = find  # the timer replaces it in an instance

    def _enter(self, frame: FrameType, scope: object | None, below: FrameType | None) -> None:
        """Find the scopes of a frame that differs from that of the last operation."""
        inside = frame is self.base or not self._is_outside(frame)
        path = self._path(frame, below) if inside else self._path(None, None)
        code = frame.f_code
        self._here = (code.co_qualname, path)
        self._readings = readings_of(code) if inside else None
        self._reading, self._offset = NOTHING, _FAR
        self._frame = (
            None if code.co_flags & inspect.CO_GENERATOR else frame
        )  # a generator may resume in other scopes
        self._scope = scope
        self._notes, self._more = {}, {}

    def _is_outside(self, frame: FrameType) -> bool:
        """Return True if a frame called the recording: no other code of the user runs in it."""
        inner: FrameType | None = sys._getframe()
        while inner is not frame and inner is not self.base and inner is not None:
            inner = inner.f_back
        return inner is not frame

    def _is_differentiated(self, frame: FrameType) -> bool:
        """Return True for a lambda whose gradient is taken inside the recording."""
        caller = frame.f_back if frame.f_code.co_name == "<lambda>" else None
        return caller is not None and caller is not self.base and id(caller.f_code) in GRADIENTS

    def _name(self, frame: FrameType) -> str:
        """Return the name of a call as a scope, an empty string for none."""
        code = frame.f_code
        if code.co_name[0] == "<" and not self._is_differentiated(frame):
            return ""
        return _short(code.co_qualname)

    def _path(self, frame: FrameType | None, below: FrameType | None) -> PathEntry | None:
        """Return the innermost of the frames and scopes up to `frame`.

        A frame of the last operation has not returned since, so its surroundings are unchanged.
        """
        base, last, before = self.base, self._below, self._numbers
        open_scopes = scopes.in_effect()[::-1]
        k = len(open_scopes)
        found: list[Entry] = []  # innermost first
        inner: Any = below  # the callee of `frame`
        around = _NOTHING
        while frame is not None:
            code: CodeType = frame.f_code
            users = id(code) not in library_codes and is_users(frame)
            offset = frame.f_lasti
            while k and open_scopes[k - 1].frame == id(frame):
                k -= 1
                opened = open_scopes[k]
                found.append(
                    (
                        opened,
                        opened.name,
                        code if users else None,
                        offset,
                        opened.offset,
                        inner in before,
                        -1,
                    )
                )
                inner, offset = opened, opened.offset
            if users:
                if code.co_filename == SENT:
                    file_of(code, frame.f_globals)  # remembered for when only the code is known
                resumed = inner is not None and (inner in before or inner is last)
                if frame is base:
                    found.append((frame, "", code, offset, self._start, resumed, k))
                else:
                    found.append((frame, self._name(frame), code, offset, -1, resumed, k))
                inner = frame
            elif inner is not None:
                inner = frame
                found.append((frame, None, code, 0, -1, False, -1))
            while k and _is_task(frame) and open_scopes[k - 1].waits:
                k -= 1
                inner = opened = open_scopes[k]
                found.append((opened, opened.name, None, 0, -1, False, -1))
            if frame is base:
                break
            known = self._around.get(frame)
            if known is not None and known[2] is (open_scopes[k - 1] if k else None):
                around = known
                break
            frame = frame.f_back
        if around is _NOTHING:
            found += [
                (opened, opened.name, None, 0, -1, False, -1)
                for opened in reversed(open_scopes[:k])
            ]  # opened outside the recording
            self._outside = k
        found.reverse()
        return self._levels(found, around, open_scopes)

    def _levels(
        self, found: list[Entry], around: Around, open_scopes: list[OpenScope]
    ) -> PathEntry | None:
        """Return the innermost of the entries `around` and those found inside; resumed ones keep
        their numbers.
        """
        numbers, chain, places = self._numbers, self._chain, self._around
        n, keys, _ = around
        before: dict[Any, int] = {}
        for key in chain[keys:]:
            before[key] = numbers.pop(key)
            places.pop(key, None)
        del chain[keys:]
        levels = self._last
        self._settle(n)
        outer = levels[-1].number if levels else 0
        for key, name, code, offset, start, resumed, k in found:
            if name is None:  # a frame of a library
                numbers[key] = 0
                chain.append(key)
                continue
            number = before.get(key)
            generator = code is not None and code.co_flags & inspect.CO_GENERATOR
            if generator:
                paused = self._paused.get(outer)
                if number is None and paused is not None and paused[0] is key:
                    number = paused[1]
                    levels[-1:] = [level.again(level.around) for level in levels[-1:]]
            elif k >= 0 and not (code is not None and code.co_flags & PAUSES):
                places[key] = (len(levels), len(chain), open_scopes[k - 1] if k else None)
            if number is None:
                if name:
                    number = self._count = self._count + 1
                else:
                    number = self._unnamed = self._unnamed - 1
            if generator:
                self._paused[outer] = (key, number)
            numbers[key] = outer = number
            chain.append(key)
            turns = turns_of(key, code) if k >= 0 and code else NO_TURNS
            levels.append(
                PathEntry(
                    levels[-1] if levels else None,
                    *(number, name, code, offset, start, resumed, turns),
                )
            )
        return levels[-1] if levels else None

    def _settle(self, n: int) -> None:
        """Keep the first path entries of the last operation, marked as resumed."""
        levels = self._last
        del levels[n:]
        for i in range(max(self._outside, min(self._known, n)), n):
            levels[i] = levels[i].again(levels[i - 1] if i else None)
        self._known = n
