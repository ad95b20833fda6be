"""Measurements of a part of a run, apart from what the engine's timer measures around it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from autograd_tools.base.options import BytesCounted
from autograd_tools.timing import instrument as timing
from autograd_tools.timing.totals import Totals


class _Part:
    """A part that is measured now, and what the timer measured before it began."""

    def __init__(self, before: dict[str, Any], *, add: bool) -> None:
        self.before = before
        self.add = add


_parts: list[_Part] = []  # in the order in which they began
_base = timing.levels()  # of the timer around them
_lock = threading.RLock()


def measure_apart(
    memory: BytesCounted, events: int, take: Callable[[Totals], None], *, add: bool
) -> Callable[[], None]:
    """Measure all from now on; return a function that ends it and has the totals taken, once.

    With `add`, what is around gets them as well if it measures. Parts may end in any order.
    """
    global _base
    with _lock:
        if not _parts:
            _base = timing.levels()
        part = _Part(timing.timer.set_apart(memory, events), add=add)
        _parts.append(part)
        thread = timing.timer.thread()
        start = thread.own_time()
        timing.switch(*(True,) * len(_base))
        thread.own_ns += thread.own_time() - start

    def end() -> None:
        with _lock:
            if part in _parts:
                i = _parts.index(part)
                take(_totals_of(i))
                _remove(i)

    return end


def _own(i: int) -> Totals:
    """Return what was measured while a part was the last that had begun."""
    if i == len(_parts) - 1:
        return timing.timer.totals()
    return timing.timer.totals_of(_parts[i + 1].before)


def _totals_of(i: int) -> Totals:
    """Return the totals of a part, with those of parts that began in it and have not ended."""
    totals = _own(i)
    for inner in range(i + 1, len(_parts)):
        if _parts[inner].add:
            totals.add_inside(_own(inner))
    return totals


def _remove(i: int) -> None:
    """Remove a part, and give what it measured to what is around it."""
    part = _parts[i]
    add = part.add and (i > 0 or _base[0])
    if part is _parts[-1]:
        timing.timer.put_back(part.before, add=add)
    else:
        if add:
            part.before["_past"].add_inside(_own(i))
        _parts[i + 1].before = part.before
    del _parts[i]
    timing.switch(*((True,) * len(_base) if _parts else _base))
