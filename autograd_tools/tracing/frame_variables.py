"""The variables that Params may be found in: those of the user's frames that are there when a tape is looked at."""

from __future__ import annotations

import dis
import functools
import inspect
import os
import sys
import sysconfig
import types
from collections.abc import Iterator
from typing import Any

from autograd_tools.location.call_site import LIBRARY_FILES
from autograd_tools.tracing.param_names import Space

FRAMES = 100  # as many are looked at
# Who runs or serves the user's code, such as pytest, has variables of its own for what is in them.
OTHERS = (
    *LIBRARY_FILES,
    *{sysconfig.get_path(name) + os.sep for name in ("stdlib", "purelib", "platlib")},
)


def variables_of_frames(frame: types.FrameType | None, most: int = FRAMES) -> Iterator[Space]:
    """The variables of the user's frames from this one outwards: first the locals of each, then its globals."""
    frames: list[types.FrameType] = []
    while frame is not None and len(frames) < most:
        if _is_users(frame.f_code):
            frames.append(frame)
        frame = frame.f_back
    modules = {id(f.f_globals): f.f_code for f in frames if f.f_code.co_name == "<module>"}
    seen: set[int] = set()
    for number, frame in enumerate(frames):
        free = frame.f_code.co_freevars
        codes = [
            frame.f_code,
            *[f.f_code for f in frames[number + 1 :] if free],
        ]  # a loop around it may assign to those
        own = {
            name
            for code in codes
            for name in loop_variables(code)
            if code is frame.f_code or name in free
        }
        module = modules.get(id(frame.f_globals))
        spaces = (
            (_locals(frame), own),
            (frame.f_globals, loop_variables(module) if module else ()),
        )
        for far, (variables, passing) in enumerate(spaces, 2 * number + 1):
            if type(variables) is dict and id(variables) not in seen:
                seen.add(id(variables))
                yield far, variables.copy(), passing  # another thread may change them


@functools.lru_cache(512)
def loop_variables(code: types.CodeType) -> frozenset[str]:
    """The variables of a function or module that its `for` loops assign to; comprehensions have their own."""
    found: set[str] = set()
    targets = 0  # that are still to come
    for instruction in dis.get_instructions(code):
        name, given = instruction.opname, instruction.argval
        if name == "FOR_ITER":
            targets = 1
        elif targets and name in (
            "UNPACK_SEQUENCE",
            "UNPACK_EX",
        ):  # the latter with how many before and after the rest
            targets += (given & 0xFF) + (given >> 8) - (name == "UNPACK_SEQUENCE")
        elif targets and name.startswith("STORE_") and name not in ("STORE_ATTR", "STORE_SUBSCR"):
            stored = (
                given
                if name == "STORE_FAST_STORE_FAST"
                else given[:1]
                if isinstance(given, tuple)
                else (given,)
            )
            found.update(stored)
            targets -= len(stored)
        else:
            targets = 0
    return frozenset(found)


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
    if (
        sys.version_info < (3, 13) and sys.getrefcount(held) == 3
    ):  # the frame's, ours and that of the call
        held.clear()
    return found
