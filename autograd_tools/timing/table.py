"""The timer as a table, laid out like that of TimerOutputs.jl."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from autograd_tools.base.formats import memory_text, percent_text, time_text
from autograd_tools.base.text import columns as columns_of
from autograd_tools.base.text import one_line
from autograd_tools.timing.columns import COLUMNS, DEFAULT, Column, asked, choose
from autograd_tools.timing.rows import SORTS, Row, check_known, list_rows
from autograd_tools.timing.section import Snapshot

__all__ = ["COLUMNS", "LINECHARS", "SORTS", "table"]

# What becomes of our characters, those in users' labels apart.
LINECHARS: dict[str, dict[int, int]] = {
    "unicode": {},
    "ascii": str.maketrans("─│├└…μ∅█▏▎▍▌▋▊▉", "-||`~u-#......."),
}
TOT = "Tot / % measured:"
NARROWEST = len(TOT)  # columns for names, before columns of numbers are left out


def table(
    shot: Snapshot,
    *,
    columns: Sequence[str] = DEFAULT,
    sortby: str = "time",
    title: str = "",
    compact: bool = False,
    allocations: bool = True,
    bars: bool = False,
    maxdepth: int | None = None,
    linechars: str = "unicode",
    width: int | None = None,
) -> str:
    """The sections of a timer, or those in a section, as text: a row for each, nested ones below the one they are in.

    `columns` are names in `COLUMNS`, `sortby` one in `SORTS`, `linechars` one in `LINECHARS`. `compact` leaves the means
    out, `allocations=False` the bytes, `maxdepth` what nests deeper; `bars` adds the shares as bars. With a `width` no
    line is longer: names are cut, then columns are left out from the right. %tot is of the sum of the top sections,
    %par of the section around; `Tot` is the time since the timer was reset. Allocations are the arrays that sections
    returned, without temporaries and views; where bytes are counted exactly, `peak` and `live` are by how many there were
    more than at the start, at the most of one call, and at the ends of all.
    """
    chars = LINECHARS.get(linechars, {})
    columns = asked(tuple(columns), shot.memory)
    check_known("column", columns, COLUMNS)
    check_known("linechars", (linechars,), LINECHARS)
    if width is not None and width < 1:
        raise ValueError(f"a width of 1 column or more is needed, and got {width}")
    rows = list_rows(shot, sortby, maxdepth)
    names = [
        guide.translate(chars) + one_line(row.path[-1])
        for guide, row in zip(_guides(rows), rows, strict=True)
    ]
    title = one_line(title)
    name_width = max(columns_of(text) for text in (TOT, title, *names))
    chosen = choose(
        columns, compact=compact, allocations=allocations and shot.memory != "nobytes", bars=bars
    )
    if width is not None:
        chosen, name_width = _fit(chosen, name_width, width)
    groups = [_Group(list(group)) for _, group in groupby(chosen, key=lambda column: column.group)]
    return "\n".join(_Page(groups, name_width, width, chars).lines(shot, rows, names, title))


@dataclass(frozen=True, slots=True)
class _Page:
    """How the lines of a table are laid out."""

    groups: list[_Group]
    name_width: int
    width: int | None
    chars: dict[int, int]

    def lines(self, shot: Snapshot, rows: list[Row], names: list[str], title: str) -> list[str]:
        """The header, a line for each row, and the notes."""
        body = [
            self.line(name, [group.cells(row) for group in self.groups])
            for name, row in zip(names, rows, strict=True)
        ]
        heading = self.line(title, [group.center(group.name) for group in self.groups])
        under = self.line(
            "", [group.center("─" * group.width if group.name else "") for group in self.groups]
        )
        peak = shot.peak_nbytes
        tots = {
            "Time": f"{time_text(shot.total_ns)} / {percent_text(shot.measured.ns, shot.total_ns)}",
            "Allocations": memory_text(shot.measured.nbytes)
            + ("" if peak is None else f", peak {memory_text(peak)}"),
        }
        total = self.line(TOT, [group.center(tots.get(group.name, "")) for group in self.groups])
        header = self.line("Section", [group.headers() for group in self.groups])
        rule = ("─" * max(map(columns_of, [header, total, *body]))).translate(self.chars)
        notes = [
            f" {part}".translate(self.chars) for note in _notes(shot) for part in self.wrap(note)
        ]
        return [rule, heading, under, total, "", header, rule, *body, rule, *notes]

    def line(self, name: str, parts: Sequence[str]) -> str:
        """A name and what stands beside it, in no more than the width."""
        name = cut(name, self.name_width, self.chars)
        text = f" {name}{' ' * (self.name_width - columns_of(name))}{''.join(parts).translate(self.chars)}".rstrip()
        return text if self.width is None else cut(text, self.width, self.chars)

    def wrap(self, note: str) -> list[str]:
        """A note in as many lines as it takes."""
        return [note] if self.width is None else textwrap.wrap(note, max(self.width - 1, 1))


def _fit(chosen: list[Column], name_width: int, width: int) -> tuple[list[Column], int]:
    """The columns that fit into a width beside names of at least `NARROWEST` columns, and the width of the names."""

    def left(columns: list[Column]) -> int:
        groups = {column.group for column in columns}
        return (
            width - 1 - sum(column.width + 2 for column in columns) - len(groups)
        )  # a gap of three where a group begins

    while len(chosen) > 1 and left(chosen) < min(NARROWEST, name_width):
        chosen = chosen[:-1]
    return chosen, min(name_width, max(NARROWEST, left(chosen)))


def cut(text: str, width: int, chars: dict[int, int]) -> str:
    """`text` in at most `width` columns of a terminal, with a mark where it was cut."""
    if columns_of(text) <= width:
        return text
    kept, used = "", 1
    for character in text:
        used += columns_of(character)
        if used > width:
            break
        kept += character
    return kept + "…".translate(chars)


def _guides(rows: Sequence[Row]) -> list[str]:
    """The lines of a tree before each name, found from the last row up: there it is known whether another follows."""
    guides: list[str] = []
    open_depths: set[int] = set()
    for row in reversed(rows):
        open_depths = {depth for depth in open_depths if depth <= row.depth}
        trunk = "".join("│  " if depth in open_depths else "   " for depth in range(1, row.depth))
        guides.append(trunk + ("├─ " if row.depth in open_depths else "└─ ") if row.depth else "")
        open_depths.add(row.depth)
    return guides[::-1]


class _Group:
    """Columns that stand under one heading."""

    def __init__(self, columns: list[Column]) -> None:
        self.columns = columns
        self.name = columns[0].group
        self.width = sum(c.width for c in columns) + 2 * (len(columns) - 1)

    def center(self, text: str) -> str:
        return "   " + text.center(self.width)

    def headers(self) -> str:
        return "   " + "  ".join(f"{c.header:{c.align}{c.width}}" for c in self.columns)

    def cells(self, row: Row) -> str:
        return "   " + "  ".join(f"{c.cell(row):{c.align}{c.width}}" for c in self.columns)


def _notes(shot: Snapshot) -> list[str]:
    """Why more than all may be measured, what was not, and what the timer itself cost; the last two only where a cost is known."""
    cost, total = shot.section_cost_ns, shot.total_ns
    notes = []
    if shot.threads > 1:
        notes.append(
            f"Measured in {shot.threads} threads, which together may take longer than Tot."
        )
    if not cost:
        return notes
    whole = shot.own_ns
    rest = total - shot.measured.ns
    if rest > 0:
        notes.append(f"Not measured: {time_text(rest)}, {percent_text(rest, total)} of Tot.")
    notes.append(
        f"The timer's own cost: {time_text(cost)} a section, {time_text(whole)} in all, {percent_text(whole, total)} of Tot."
    )
    return notes
