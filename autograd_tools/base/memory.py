"""Settings of the garbage collector and of the allocator for tapes."""

from __future__ import annotations

import functools
import gc
from collections.abc import Callable
from gc import get_threshold, set_threshold
from typing import ParamSpec, TypeVar

import numpy as np

NEVER = 2**31 - 1
FEW = 1000  # entries of tapes, after which a full collection that is due may run

P = ParamSpec("P")
R = TypeVar("R")

_threshold: tuple[int, int, int] | None = None  # Python's own, while full ones are suspended
_entries = 0  # of the tapes since a full collection was last let run


def first_tape_opened() -> None:
    """Suspend full garbage collections until `last_tape_closed`.

    A tape is millions of objects that all stay. Each full collection visits all of them again,
    which doubled the time per operation on a tape of a million. Collections of young objects
    continue. No callback of the collector does this: it would swallow a Ctrl-C.
    """
    global _threshold
    if _entries > FEW:
        _collect_if_due()
    before = get_threshold()
    if before[2] != NEVER:
        _threshold = before
        set_threshold(before[0], before[1], NEVER)


def last_tape_closed(entries: int) -> None:
    """Resume full collections, unless other code has changed the thresholds meanwhile.

    Once more does no harm.
    """
    global _threshold, _entries
    before = _threshold
    if before is not None:
        now = get_threshold()
        if now[2] == NEVER:
            set_threshold(now[0], now[1], before[2])
        _threshold = None
        _entries += entries


def _collect_if_due() -> None:
    """Let a full collection begin, if Python would begin one.

    A loop may create objects in tapes alone, and then none begins between them.
    """
    global _entries
    _entries = 0
    before = get_threshold()
    if before[0] and gc.isenabled() and gc.get_count()[2] > before[2]:
        try:
            set_threshold(1, before[1], before[2])
            _ = {1}, {2}, {3}  # new objects, of which Python counts more than 1
        finally:
            set_threshold(*before)


def no_collections(f: Callable[P, R]) -> Callable[P, R]:
    """Suspend garbage collections in a function that makes millions of objects that all stay.

    A Ctrl-C at any line leaves the collector as before: in the inner cleanup, it reaches the outer.
    """

    @functools.wraps(f)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        enabled = gc.isenabled()
        try:
            try:
                gc.disable()
                return f(*args, **kwargs)
            finally:
                if enabled:
                    gc.enable()
        finally:
            if enabled:
                gc.enable()

    return run


@functools.cache
def keep_freed_memory() -> None:
    """Make the allocator keep freed memory for the next tape.

    A tape frees megabytes at once. glibc returns them to the system and requests them page by page
    for the next tape, which takes longer than the differentiation. It keeps blocks of up to twice
    the size of the largest block ever freed, 32 MB at most (mallopt(3), M_MMAP_THRESHOLD). This
    block is never written to.
    """
    np.empty((32 << 20) - (1 << 16), np.uint8)
