"""Sections as rows: counts, and the shares, means and deviations derived from them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from autograd_tools.base.text import unknown
from autograd_tools.timing.section import SectionData, Snapshot


class Row(NamedTuple):
    """A section of the timer as a row of numbers; None means unknown.

    Attributes
    ----------
    path, depth
        The labels from the top, and the level from 0.
    ncalls, ns, nbytes
        Calls, nanoseconds, and bytes of the arrays returned.
    percent, nbytes_percent
        Shares of everything measured; None for a share of nothing.
    parent_percent
        The share of the parent's time; None at the top.
    avg_ns, avg_nbytes
        Means by call; None without calls.
    min_ns, max_ns, std_ns
        Nanoseconds of single calls; None if calls were not timed one by one.
    live_nbytes, peak_nbytes
        Rise of live bytes from start to end, and at the peak of one call; None unless exact.
    """

    path: tuple[str, ...]
    depth: int
    ncalls: int
    ns: int
    percent: float | None
    parent_percent: float | None
    avg_ns: float | None
    min_ns: int | None
    max_ns: int | None
    std_ns: float | None
    nbytes: int
    nbytes_percent: float | None
    avg_nbytes: float | None
    live_nbytes: int | None = None
    peak_nbytes: int | None = None


# To add an order, add an entry: the sort key of a label and its section.
SORTS: dict[str, Callable[[tuple[str, SectionData]], Any]] = {
    "time": lambda item: -item[1].ns,
    "ncalls": lambda item: -item[1].ncalls,
    "alloc": lambda item: -item[1].nbytes,
    "peak": lambda item: -item[1].peak_nbytes,
    "name": lambda item: item[0],
    "first": lambda item: 0,  # the order of first entries
}


def list_rows(shot: Snapshot, sortby: str = "time", maxdepth: int | None = None) -> list[Row]:
    """Return the sections down to `maxdepth` levels, parents first, sorted at every level."""
    if sortby not in SORTS:
        raise unknown("order", sortby, SORTS)
    if maxdepth is not None and maxdepth < 1:
        raise ValueError(f"maxdepth must be 1 or more, got {maxdepth}")

    def below(section: SectionData, path: tuple[str, ...]) -> Iterator[Row]:
        for label, child in sorted(section.children.items(), key=SORTS[sortby]):
            row = _row((*path, label), child, section if path else None, shot.measured)
            if shot.memory == "exact":
                row = row._replace(live_nbytes=child.live_nbytes, peak_nbytes=child.peak_nbytes)
            yield row
            if maxdepth is None or len(path) + 1 < maxdepth:
                yield from below(child, (*path, label))

    return list(below(shot.root, ()))


def _row(
    path: tuple[str, ...], section: SectionData, parent: SectionData | None, measured: SectionData
) -> Row:
    n, each = section.ncalls, section.known == section.ncalls > 0
    return Row(
        path,
        len(path) - 1,
        n,
        section.ns,
        _percent(section.ns, measured.ns),
        _percent(section.ns, parent.ns) if parent else None,
        section.ns / n if n else None,
        section.min_ns if each else None,
        section.max_ns if each else None,
        _deviation(section) if each and n > 1 else None,
        section.nbytes,
        _percent(section.nbytes, measured.nbytes),
        section.nbytes / n if n else None,
    )


def _percent(part: int, whole: int) -> float | None:
    return 100 * part / whole if whole else None


def _deviation(section: SectionData) -> float:
    """Return the sample's standard deviation; the difference is exact, in integers."""
    n = section.ncalls
    return math.sqrt(max(0, n * section.squares - section.ns**2) / (n * (n - 1)))
