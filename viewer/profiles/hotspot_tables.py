"""Hotspots: where the time of gradients goes, as a table with a row for each operation, line of the user's code, or scope."""

from __future__ import annotations

from typing import Any

from rich.text import Text

from viewer.profiles.groupings import Hotspot, grouping_of, hotspots_of, rows_of, sum_of
from viewer.profiles.hotspot_columns import COLUMNS, Line, Table
from viewer.profiles.measured import Timed, records_of
from viewer.text.lines import Row, Span, as_text, fold
from viewer.text.table import Cells, laid_out, with_room

TITLES = {"tree": "scope, as a tree"}
READABLE = 24  # columns of names and code before there is room for what is not needed


def hotspots(x: Timed, by: str = "op", *, limit: int = 15, width: int | None = None) -> str:
    """Where the time went, as a table of text: by "op", "argument", "line", "shape", "scope", or as the "tree" of scopes.

    `x` is a timer (`ag.timer`), a tape or trace recorded while the timer was on, or the path of a saved one. Times are
    forward, backward (the rules', by the number of the argument whose gradient they compute), adding gradients up, and recording;
    "made" are the bytes of the arrays that were made, "kept" of those kept for the backward pass.

    Rows show what ran in them alone, and have the same sum by whatever they are. By scope, "cumulative" is the time with the
    scopes inside; the tree shows all figures with those inside, and the time without them as "self".
    """
    return "\n".join(line.plain for line in hotspot_lines(x, by, limit=limit, width=width))


def hotspot_rows(x: Timed, by: str = "op") -> list[dict[str, Any]]:
    """The same for programs: a dict of numbers, strings and lists for each row, all of them; times are in nanoseconds.

    >>> import autograd_tools as ag
    >>> from autograd_tools.timing import Record
    >>> timer = ag.Timer(clock=lambda: 0)
    >>> timer.add(Record("sum", 0, "train.py", 3, "loss", ("loss",)), 500, 8)
    >>> row = hotspot_rows(timer, "line")[0]
    >>> row["file"], row["line"], row["calls"], row["forward_ns"], row["total_ns"], row["percent"], row["nbytes"]
    ('train.py', 3, 1, 500, 500, 100.0, 8)
    """
    return rows_of(records_of(x), by)


def hotspot_lines(x: Timed, by: str, *, limit: int, width: int | None) -> list[Text]:
    """The lines of `hotspots`, in colour."""
    columns = _columns(x, by, limit)
    shown, missing = with_room(columns, width, READABLE)
    rows: list[Row] = [[Span(title(by), "bold")]]
    rows += laid_out(shown, len(columns[0][1].texts), width)
    rows += (
        fold([Span(f"… no room for: {', '.join(missing)}", "italic dim")], width) if missing else []
    )
    return [as_text(row) for row in rows]


def hotspot_cells(x: Timed, by: str, limit: int) -> list[Cells]:
    """The columns of the table, for other forms than text."""
    return [cells for _, cells in _columns(x, by, limit)]


def title(by: str) -> str:
    """What stands above a table."""
    return f"Hotspots by {TITLES.get(by, grouping_of(by).header)}"


def _columns(x: Timed, by: str, limit: int) -> list[tuple[int, Cells]]:
    """The columns that have something to say, with their ranks."""
    grouping_of(by)  # or an error that lists what there is
    if limit < 0:
        raise ValueError(f"a limit of 0 or more rows is needed, and got {limit}")
    table = _table(hotspots_of(records_of(x), by), by, limit)
    return [cells for column in COLUMNS if (cells := column.cells(table)) is not None]


def _table(spots: list[Hotspot], by: str, limit: int) -> Table:
    """The most expensive rows, one for all others together, and one for all."""
    grouping = grouping_of(by)
    kept = (
        set(sorted(range(len(spots)), key=lambda i: -spots[i].whole.total)[:limit])
        if grouping.nested
        else range(limit)
    )
    lines = []
    for spot in (spot for i, spot in enumerate(spots) if i in kept):
        figures, other = (spot.whole, spot.own) if grouping.nested else (spot.own, spot.whole)
        lines.append(
            Line(grouping.name(spot.key), figures, other.total, spot.key if by == "line" else None)
        )
    rest = [spot.own for i, spot in enumerate(spots) if i not in kept]
    sums = [(f"{len(rest)} more", sum_of(rest))] if rest else []
    sums += [("total", sum_of(spot.own for spot in spots))] if spots else []
    return Table(
        by, grouping.header, lines, [Line(name, figures, figures.total) for name, figures in sums]
    )
