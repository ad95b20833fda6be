"""The counter of a loop as text: from which number, in which direction, and what counts with it."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple


class Counting(NamedTuple):
    """A variable that is `step * turn + start`, with `step` 1 or -1."""

    name: str
    step: int = 1
    start: int = 0

    def header(self, count: int) -> str:
        """Return what the variable runs over."""
        last = self.start + self.step * (count - 1)
        if self.step > 0:
            return f"range({f'{self.start}, ' if self.start else ''}{last + 1})"
        return f"reversed(range({f'{last}, ' if last else ''}{self.start + 1}))"

    def text(self, step: int, start: int) -> str:
        """Return `step * turn + start`."""
        factor = step * self.step
        offset = start - factor * self.start
        if factor == 0:
            return str(offset)
        if factor < 0 <= offset and factor == -1:
            return f"{offset} - {self.name}"
        scaled = self.name if factor == 1 else f"{factor} * {self.name}"
        if factor == -1:
            scaled = f"-{self.name}"
        return scaled if not offset else f"{scaled} {'+' if offset > 0 else '-'} {abs(offset)}"


def counting(name: str, numbers: list[tuple[int, int]]) -> Counting:
    """Return the counter that makes most of the numbers `step * turn + start` plain."""
    plain = Counter([pair for pair in numbers if abs(pair[0]) == 1])
    if not plain:
        return Counting(name)
    step, start = max(plain, key=lambda pair: (plain[pair], -abs(pair[1])))
    return Counting(name, step, start)
