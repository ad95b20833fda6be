"""The columns of a table of hotspots."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from autograd_tools.base.formats import count_text, memory_text, percent_text, time_text
from autograd_tools.base.text import one_line
from viewer.profiles.groupings import Figures
from viewer.text.lines import shorten
from viewer.text.places import source_lines
from viewer.text.table import Cells

OTHER_TIME = {
    "scope": "cumulative",
    "tree": "self",
}  # what the second time of rows is that can have others inside
LONGEST_CODE = 60


@dataclass(frozen=True)
class Line:
    """A line of the table: its name, its figures, the time that is cumulative or its own, and the place if it is a line of code."""

    name: str
    figures: Figures
    other: int
    place: tuple[str, int] | None = None


@dataclass(frozen=True)
class Table:
    """The lines of a table by something, whose name is its `header`, and below them `sums`: of those left out, and of all."""

    by: str
    header: str
    lines: list[Line]
    sums: list[Line]

    @property
    def all(self) -> list[Line]:
        """The lines and the sums."""
        return [*self.lines, *self.sums]


@dataclass(frozen=True)
class Column:
    """A column: its header, the texts of the first lines, and its rank.

    Where there is no room for all, those of the highest rank are left out, and those of rank 0 never.
    """

    header: Callable[[Table], str]
    texts: Callable[[Table], Sequence[str]]
    rank: int = 0
    style: str = ""
    number: bool = True
    cut: bool = False  # rather than folded
    linked: bool = False  # to the line of code

    def cells(self, table: Table) -> tuple[int, Cells] | None:
        """The column ready to be laid out, with its rank; None if it has nothing to say and may be left out."""
        texts = self.texts(table)
        if self.rank and not any(texts):
            return None
        size = len(table.lines) + len(table.sums)
        texts = [*map(one_line, texts), *[""] * (size - len(texts))]
        return self.rank, Cells(
            self.header(table), texts, self.style, self.number, self.number, cut=self.cut
        )


def _figure(
    header: str, figure: Callable[[Figures], int], text: Callable[[float], str], rank: int = 0
) -> Column:
    """A column of numbers, left out where all are 0 unless its rank is."""

    def texts(table: Table) -> list[str]:
        numbers = [figure(line.figures) for line in table.all]
        return [text(number) for number in numbers] if rank == 0 or any(numbers) else []

    return Column(lambda table: header, texts, rank)


def _phase(header: str, phase: str, rank: int = 0) -> Column:
    return _figure(header, lambda figures: figures.ns[phase], time_text, rank)


def _shares(table: Table) -> list[str]:
    return [percent_text(line.figures.total, table.sums[-1].figures.total) for line in table.all]


def _others(table: Table) -> list[str]:
    return [time_text(line.other) for line in table.all] if table.by in OTHER_TIME else []


def _arguments(table: Table) -> list[str]:
    """The time of each argument's gradient, the most expensive first; by operation without its name."""
    if table.by == "argument":
        return []
    most = 4 if table.by in ("op", "shape") else 1
    return [_argument_text(line.figures.arguments, most, most > 1) for line in table.lines]


def _argument_text(arguments: dict[str, int], most: int, short: bool) -> str:
    ranked = sorted(arguments.items(), key=lambda item: -item[1])
    texts = [
        f"{name[name.rindex('[') :] if short else name} {time_text(ns)}"
        for name, ns in ranked[:most]
    ]
    return "  ".join(texts) + (" …" if len(ranked) > most else "")


def _code(line: Line) -> str:
    """The source line, if the line is one and the file is there."""
    file, number = line.place or ("", 0)
    code = source_lines(file)[number - 1 : number] if number > 0 else []
    return shorten(code[0].strip(), LONGEST_CODE) if code else ""


# Adding a column is adding an entry here.
COLUMNS = (
    Column(
        lambda table: table.header,
        lambda table: [line.name for line in table.all],
        style="cyan",
        number=False,
        linked=True,
    ),
    _figure("calls", lambda figures: figures.calls, lambda n: count_text(int(n))),
    _phase("forward", "forward"),
    _phase("backward", "backward"),
    _phase("adding up", "sum_outgrads", 3),
    _figure("total", lambda figures: figures.total, time_text),
    Column(lambda table: "%", _shares),
    Column(lambda table: OTHER_TIME[table.by], _others, 1),
    _phase("recording", "record", 4),
    _figure("made", lambda figures: figures.nbytes, memory_text, 5),
    _figure("kept", lambda figures: figures.kept, memory_text, 6),
    Column(lambda table: "backward by argument", _arguments, 2, "dim", number=False, cut=True),
    Column(
        lambda table: "code",
        lambda table: list(map(_code, table.lines)),
        1,
        "dim",
        number=False,
        cut=True,
    ),
)
