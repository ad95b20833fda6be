"""Places where values were detached from the graph: evidence for `why_none`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from types import FrameType
from typing import Any, NamedTuple

import numpy as np

from autograd_tools.engine.changes import note_shared
from autograd_tools.engine.recording import Recording
from autograd_tools.engine.state import following_params, open_tapes
from autograd_tools.engine.values import Param, Result, Value, unwrap
from autograd_tools.location.code_files import file_of
from autograd_tools.location.users_code import is_users

MAX_RESULTS = 1000  # noted per call site and tape; all Params are


class Detached(NamedTuple):
    """An operation that read a value as a plain one, and the user's line that called it."""

    name: str
    file: str
    line: int
    function: str


def value(x: Any) -> Any:
    """Detach: return the plain value of a `Param`, a `Result` or a `Tape`.

    Also known as detach or stop-gradient: no gradient flows back through the result.

    Parameters
    ----------
    x : object
        A tracked value or a tape. Anything else is returned unchanged.

    Returns
    -------
    object
        The plain value; for a tape, its final scalar.

    Examples
    --------
    >>> import autograd_tools as ag
    >>> ag.grad(lambda x: x * ag.value(x))(3.0)
    3.0
    """
    if open_tapes:
        note_detached("ag.value", (x,))
    plain = unwrap(x)
    while isinstance(x, Result) and type(plain) is np.ndarray:
        if x.recording.is_open:
            note_shared(x.recording, x.index, plain)  # the caller may write into it
        x = x.value
    return plain


def note_detached(what: str, args: Iterable[Any]) -> None:
    """Note on the open tapes of the arguments that `what` reads them as plain values.

    Call it only while a tape is open in any thread: recordings that retain nothing must not pay for
    it.
    """
    for arg in args:
        if isinstance(arg, Value):
            _note(what, arg)
        elif type(arg) in (tuple, list):
            note_detached(what, arg)


def _note(what: str, x: Any) -> None:
    """Note it under the index of a Result, or minus the id of a Param."""
    frame = _users_frame()
    if frame is None:
        return
    while isinstance(x, Result):
        if x.recording.retain and x.recording.is_open:
            _put(x.recording, x.index, None, what, frame)
        x = x.value
    recording = following_params() if isinstance(x, Param) else None
    while recording is not None:
        if recording.retain and recording.is_open:
            _put(recording, -id(x), x, what, frame)
        recording = recording.outer


def _put(recording: Recording, who: int, param: Param | None, what: str, frame: FrameType) -> None:
    if recording.detached is None:
        recording.detached = {}
    code = frame.f_code
    known = recording.detached.setdefault((id(code), frame.f_lasti), {})
    if who not in known and (param is not None or len(known) < MAX_RESULTS):
        # Param and code stay alive, so that their ids stay theirs.
        found = Detached(what, file_of(code, frame.f_globals), frame.f_lineno, code.co_qualname)
        known[who] = (found, param, code)


PACKAGE = __file__.rpartition(f"engine{os.sep}")[0]
CALL_PATH = {__file__}  # the modules between a user's call and its note; each adds itself
_engines_own: dict[int, bool] = {}  # id of a library's code -> it reads values for itself


def _users_frame() -> FrameType | None:
    """Return the user's frame that reads a value, None where the engine reads for itself."""
    frame: FrameType | None = sys._getframe(3)
    while frame is not None and not is_users(frame):
        key = id(frame.f_code)
        own = _engines_own.get(key)
        if own is None:
            file = frame.f_code.co_filename
            own = _engines_own[key] = file.startswith(PACKAGE) and file not in CALL_PATH
        if own:
            return None
        frame = frame.f_back
    return frame


def detached_of(recording: Recording) -> dict[int, list[Detached]]:
    """Return the notes of a recording by index (minus the id of a Param that is not on it)."""
    found: dict[int, list[Detached]] = {}
    for known in (recording.detached or {}).values():
        for who, (detached, _, _) in known.items():
            found.setdefault(recording.leaves.get(-who, who), []).append(detached)
    return found
