"""Exact bytes of NumPy's data: live bytes, and their peak since the last reading.

Python's tracemalloc counts them in C whenever NumPy allocates and frees: temporaries and other
threads included. Python's own objects, many and small, are hidden from it, so that it only knows
arrays.

A handler of NumPy (`PyDataMem_SetHandler`) would need compiled code: NumPy also frees arrays while
an error propagates, and a Python function called then loses the error.
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

from autograd_tools.base.memory import keep_freed_memory
from autograd_tools.timing.log import Ints

DOMAINS = range(3)  # of Python's own memory: raw, buffers, objects


class _Allocator(ctypes.Structure):
    """Python's allocator of a domain."""

    _fields_ = [(name, ctypes.c_void_p) for name in ("ctx", "malloc", "calloc", "realloc", "free")]


_ours = False  # True if this module started tracemalloc


def start(*, keeps_freed: bool = True) -> None:
    """Count from now on; existing arrays are never counted, not even when freed.

    Without `keeps_freed`, the allocator stays as it is.
    """
    global _ours
    if tracemalloc.is_tracing():
        if _ours:
            return
        raise RuntimeError(
            "`exact` needs tracemalloc, which already runs; unset PYTHONTRACEMALLOC or drop `exact`"
        )
    if keeps_freed:
        keep_freed_memory()  # a large block of the engine, not to be counted
    allocators = [_Allocator() for _ in DOMAINS]
    for domain, allocator in zip(DOMAINS, allocators, strict=True):
        ctypes.pythonapi.PyMem_GetAllocator(domain, ctypes.byref(allocator))
    tracemalloc.start(1)
    for domain, allocator in zip(DOMAINS, allocators, strict=True):
        ctypes.pythonapi.PyMem_SetAllocator(domain, ctypes.byref(allocator))
    tracemalloc.clear_traces()
    _ours = True


_lock = threading.RLock()  # garbage collection may run any code in between
_watches: list[weakref.ref[Watch]] = []  # they share the single peak of tracemalloc
_highest = 0


class Watch:
    """Live bytes at the last look, and the peak since then.

    `rows` has four items for each look: its time, the live bytes, the peak since the look before,
    and its excess over the live bytes then. The excess is what was allocated if nothing was freed
    meanwhile.
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
        """Add a row for this moment; return its time, later than that of the row before."""
        with _lock:
            live, now = _ask(), self.time()
            self.last = now = now if now > self.last else self.last + 1
            self.rows += (now, live, self.peak, self.peak - self.live)
            self.live = self.peak = live
        return now

    def most(self) -> tuple[int, int]:
        """Return the live bytes and the peak since creation, for a watch without looks."""
        with _lock:
            return _ask(), self.peak


_last = 0  # live bytes at the last question: every watch has seen at least that peak


def _ask() -> int:
    """Return the live bytes, and hand the peak to all watches."""
    global _last
    live, peak = get_traced_memory()
    reset_peak()
    if peak > _last:
        live = _spread(live, peak)
    _last = live
    return live


def _spread(live: int, peak: int) -> int:
    """Hand the peak to all watches, and return the corrected live bytes."""
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
    """Keep bytes of a `with` block, those of the timer itself, out of every peak."""
    global _last
    with _lock:
        _ask()
    try:
        yield
    finally:
        reset_peak()
        _last = get_traced_memory()[0]


def _without_failed(live: int, peak: int) -> tuple[int, int]:
    """Return both without a failed allocation, which NumPy reports as one at address 0."""
    ctypes.pythonapi.PyTraceMalloc_Untrack(
        ctypes.c_uint(np.lib.tracemalloc_domain), ctypes.c_size_t(0)
    )
    real = get_traced_memory()[0]
    reset_peak()
    return real, max(real, peak - (live - real))


class Looks:
    """Rows of a watch as columns."""

    def __init__(self, rows: list[int]) -> None:
        self.time, self.live, self.peak, made = np.array(rows, np.int64).reshape(-1, 4).T
        self.sums = made.cumsum()

    def between(self, start: Ints, end: Ints) -> tuple[Ints, Ints, Ints]:
        """Return bytes allocated, change of live bytes and rise of the peak for each interval."""
        first, last = (self._rows_at(moment) for moment in (start, end))
        last = np.maximum(first, last)
        ranges = np.column_stack([first + 1, last + 1]).ravel()
        most = np.maximum.reduceat(np.append(self.peak, [0, 0]), ranges)[::2]
        live = self.live[first]
        peak = np.where(last > first, np.maximum(most - live, 0), 0)
        return self.sums[last] - self.sums[first], self.live[last] - live, peak

    def at(self, moments: Ints) -> Ints:
        """Return the live bytes at each moment."""
        found: Ints = self.live[self._rows_at(moments)]
        return found

    def shortened(self, moments: Ints, since: int) -> list[int]:
        """Return the rows needed for intervals that start at these moments or from `since` on."""
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
        """Return the last row not later than each moment."""
        return np.maximum(np.searchsorted(self.time, moments, "right") - 1, 0)
