"""The state of a thread: its open recordings, and the tapes that are open in any thread."""

from __future__ import annotations

import threading
from typing import Any

from autograd_tools.base.memory import suspend_full_collections
from autograd_tools.engine.stale import refuse_stale
from autograd_tools.engine.values import Blank, Param, Result, below


class ThreadState(threading.local):
    """The innermost open recordings of a thread."""

    open: Any = None
    params: Any = None  # the one that tracks Params


thread = ThreadState()
open_tapes: list[Any] = []  # of all threads

suspend_full_collections(lambda: thread.open is not None)


def following_params() -> Any:
    """Return the thread's innermost open recording that tracks Params; None outside `diff`."""
    return thread.params


def live(x: Any) -> Any:
    """Return `x` unwrapped as far as no open recording tracks it.

    Raise a LostGradientError for a value of an earlier recording.
    """
    while isinstance(x, Result):
        if x.recording.writes is not None:
            x.recording.writes.update(x)
        if x.recording.is_open:
            if type(x) is not Blank:
                break
        elif thread.open is not None:
            refuse_stale(x, thread.open)
        x = below(x)
    return x.value if isinstance(x, Param) and thread.params is None else x
