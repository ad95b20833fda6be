"""Where in the user's code an operation was called: its line, and the scopes that were open there."""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, NamedTuple, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

# Frames of these packages are not the user's: an operation belongs to the line that called into them.
LIBRARIES = frozenset({"autograd_tools", "viewer", "numpy", "scipy", "contextlib", "runpy"})


class Note(NamedTuple):
    """The user's call: file, line and function, and the path of scopes around it, outermost first."""

    file: str
    line: int
    function: str
    scope: tuple[str, ...]


NOWHERE = Note("", 0, "", ())


class _Thread(threading.local):
    def __init__(self) -> None:
        self.scopes: list[tuple[str, int]] = []  # name, and id of the frame that opened it


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
        _thread.scopes.append((self.name, id(sys._getframe(1))))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        _thread.scopes.pop()

    def __call__(self, function: F) -> F:
        @functools.wraps(function)
        def scoped(*args: Any, **kwargs: Any) -> Any:
            with self:
                return function(*args, **kwargs)

        return scoped  # type: ignore[return-value]


def is_users(frame: FrameType) -> bool:
    """Whether a frame runs the user's code rather than a library's."""
    return frame.f_globals.get("__name__", "").partition(".")[0] not in LIBRARIES


def note(base: FrameType | None) -> Note:
    """Describe the innermost frame of the user's code; its scopes are those opened above the frame `base`."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and not is_users(frame):
        frame = frame.f_back
    if frame is None:
        return NOWHERE
    code = frame.f_code
    return Note(code.co_filename, frame.f_lineno, code.co_qualname, _path(frame, base))


def _path(frame: FrameType | None, base: FrameType | None) -> tuple[str, ...]:
    """The names of functions and scopes from `base`, exclusive, up to `frame`."""
    scopes = _thread.scopes
    k = len(scopes)
    path: list[str] = []
    while frame is not None:
        here = id(frame)
        while k and scopes[k - 1][1] == here:
            k -= 1
            path.append(scopes[k][0])
        if frame is base:
            break
        name = frame.f_code.co_name
        if name[0] != "<" and is_users(frame):
            path.append(frame.f_code.co_qualname.replace(".<locals>", "").removesuffix(".__call__"))
        frame = frame.f_back
    path.extend(name for name, _ in reversed(scopes[:k]))
    return tuple(reversed(path))
