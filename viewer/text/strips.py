"""Strips: a row of numbers as a row of bars, in the characters of a text."""

from __future__ import annotations

import math
from collections.abc import Sequence

BARS = "▁▂▃▄▅▆▇█"
WIDEST = 24  # bars


def strip(numbers: Sequence[float | None], width: int = WIDEST) -> str:
    """Return a bar for each number, or for as many neighbours as make `width` bars.

    Heights follow the logarithm, from the least number above zero or a tenth of the greatest to
    the greatest. Of neighbours, the greatest counts. Zero is a dot, NaN `?`, infinity `!`,
    None a dash.

    >>> strip([None, 0.0, 1e-4, 1e-3, 1e-2, 1e-1, 1.0, math.nan])
    '–·▁▃▅▆█?'
    """
    size = -(-len(numbers) // width) if numbers else 1
    cells = [_greatest(numbers[n : n + size]) for n in range(0, len(numbers), size)]
    known = [x for x in cells if x is not None and 0 < x < math.inf]
    high = math.log10(max(known, default=1))
    low = min(math.log10(min(known, default=1)), high - 1)
    return "".join(_bar(x, low, high) for x in cells)


def _greatest(numbers: Sequence[float | None]) -> float | None:
    known = [abs(x) for x in numbers if x is not None]
    return math.nan if any(map(math.isnan, known)) else max(known, default=None)


def _bar(x: float | None, low: float, high: float) -> str:
    if x is None:
        return "–"
    if math.isnan(x):
        return "?"
    if x == math.inf:
        return "!"
    if x == 0:
        return "·"
    return BARS[round((math.log10(x) - low) / (high - low) * (len(BARS) - 1))]


def chart(numbers: Sequence[float], height: int) -> list[str]:
    """Return numbers of 0 or more as bars on a linear scale, in rows from the top.

    >>> print(*chart([0, 1, 4, 8, 16], 2), sep="\\n")
        █
     ▁▄██
    """
    high = max(numbers, default=0) or 1
    eighths = [-(-x * 8 * height // high) for x in numbers]
    levels = [[min(max(int(n) - 8 * row, 0), 8) for n in eighths] for row in range(height)]
    return ["".join(f" {BARS}"[level] for level in row).rstrip() for row in reversed(levels)]
