"""What the engine asks of Python and of the system for the memory of its tapes."""

from __future__ import annotations

import functools
import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

NEVER = 2**31 - 1


class _Thread(threading.local):
    open: Any = None  # the innermost open recording


thread = _Thread()
open_tapes: list[Any] = []  # those of all threads that keep what they record
_threshold: tuple[int, int, int] | None = (
    None  # of Python's collections, while full ones are put off
)


def _watch(phase: str, info: dict[str, Any]) -> None:
    """Put further full garbage collections off when one begins while a tape is open; those of young objects go on.

    A tape is millions of objects that all stay. Each full collection looks at every one of them again, which made a tape
    of a million operations twice as slow for each as one of a thousand.
    """
    global _threshold
    if (
        phase == "start"
        and info["generation"] == 2
        and thread.open is not None
        and _threshold is None
    ):
        _threshold = gc.get_threshold()
        gc.set_threshold(*_threshold[:2], NEVER)


gc.callbacks.append(_watch)


def last_tape_closed() -> None:
    """Let full collections happen again, unless somebody else has set the thresholds meanwhile."""
    global _threshold
    if _threshold is not None:
        if gc.get_threshold() == (*_threshold[:2], NEVER):
            gc.set_threshold(*_threshold)
        _threshold = None


@contextmanager
def no_collections() -> Iterator[None]:
    """Put garbage collections off for what makes millions of objects that all stay, and would be looked at again and again."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@functools.cache
def keep_freed_memory() -> None:
    """Have the allocator keep what is freed, so that the next tape finds its memory there.

    A tape holds megabytes, and frees them at once. glibc would hand them back to the system, and get them again page by
    page for the next tape, which takes longer than to differentiate. It stops doing so for blocks of up to twice the size
    of the largest block ever freed, 32 MB at most (mallopt(3), M_MMAP_THRESHOLD); this one is never written to.
    """
    np.empty((32 << 20) - (1 << 16), np.uint8)
