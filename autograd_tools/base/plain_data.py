"""Items of plain data from a file, checked: texts and integers."""

from __future__ import annotations

from collections.abc import Iterable
from operator import index
from typing import Any

import numpy as np

LARGEST = 2**62  # of a file: bytes, nanoseconds, ids


def text(x: Any) -> str:
    """Return a string of a file; raise TypeError for anything else."""
    if not isinstance(x, str):
        raise TypeError(f"expected a text, got {x!r:.100}")
    return x


def whole(x: Any, low: int = 0, high: int = LARGEST) -> int:
    """Return an integer of a file, from `low` to below `high`; raise ValueError for another."""
    if not low <= index(x) < high:
        raise ValueError(f"expected an integer from {low} to below {high}, got {x!r:.100}")
    return index(x)


def integers(items: Iterable[Any], low: int, high: int, length: int | None = None) -> np.ndarray:
    """Return a list of integers from `low` to below `high` as an array, or raise ValueError."""
    found = np.array(items)
    if not isinstance(items, list) or (len(items) and (found.dtype.kind != "i" or found.ndim != 1)):
        raise ValueError(f"expected a list of integers, got {items!r:.100}")
    if length is not None and len(items) != length:
        raise ValueError(f"expected a column of {length} rows, got {len(items)}")
    for wrong in found[(found < low) | (found >= high)][:1].tolist():
        raise ValueError(f"{wrong} is out of range; expected {low} or more, less than {high}")
    return found.astype(np.int64)
