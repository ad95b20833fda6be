"""Sizes of memory as users write them."""

from __future__ import annotations

import re

UNITS = ("", "k", "m", "g", "t")


def size_of(budget: str | float) -> int:
    """Return the bytes of a size such as "200MB", "1.5 GiB" or a number; raise ValueError.

    MB are millions of bytes, MiB are 1024 KiB. A text has a unit.

    >>> size_of("200MB"), size_of("1.5 GiB"), size_of(4096)
    (200000000, 1610612736, 4096)
    """
    text = str(budget).strip()
    words = re.fullmatch(r"(\d+(?:\.\d+)?|\.\d+)\s*(([kmgt]?)(i?)b?)", text.lower())
    if (
        words is None
        or isinstance(budget, bool)
        or not float(words[1])
        or (words[4] and not words[3])
    ):
        raise ValueError(f"expected a size such as 200MB, got {budget!r}")
    if isinstance(budget, str) and not words[2]:
        raise ValueError(f"expected a unit, got {budget!r}; write {text}MB, or {text}B for bytes")
    return int(float(words[1]) * (1024 if words[4] else 1000) ** UNITS.index(words[3]))
