"""The bytes of NumPy's data, counted exactly: those there are, and the most there were at once since one looked last.

Python's own tracemalloc counts them, in C, whenever NumPy makes and frees them: temporaries are among them, and what other
threads make. Of Python's objects, which are many and small, it is kept from hearing, so that all it knows are arrays.

A handler of our own (`PyDataMem_SetHandler`) would need compiled code: NumPy frees arrays also while an error is on its way to
the user, and a Python function that is called then loses the error.
"""

from __future__ import annotations

import ctypes
import threading
import tracemalloc
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from tracemalloc import get_traced_memory, reset_peak

import numpy as np
from numpy.typing import NDArray

from autograd_tools.base.memory import keep_freed_memory

DOMAINS = range(3)  # of Python's own memory: raw, of buffers, and of objects
WIDTH = 4
Ints = NDArray[np.int64]


class _Allocator(ctypes.Structure):
    """Where Python gets the memory of a domain from."""

    _fields_ = [(name, ctypes.c_void_p) for name in ("ctx", "malloc", "calloc", "realloc", "free")]


_ours = False  # whether it is us who started tracemalloc


def start() -> None:
    """Count from now on: arrays that are there already are not counted, neither now nor when they are freed."""
    global _ours
    if tracemalloc.is_tracing():
        if _ours:
            return
        raise RuntimeError(
            "tracemalloc, which counts the exact bytes, runs already: leave PYTHONTRACEMALLOC out, or `exact`"
        )
    keep_freed_memory()  # which is the engine's, and large: it is not to count
    allocators = [_Allocator() for _ in DOMAINS]
    for domain, allocator in zip(DOMAINS, allocators, strict=True):
        ctypes.pythonapi.PyMem_GetAllocator(domain, ctypes.byref(allocator))
    tracemalloc.start(1)
    for domain, allocator in zip(DOMAINS, allocators, strict=True):
        ctypes.pythonapi.PyMem_SetAllocator(domain, ctypes.byref(allocator))
    tracemalloc.clear_traces()
    _ours = True


_lock = threading.RLock()  # a collection of garbage may run anything in between
_watches: list[
    weakref.ref[Watch]
] = []  # tracemalloc has one peak, which everybody wants for a time of their own
_highest = 0


class Watch:
    """The bytes that there were when this was last asked, and the most since then.

    `rows` has four items for each look: its time, the bytes there were, and since the look before the most there were, and by
    how much that is more than there were then: so many were made, if none of them were made in the place of others.
    """

    __slots__ = ("__weakref__", "last", "live", "peak", "rows", "time")

    def __init__(self, rows: list[int], time: Callable[[], int]) -> None:
        start()
        self.rows = rows
        self.time = time
        self.last = 0
        with _lock:
            self.live = self.peak = _ask()
            rows += (0, self.live, self.live, 0)
            _watches.append(weakref.ref(self, _watches.remove))

    def look(self) -> int:
        """Add a row for this moment, and return its time, which is later than that of the row before."""
        with _lock:
            live, now = _ask(), self.time()
            self.last = now = now if now > self.last else self.last + 1
            self.rows += (now, live, self.peak, self.peak - self.live)
            self.live = self.peak = live
        return now

    def most(self) -> tuple[int, int]:
        """The bytes there are, and the most since this was made, for a watch that nobody looks at otherwise."""
        with _lock:
            return _ask(), self.peak


_last = 0  # bytes there were when somebody asked last: everybody knows of as many


def _ask() -> int:
    """The bytes there are, after the peak was handed to all that wait for it."""
    global _last
    live, peak = get_traced_memory()
    reset_peak()
    if peak > _last:
        live = _spread(live, peak)
    _last = live
    return live


def _spread(live: int, peak: int) -> int:
    """Hand the peak to all watches, and return the bytes that there are."""
    global _highest
    if peak > _highest:
        live, peak = _without_failed(live, peak)
        _highest = peak
    for watch in tuple(_watches):
        other = watch()
        if other is not None and peak > other.peak:
            other.peak = peak
    return live


@contextmanager
def unseen() -> Iterator[None]:
    """A `with` block whose bytes are in no peak: they are those of the timer itself."""
    global _last
    with _lock:
        _ask()
    try:
        yield
    finally:
        reset_peak()
        _last = get_traced_memory()[0]


def _without_failed(live: int, peak: int) -> tuple[int, int]:
    """The same without an array that there was no memory for, which NumPy counts as if it were at address 0."""
    ctypes.pythonapi.PyTraceMalloc_Untrack(
        ctypes.c_uint(np.lib.tracemalloc_domain), ctypes.c_size_t(0)
    )
    real = get_traced_memory()[0]
    reset_peak()
    return real, max(real, peak - (live - real))


class Looks:
    """The rows of a watch as columns, and what they tell of a time."""

    def __init__(self, rows: list[int]) -> None:
        self.time, self.live, self.peak, made = np.array(rows, np.int64).reshape(-1, WIDTH).T
        self.sums = made.cumsum()

    def between(self, start: Ints, end: Ints) -> tuple[Ints, Ints, Ints]:
        """For each time from a `start` to an `end`: bytes made, the change of those there are, the peak above those at the start."""
        first, last = (self._rows_at(moment) for moment in (start, end))
        last = np.maximum(first, last)
        ranges = np.column_stack([first + 1, last + 1]).ravel()
        most = np.maximum.reduceat(np.append(self.peak, [0, 0]), ranges)[::2]
        live = self.live[first]
        peak = np.where(last > first, np.maximum(most - live, 0), 0)
        return self.sums[last] - self.sums[first], self.live[last] - live, peak

    def at(self, moments: Ints) -> Ints:
        """The bytes there were at each moment."""
        found: Ints = self.live[self._rows_at(moments)]
        return found

    def shortened(self, moments: Ints, since: int) -> list[int]:
        """The rows that tell of times that start at one of these moments, or at `since` and later."""
        kept = np.append(
            self._rows_at(np.append(moments, since)), np.flatnonzero(self.time > since)
        )
        kept = np.unique(kept)
        peak = self.peak[kept]
        peak[1:] = (
            np.maximum.reduceat(self.peak[: kept[-1] + 1], kept[:-1] + 1)
            if len(kept) > 1
            else peak[1:]
        )
        made = np.diff(self.sums[kept], prepend=self.sums[kept[0]])
        rows: list[int] = (
            np.column_stack([self.time[kept], self.live[kept], peak, made]).ravel().tolist()
        )
        return rows

    def _rows_at(self, moments: Ints) -> Ints:
        """The last row that is not later than each moment."""
        return np.maximum(np.searchsorted(self.time, moments, "right") - 1, 0)
