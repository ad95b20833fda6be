"""Params and recorded values in a thread that does not record them, where gradients get lost.

A Param outside of all recordings is a plain number. Another thread may wait for what is computed
from it, for example through a `ThreadPoolExecutor`, and nothing tells. So a Param on a tape of
another thread is refused. One that is on none is noted on the open tapes, and is refused by a tape
that uses it later or is asked for its gradient.
"""

from __future__ import annotations

import sys
import threading
from threading import get_ident
from types import FrameType
from typing import Any

from autograd_tools.engine.describe import describe
from autograd_tools.engine.state import open_tapes
from autograd_tools.engine.values import LostGradientError, Param, Value

FIX = "compute with it in that thread, or pass its plain value, ag.value(x)"


def check_thread(recording: Any, x: Value) -> None:
    """Raise a RuntimeError if `x` is recorded in another thread."""
    if recording is not None and recording.owner not in (None, get_ident()):
        raise RuntimeError(f"{describe(x)} is being recorded by another thread: {FIX}")


def use_plainly(param: Param) -> None:
    """Note a Param that this context does not record; raise if a tape of another thread has it."""
    here = get_ident()
    for tape in tuple(open_tapes):
        if not tape.follows_params:
            continue
        if tape.owner == here and _runs(tape):
            raise LostGradientError(
                f"{describe(param)} is used in a task or context that was created outside the "
                "current recording, which would lose its gradient: create it inside, or pass the "
                "plain value, ag.value(x)"
            )
        if tape.owner not in (None, here):
            tape.elsewhere[id(param)] = (param, threading.current_thread().name)
            if id(param) in tape.leaves:  # asked after noting it, as `leaf` asks in reverse
                raise LostGradientError(
                    f"{describe(param)} is being recorded by another thread, and its gradient "
                    f"would be lost here: {FIX}"
                )


def _runs(tape: Any) -> bool:
    """Return True if the code that opened a tape is on the stack."""
    base = None if tape.locator is None else tape.locator.base
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and frame is not base:
        frame = frame.f_back
    return frame is not None


def refuse_elsewhere(recording: Any, param: Param | None = None) -> None:
    """Raise if another thread used the Param, or any, as a plain number during the recording."""
    for used, name in tuple(recording.elsewhere.values()):
        if param is None or param is used:
            raise LostGradientError(
                f"the thread {name!r} used {describe(used)} as a plain number while this thread "
                "recorded, so its gradient there is lost: compute with it in this thread, "
                "or pass its plain value, ag.value(x)"
            )
