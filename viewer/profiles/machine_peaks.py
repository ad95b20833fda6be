"""The peaks of this machine that NumPy reaches, measured in less than a second and cached.

The least time of a call is the longest of three: its operations at the speed of a large matrix
product, its bytes at the speed of an addition into a new array, and the overhead of a call.
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
SIDE = 512  # rows and columns of the matrices
SETS = (1 << 18, 1 << 22, 1 << 26)  # bytes that an addition moves: in L2, in L3, in memory
ROUNDS, SPENT_NS = 5, 20_000_000  # for each peak


@dataclass(frozen=True)
class Peaks:
    """Peaks of a machine.

    Attributes
    ----------
    float64, float32 : float
        Floating-point operations per second, in each precision.
    moved : tuple of (int, float)
        Bytes per second, by the size of the data that a call moves.
    call_ns : float
        Nanoseconds for a call on one element.
    """

    float64: float
    float32: float
    moved: tuple[tuple[int, float], ...]
    call_ns: float

    def operations_ns(self, flops: float, itemsize: int) -> float:
        """Return the least time for floating-point operations.

        Parameters
        ----------
        flops : float
            The number of operations.
        itemsize : int
            Bytes of an element: up to 4 take the peak of `float32`.

        Returns
        -------
        float
            Nanoseconds.
        """
        return 1e9 * flops / (self.float32 if itemsize <= 4 else self.float64)

    def moving_ns(self, nbytes: float) -> float:
        """Return the least time for a call that moves `nbytes` bytes.

        Returns
        -------
        float
            Nanoseconds, at the speed of the smallest size in `moved` that holds them.
        """
        speeds = [speed for size, speed in self.moved if nbytes <= size]
        return 1e9 * nbytes / (speeds or [self.moved[-1][1]])[0]

    def to_dict(self) -> dict[str, Any]:
        """Return the peaks as a dict of numbers and tuples, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Peaks:
        """Return the peaks from the result of `to_dict`.

        Raises
        ------
        ValueError
            If a peak is 0 or less, or there is no size in `moved`.
        KeyError
            If one is missing.
        """
        moved = tuple((int(size), float(speed)) for size, speed in data["moved"])
        peaks = cls(float(data["float64"]), float(data["float32"]), moved, float(data["call_ns"]))
        speeds = [speed for _, speed in moved]
        if not moved or min(peaks.float64, peaks.float32, peaks.call_ns, *speeds) <= 0:
            raise ValueError("a peak must be above 0")
        return peaks


def peaks(*, again: bool = False) -> Peaks:
    """Return the peaks of this machine, measured once and cached.

    Parameters
    ----------
    again : bool
        Measure again and keep the better values: other work on the machine only lowers them.

    Returns
    -------
    Peaks
        From the user's cache folder, or from `AUTOGRAD_TOOLS_CACHE` if that is set.
    """
    machine = _machine()
    name = f"peaks-{hashlib.sha256(json.dumps(machine).encode()).hexdigest()[:16]}.json"
    known = None
    # A file that cannot be read is written again; without a folder each process measures.
    with contextlib.suppress(OSError, ValueError, RuntimeError):
        path = cache_folder() / name
        known = read_document(path, FORMAT, VERSION, lambda data: Peaks.from_dict(data["peaks"]))
    if known is not None and not again:
        return known
    found = measure()
    found = found if known is None else better(found, known)
    document = {"format": FORMAT, "version": VERSION, "machine": machine, "peaks": found.to_dict()}
    with contextlib.suppress(OSError, RuntimeError):
        cache_folder().mkdir(parents=True, exist_ok=True)
        write_document(cache_folder() / name, document)
    return found


def better(a: Peaks, b: Peaks) -> Peaks:
    """Return the better figures of two measurements of one machine."""
    moved = tuple(
        (size, max(speed, other))
        for (size, speed), (_, other) in zip(a.moved, b.moved, strict=True)
    )
    return Peaks(
        max(a.float64, b.float64), max(a.float32, b.float32), moved, min(a.call_ns, b.call_ns)
    )


def cache_folder() -> Path:
    """Return the user's cache folder; raise RuntimeError for a user without a home."""
    own = os.environ.get("AUTOGRAD_TOOLS_CACHE")
    if own:
        return Path(own)
    if os.name == "nt":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local")
        return base / "autograd_tools"
    home = Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache")
    return Path(os.environ.get("XDG_CACHE_HOME") or home) / "autograd_tools"


def _machine() -> dict[str, str]:
    """Return what the peaks depend on."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        **{name: getattr(platform, name)() for name in ("node", "machine", "processor", "system")},
        "cores": str(cores),
        "numpy": np.__version__,
        **{name: os.environ.get(name, "") for name in THREADS},
    }


def measure() -> Peaks:
    """Measure the peaks, each as the best of several rounds."""
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
    """Return the least time of a call, in nanoseconds."""
    clock, least = time.perf_counter_ns, sys.maxsize
    stop = clock() + SPENT_NS
    while True:
        start = clock()
        f()
        end = clock()
        least = min(least, end - start)
        if end > stop:
            return float(max(least, 1))
