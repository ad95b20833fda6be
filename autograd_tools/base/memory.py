"""Settings of the garbage collector and of the allocator for tapes."""

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

    A tape is millions of objects that all stay. Each full collection visits all of them again,
    which doubled the time per operation on a tape of a million. Collections of young objects
    continue.
    """

    def watch(phase: str, info: dict[str, Any]) -> None:
        global _threshold
        begins = phase == "start" and info["generation"] == 2
        if begins and _threshold is None and while_true():
            _threshold = gc.get_threshold()
            gc.set_threshold(*_threshold[:2], NEVER)

    gc.callbacks.append(watch)


def last_tape_closed() -> None:
    """Resume full collections, unless other code has changed the thresholds meanwhile."""
    global _threshold
    if _threshold is not None:
        if gc.get_threshold() == (*_threshold[:2], NEVER):
            gc.set_threshold(*_threshold)
        _threshold = None


@contextmanager
def no_collections() -> Iterator[None]:
    """Suspend garbage collections while millions of objects are created that all stay."""
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
    """Make the allocator keep freed memory for the next tape.

    A tape frees megabytes at once. glibc returns them to the system and requests them page by page
    for the next tape, which takes longer than the differentiation. It keeps blocks of up to twice
    the size of the largest block ever freed, 32 MB at most (mallopt(3), M_MMAP_THRESHOLD). This
    block is never written to.
    """
    np.empty((32 << 20) - (1 << 16), np.uint8)
