"""The timer as a table, laid out like that of TimerOutputs.jl."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd_tools.text import columns as columns_of
from autograd_tools.text import one_line
from autograd_tools.timing.formats import count_text, memory_text, percent_text, time_text
from autograd_tools.timing.section import Section

if TYPE_CHECKING:
    from autograd_tools.timing.measure import Timer


class Column(NamedTuple):
    """A column: the group it stands in, its header and width, and what it shows of a section, given the sum of all."""

    group: str
    header: str
    width: int
    cell: Callable[[Section, Section], str]


# Adding a column is adding an entry here.
COLUMNS = {
    "ncalls": Column("", "ncalls", 6, lambda s, total: count_text(s.ncalls)),
    "time": Column("Time", "time", 6, lambda s, total: time_text(s.ns)),
    "time_pct": Column("Time", "%tot", 6, lambda s, total: percent_text(s.ns, total.ns)),
    "time_avg": Column("Time", "avg", 6, lambda s, total: time_text(s.ns / s.ncalls) if s.ncalls else "-"),
    "alloc": Column("Allocations", "alloc", 7, lambda s, total: memory_text(s.nbytes)),
    "alloc_pct": Column("Allocations", "%tot", 6, lambda s, total: percent_text(s.nbytes, total.nbytes)),
    "alloc_avg": Column("Allocations", "avg", 7, lambda s, total: memory_text(s.nbytes / s.ncalls) if s.ncalls else "-"),
}

SORTS: dict[str, Callable[[tuple[str, Section]], Any]] = {
    "time": lambda row: -row[1].ns,
    "ncalls": lambda row: -row[1].ncalls,
    "alloc": lambda row: -row[1].nbytes,
    "name": lambda row: row[0],
    "first": lambda row: 0,  # in the order in which the sections were first entered
}


def table(timer: Timer, *, columns: Sequence[str] = tuple(COLUMNS), sortby: str = "time", title: str = "") -> str:
    """The sections of a timer as text: a row for each, nested ones below the one they are in.

    `columns` are names in `COLUMNS`, `sortby` one in `SORTS`. %tot is of the sum of the top sections; `Tot` is the time
    since the timer was reset. Allocations are the arrays that sections returned, without temporaries and views.
    """
    for names, known, what in ((columns, COLUMNS, "column"), ((sortby,), SORTS, "order")):
        unknown = [name for name in names if name not in known]
        if unknown:
            raise ValueError(f"no {what} {unknown[0]!r}; there are: {', '.join(known)}")
    root = timer.root
    total = timer.measured
    rows = list(_rows(root, sortby))
    name_width = max(columns_of(text) for text in ("Tot / % measured:", title, *(name for name, _ in rows)))
    groups = [_Group([COLUMNS[name] for name in columns if COLUMNS[name].group == g]) for g in ("", "Time", "Allocations")]
    groups = [group for group in groups if group.columns]
    measured = {"Time": f"{time_text(timer.total_ns)} / {percent_text(total.ns, timer.total_ns)}", "Allocations": memory_text(total.nbytes)}

    def line(name: str, parts: Sequence[str]) -> str:
        return f" {name}{' ' * (name_width - columns_of(name))}{''.join(parts)}".rstrip()

    body = [line(name, [group.cells(section, total) for group in groups]) for name, section in rows]
    header = line("Section", [group.headers() for group in groups])
    total_line = line("Tot / % measured:", [group.center(measured.get(group.name, "")) for group in groups])
    rule = "─" * max(map(columns_of, [header, total_line, *body]))
    lines = [
        rule,
        line(title, [group.center(group.name) for group in groups]),
        line("", [group.center("─" * group.width if group.name else "") for group in groups]),
        total_line,
        "",
        header,
        rule,
        *body,
        rule,
    ]
    return "\n".join([*lines, *_cost(timer)])


def _rows(section: Section, sortby: str, guide: str = "", depth: int = 0) -> Iterator[tuple[str, Section]]:
    """Names and sections in the order of display, nested names behind the lines of a tree."""
    children = sorted(section.children.items(), key=SORTS[sortby])
    for i, (label, child) in enumerate(children):
        last = i == len(children) - 1
        yield (guide + ("└─ " if last else "├─ ") + one_line(label) if depth else one_line(label)), child
        yield from _rows(child, sortby, guide + ("   " if last else "│  ") if depth else "", depth + 1)


class _Group:
    """Columns that stand under one heading."""

    def __init__(self, columns: list[Column]) -> None:
        self.columns = columns
        self.name = columns[0].group if columns else ""
        self.width = sum(c.width for c in columns) + 2 * (len(columns) - 1)

    def center(self, text: str) -> str:
        return "   " + text.center(self.width)

    def headers(self) -> str:
        return "   " + "  ".join(c.header.rjust(c.width) for c in self.columns)

    def cells(self, section: Section, total: Section) -> str:
        return "   " + "  ".join(c.cell(section, total).rjust(c.width) for c in self.columns)


def _cost(timer: Timer) -> list[str]:
    """What the timer itself cost, in a line below the table; nothing where nobody knows."""
    cost = timer.section_cost_ns
    if not cost:
        return []
    calls = sum(section.ncalls for _, section in timer.root.walk())
    whole = cost * calls
    return [f" The timer's own cost: {time_text(cost)} a section, {time_text(whole)} in all, {percent_text(whole, timer.total_ns)} of Tot."]
