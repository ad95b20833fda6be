"""What the engine asks of Python and of the system for the memory of its tapes."""

from __future__ import annotations

import functools
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

NEVER = 2**31 - 1


_threshold: tuple[int, int, int] | None = None  # Python's own, while full ones are suspended


def suspend_full_collections(while_true: Callable[[], bool]) -> None:
    """Suspend full garbage collections after the first one that begins while `while_true()` holds.

    A tape is millions of objects that all stay. Each full collection visits every one of them again, which doubled the
    time per operation on a tape of a million. Collections of young objects go on.
    """

    def watch(phase: str, info: dict[str, Any]) -> None:
        global _threshold
        begins = phase == "start" and info["generation"] == 2
        if begins and _threshold is None and while_true():
            _threshold = gc.get_threshold()
            gc.set_threshold(*_threshold[:2], NEVER)

    gc.callbacks.append(watch)


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
