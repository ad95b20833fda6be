"""The sections of a timer as rows: what was counted, and the shares, means and deviations that follow from it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from autograd_tools.timing.section import SectionData, Snapshot


class Row(NamedTuple):
    """A section: where it is (`path` of labels from the top, `depth` from 0), and its figures in nanoseconds, bytes and percent.

    `percent` is of all that was measured, `parent_percent` of the section around. None stands for what cannot be told:
    a mean without calls, a share of nothing, the shortest of calls that were not measured one by one, how many bytes more
    there were at the end and at the most than at the start, if bytes were not counted exactly.
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


SORTS: dict[str, Callable[[tuple[str, SectionData]], Any]] = {
    "time": lambda item: -item[1].ns,
    "ncalls": lambda item: -item[1].ncalls,
    "alloc": lambda item: -item[1].nbytes,
    "peak": lambda item: -item[1].peak_nbytes,
    "name": lambda item: item[0],
    "first": lambda item: 0,  # in the order in which the sections were first entered
}


def check_known(what: str, names: tuple[str, ...], known: dict[str, Any]) -> None:
    """Refuse a name that is not in a table, and list those that are."""
    for name in names:
        if name not in known:
            raise ValueError(f"no {what} {name!r}; there are: {', '.join(known)}")


def list_rows(shot: Snapshot, sortby: str = "time", maxdepth: int | None = None) -> list[Row]:
    """All sections down to `maxdepth` levels, each before those in it, in the order `sortby` at every level."""
    check_known("order", (sortby,), SORTS)
    if maxdepth is not None and maxdepth < 1:
        raise ValueError(f"maxdepth counts levels from 1, and got {maxdepth}")

    def below(section: SectionData, path: tuple[str, ...]) -> Iterator[Row]:
        for label, child in sorted(section.children.items(), key=SORTS[sortby]):
            row = _row((*path, label), child, section if path else None, shot.measured)
            yield (
                row._replace(live_nbytes=child.live_nbytes, peak_nbytes=child.peak_nbytes)
                if shot.memory == "exact"
                else row
            )
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
    """The standard deviation of a sample, from integers until the last step: no digits are lost in the difference."""
    n = section.ncalls
    return math.sqrt(max(0, n * section.squares - section.ns**2) / (n * (n - 1)))
