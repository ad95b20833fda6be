"""Columns of numbers in the compact form that a browser reads: little-endian, and compressed."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

FORMAT, VERSION = "autograd_tools.map", 1
ALIGNED = 8  # bytes
TYPES = {"u8": np.uint8, "i32": np.int32, "p32": np.uint32}  # p32: as four planes of bytes
KEPT = 13  # bits of the fraction of a rounded number: 4 digits
LOW_BITS = 12  # those of the low word that `low_bits` keeps: with 20 of the high word, 9 digits


def high_words(numbers: Any, exact: Any = False) -> np.ndarray:
    """Return the high words of float64 numbers, rounded to 4 digits where they are not `exact`.

    >>> hex(int(high_words([1.0])[0]))
    '0x3ff00000'
    """
    words = np.asarray(numbers, np.float64).view(np.uint64)
    is_special = (words >> np.uint64(52)) & np.uint64(0x7FF) == 0x7FF  # NaN and infinity
    rounded = words + np.where(is_special | exact, 0, 1 << (51 - KEPT)).astype(np.uint64)
    cut = np.where(exact, rounded, rounded & np.uint64(-1 << (52 - KEPT) & (1 << 64) - 1))
    return (cut >> np.uint64(32)).astype(np.uint32)


def low_bits(numbers: Any) -> np.ndarray:
    """Return the first bits of the low words of float64 numbers."""
    words = np.asarray(numbers, np.float64).view(np.uint64) & np.uint64(0xFFFFFFFF)
    return (words >> np.uint64(32 - LOW_BITS)).astype(np.int64)


def differences(numbers: Any) -> np.ndarray:
    """Return each number minus the one before it, the first minus 0.

    >>> differences([3, 5, 4]).tolist()
    [3, 2, -1]
    """
    return np.diff(np.asarray(numbers, np.int64), prepend=0)


def packed(header: Mapping[str, Any], columns: Mapping[str, tuple[str, Any]]) -> bytes:
    """Return a header and columns, each a type of `TYPES` with its numbers, as one stream.

    Raises
    ------
    OverflowError
        If a number does not fit its type.
    """
    parts, places, offset = [], {}, 0
    for name, (kind, numbers) in columns.items():
        column = _typed(name, numbers, TYPES[kind])
        data = _planes(column) if kind == "p32" else column.tobytes()
        places[name] = [kind, offset, len(column)]
        parts.append(data + b"\0" * (-len(data) % ALIGNED))
        offset += len(parts[-1])
    whole = {"format": FORMAT, "version": VERSION, **header, "columns": places}
    text = json.dumps(whole, separators=(",", ":"), allow_nan=False).encode()
    text += b" " * (-(4 + len(text)) % ALIGNED)
    return len(text).to_bytes(4, "little") + text + b"".join(parts)


def compressed(stream: bytes) -> bytes:
    """Return a stream compressed, the same for the same stream."""
    return gzip.compress(stream, 6, mtime=0)


def _planes(column: np.ndarray) -> bytes:
    """Return the lowest bytes of all numbers, then the second ones and so on: they compress."""
    return np.ascontiguousarray(column.view(np.uint8).reshape(-1, 4).T).tobytes()


def _typed(name: str, numbers: Any, kind: type) -> np.ndarray:
    found = np.asarray(numbers)
    limits = np.iinfo(kind)
    if found.size and not (limits.min <= found.min() and found.max() <= limits.max):
        raise OverflowError(f"the column {name!r} has a number beyond {kind.__name__}")
    return found.astype(np.dtype(kind).newbyteorder("<"))
