"""The report of `autograd-tools profile`, as text, JSON or Markdown."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any

from pyinstrument.session import Session
from rich.console import Console

from autograd_tools import History, Timer, Trace
from autograd_tools.base.text import markdown_safe
from autograd_tools.timing import Counts, Record
from autograd_tools.tracing.history_files import data_of
from viewer.command.sample_text import sample_rows
from viewer.options import HotspotBy
from viewer.profiles.advice import NO_TIPS, tips
from viewer.profiles.annotation import annotated_rows
from viewer.profiles.hotspot_tables import hotspot_cells, hotspot_rows, title
from viewer.profiles.hottest_line import HottestLine, hottest_rows
from viewer.profiles.measured import records_of
from viewer.profiles.memory_use.memory_report import MemoryUse, memory_rows
from viewer.profiles.overview import SHOWN, has_shapes, overview, summary, totals
from viewer.terminal.history import history_rows
from viewer.text.lines import Row, Span, painted, plain_lines, write
from viewer.text.table import Cells

FORMAT, VERSION = "autograd_tools.report", 1
TABLES: tuple[HotspotBy, ...] = ("op", "line", "scope")
LONGEST_CELL = 120  # characters

# The style of a row of the timer's table, from a percentage of all that was measured on; the limits
# are those of TimerOutputs.jl.
ROW_STYLES = ((36, "bold red"), (12, ""), (0, "dim"))
TABLE_HEAD = 7  # lines above the rows


@dataclass(frozen=True)
class Report:
    """A profile, and the parts of it to report.

    `limit` is the number of rows in a table, `table` adds the timer's table. `gradients` says which
    of the script's gradients were measured, if not all. `by` names the tables of hotspots. A page
    shows the `trace` of one gradient.
    """

    timer: Timer
    limit: int = 12
    table: bool = False
    session: Session | None = None
    gradients: str = ""
    by: tuple[HotspotBy, ...] = ()
    arithmetic: bool = False
    history: History | None = None
    memory: MemoryUse | None = None
    trace: Trace | None = None
    hottest: HottestLine | str | None = None  # a text says why there is none


def print_text(report: Report) -> None:
    """Print the report, in colour on a terminal."""
    console, width = _console()
    timer, limit = report.timer, report.limit
    # All rows are made before the first is printed, because a table may raise an error.
    blocks = overview(
        timer,
        *(report.by or SHOWN),
        limit=limit,
        width=width,
        arithmetic=report.arithmetic,
        gradients=report.gradients,
    )
    blocks += [hottest_rows(report.hottest, width)] if report.hottest else []
    blocks += [[*timer_rows(timer, width)]] if report.table else []
    blocks += [[*memory_rows(report.memory, limit, width)]] if report.memory else []
    blocks += [[*sample_rows(report.session, width=width)]] if report.session else []
    for block in blocks:
        _print(block, console)
    if report.history:
        print_history(report.history, limit)


def print_history(history: History, limit: int) -> None:
    """Print a history of gradients, with at most so many rows of Params."""
    console, width = _console()
    for block in history_rows(history, limit=limit, width=width):
        _print(block, console)


def print_source(report: Report, file: str | None) -> None:
    """Print the source with its times in the margin."""
    console, width = _console()
    _print(annotated_rows(report.timer, file, width), console)


def _console() -> tuple[Console, int | None]:
    """Return the console, and its width if it is a terminal."""
    console = Console(highlight=False, markup=False)
    return console, console.width if console.is_terminal else None


def _print(rows: Iterable[Row], console: Console) -> None:
    if console.is_terminal:
        write(["", *painted(rows, console)], console.file)
    else:
        write(["", *plain_lines(rows)], console.file)


def timer_rows(timer: Timer, width: int | None) -> Iterator[Row]:
    """Yield the rows of the timer's table; expensive ones are red, cheap ones dim."""
    shares = [row.percent or 0 for row in timer.rows()]
    styles = [next(style for limit, style in ROW_STYLES if share >= limit) for share in shares]
    lines = timer.table(width=width).splitlines()
    for line, style in zip_longest(lines, [*[""] * TABLE_HEAD, *styles], fillvalue=""):
        yield [Span(line, style)]


def to_json(report: Report) -> str:
    """Return the totals, tables, tips and records as JSON, in nanoseconds and bytes."""
    calls, spent = totals(report.timer)
    records = [_record(record, counts) for record, counts in records_of(report.timer).items()]
    document = {
        "format": FORMAT,
        "version": VERSION,
        "operations": calls,
        "total_ns": report.timer.total_ns,
        **{f"{phase}_ns": ns for phase, ns in spent.items()},
        "peak_bytes": report.timer.peak_bytes,
        "gradients": report.gradients,
        "tables": {by: hotspot_rows(report.timer, by) for by in report.by or TABLES},
        "tips": _tips(report),
        **({"memory": report.memory.to_dict()} if report.memory else {}),
        **_hottest(report),
        "records": records,
    }
    if report.history:
        document["history"] = [*map(data_of, report.history.series)]
    return json.dumps(document, indent=1) + "\n"


def _hottest(report: Report) -> dict[str, Any]:
    found = report.hottest
    return {"hottest_line": found.to_dict()} if isinstance(found, HottestLine) else {}


def _tips(report: Report) -> list[str]:
    """Return each tip as a line of text."""
    lines = tips(report.timer).splitlines() if has_shapes(report.timer) else []
    return [line for line in lines if not line.startswith(NO_TIPS)]


def _record(record: Record, counts: Counts) -> dict[str, Any]:
    operands = [operand._asdict() for operand in record.operands]
    return {
        **record._asdict(),
        "operands": operands,
        **counts._asdict(),
        "samples": dict(counts.samples),
    }


def to_markdown(report: Report) -> str:
    """Return the tables in GitHub's Markdown, for a comment on a pull request."""
    blocks = ["\n".join(map(markdown_safe, summary(report.timer, report.gradients)))]
    for by in report.by or TABLES:
        columns = columns_of(report, by)
        marks = ["---:" if cells.right else "---" for cells in columns]
        lines: list[Sequence[str]] = [[markdown_safe(cells.header) for cells in columns], marks]
        lines += zip(*([*map(markdown_safe, cells.texts)] for cells in columns), strict=True)
        rows = (f"| {' | '.join(line)} |" for line in lines)
        blocks.append("\n".join([f"### {title(by)}", "", *rows]))
    if found := _tips(report):
        blocks.append("\n".join(["### Tips", "", *(f"- {markdown_safe(line)}" for line in found)]))
    for block in history_rows(report.history, limit=report.limit) if report.history else ():
        shown = [line.replace("```", "") for line in plain_lines(block)]
        blocks.append("\n".join(["```text", *shown, "```"]))
    if report.memory:
        shown = [*plain_lines(memory_rows(report.memory, report.limit))]
        blocks.append("\n".join(["### Memory", "", "```text", *shown, "```"]))
    if report.hottest:
        heading, *shown = plain_lines(hottest_rows(report.hottest, None))
        blocks.append("\n".join([f"### {heading}", "", "```text", *shown, "```"]))
    return "\n\n".join(blocks) + "\n"


def columns_of(report: Report, by: str) -> list[Cells]:
    """Return the columns of a table; a long name keeps its beginning and end."""
    return [
        replace(cells, texts=[*map(_cut, cells.texts)])
        for cells in hotspot_cells(report.timer, by, report.limit)
    ]


def _cut(text: str) -> str:
    half = LONGEST_CELL // 2
    return text if len(text) <= LONGEST_CELL else f"{text[:half]} … {text[-half:]}"


# The output formats besides text. To add one, add an entry with a function that returns the text.
REPORTS: dict[str, Callable[[Report], str]] = {"json": to_json, "markdown": to_markdown}
