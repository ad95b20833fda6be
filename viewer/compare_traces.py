"""Two traces compared in words: what was added, removed and changed from the one to the other, in the order of the trace."""

from __future__ import annotations

from collections.abc import Iterator

from autograd_tools import Trace
from autograd_tools.text import one_line
from viewer.differences import Differences, differences
from viewer.inputs import Traceable, as_trace
from viewer.labels import plural
from viewer.lines import Row, Span
from viewer.looks import MARKS
from viewer.tolerance import MEANING, Tolerance

SIGNS = {"added": ("+", "green"), "removed": ("-", "red"), "changed": ("~", "yellow")}  # as in other programs that compare texts


def trace_rows(a: Traceable, b: Traceable, tolerance: Tolerance, *, everything: bool) -> Iterator[Row]:
    """The rows of the comparison of two traces; `everything` lists those too that differ because others do."""
    found = differences(as_trace(a), as_trace(b), tolerance)
    yield [Span(heading(found), "bold")]
    yield from _nodes(found, everything)
    if found.numbers:
        yield [Span(MEANING, "dim")]


def heading(found: Differences) -> str:
    """How many nodes there are, and how many differ."""
    if found.equal:
        return f"no difference in {plural(len(found.b), 'node')}"
    counts = f"{len(found.added):,} added, {len(found.removed):,} removed, {len(found.listed):,} changed"
    rest = len(found.follow - set(found.listed))
    more = f", and {rest:,} whose numbers differ because of these" if rest else ""
    return f"{len(found.a):,} → {plural(len(found.b), 'node')}: {counts}{more}"


def legend(found: Differences) -> str:
    """What the marks in a drawing mean, and how many of each there are."""
    if found.equal:
        return heading(found)
    counts = {"added": found.added, "removed": found.removed, "changed": found.listed}
    rest = len(found.follow - set(found.listed))
    more = f"; the numbers of {rest:,} more differ because of these" if rest else ""
    return ", ".join(f"{MARKS[kind][0]} {len(ids):,} {kind}" for kind, ids in counts.items()) + more


def _nodes(found: Differences, everything: bool) -> Iterator[Row]:
    digits = len(str(max(len(found.a), len(found.b))))
    backwards = {new: old for old, new in found.pairs.items()}
    shown = {*found.listed, *(found.numbers if everything else ())}
    for old, new in merged(found):
        if not new:
            yield _row("removed", digits, old, new, [_listing(found.a, old)])
        elif not old:
            yield _row("added", digits, old, new, [_listing(found.b, new)])
        elif new in shown:
            changes = [*found.changed.get(new, ()), *found.numbers.get(new, ())]
            yield _row("changed", digits, backwards[new], new, [_call(found.b, new), ": ", "; ".join(changes)])


def _row(kind: str, digits: int, old: int, new: int, texts: list[str]) -> Row:
    """A sign, the numbers of a node in both traces, and what is said of it."""
    sign, style = SIGNS[kind]
    numbers = " ".join(f"{id or '':>{digits}}" for id in (old, new))
    return [Span(f"{sign} {numbers}  ", style), *(Span(one_line(text), style if kind != "changed" else "") for text in texts)]


def _listing(trace: Trace, id: int) -> str:
    name = trace.columns.name[id - 1]
    return f"{name} = {trace.columns.listing(id - 1)}" if name else trace.columns.listing(id - 1)


def _call(trace: Trace, id: int) -> str:
    return trace.columns.name[id - 1] or trace.columns.call(id - 1)


def merged(found: Differences) -> Iterator[tuple[int, int]]:
    """The nodes of both traces in one order, as their ids in each, 0 for none: that of `b`, removed ones before what took their place."""
    backwards = {new: old for old, new in found.pairs.items()}
    ends, end = [], len(found.a) + 1  # by id in `b`: before which node of `a` it stands
    for new in range(len(found.b), 0, -1):
        end = min(end, backwards.get(new, end))
        ends.append(end)
    removed = iter([*found.removed, len(found.a) + 1])
    waiting = next(removed)
    for new, end in enumerate([*reversed(ends), len(found.a) + 1], 1):
        while waiting < end:
            yield waiting, 0
            waiting = next(removed)
        if new <= len(found.b):
            yield backwards.get(new, 0), new
