"""The variables that Params may be found in: those of the user's frames that are there when a tape is looked at."""

from __future__ import annotations

import inspect
import os
import sys
import sysconfig
import types
from collections.abc import Iterator
from typing import Any

from autograd_tools.names import Space
from autograd_tools.source import LIBRARY_FILES

FRAMES = 100  # as many are looked at
# Who runs or serves the user's code, such as pytest, has variables of its own for what is in them.
OTHERS = (*LIBRARY_FILES, *{sysconfig.get_path(name) + os.sep for name in ("stdlib", "purelib", "platlib")})


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
