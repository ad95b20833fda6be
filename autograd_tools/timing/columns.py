"""Columns of the timer's table."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from autograd_tools.base.formats import bar_text, count_text, memory_text, time_text
from autograd_tools.base.text import unknown
from autograd_tools.timing.rows import Row


class Column(NamedTuple):
    """A column: its group, header and width, and the text of a row's cell."""

    group: str
    header: str
    width: int
    cell: Callable[[Row], str]
    align: str = ">"


def _time(ns: float | None) -> str:
    return "-" if ns is None else time_text(ns)


def _share(percent: float | None) -> str:
    return "-" if percent is None else f"{percent:.1f}%"


def _bytes(nbytes: float | None) -> str:
    return "-" if nbytes is None else f"{'-' if nbytes < 0 else ''}{memory_text(abs(nbytes))}"


def _parent_share(percent: float | None) -> str:
    return "" if percent is None else f"{percent:.0f}%"


def _bar(percent: float | None) -> str:
    return bar_text((percent or 0) / 100)


# To add a column, add an entry: its group, header, width and the cell of a row.
COLUMNS = {
    "ncalls": Column("", "ncalls", 6, lambda row: count_text(row.ncalls)),
    "time": Column("Time", "time", 6, lambda row: time_text(row.ns)),
    "time_pct": Column("Time", "%tot", 6, lambda row: _share(row.percent)),
    "time_par": Column("Time", "%par", 5, lambda row: _parent_share(row.parent_percent)),
    "time_avg": Column("Time", "avg", 6, lambda row: _time(row.avg_ns)),
    "time_min": Column("Time", "min", 6, lambda row: _time(row.min_ns)),
    "time_max": Column("Time", "max", 6, lambda row: _time(row.max_ns)),
    "time_std": Column("Time", "std", 6, lambda row: _time(row.std_ns)),
    "time_bar": Column("Time", "share", 8, lambda row: _bar(row.percent), "<"),
    "alloc": Column("Allocations", "alloc", 7, lambda row: memory_text(row.nbytes)),
    "alloc_pct": Column("Allocations", "%tot", 6, lambda row: _share(row.nbytes_percent)),
    "alloc_avg": Column("Allocations", "avg", 7, lambda row: _bytes(row.avg_nbytes)),
    "alloc_bar": Column("Allocations", "share", 8, lambda row: _bar(row.nbytes_percent), "<"),
    "peak": Column("Allocations", "peak", 7, lambda row: _bytes(row.peak_nbytes)),
    "live": Column("Allocations", "live", 8, lambda row: _bytes(row.live_nbytes)),
}
DEFAULT = ("ncalls", "time", "time_pct", "time_avg", "alloc", "alloc_pct", "alloc_avg")
EXACT = ("peak", "live")  # follow the default columns if bytes are counted exactly
BARS = ("time_bar", "alloc_bar")
WIDE = (*BARS, "time_avg", "alloc_avg")  # dropped by `compact`


def asked(columns: tuple[str, ...], memory: str) -> tuple[str, ...]:
    """Return the columns, which must exist; the default ones grow with exact bytes."""
    for name in columns:
        if name not in COLUMNS:
            raise unknown("column", name, COLUMNS)
    return (*columns, *EXACT) if columns == DEFAULT and memory == "exact" else columns


def choose(
    columns: tuple[str, ...], *, compact: bool, allocations: bool, bars: bool
) -> list[Column]:
    """Return these columns, plus and minus those of the options, group by group."""
    groups = {COLUMNS[name].group for name in columns}
    added = [
        name for name in BARS if bars and name not in columns and COLUMNS[name].group in groups
    ]
    left_out = WIDE if compact else ()
    chosen = [COLUMNS[name] for name in (*columns, *added) if name not in left_out]
    order = ["", "Time", *(["Allocations"] if allocations else [])]
    return sorted(
        (column for column in chosen if column.group in order),
        key=lambda column: order.index(column.group),
    )
