"""The state of a thread: its open recordings, and the tapes that are open in any thread."""

from __future__ import annotations

import threading
from typing import Any

from autograd_tools.base.memory import suspend_full_collections
from autograd_tools.engine.values import Param, Result


class _Thread(threading.local):
    open: Any = None  # the innermost open recording
    params: Any = None  # the innermost open recording that tracks Params


thread = _Thread()
open_tapes: list[Any] = []  # of all threads

suspend_full_collections(lambda: thread.open is not None)


def following_params() -> Any:
    """Return the innermost open recording of this thread that tracks Params, None outside `diff`
    and `record`.
    """
    return thread.params


def live(x: Any) -> Any:
    """Return `x` without the wrapping that no open recording tracks: a tracked value, or a plain
    one.
    """
    while isinstance(x, Result) and not x.recording.is_open:
        x = x.value
    return x.value if isinstance(x, Param) and thread.params is None else x
