"""Tables of hotspots: the time of gradients by operation, line or scope."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from viewer.options import HotspotBy
from viewer.profiles.groupings import grouping_of, hotspots_of, rows_of, sum_of
from viewer.profiles.hotspot_columns import HOTSPOT_COLUMNS, HotspotRow, HotspotTable
from viewer.profiles.measured import Timed, code_of, records_of
from viewer.text.lines import Row, Span, plain
from viewer.text.places import place_texts
from viewer.text.table import Cells, hidden, laid_out, with_room

TITLES = {"tree": "scope, as a tree"}
READABLE = 24  # columns of names and code that take precedence over less important columns


def hotspots(x: Timed, by: HotspotBy = "op", *, limit: int = 15, width: int | None = None) -> str:
    """Return a table that shows where gradients spent their time.

    Parameters
    ----------
    x : Timer, Tape, Trace, str or path
        A timer (`ag.timer`), a tape or trace recorded while the timer was on, or the path of a
        saved one. Tapes and traces only have forward and backward times.
    by : str
        A row for each "op", "argument", "line", "shape" or "scope", or the "tree" of scopes.
    limit : int
        The number of rows; the others are summed in one row.
    width : int, optional
        Columns of the terminal; by default, nothing is folded or omitted.

    Returns
    -------
    str
        The table. `forward`, `backward` (the VJP rules), `accumulate` (adding gradients of the same
        value) and `tracing` (recording calls, not part of `total`) are times; `allocated` are the
        bytes of new arrays, `saved` those kept alive for the backward pass. In tables by scope,
        `self` is the time without nested scopes and `total` the time with them; the other columns
        exclude nested scopes by "scope", and include them in the "tree".

    Raises
    ------
    ValueError
        For an unknown `by`, a negative `limit`, or a profile without times or shapes.
    """
    return plain(hotspot_table_rows(x, by, limit=limit, width=width))


def hotspot_rows(x: Timed, by: HotspotBy = "op") -> list[dict[str, Any]]:
    """Return all rows of the table of `hotspots` as plain data, ready for JSON.

    Parameters
    ----------
    x, by
        As in `hotspots`.

    Returns
    -------
    list of dict
        The names of each row, its calls, times in nanoseconds and sizes in bytes.

    Raises
    ------
    ValueError
        As in `hotspots`.

    Examples
    --------
    >>> import autograd_tools as ag
    >>> from autograd_tools.timing import Record
    >>> timer = ag.Timer(clock=lambda: 0)
    >>> timer.add(Record("sum", 0, "train.py", 3, "loss", ("loss",)), 500, 8)
    >>> row = hotspot_rows(timer, "line")[0]
    >>> row["file"], row["line"], row["calls"], row["forward_ns"], row["percent"], row["nbytes"]
    ('train.py', 3, 1, 500, 100.0, 8)
    """
    return rows_of(records_of(x), by)


def hotspot_table_rows(x: Timed, by: str, *, limit: int, width: int | None) -> Iterator[Row]:
    """Yield the rows of `hotspots`, as styled spans."""
    columns = _columns(x, by, limit)
    shown, missing = with_room(columns, width, READABLE)
    yield [Span(title(by), "bold")]
    yield from laid_out(shown, len(columns[0][1].texts), width)
    yield from hidden(missing, width)


def hotspot_cells(x: Timed, by: str, limit: int) -> list[Cells]:
    """Return the columns of the table, for formats other than text."""
    return [cells for _, cells in _columns(x, by, limit)]


def title(by: str) -> str:
    """Return the title of a table."""
    return f"Hotspots by {TITLES.get(by, grouping_of(by).header)}"


def _columns(x: Timed, by: str, limit: int) -> list[tuple[int, Cells]]:
    """Return the columns that are in the table, with their ranks."""
    grouping = grouping_of(by)
    if limit < 0:
        raise ValueError(f"limit must be 0 or more, got {limit}")
    spots = hotspots_of(records_of(x), by)
    places = place_texts(spot.key for spot in spots) if by == "line" else {}
    ranked = sorted(range(len(spots)), key=lambda i: -spots[i].total_usage.total_ns)
    shown = set(ranked[:limit]) if grouping.is_tree else range(limit)
    rows = [
        HotspotRow(
            places.get(spot.key) or grouping.name(spot.key),
            grouping.shown(spot),
            spot.total_usage.total_ns,
            spot.self_usage.total_ns,
            spot.key if by == "line" else None,
        )
        for i, spot in enumerate(spots)
        if i in shown
    ]
    rest = [spot.self_usage for i, spot in enumerate(spots) if i not in shown]
    sums = [(f"{len(rest)} more", sum_of(rest))] if rest else []
    sums += [("total", sum_of(spot.self_usage for spot in spots))] if spots else []
    total_rows = [HotspotRow(name, usage, usage.total_ns, usage.total_ns) for name, usage in sums]
    table = HotspotTable(by, grouping.header, grouping.times, rows, total_rows, code_of(x))
    return [cells for column in HOTSPOT_COLUMNS if (cells := column.cells(table)) is not None]
