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
from types import FrameType, TracebackType
from typing import Any, NamedTuple, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


def _library_files() -> tuple[str, ...]:
    """Where the code lies that is not the user's: an operation belongs to the line that called into it."""
    packages = [importlib.util.find_spec(name) for name in ("autograd_tools", "viewer", "numpy", "scipy")]
    folders = [str(Path(spec.origin).parent) + os.sep for spec in packages if spec is not None and spec.origin]
    return (*folders, functools.__file__, contextlib.__file__)


LIBRARY_FILES = _library_files()


class Note(NamedTuple):
    """The user's call: file, line and function, and the path of scopes around it, outermost first.

    `calls` numbers the scopes, in the order of their first appearance: two calls of one function have the same name
    and different numbers.
    """

    file: str
    line: int
    function: str
    scope: tuple[str, ...]
    calls: tuple[int, ...]


NOWHERE = Note("", 0, "", (), ())


class _Open:
    """A scope that is open: its name, and the id of the frame that opened it."""

    __slots__ = ("frame", "name")

    def __init__(self, name: str, frame: int) -> None:
        self.name = name
        self.frame = frame


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
        _thread.scopes.append(_Open(self.name, id(sys._getframe(1))))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        _thread.scopes.pop()

    def __call__(self, function: F) -> F:
        """Run every call of `function` inside the scope."""

        @functools.wraps(function)
        def scoped(*args: Any, **kwargs: Any) -> Any:
            with self:
                return function(*args, **kwargs)

        return scoped  # type: ignore[return-value]


_library_codes: set[int] = set()  # ids of the code objects of libraries, which live as long as the process


def is_users(frame: FrameType) -> bool:
    """Whether a frame runs the user's code rather than a library's."""
    code = frame.f_code
    if id(code) in _library_codes:
        return False
    if code.co_filename.startswith(LIBRARY_FILES):
        _library_codes.add(id(code))
        return False
    return True


class Locator:
    """Finds out where the operations of one recording are called; scope paths start above the frame `base`."""

    def __init__(self, base: FrameType | None) -> None:
        self.base = base
        self._count = 0
        # The scopes around the last operation. Holding their frames is what tells a call from the next one of the same
        # function, whose frame would otherwise often be the same object.
        self._calls: dict[Any, int] = {}
        # The frame and the scope of the last operation, and the notes made there, by place in its code: Python has to
        # search a table for the line.
        self._frame: FrameType | None = None
        self._scope: _Open | None = None
        self._notes: dict[int, Note] = {}

    def note(self) -> Note:
        """Describe the innermost frame of the user's code."""
        frame: FrameType | None = sys._getframe(2)  # the engine calls this, and is called itself
        while frame is not None and frame is not self._frame and not is_users(frame):
            frame = frame.f_back
        if frame is None:
            return NOWHERE
        scopes = _thread.scopes
        scope = scopes[-1] if scopes else None
        if frame is not self._frame or scope is not self._scope:
            self._enter(frame, scope)
        note = self._notes.get(frame.f_lasti)
        if note is None:
            note = self._notes[frame.f_lasti] = self._here._replace(line=frame.f_lineno)
        return note

    def _enter(self, frame: FrameType, scope: _Open | None) -> None:
        """Find the scopes of a frame that the last operation was not in."""
        names, keys = self._path(frame)
        code = frame.f_code
        self._here = Note(code.co_filename, 0, code.co_qualname, names, self._number(keys))
        self._frame = None if code.co_flags & inspect.CO_GENERATOR else frame  # a generator goes on in other scopes
        self._scope = scope
        self._notes = {}

    def _number(self, keys: list[Any]) -> tuple[int, ...]:
        """The numbers of the scopes of the last operation: those of the one before where they go on, else new ones."""
        calls: dict[Any, int] = {}
        for key in keys:
            number = self._calls.get(key)
            if number is None:
                number = self._count = self._count + 1
            calls[key] = number
        self._calls = calls
        return tuple(calls.values())

    def _path(self, frame: FrameType | None) -> tuple[tuple[str, ...], list[Any]]:
        """The names of functions and scopes up to `frame`, outermost first, and what tells each from another of its name."""
        scopes = _thread.scopes
        k = len(scopes)
        names: list[str] = []
        keys: list[Any] = []
        while frame is not None:
            while k and scopes[k - 1].frame == id(frame):
                k -= 1
                names.append(scopes[k].name)
                keys.append(scopes[k])
            if frame is self.base:
                break
            name = frame.f_code.co_name
            if name[0] != "<" and is_users(frame):
                names.append(frame.f_code.co_qualname.replace(".<locals>", "").removesuffix(".__call__"))
                keys.append(frame)
            frame = frame.f_back
        for scope in reversed(scopes[:k]):  # opened outside the recording
            names.append(scope.name)
            keys.append(scope)
        names.reverse()
        keys.reverse()
        return tuple(names), keys
