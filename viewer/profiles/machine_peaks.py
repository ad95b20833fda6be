"""What this machine can do at best, as NumPy reaches it: measured in less than a second, and kept for the next time.

The time of a call is compared with the least that it could take: its operations at the speed of a large product of matrices, its
bytes at the speed of a sum that makes a new array, or what a call costs at all, whichever is longest.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autograd_tools.base.documents import read_document, write_document

FORMAT, VERSION = "autograd_tools.peaks", 1
THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
SIDE = 512  # of the matrices
SETS = (
    1 << 18,
    1 << 22,
    1 << 26,
)  # bytes that a sum moves: in a core's cache, in the cache of all, in memory
ROUNDS, SPENT_NS = 5, 20_000_000  # for each figure


@dataclass(frozen=True)
class Peaks:
    """Operations a second on numbers of 8 and of 4 bytes, bytes a second by the bytes that a call moves, nanoseconds of a call."""

    float64: float
    float32: float
    moved: tuple[tuple[int, float], ...]
    call_ns: float

    def operations_ns(self, flops: float, itemsize: int) -> float:
        """The least time for so many operations on numbers of this size."""
        return 1e9 * flops / (self.float32 if itemsize <= 4 else self.float64)

    def moving_ns(self, nbytes: float) -> float:
        """The least time for a call that moves so many bytes."""
        return (
            1e9
            * nbytes
            / next((speed for size, speed in self.moved if nbytes <= size), self.moved[-1][1])
        )

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Peaks:
        """What `to_dict` gave."""
        moved = tuple((int(size), float(speed)) for size, speed in data["moved"])
        peaks = cls(float(data["float64"]), float(data["float32"]), moved, float(data["call_ns"]))
        if (
            not moved
            or min(peaks.float64, peaks.float32, peaks.call_ns, *(speed for _, speed in moved)) <= 0
        ):
            raise ValueError("a peak is a number above 0")
        return peaks


def peaks(*, again: bool = False) -> Peaks:
    """The peaks of this machine, from the user's cache folder if they were measured before.

    The folder is `AUTOGRAD_TOOLS_CACHE`, if that is set. With `again` they are measured once more, and the better figures kept:
    what else the machine does meanwhile only takes away from them.
    """
    machine = _machine()
    name = f"peaks-{hashlib.sha256(json.dumps(machine).encode()).hexdigest()[:16]}.json"
    known = None
    with contextlib.suppress(
        OSError, ValueError, RuntimeError
    ):  # a file that cannot be read is made anew
        known = read_document(
            cache_folder() / name, FORMAT, VERSION, lambda data: Peaks.from_dict(data["peaks"])
        )
    if known is not None and not again:
        return known
    found = measure()
    found = found if known is None else better(found, known)
    with contextlib.suppress(OSError, RuntimeError):  # without a cache it takes its time again
        cache_folder().mkdir(parents=True, exist_ok=True)
        write_document(
            cache_folder() / name,
            {"format": FORMAT, "version": VERSION, "machine": machine, "peaks": found.to_dict()},
        )
    return found


def better(a: Peaks, b: Peaks) -> Peaks:
    """The better figures of two measurements of one machine."""
    moved = tuple(
        (size, max(speed, other))
        for (size, speed), (_, other) in zip(a.moved, b.moved, strict=True)
    )
    return Peaks(
        max(a.float64, b.float64), max(a.float32, b.float32), moved, min(a.call_ns, b.call_ns)
    )


def cache_folder() -> Path:
    """Where this user's programs keep what they can make again; RuntimeError for a user without a home."""
    own = os.environ.get("AUTOGRAD_TOOLS_CACHE")
    if own:
        return Path(own)
    if os.name == "nt":
        return (
            Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local") / "autograd_tools"
        )
    home = Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache")
    return Path(os.environ.get("XDG_CACHE_HOME") or home) / "autograd_tools"


def _machine() -> dict[str, str]:
    """What the figures hang on."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        **{name: getattr(platform, name)() for name in ("node", "machine", "processor", "system")},
        "cores": str(cores),
        "numpy": np.__version__,
        **{name: os.environ.get(name, "") for name in THREADS},
    }


def measure() -> Peaks:
    """Measure them: each is the best of many, in rounds, as other work only takes away from it."""
    matrices = [np.ones((SIDE, SIDE), dtype) for dtype in ("float64", "float32")]
    parts = [np.ones(size // 24) for size in SETS]
    tiny = np.ones(1)
    calls = [
        *(functools.partial(a.__matmul__, a) for a in matrices),
        *(functools.partial(a.__add__, a) for a in (*parts, tiny)),
    ]
    double, single, *moving, call = map(
        min, zip(*([_least_ns(f) for f in calls] for _ in range(ROUNDS)), strict=True)
    )
    moved = tuple(
        (size, 1e9 * 3 * part.nbytes / ns)
        for size, part, ns in zip(SETS, parts, moving, strict=True)
    )
    return Peaks(2e9 * SIDE**3 / double, 2e9 * SIDE**3 / single, moved, call)


def _least_ns(f: Callable[[], Any]) -> float:
    """The least time of a call, in nanoseconds."""
    clock, least = time.perf_counter_ns, sys.maxsize
    stop = clock() + SPENT_NS
    while True:
        start = clock()
        f()
        end = clock()
        least = min(least, end - start)
        if end > stop:
            return float(max(least, 1))
