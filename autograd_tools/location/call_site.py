"""Where in the user's code an operation was called: its line, and the scopes that were open there."""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import inspect
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType, TracebackType
from typing import Any, NamedTuple, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


def _library_files() -> tuple[str, ...]:
    """Where the code lies that is not the user's: an operation belongs to the line that called into it."""
    packages = [
        importlib.util.find_spec(name) for name in ("autograd_tools", "viewer", "numpy", "scipy")
    ]
    folders = [
        str(Path(spec.origin).parent) + os.sep
        for spec in packages
        if spec is not None and spec.origin
    ]
    return (*folders, functools.__file__, contextlib.__file__)


LIBRARY_FILES = _library_files()


# A frame of the user's code, or a scope, around an operation: its number, name and code, two places in the code, and
# whether it is `again`. A plain tuple, because some are made for every call of a function.
#
# The number tells it from others: named ones count up from 1, lambdas, comprehensions and the frame of the recording down
# from -1. The code is None where it is not the user's. The first place is where the next level was entered, the second
# where a scope was entered itself, or the recording, and -1 for functions. It is `again` where the next level is that of
# the operation before, of a call that is still the same.
Level = tuple[int, str, CodeType | None, int, int, bool]


class Note(NamedTuple):
    """The user's call: file, line and function, and the path of scopes around it, outermost first.

    `calls` numbers the scopes, in the order of their first appearance: two calls of one function have the same name
    and different numbers. `path` has the scopes and all other frames, and `offset` is where in the code of the last of them
    the call stands. The same call may do several operations: those after the first are there `again`. An `operator` is no
    call in the code.
    """

    file: str
    line: int
    function: str
    scope: tuple[str, ...]
    calls: tuple[int, ...]
    path: tuple[Level, ...] = ()
    offset: int = 0
    again: bool = False
    operator: bool = False


NOWHERE = Note("", 0, "", (), ())
OPERATORS = frozenset(
    {"apply", "_slow", "<lambda>"}
)  # the functions of ours that Python's operators call


class _Open:
    """A scope that is open: its name, the id of the frame that opened it, and where in its code."""

    __slots__ = ("frame", "name", "offset")

    def __init__(self, name: str, frame: FrameType) -> None:
        self.name = name
        self.frame = id(frame)
        self.offset = frame.f_lasti


class _Thread(threading.local):
    def __init__(self) -> None:
        self.scopes: list[_Open] = []


_thread = _Thread()


class scope:  # noqa: N801  used as a function: `with ag.scope("encoder"):`
    """Name a part of the graph: what runs in the block, and its backward pass, belongs to `name`.

    >>> import numpy as np, autograd_tools as ag
    >>> w = ag.Param(np.ones(3))
    >>> with ag.record() as J:
    ...     with ag.scope("penalty"):
    ...         loss = np.sum(w ** 2)
    >>> J.trace().nodes[-1].scope
    ('penalty',)

    Named functions of the user's are scopes without being asked; lambdas and comprehensions are not.
    A scope may also decorate a function: `@ag.scope("encoder")`.
    """

    def __init__(self, name: str) -> None:
        if not isinstance(name, str) or not name:
            raise TypeError(f"a scope is named by a non-empty string, not {name!r}")
        self.name = name

    def __enter__(self) -> scope:
        _thread.scopes.append(_Open(self.name, sys._getframe(1)))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _thread.scopes.pop()

    def __call__(self, function: F) -> F:
        """Run every call of `function` inside the scope."""

        @functools.wraps(function)
        def scoped(*args: Any, **kwargs: Any) -> Any:
            with self:
                return function(*args, **kwargs)

        return scoped  # type: ignore[return-value]


_library_codes: set[int] = (
    set()
)  # ids of the code objects of libraries, which live as long as the process


def is_users(frame: FrameType) -> bool:
    """Whether a frame runs the user's code rather than a library's."""
    code = frame.f_code
    if id(code) in _library_codes:
        return False
    if code.co_filename.startswith(LIBRARY_FILES):
        _library_codes.add(id(code))
        return False
    return True


# What was found of a level: its key, which is a frame or an open scope; all of a `Level` but its number, with None for the name
# of a frame of a library, which is none; and for the user's frames the number of scopes that are open around them, else -1.
_Entry = tuple[Any, str | None, CodeType | None, int, int, bool, int]

PAUSES = inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR  # as generators do, too


# How many levels and keys there are around a frame, and the innermost scope; if that is the same, all the others are.
_Around = tuple[int, int, _Open | None]
_NOTHING: _Around = (0, 0, None)


class Locator:
    """Finds out where the operations of one recording are called; scope paths start above the frame `base`."""

    def __init__(self, base: FrameType | None) -> None:
        self.base = base
        self._start = base.f_lasti if base is not None else -1
        self._count = self._unnamed = 0
        # The frames and scopes around the last operation, with their numbers, and the frames of libraries between them, with 0. To
        # hold them is what tells a call from the next one of the same function, whose frame would otherwise often be the
        # same object. A generator that pauses is held beside what last went on with it.
        self._numbers: dict[Any, int] = {}
        # The same in order, outermost first; what is around each of the user's frames; and the levels, of which so many are known
        # to go on, after those outside of the recording.
        self._chain: list[Any] = []
        self._around: dict[Any, _Around] = {}
        self._last: list[Level] = []
        self._known = self._outside = 0
        self._paused: dict[int, tuple[FrameType, int]] = {}
        # The frame and the scope of the last operation, and the notes made there, by place in its code: Python has to
        # search a table for the line. `_below` is what the frame called, if that was a function of a library.
        self._frame: FrameType | None = None
        self._scope: _Open | None = None
        self._below: FrameType | None = None
        self._notes: dict[int, Note] = {}
        self._more: dict[int, Note] = {}

    def note(self) -> Note:
        """Describe the innermost frame of the user's code."""
        frame: FrameType | None = sys._getframe(2)  # the engine calls this, and is called itself
        below = None
        while frame is not None and frame is not self._frame and not is_users(frame):
            below = frame
            frame = frame.f_back
        if frame is None:
            return NOWHERE
        again = below is not None and (below is self._below or below in self._numbers)
        scopes = _thread.scopes
        scope = scopes[-1] if scopes else None
        if frame is not self._frame or scope is not self._scope:
            self._enter(frame, scope, below)
        self._below = below
        notes = self._more if again else self._notes
        note = notes.get(frame.f_lasti)
        if note is None:
            operator = below is None or below.f_code.co_name in OPERATORS
            note = Note(
                frame.f_code.co_filename,
                frame.f_lineno,
                *self._here,
                frame.f_lasti,
                again,
                operator,
            )
            notes[frame.f_lasti] = note
        return note

    def _enter(self, frame: FrameType, scope: _Open | None, below: FrameType | None) -> None:
        """Find the scopes of a frame that the last operation was not in."""
        path = self._path(frame, below)
        code = frame.f_code
        named = [level for level in path if level[0] > 0]
        self._here = (
            code.co_qualname,
            tuple([level[1] for level in named]),
            tuple([level[0] for level in named]),
            path,
        )
        self._frame = (
            None if code.co_flags & inspect.CO_GENERATOR else frame
        )  # a generator goes on in other scopes
        self._scope = scope
        self._notes, self._more = {}, {}

    def _path(self, frame: FrameType | None, below: FrameType | None) -> tuple[Level, ...]:
        """The frames and scopes up to `frame`, outermost first.

        Around a frame that was there at the last operation all is as it was then, because it has not returned since.
        """
        scopes, base, last, before = _thread.scopes, self.base, self._below, self._numbers
        k = len(scopes)
        found: list[_Entry] = []  # innermost first
        inner: Any = below  # what the frame at hand called
        around = _NOTHING
        while frame is not None:
            code: CodeType = frame.f_code
            users = id(code) not in _library_codes and is_users(frame)
            offset = frame.f_lasti
            while k and scopes[k - 1].frame == id(frame):
                k -= 1
                opened = scopes[k]
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
                again = inner is not None and (inner in before or inner is last)
                if frame is base:
                    found.append((frame, "", code, offset, self._start, again, k))
                elif code.co_name[0] == "<":
                    found.append((frame, "", code, offset, -1, again, k))
                else:
                    name = code.co_qualname.replace(".<locals>", "").removesuffix(".__call__")
                    found.append((frame, name, code, offset, -1, again, k))
                inner = frame
            elif inner is not None:
                inner = frame
                found.append((frame, None, code, 0, -1, False, -1))
            if frame is base:
                break
            known = self._around.get(frame)
            if known is not None and known[2] is (scopes[k - 1] if k else None):
                around = known
                break
            frame = frame.f_back
        if around is _NOTHING:
            found += [
                (opened, opened.name, None, 0, -1, False, -1) for opened in reversed(scopes[:k])
            ]  # opened outside the recording
            self._outside = k
        found.reverse()
        return self._levels(found, around)

    def _levels(self, found: list[_Entry], around: _Around) -> tuple[Level, ...]:
        """The levels `around`, and those found inside, with the numbers that they had where they go on, else new ones."""
        numbers, chain, places, opened = self._numbers, self._chain, self._around, _thread.scopes
        n, keys, _ = around
        before: dict[Any, int] = {}
        for key in chain[keys:]:
            before[key] = numbers.pop(key)
            places.pop(key, None)
        del chain[keys:]
        levels = self._settled(n)
        outer = levels[-1][0] if levels else 0
        for key, name, code, offset, start, again, scopes in found:
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
                    levels[-1:] = [(*level[:5], True) for level in levels[-1:]]
            elif scopes >= 0 and not (code is not None and code.co_flags & PAUSES):
                places[key] = (len(levels), len(chain), opened[scopes - 1] if scopes else None)
            if number is None:
                if name:
                    number = self._count = self._count + 1
                else:
                    number = self._unnamed = self._unnamed - 1
            if generator:
                self._paused[outer] = (key, number)
            numbers[key] = outer = number
            chain.append(key)
            levels.append((number, name, code, offset, start, again))
        self._last = levels
        return tuple(levels)

    def _settled(self, n: int) -> list[Level]:
        """The first levels of the last operation: the next level of each is still the same."""
        levels = self._last[:n]
        for i in range(max(self._outside, min(self._known, n)), n):
            levels[i] = (*levels[i][:5], True)
        self._known = n
        return levels
