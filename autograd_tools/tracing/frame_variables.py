"""The variables of the user's program, in which Params are found when a tape is shown."""

from __future__ import annotations

import dis
import functools
import inspect
import itertools
import os
import sys
import types
from collections.abc import Iterable, Iterator
from typing import Any

from autograd_tools.base.modules import variables_in
from autograd_tools.location.users_code import LIBRARY_FILES, STANDARD_LIBRARY
from autograd_tools.tracing.param_names import Namespace

MAX_FRAMES = 100


@functools.cache
def _not_users() -> tuple[str, ...]:
    """Return the folders of code that runs the user's, such as pytest.

    It has variables of its own for the same objects.
    """
    import sysconfig  # here, which keeps `import autograd_tools` fast

    packages = {sysconfig.get_path(name) + os.sep for name in ("purelib", "platlib")}
    return (*LIBRARY_FILES, *STANDARD_LIBRARY, *packages)


def variables_of_frames(
    frame: types.FrameType | None, most: int = MAX_FRAMES
) -> Iterator[Namespace]:
    """Yield the namespaces of the user's frames from this one outwards: locals, then globals."""
    frames: list[types.FrameType] = []
    while frame is not None and len(frames) < most:
        if _is_users(frame.f_code):
            frames.append(frame)
        frame = frame.f_back
    modules = {id(f.f_globals): f.f_code for f in frames if f.f_code.co_name == "<module>"}
    seen: set[int] = set()
    for number, frame in enumerate(frames):
        free = frame.f_code.co_freevars
        # A loop in an outer function may assign to free variables.
        own = loop_variables(frame.f_code)
        for outer in frames[number + 1 :] if free else ():
            own |= loop_variables(outer.f_code).intersection(free)
        module = modules.get(id(frame.f_globals))
        spaces = (
            (_locals(frame), own),
            (frame.f_globals, loop_variables(module) if module else ()),
        )
        for far, (variables, passing) in enumerate(spaces, 2 * number + 1):
            if type(variables) is dict and id(variables) not in seen:
                seen.add(id(variables))
                yield far, variables.copy(), passing  # another thread may change them


def variables_of_program(f: Any, files: Iterable[str]) -> Iterator[Namespace]:
    """Yield the variables that a recorded program saw, where its frames have ended.

    They are those of the recorded function `f`: its object `self`, its free variables and globals;
    then the globals of the modules in these files.
    """
    far = itertools.count(MAX_FRAMES * 2 + 1)
    while isinstance(f, functools.partial):
        f = f.func
    if isinstance(f, types.MethodType):
        yield next(far), {"self": f.__self__}, ()
        f = f.__func__
    if isinstance(f, types.FunctionType):
        cells = zip(f.__code__.co_freevars, f.__closure__ or (), strict=True)
        yield next(far), {name: _content(cell) for name, cell in cells}, loop_variables(f.__code__)
        yield next(far), f.__globals__.copy(), ()
    for variables in variables_in(set(files)):
        yield next(far), variables.copy(), ()


def _content(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # an empty one
        return None


@functools.lru_cache(512)
def loop_variables(code: types.CodeType) -> frozenset[str]:
    """Return the variables that the `for` loops of a function or module assign to."""
    found: set[str] = set()
    targets = 0  # still to come
    for instruction in dis.get_instructions(code):
        name, given = instruction.opname, instruction.argval
        if name == "FOR_ITER":
            targets = 1
        elif targets and name == "UNPACK_SEQUENCE":
            targets += given - 1
        elif targets and name == "UNPACK_EX":  # the numbers before and after the starred one
            targets += (given & 0xFF) + (given >> 8)
        elif targets and name.startswith("STORE_") and name not in ("STORE_ATTR", "STORE_SUBSCR"):
            stored = given if isinstance(given, tuple) else (given,)
            stored = stored if name == "STORE_FAST_STORE_FAST" else stored[:1]
            found.update(stored)
            targets -= len(stored)
        else:
            targets = 0
    return frozenset(found)


def _is_users(code: types.CodeType) -> bool:
    return not code.co_filename.startswith(_not_users())


def _locals(frame: types.FrameType) -> Any:
    """Return the local variables of a frame.

    Before Python 3.13, `f_locals` stores them in a dict that the frame of a function keeps, and no
    other way to read them by name exists. The dict would keep arrays alive that the user deletes
    later, so it is emptied, unless the user also holds it from `locals()`. This goes when the
    oldest supported Python is 3.13.
    """
    held = frame.f_locals
    if not frame.f_code.co_flags & inspect.CO_OPTIMIZED:
        return held
    found = dict(held)
    if sys.version_info < (3, 13) and sys.getrefcount(held) == 3:  # the frame, here, the call
        held.clear()
    return found
