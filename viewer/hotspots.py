"""Hotspots: where the time of gradients goes, as a table with a row for each operation, line of the user's code, or scope."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from rich.style import Style
from rich.text import Text

from autograd_tools.text import one_line
from autograd_tools.timing.formats import count_text, memory_text, percent_text, time_text
from viewer.groupings import Figures, Grouping, Hotspot, grouping_of, hotspots_of, rows_of
from viewer.lines import Row, Span, fold, shorten
from viewer.measured import Timed, records_of
from viewer.source import link_of, source_lines
from viewer.table import Cells, laid_out, with_room

TITLES = {"tree": "scope, as a tree"}
OTHER_TIME = {"scope": "cumulative", "tree": "self"}  # what the second time of rows is that can have others inside
LONGEST_CODE = 60
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
    rows += fold([Span(f"… no room for: {', '.join(missing)}", "italic dim")], width) if missing else []
    return [_text(row) for row in rows]


def hotspot_cells(x: Timed, by: str, limit: int) -> list[Cells]:
    """The columns of the table, for other forms than text."""
    return [cells for _, cells in _columns(x, by, limit)]


def title(by: str) -> str:
    """What stands above a table."""
    return f"Hotspots by {TITLES.get(by, grouping_of(by).header)}"


def _columns(x: Timed, by: str, limit: int) -> list[tuple[int, Cells]]:
    """The columns that have something to say, with their ranks."""
    grouping = grouping_of(by)
    if limit < 0:
        raise ValueError(f"a limit of 0 or more rows is needed, and got {limit}")
    table = _table(hotspots_of(records_of(x), by), grouping, by, limit)
    return [cells for column in COLUMNS if (cells := column.cells(table)) is not None]


@dataclass(frozen=True)
class _Table:
    """What the columns are made of: names, figures and the time of rows, the hotspots that are rows, and the sum of all."""

    grouping: Grouping
    by: str
    names: list[str]
    figures: list[Figures]
    other: list[int]  # cumulative, or of what shows that its own
    spots: list[Hotspot]
    whole: Figures


def _table(spots: list[Hotspot], grouping: Grouping, by: str, limit: int) -> _Table:
    """The most expensive rows, one for all others together, and one for all."""
    kept = set(sorted(range(len(spots)), key=lambda i: -spots[i].whole.total)[:limit]) if grouping.nested else range(limit)
    shown = [spot for i, spot in enumerate(spots) if i in kept]
    names = [grouping.name(spot.key) for spot in shown]
    figures = [spot.whole if grouping.nested else spot.own for spot in shown]
    other = [spot.own.total if grouping.nested else spot.whole.total for spot in shown]
    rest = [spot.own for i, spot in enumerate(spots) if i not in kept]
    sums = [(f"{len(rest)} more", _sum(rest))] if rest else []
    sums += [("total", _sum([spot.own for spot in spots]))] if spots else []
    names += [name for name, _ in sums]
    figures += [sum_ for _, sum_ in sums]
    other += [sum_.total for _, sum_ in sums]
    return _Table(grouping, by, names, figures, other, shown, sums[-1][1] if sums else Figures())


def _sum(parts: Sequence[Figures]) -> Figures:
    whole = Figures()
    for part in parts:
        whole.add(part)
    return whole


@dataclass(frozen=True)
class _Column:
    """A column: its texts, and where there is no room for all, which goes first: that of the highest rank, but none of 0."""

    header: Callable[[_Table], str]
    texts: Callable[[_Table], Sequence[str]]
    rank: int = 0
    style: str = ""
    right: bool = True

    def cells(self, table: _Table) -> tuple[int, Cells] | None:
        """The column ready to be laid out, with its rank; None if it has nothing to say and may be left out."""
        texts = self.texts(table)
        if self.rank and not any(texts):
            return None
        texts = [*map(one_line, texts), *[""] * (len(table.names) - len(texts))]
        sources = [*_sources(table), *[("", 0)] * len(table.names)] if self.style == "cyan" else ()
        return self.rank, Cells(self.header(table), texts, self.style, self.right, self.right, sources, cut=self.style == "dim")


def _figure(header: str, figure: Callable[[Figures], float], text: Callable[[float], str], rank: int = 0) -> _Column:
    """A column of numbers, left out where all are 0 unless its rank is."""

    def texts(table: _Table) -> list[str]:
        numbers = [figure(figures) for figures in table.figures]
        return [text(number) for number in numbers] if rank == 0 or any(numbers) else []

    return _Column(lambda table: header, texts, rank)


def _phase(header: str, phase: str, rank: int = 0) -> _Column:
    return _figure(header, lambda figures: figures.ns[phase], time_text, rank)


def _shares(table: _Table) -> list[str]:
    return [percent_text(figures.total, table.whole.total) for figures in table.figures]


def _other(table: _Table) -> list[str]:
    """The second time of rows that can have others inside."""
    return [time_text(ns) for ns in table.other] if table.by in OTHER_TIME else []


def _arguments(table: _Table) -> list[str]:
    """The time of each argument's gradient, the most expensive first; by operation without its name."""
    if table.by == "argument":
        return []
    most = 4 if table.by in ("op", "shape") else 1
    return [_argument_text(figures.arguments, most, most > 1) for figures in table.figures[: len(table.spots)]]


def _argument_text(arguments: dict[str, int], most: int, short: bool) -> str:
    ranked = sorted(arguments.items(), key=lambda item: -item[1])
    texts = [f"{name[name.rindex('[') :] if short else name} {time_text(ns)}" for name, ns in ranked[:most]]
    return "  ".join(texts) + (" …" if len(ranked) > most else "")


def _codes(table: _Table) -> list[str]:
    """The source line of each row that is one, if the file is there."""
    return [_code(*place) for place in _sources(table)]


def _sources(table: _Table) -> list[tuple[str, int]]:
    return [spot.key for spot in table.spots] if table.by == "line" else []


def _code(file: str, line: int) -> str:
    code = source_lines(file)[line - 1 : line] if line > 0 else []
    return shorten(code[0].strip(), LONGEST_CODE) if code else ""


# Adding a column is adding an entry here.
COLUMNS = (
    _Column(lambda table: table.grouping.header, lambda table: table.names, 0, "cyan", False),
    _figure("calls", lambda figures: figures.calls, lambda n: count_text(int(n))),
    _phase("forward", "forward"),
    _phase("backward", "backward"),
    _phase("adding up", "sum_outgrads", 3),
    _phase("recording", "record", 4),
    _Column(lambda table: "total", lambda table: [time_text(figures.total) for figures in table.figures]),
    _Column(lambda table: "%", _shares),
    _Column(lambda table: OTHER_TIME[table.by], _other, 1),
    _figure("made", lambda figures: figures.nbytes, memory_text, 5),
    _figure("kept", lambda figures: figures.kept, memory_text, 6),
    _Column(lambda table: "backward by argument", _arguments, 2, "dim", False),
    _Column(lambda table: "code", _codes, 1, "dim", False),
)


def _text(row: Row) -> Text:
    """A row for a terminal, with links to the source."""
    text = Text()
    for span in row:
        link = link_of(*span.source) if span.source and span.source[0] else ""
        text.append(span.text, Style.parse(span.style) + Style(link=link) if link else span.style)
    text.rstrip()
    return text
