"""Frames in the tracebacks of JAX."""

from __future__ import annotations

import functools
import itertools
import os
from types import CodeType
from typing import Any, NamedTuple

from autograd_tools.location.code_files import file_of
from autograd_tools.location.loops import flow_of
from autograd_tools.location.users_code import is_library

HERE = __file__.rpartition(os.sep)[0]
ENGINE = ("jax", "jaxlib")


class Frame(NamedTuple):
    """A frame around an operation, and the instruction where it goes on inside."""

    code: CodeType
    offset: int


def frames_of(traceback: Any) -> list[Frame]:
    """Return the frames of a traceback, the outermost first, without our own.

    JAX ends it where the program that is traced begins.
    """
    if traceback is None:
        return []
    frames = [Frame(*pair) for pair in zip(*traceback.raw_frames(), strict=True)][::-1]
    return [frame for frame in frames if not frame.code.co_filename.startswith(HERE)]


def innermost(traceback: Any) -> tuple[str, int, str] | None:
    """Return the file, line and function of the user's innermost frame, None if there is none."""
    for code, offset in reversed(frames_of(traceback)):
        if is_users(code):
            return file_of(code), line_at(code, offset), code.co_qualname
    return None


def is_loop(frame: Frame, other: Frame) -> bool:
    """Return whether a loop contains both instructions of a function."""
    flow = flow_of(frame.code)
    first, last = flow.instruction(frame.offset), flow.instruction(other.offset)
    return any(last in loop.body for loop in flow.around(first))


def is_engines(file: str) -> bool:
    """Return whether a file belongs to JAX."""
    path = file.replace("\\", "/")
    return path.rpartition("/site-packages/")[2].partition("/")[0] in ENGINE


@functools.lru_cache(4096)
def is_users(code: CodeType) -> bool:
    """Return whether code belongs to the user or the user's libraries, and not to JAX."""
    return not is_engines(code.co_filename) and not is_library(code.co_filename)


@functools.lru_cache(4096)
def short_name(code: CodeType) -> str:
    """Return the name of a function without those around it."""
    return code.co_qualname.rpartition("<locals>.")[2]


@functools.lru_cache(4096)
def line_at(code: CodeType, offset: int) -> int:
    """Return the line of an instruction, 0 if unknown."""
    positions = next(itertools.islice(code.co_positions(), offset // 2, None), (None,))
    return positions[0] or 0
