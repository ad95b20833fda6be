"""What the engine asks of Python and of the system for the memory of its tapes."""

from __future__ import annotations

import functools
import gc
import threading

import numpy as np

NEVER = 2**31 - 1

_lock = threading.Lock()
_open = 0  # recordings
_threshold = gc.get_threshold()


def tape_opens() -> None:
    """Put Python's full garbage collections off until no tape is open any more; those of young objects go on.

    A tape is millions of objects that all stay. Each full collection looks at every one of them again, which made a tape
    of a million operations twice as slow for each as one of a thousand.
    """
    global _open, _threshold
    with _lock:
        _open += 1
        if _open == 1:
            _threshold = gc.get_threshold()
            gc.set_threshold(*_threshold[:2], NEVER)


def tape_closes() -> None:
    """Undo `tape_opens`, unless somebody else has set the thresholds meanwhile."""
    global _open
    with _lock:
        _open -= 1
        if _open == 0 and gc.get_threshold() == (*_threshold[:2], NEVER):
            gc.set_threshold(*_threshold)


@functools.cache
def keep_freed_memory() -> None:
    """Have the allocator keep what is freed, so that the next tape finds its memory there.

    A tape holds megabytes, and frees them at once. glibc would hand them back to the system, and get them again page by
    page for the next tape, which takes longer than to differentiate. It stops doing so for blocks of up to twice the size
    of the largest block ever freed, 32 MB at most (mallopt(3), M_MMAP_THRESHOLD); this one is never written to.
    """
    np.empty((32 << 20) - (1 << 16), np.uint8)
