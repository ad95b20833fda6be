"""Settings of the garbage collector and of the allocator for tapes."""

from __future__ import annotations

import functools
import gc
from collections.abc import Callable
from gc import get_threshold, set_threshold
from typing import ParamSpec, TypeVar

import numpy as np

NEVER = 2**31 - 1
LONG = 20_000  # entries of a tape that full collections would slow down
FEW = 1000  # entries of tapes, after which a full collection that is due may run

P = ParamSpec("P")
R = TypeVar("R")

long_tapes = False  # whether there has been one
suspended: tuple[int, int, int] | None = None  # Python's own thresholds, to restore
_entries = 0  # of the tapes since a full collection was last let run


def suspend_full_collections() -> None:
    """Suspend full garbage collections until `resume_full_collections`, while a tape is open.

    A tape is millions of objects that all stay. Each full collection visits all of them again,
    which takes a fifth of the time of a tape of a million. Collections of young objects continue.
    No callback of the collector does this: it would swallow a Ctrl-C.
    """
    global suspended
    if _entries > FEW:
        _collect_if_due()
    before = get_threshold()
    if before[2] != NEVER:
        suspended = before
        set_threshold(before[0], before[1], NEVER)


def resume_full_collections(entries: int) -> None:
    """Resume full collections after tapes of `entries`, unless other code did so meanwhile.

    Once more does no harm.
    """
    global suspended, _entries
    if suspended is not None:
        now = get_threshold()
        if now[2] == NEVER:
            set_threshold(now[0], now[1], suspended[2])
        suspended = None
        _entries += entries


def _collect_if_due() -> None:
    """Let a full collection begin, if Python would begin one.

    A loop may create objects in tapes alone, and then none begins between them. A Ctrl-C at any
    line leaves the thresholds as before.
    """
    global _entries
    _entries = 0
    before = get_threshold()
    if before[0] and gc.isenabled() and gc.get_count()[2] > before[2]:
        try:
            try:
                set_threshold(1, before[1], before[2])
                _ = {1}, {2}, {3}  # three new objects exceed the threshold of 1
            finally:
                set_threshold(*before)
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
