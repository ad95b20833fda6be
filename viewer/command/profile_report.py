"""What `autograd-tools profile` says at its end, in the formats that it can say it in."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pyinstrument.session import Session
from rich.console import Console
from rich.text import Text

from autograd_tools import Timer
from autograd_tools.base.formats import count_text, memory_text, percent_text, time_text
from autograd_tools.base.text import markdown_safe
from autograd_tools.timing import Counts, Record
from autograd_tools.timing.records import PHASES
from viewer.command.sample_text import sample_lines
from viewer.profiles.annotation import annotated_lines
from viewer.profiles.hotspot_tables import hotspot_cells, hotspot_lines, hotspot_rows, title
from viewer.profiles.patterns import NONE, tip_rows, tips
from viewer.profiles.roofline import arithmetic_rows
from viewer.profiles.timings import timer_lines
from viewer.terminal.text import write
from viewer.text.lines import as_text
from viewer.text.table import Cells

FORMAT, VERSION = "autograd_tools.report", 1
TABLES = ("op", "line", "scope")
LONGEST = 120  # characters in a cell


@dataclass(frozen=True)
class Report:
    """What there is to say: what was measured, how many rows of it, with the timer's whole table or not, with arithmetic or not,
    and samples if any. `gradients` says which of the script's were measured, if that is not all. The tables are `by` these, or
    else the usual ones.
    """

    timer: Timer
    limit: int = 12
    table: bool = False
    session: Session | None = None
    gradients: str = ""
    by: tuple[str, ...] = ()
    arithmetic: bool = False

    @property
    def has_shapes(self) -> bool:
        """Whether there is something to give tips about: an old profile tells nothing of arrays."""
        return any(record.operands for record in self.timer.records)


def text(report: Report) -> None:
    """Print hotspots by operation and by line, and how much of the run they are; in colour on a terminal."""
    console, width = _console()
    blocks = [
        hotspot_lines(report.timer, by, limit=report.limit, width=width)
        for by in report.by or ("op", "line")
    ]
    if report.arithmetic:
        blocks.append(
            [
                as_text(row)
                for row in arithmetic_rows(report.timer, "op", limit=report.limit, width=width)
            ]
        )
    if report.has_shapes:
        blocks.append([as_text(row) for row in tip_rows(report.timer, width=width)])
    blocks.append([Text(line) for line in summary(report)])
    blocks += [timer_lines(report.timer, width=width)] if report.table else []
    blocks += [sample_lines(report.session, width=width)] if report.session else []
    _print(blocks, console)


def annotated(report: Report, file: str | None) -> None:
    """Print the source with the times in its margin."""
    console, width = _console()
    _print([annotated_lines(report.timer, file, width)], console)


def _console() -> tuple[Console, int | None]:
    """Where to print, and how wide it is if it is a terminal."""
    console = Console(highlight=False, markup=False)
    return console, console.width if console.is_terminal else None


def _print(blocks: Iterable[list[Text]], console: Console) -> None:
    for block in blocks:
        if console.is_terminal:
            console.print()
            console.print(*block, sep="\n")
        else:
            write("\n" + "\n".join(line.plain for line in block), console.file)


def summary(report: Report) -> Iterator[str]:
    """What share of the whole run the tables are about, and which gradients."""
    calls, spent = totals(report.timer)
    total = report.timer.total_ns
    engine = spent["record"] + spent["sum_outgrads"]
    parts = (
        ("forward", spent["forward"]),
        ("backward", spent["backward"]),
        ("tracing and accumulating", engine),
    )
    shares = ", ".join(f"{what} {time_text(ns)} ({percent_text(ns, total)})" for what, ns in parts)
    rest = "the rest is your own code and call overhead"
    yield f"{count_text(calls)} operations in a run of {time_text(total)}: {shares}; {rest}."
    shot = report.timer.snapshot()
    if shot.section_cost_ns:
        share = percent_text(shot.own_ns, total)
        yield f"The timer itself took about {time_text(shot.own_ns)} of the run ({share}), partly included in tracing."
    if (peak := report.timer.peak_bytes) is not None:
        yield f"All arrays together: {memory_text(peak)} at the most."
    if report.gradients:
        yield report.gradients


def totals(timer: Timer) -> tuple[int, dict[str, int]]:
    """How many operations there were, and the nanoseconds of each phase."""
    calls, spent = 0, dict.fromkeys(PHASES, 0)
    for record, counts in timer.records.items():
        calls += counts.calls * (record.phase == "forward")
        spent[record.phase] += counts.ns
    return calls, spent


def to_json(report: Report) -> str:
    """All records with names for their numbers, and their totals; nanoseconds and bytes."""
    calls, spent = totals(report.timer)
    records = [_record(record, counts) for record, counts in report.timer.records.items()]
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
        "records": records,
    }
    return json.dumps(document, indent=1) + "\n"


def _tips(report: Report) -> list[str]:
    """Each tip as a line of text."""
    return (
        [line for line in tips(report.timer).splitlines() if not line.startswith(NONE)]
        if report.has_shapes
        else []
    )


def _record(record: Record, counts: Counts) -> dict[str, Any]:
    operands = [operand._asdict() for operand in record.operands]
    return {
        **record._asdict(),
        "operands": operands,
        **counts._asdict(),
        "samples": dict(counts.samples),
    }


def to_markdown(report: Report) -> str:
    """The tables in the Markdown of GitHub, for a comment on a pull request."""
    parts = ["\n".join(map(markdown_safe, summary(report)))]
    for by in report.by or TABLES:
        columns = columns_of(report, by)
        marks = ["---:" if cells.right else "---" for cells in columns]
        lines: list[Sequence[str]] = [[markdown_safe(cells.header) for cells in columns], marks]
        lines += zip(
            *([markdown_safe(text) for text in cells.texts] for cells in columns), strict=True
        )
        parts.append(
            "\n".join([f"### {title(by)}", "", *(f"| {' | '.join(line)} |" for line in lines)])
        )
    found = _tips(report)
    if found:
        parts.append("\n".join(["### Tips", "", *(f"- {markdown_safe(line)}" for line in found)]))
    return "\n\n".join(parts) + "\n"


def columns_of(report: Report, by: str) -> list[Cells]:
    """The columns of a table. Of a long name, such as the scopes of a recursion, there are the beginning and the end."""

    def cut(text: str) -> str:
        return text if len(text) <= LONGEST else f"{text[: LONGEST // 2]} … {text[-LONGEST // 2 :]}"

    return [
        replace(cells, texts=[*map(cut, cells.texts)])
        for cells in hotspot_cells(report.timer, by, report.limit)
    ]


# Adding a format for machines is adding an entry here.
FORMATS: dict[str, Callable[[Report], str]] = {"json": to_json, "markdown": to_markdown}
