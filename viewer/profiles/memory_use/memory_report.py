"""The memory of a gradient as a report: a chart, tables, and the lines to change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from autograd_tools.base.formats import memory_text, percent_text, time_text
from autograd_tools.base.text import one_line
from viewer.labels import plural
from viewer.profiles.memory_use.plans import MemoryPlan
from viewer.profiles.memory_use.program_parts import LOOP
from viewer.profiles.memory_use.use import Holder, KeptTape, MemoryCourse, Peak
from viewer.text.lines import Row, Span, fold, plain, shorten
from viewer.text.places import NO_LINE, path_text, scope_text, source_text
from viewer.text.strips import chart
from viewer.text.table import Cells, laid_out

HEIGHT = 6  # rows of the chart
MOST_SHOWN = 8  # rows of a table
CODE = 60  # columns of code
MOST_REFUSED = 5


@dataclass(frozen=True)
class MemoryUse:
    """The memory of a gradient; `print` shows it as tables.

    Attributes
    ----------
    peak : Peak or None
        The most bytes at once, and the operation that reached it.
    keeps : bool
        All is kept for inspection, as `ag.diff` does. `ag.grad` and its kin free as they go.
    course : MemoryCourse or None
        The bytes over the time of the gradient.
    holders : list of Holder
        Why the arrays at the peak are held, and about the bytes of the tape's nodes.
    otherwise : int or None
        The peak of the other way: if `keeps` were another. None for other engines.
    tables : dict of str to list of dict
        The arrays saved at the peak, by "line", "argument" and "scope".
    plan : MemoryPlan or None
        The changes for a wanted peak.
    tapes : list of KeptTape
        Tapes of `ag.diff` that a program keeps alive beside the gradient.
    packed : int
        The number of operations whose saved arrays are unknown, as hooks pack them.
    code : dict of str to dict of int to str
        The code of the lines, by file.

    Of a profile, the peak and the course are unknown, and the tables are per gradient.
    """

    peak: Peak | None
    keeps: bool
    course: MemoryCourse | None
    holders: list[Holder]
    otherwise: int | None
    tables: dict[str, list[dict[str, Any]]]
    plan: MemoryPlan | None = None
    tapes: list[KeptTape] = field(default_factory=list)
    packed: int = 0
    code: dict[str, dict[int, str]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return all but the code in numbers, strings, lists and dicts, ready for JSON."""
        found = asdict(replace(self, plan=None, code={}))
        del found["code"]
        return {**found, "plan": None if self.plan is None else self.plan.to_dict()}

    def __str__(self) -> str:
        return str(plain(memory_rows(self)))

    def __repr__(self) -> str:
        return str(self)


def memory_rows(use: MemoryUse, limit: int = MOST_SHOWN, width: int | None = None) -> Iterator[Row]:
    """Yield the rows of a report on memory, as styled spans."""
    yield [Span("Memory of a gradient", "bold")]
    for sentence in _sentences(use):
        yield from fold([Span(sentence)], width)
    if use.course is not None and use.peak is not None:
        yield []
        yield from _chart(use.course, use.peak)
    if use.holders:
        yield []
        yield from _holders(use, width)
    for by, rows in use.tables.items():
        if rows:
            yield []
            yield from _table(use, by, rows, limit, width)
    if use.plan is not None:
        yield []
        yield from plan_rows(use.plan, width)


def _sentences(use: MemoryUse) -> Iterator[str]:
    if use.peak is None:
        yield "Arrays saved for the backward pass: in each row, the most that one gradient saves."
        return
    way, other = ("ag.diff, which keeps all values", "ag.grad would free them early and need")
    if not use.keeps:
        way, other = ("ag.grad, which frees values early", "ag.diff would keep them all and need")
    at = f" at {source_text(use.peak.file, use.peak.line)}" if use.peak.file else ""
    where = f"in the {use.peak.phase} pass of {use.peak.op}{at}"
    where = "at the end" if use.peak.phase == "end" else where
    yield f"At most {memory_text(use.peak.whole)}, {where}."
    if use.otherwise is None:
        way = "Values that the backward pass does not need are freed"
    else:
        way = f"This is the peak of {way}; {other} {memory_text(use.otherwise)}"
    yield f"{way}. Arrays from before the gradient do not count."
    if use.packed:
        yield (
            f"More is needed: {plural(use.packed, 'operation')} packed saved tensors with hooks, "
            "as in a checkpoint; their bytes and their recomputation are unknown."
        )
    for tape in use.tapes:
        yield (
            f"{plural(tape.count, 'tape')} of ag.diff from {tape.place} "
            f"{'stays' if tape.count == 1 else 'stay'} alive, too: {memory_text(tape.nbytes)}."
        )


def _chart(course: MemoryCourse, peak: Peak) -> Iterator[Row]:
    """Yield the bytes over the time of the gradient."""
    label = memory_text(peak.whole)
    for i, bars in enumerate(chart(course.nbytes, HEIGHT)):
        yield [Span(f"{label if i == 0 else '':>9} "), Span(bars, "cyan")]
    forward = "forward"[: course.forward].ljust(course.forward)
    yield [Span(f"{'':10}{forward}│backward"[: 10 + len(course.nbytes) + 1], "dim")]


def _holders(use: MemoryUse, width: int | None) -> Iterator[Row]:
    whole = sum(holder.nbytes for holder in use.holders)
    columns = [
        Cells("at the peak", [holder.name for holder in use.holders], "cyan"),
        _numbers("bytes", [memory_text(holder.nbytes) for holder in use.holders]),
        _numbers("%", [percent_text(holder.nbytes, whole) for holder in use.holders]),
        _numbers("arrays", [str(holder.arrays or "") for holder in use.holders]),
    ]
    yield from laid_out(columns, len(use.holders), width)


def _table(
    use: MemoryUse, by: str, rows: list[dict[str, Any]], limit: int, width: int | None
) -> Iterator[Row]:
    """Yield a table of what is saved, by line, argument or scope."""
    whole, shown = sum(row["nbytes"] for row in rows), rows[:limit]
    rest = sum(row["nbytes"] for row in rows[limit:])
    names = [*map(_name, shown), *([f"{len(rows) - limit} more"] if rest else [])]
    sizes = [*[row["nbytes"] for row in shown], *([rest] if rest else [])]
    places = [(row.get("file", ""), row.get("line", 0)) for row in shown] + [("", 0)] * bool(rest)
    columns = [
        Cells(by, names, "cyan", sources=places if by == "line" else ()),
        _numbers("saved", [*map(memory_text, sizes)]),
        _numbers("%", [percent_text(size, whole) for size in sizes]),
    ]
    if any(row["arrays"] for row in shown):
        columns.append(
            _numbers("arrays", [str(row["arrays"]) for row in shown] + [""] * bool(rest))
        )
    if by == "line":
        code = [
            shorten(use.code.get(file, {}).get(line, "").strip(), CODE) for file, line in places
        ]
        columns.append(Cells("code", code, "dim", cut=True))
    yield from laid_out(columns, len(names), width)


def _numbers(header: str, texts: list[str]) -> Cells:
    return Cells(header, texts, right=True, whole=True)


def _name(row: dict[str, Any]) -> str:
    """Return the name of a row by its facts."""
    if "file" in row:
        return source_text(row["file"], row["line"]) or NO_LINE
    if "scope" in row:
        return one_line(scope_text(row["scope"]))
    return one_line(f"{row['op']}[{row['argument']}]" if row["argument"] else row["op"])


# Plans.


def plan_rows(plan: MemoryPlan, width: int | None = None) -> Iterator[Row]:
    """Yield the lines to change for a budget, with what they do."""
    yield [Span(f"Plan for at most {plan.wanted}", "bold")]
    for sentence in plan_sentences(plan):
        yield from fold([Span(sentence)], width)
    for change in plan.changes:
        place = change.file, change.line
        before, after = change.before.splitlines(), change.after.splitlines()
        if len(before) == len(after) == 1:
            link = Span(f"{source_text(*place)}  ", "cyan", place)
            yield [link, Span(before[0].strip(), "dim"), Span(f"  →  {after[0].strip()}")]
            continue
        yield [Span(source_text(*place), "cyan", place)]
        yield from ([Span(f"- {line}", "red")] for line in before)
        yield from ([Span(f"+ {line}", "green")] for line in after)
    for file in dict.fromkeys(c.file for c in plan.changes if c.needs_import):
        yield from fold([Span(f"{path_text(file)} also needs: import autograd_tools as ag")], width)
    for refusal in plan.refused[:MOST_REFUSED]:
        name = "the loop" if refusal.part.name == LOOP else refusal.part.name
        where = f"{name} at {source_text(refusal.part.file, refusal.part.line)}"
        yield from fold([Span(f"Left out: {where}: {refusal.reason}.", "dim")], width)


def plan_sentences(plan: MemoryPlan) -> Iterator[str]:
    """Yield what a plan is predicted to do, and what it did."""
    if plan.before <= plan.budget:
        yield f"No plan is needed: the peak is {memory_text(plan.before)}."
        return
    if not plan.changes:
        yield (
            "Out of reach: wrapping calls or loops in ag.checkpoint does not lower the peak "
            f"of {memory_text(plan.before)}."
        )
        return
    if not plan.fits:
        yield f"Out of reach: the smallest peak is {memory_text(plan.peak)}."
    times = "time unknown, because the trace has no times"
    if plan.ns is not None and plan.ns_before:
        times = f"{plan.ns / plan.ns_before:.2f} times the time"
    yield (f"Predicted: {memory_text(plan.peak)} instead of {memory_text(plan.before)}, {times}.")
    if plan.note:
        yield plan.note
    tried = plan.outcome
    if tried is not None:
        same = f"to {tried.difference:.0e}" if tried.difference else "bit for bit"
        yield (
            f"Tried: {memory_text(tried.peak)} instead of {memory_text(tried.peak_before)}, "
            f"{time_text(tried.ns)} instead of {time_text(tried.ns_before)} "
            f"({tried.ns / tried.ns_before:.2f} times); same gradient {same}."
        )
