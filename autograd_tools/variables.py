"""The variables that Params may be found in: those that a function reaches, and those of the user's frames."""

from __future__ import annotations

import contextlib
import functools
import inspect
import os
import sys
import sysconfig
import types
from collections.abc import Iterator
from typing import Any

from autograd_tools.names import Space
from autograd_tools.source import LIBRARY_FILES

FRAMES, FUNCTIONS = 100, 16  # as many are looked at
FAR = 2 * FRAMES + 1
# Who runs or serves the user's code, such as pytest, has variables of its own for what is in them.
OTHERS = (*LIBRARY_FILES, *{sysconfig.get_path(name) + os.sep for name in ("stdlib", "purelib", "platlib")})


def variables_of_function(f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Iterator[Space]:
    """What the code of a function reaches by name; and, as far ones, its arguments, and what the functions it names reach."""
    while type(f) is functools.partial:
        f, args, kwargs = f.func, (*f.args, *args), {**f.keywords, **kwargs}
    if type(f) is types.MethodType:
        f, args = f.__func__, (f.__self__, *args)
    if type(f) is not types.FunctionType:
        yield FAR, {"self": f}
        return
    todo = [f]
    for function in todo:
        variables = _reached(function)
        yield (0 if function is f else FAR), variables
        if function is f and _is_users(f.__code__):
            yield FAR, _arguments(f, args, kwargs)
        for x in variables.values():
            if type(x) is types.FunctionType and x not in todo and len(todo) < FUNCTIONS and _is_users(x.__code__):
                todo.append(x)


def _arguments(f: types.FunctionType, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a call by the names that the function has for them."""
    code, defaults = f.__code__, f.__defaults__ or ()
    names = code.co_varnames[: code.co_argcount]
    found = {**dict(zip(names[len(names) - len(defaults) :], defaults, strict=True)), **(f.__kwdefaults__ or {}), **kwargs}
    if code.co_flags & inspect.CO_VARARGS:
        found[code.co_varnames[code.co_argcount + code.co_kwonlyargcount]] = args[len(names) :]
    return {**found, **dict(zip(names, args, strict=False))}


def _reached(f: types.FunctionType) -> dict[str, Any]:
    """The globals and the variables around it that the code of a function names."""
    found = {name: f.__globals__[name] for name in _names(f.__code__) if name in f.__globals__}
    for name, cell in zip(f.__code__.co_freevars, f.__closure__ or (), strict=True):
        with contextlib.suppress(ValueError):  # an empty cell
            found[name] = cell.cell_contents
    return found


def _names(code: types.CodeType) -> tuple[str, ...]:
    """The names in a code, and in those of the functions in it."""
    return (*code.co_names, *(name for const in code.co_consts if type(const) is types.CodeType for name in _names(const)))


def variables_of_frames(frame: types.FrameType | None, most: int = FRAMES) -> Iterator[Space]:
    """The variables of the user's frames from this one outwards: first the locals of each, then its globals."""
    seen: set[int] = set()
    count = 0
    while frame is not None and count < most:
        if _is_users(frame.f_code):
            count += 1
            for far, variables in enumerate((_locals(frame), frame.f_globals), 2 * count - 1):
                if type(variables) is dict and id(variables) not in seen:
                    seen.add(id(variables))
                    yield far, variables.copy()  # another thread may change them
        frame = frame.f_back


def _is_users(code: types.CodeType) -> bool:
    return not code.co_filename.startswith(OTHERS)


def _locals(frame: types.FrameType) -> Any:
    """The local variables of a frame.

    Before Python 3.13 a frame of a function fills a dict with them, which would keep alive what the user deletes. So it is
    emptied, unless the user has it from `locals()`.
    """
    held = frame.f_locals
    if not frame.f_code.co_flags & inspect.CO_OPTIMIZED:
        return held
    found = dict(held)
    if sys.version_info < (3, 13) and sys.getrefcount(held) == 3:  # the frame's, ours and that of the call
        held.clear()
    return found
