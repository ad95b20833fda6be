"""The columns of a table of hotspots."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from autograd_tools.base.formats import count_text, memory_text, percent_text, time_text
from autograd_tools.base.text import one_line
from autograd_tools.timing.totals import Code
from viewer.profiles.groupings import Usage
from viewer.text.lines import shorten
from viewer.text.places import source_lines
from viewer.text.table import Cells

LONGEST_CODE = 60


@dataclass(frozen=True)
class HotspotRow:
    """A row of the table: a name, its figures, total and self time, and place if it is a line."""

    name: str
    usage: Usage
    total_ns: int
    self_ns: int
    place: tuple[str, int] | None = None


@dataclass(frozen=True)
class HotspotTable:
    """The rows of a table, and its sums: of the rows left out, and of all.

    `times` are the headers of its times, first that of the sum of the phases it shows.
    """

    by: str
    header: str
    times: tuple[str, ...]
    rows: list[HotspotRow]
    sums: list[HotspotRow]
    code: Code

    @property
    def all(self) -> list[HotspotRow]:
        """The rows and the sums."""
        return [*self.rows, *self.sums]


@dataclass(frozen=True)
class HotspotColumn:
    """A column: its header, the texts of the first rows (None: not in this table), and its rank.

    Where there is no room for all, columns of the highest rank are left out first, rank 0 never.
    """

    header: str
    texts: Callable[[HotspotTable], Sequence[str] | None]
    rank: int = 0
    style: str = ""
    number: bool = True
    cut: bool = False  # rather than folded

    def cells(self, table: HotspotTable) -> tuple[int, Cells] | None:
        """Return the column ready for layout, with its rank; None if it is not in this table."""
        texts = self.texts(table)
        if texts is None or (self.rank and not any(texts)):
            return None
        texts = [*map(one_line, texts), *[""] * (len(table.all) - len(texts))]
        header = self.header or table.header
        rank = 0 if header == table.times[0] else self.rank
        sources = [] if self.header else [row.place or ("", 0) for row in table.all]
        return rank, Cells(
            *(header, texts, self.style, self.number, self.number), cut=self.cut, sources=sources
        )


def _figure(
    header: str, figure: Callable[[Usage], int], text: Callable[[float], str], rank: int = 0
) -> HotspotColumn:
    """Return a column of numbers; one with a rank is not in a table where all are 0."""

    def texts(table: HotspotTable) -> list[str] | None:
        numbers = [figure(row.usage) for row in table.all]
        return [text(number) for number in numbers] if rank == 0 or any(numbers) else None

    return HotspotColumn(header, texts, rank)


def _phase(header: str, phase: str, rank: int = 0) -> HotspotColumn:
    return _figure(header, lambda usage: usage.ns[phase], time_text, rank)


def _self_times(table: HotspotTable) -> list[str] | None:
    return [time_text(row.self_ns) for row in table.all] if "self" in table.times else None


def _shares(table: HotspotTable) -> list[str]:
    whole = table.sums[-1].total_ns if table.sums else 0
    return [percent_text(row.usage.total_ns, whole) for row in table.all]


def _arguments(table: HotspotTable) -> list[str] | None:
    """Return the time of each argument's gradient, the most expensive first."""
    if table.by == "argument":
        return None
    most = 4 if table.by in ("op", "shape") else 1
    return [_argument_text(row.usage.arguments, most, most > 1) for row in table.rows]


def _argument_text(arguments: dict[str, int], most: int, short: bool) -> str:
    own: Iterable[tuple[str, int]] = arguments.items()
    if short:  # the row names the operation, whose gradients some engines time as a whole
        own = [(name, ns) for name, ns in own if name.endswith("]")]
    ranked = sorted(own, key=lambda item: -item[1])
    texts = [
        f"{name[name.rindex('[') :] if short else name} {time_text(ns)}"
        for name, ns in ranked[:most]
    ]
    return "  ".join(texts) + (" …" if len(ranked) > most else "")


def _codes(table: HotspotTable) -> list[str]:
    """Return the code of each row that is a line, as it was, or else as the file has it."""
    return [_code(row.place, table.code) if row.place else "" for row in table.rows]


def _code(place: tuple[str, int], known: Code) -> str:
    file, number = place
    code = known.get(file, {}).get(number, "")
    now = [] if code or number < 1 else source_lines(file)[number - 1 : number]
    return shorten((code or "".join(now)).strip(), LONGEST_CODE)


# To add a column, add an entry here; columns appear in this order.
HOTSPOT_COLUMNS = (
    HotspotColumn("", lambda table: [row.name for row in table.all], style="cyan", number=False),
    _figure("calls", lambda usage: usage.calls, lambda n: count_text(int(n))),
    _phase("forward", "forward"),
    _phase("backward", "backward"),
    _phase("accumulate", "sum_outgrads", 3),
    _phase("engine", "engine", 3),
    HotspotColumn("total", lambda table: [time_text(row.total_ns) for row in table.all], 1),
    HotspotColumn("self", _self_times, 1),
    HotspotColumn("%", _shares),
    _phase("tracing", "record", 4),
    _figure("allocated", lambda usage: usage.allocated, memory_text, 5),
    _figure("saved", lambda usage: usage.saved, memory_text, 6),
    HotspotColumn("backward by argument", _arguments, 2, "dim", number=False, cut=True),
    HotspotColumn("code", _codes, 1, "dim", number=False, cut=True),
)
