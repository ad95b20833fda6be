"""Table of a timer, in the layout of TimerOutputs.jl."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from autograd_tools.base.formats import memory_text, percent_text, time_text
from autograd_tools.base.options import LineCharacters, SectionOrder
from autograd_tools.base.text import STAND_INS, one_line, unknown, width_of
from autograd_tools.timing.columns import DEFAULT, Column, asked, choose
from autograd_tools.timing.rows import Row, list_rows
from autograd_tools.timing.section import Snapshot

# Replacements for characters of the table; labels keep theirs.
LINECHARS: dict[str, dict[int, str]] = {
    "unicode": {},
    "ascii": {ord(sign): stand_ins[-1] for sign, stand_ins in STAND_INS.items()},
}
TOT = "Tot / % measured:"
NARROWEST = len(TOT)  # least width of names; then columns of numbers are dropped


def table(
    shot: Snapshot,
    *,
    columns: Sequence[str] = DEFAULT,
    sortby: SectionOrder = "time",
    title: str = "",
    compact: bool = False,
    allocations: bool = True,
    bars: bool = False,
    maxdepth: int | None = None,
    linechars: LineCharacters = "unicode",
    width: int | None = None,
) -> str:
    """Return the sections of a timer or of a section as text; see `Shown.table`."""
    chars = LINECHARS.get(linechars, {})
    columns = asked(tuple(columns), shot.memory)
    if linechars not in LINECHARS:
        raise unknown("linechars", linechars, LINECHARS)
    if width is not None and width < 1:
        raise ValueError(f"width must be 1 or more, got {width}")
    rows = list_rows(shot, sortby, maxdepth)
    names = [
        guide.translate(chars) + one_line(row.path[-1])
        for guide, row in zip(_guides(rows), rows, strict=True)
    ]
    title = one_line(title)
    name_width = max(width_of(text) for text in (TOT, title, *names))
    chosen = choose(
        columns, compact=compact, allocations=allocations and shot.memory != "nobytes", bars=bars
    )
    if width is not None:
        chosen, name_width = _fit(chosen, name_width, width)
    groups = [_Group(list(group)) for _, group in groupby(chosen, key=lambda column: column.group)]
    return "\n".join(_Page(groups, name_width, width, chars).lines(shot, rows, names, title))


@dataclass(frozen=True, slots=True)
class _Page:
    """Layout of the lines of a table."""

    groups: list[_Group]
    name_width: int
    width: int | None
    chars: dict[int, str]

    def lines(self, shot: Snapshot, rows: list[Row], names: list[str], title: str) -> list[str]:
        """Return the header, a line for each row, and the notes."""
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
        rule = ("─" * max(map(width_of, [header, total, *body]))).translate(self.chars)
        notes = [
            f" {part}".translate(self.chars) for note in _notes(shot) for part in self.wrap(note)
        ]
        return [rule, heading, under, total, "", header, rule, *body, rule, *notes]

    def line(self, name: str, parts: Sequence[str]) -> str:
        """Return a name and the cells beside it, within the width."""
        name = cut(name, self.name_width, self.chars)
        blank = " " * (self.name_width - width_of(name))
        text = f" {name}{blank}{''.join(parts).translate(self.chars)}".rstrip()
        return text if self.width is None else cut(text, self.width, self.chars)

    def wrap(self, note: str) -> list[str]:
        """Return a note as lines within the width."""
        return [note] if self.width is None else textwrap.wrap(note, max(self.width - 1, 1))


def _fit(chosen: list[Column], name_width: int, width: int) -> tuple[list[Column], int]:
    """Return the columns that fit, and the width of names, which is at least `NARROWEST`."""

    def left(columns: list[Column]) -> int:
        groups = {column.group for column in columns}  # each begins with a gap of three, not two
        return width - 1 - sum(column.width + 2 for column in columns) - len(groups)

    while len(chosen) > 1 and left(chosen) < min(NARROWEST, name_width):
        chosen = chosen[:-1]
    return chosen, min(name_width, max(NARROWEST, left(chosen)))


def cut(text: str, width: int, chars: dict[int, str]) -> str:
    """Return `text` in at most `width` columns of a terminal, with a mark where it was cut."""
    if width_of(text) <= width:
        return text
    kept, used = "", 1
    for character in text:
        used += width_of(character)
        if used > width:
            break
        kept += character
    return kept + "…".translate(chars)


def _guides(rows: Sequence[Row]) -> list[str]:
    """Return the tree lines before each name; from the last row up, followers are known."""
    guides: list[str] = []
    open_depths: set[int] = set()
    for row in reversed(rows):
        open_depths = {depth for depth in open_depths if depth <= row.depth}
        trunk = "".join("│  " if depth in open_depths else "   " for depth in range(1, row.depth))
        guides.append(trunk + ("├─ " if row.depth in open_depths else "└─ ") if row.depth else "")
        open_depths.add(row.depth)
    return guides[::-1]


class _Group:
    """Columns under one heading."""

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
    """Return notes on threads, on the time not measured, and on the overhead if it is known."""
    cost, total = shot.section_cost_ns, shot.total_ns
    notes = []
    if shot.threads > 1:
        notes.append(f"Measured in {shot.threads} threads; their sum may exceed Tot.")
    if not cost:
        return notes
    whole, rest = shot.own_ns, total - shot.measured.ns
    if rest > 0:
        notes.append(f"Not measured: {time_text(rest)}, {percent_text(rest, total)} of Tot.")
    notes.append(
        f"Timer overhead: {time_text(cost)} per section, "
        f"{time_text(whole)} in total, {percent_text(whole, total)} of Tot."
    )
    return notes
