"""Two traces compared as text, JSON or Markdown: nodes added, removed and changed, in order."""

from __future__ import annotations

import json
from collections.abc import Iterator

from autograd_tools import Trace
from autograd_tools.base.text import markdown_safe, one_line
from viewer.comparing.differences import Differences
from viewer.comparing.tolerance import MEANING
from viewer.drawing.looks import MARKS
from viewer.labels import plural
from viewer.text.lines import Row, Span

SIGNS = {
    "added": ("+", "green"),
    "removed": ("-", "red"),
    "changed": ("~", "yellow"),
}  # as in other programs that compare texts


def traces_rows(found: Differences, *, everything: bool = False) -> Iterator[Row]:
    """Yield the rows of the comparison; `everything` lists consequences of changes, too."""
    yield [Span(traces_heading(found), "bold")]
    digits = len(str(max(len(found.a), len(found.b))))
    for kind, old, new, text in listing(found, everything=everything):
        sign, style = SIGNS[kind]
        numbers = " ".join(f"{id or '':>{digits}}" for id in (old, new))
        yield [
            Span(f"{sign} {numbers}  ", style),
            Span(one_line(text), style if kind != "changed" else ""),
        ]
    if found.numbers:
        yield [Span(MEANING, "dim")]


def traces_json(found: Differences, *, everything: bool = False) -> str:
    """Return the comparison as JSON; 0 is the number of a missing node."""
    changes = [
        {"kind": kind, "before": old, "after": new, "text": text}
        for kind, old, new, text in listing(found, everything=everything)
    ]
    follow = sorted(found.follow - set(found.listed))
    return json.dumps(
        {"nodes": [len(found.a), len(found.b)], "changes": changes, "follow": follow},
        indent=1,
        ensure_ascii=False,
    )


def traces_markdown(found: Differences, *, everything: bool = False) -> str:
    """Return the comparison as a table in GitHub's Markdown."""
    lines = [
        f"**{traces_heading(found)}**",
        "",
        "| | before | after | node |",
        "| --- | ---: | ---: | --- |",
    ]
    for kind, old, new, text in listing(found, everything=everything):
        lines.append(f"| {kind} | {old or ''} | {new or ''} | {markdown_safe(text)} |")
    return "\n".join(lines if len(lines) > 4 else lines[:1])


def traces_heading(found: Differences) -> str:
    """Return the numbers of nodes and of differences."""
    if found.equal:
        return f"no difference in {plural(len(found.b), 'node')}"
    counts = (
        f"{len(found.added):,} added, {len(found.removed):,} removed, {len(found.listed):,} changed"
    )
    rest = len(found.follow - set(found.listed))
    more = f", and {rest:,} differ as a consequence" if rest else ""
    return f"{len(found.a):,} → {plural(len(found.b), 'node')}: {counts}{more}"


def traces_legend(found: Differences) -> str:
    """Return the legend of a drawing: the marks with their numbers."""
    if found.equal:
        return traces_heading(found)
    counts = {"added": found.added, "removed": found.removed, "changed": found.listed}
    rest = len(found.follow - set(found.listed))
    more = f"; {rest:,} more differ as a consequence" if rest else ""
    return ", ".join(f"{MARKS[kind][0]} {len(ids):,} {kind}" for kind, ids in counts.items()) + more


def listing(found: Differences, *, everything: bool) -> Iterator[tuple[str, int, int, str]]:
    """Yield the kind of each difference, its ids before and after (0 if missing), and its text."""
    backwards = {new: old for old, new in found.pairs.items()}
    shown = {*found.listed, *(found.numbers if everything else ())}
    for old, new in merged(found):
        if not new:
            yield "removed", old, 0, _listing(found.a, old)
        elif not old:
            yield "added", 0, new, _listing(found.b, new)
        elif new in shown:
            changes = [*found.changed.get(new, ()), *found.numbers.get(new, ())]
            yield "changed", backwards[new], new, f"{_call(found.b, new)}: {'; '.join(changes)}"


def _listing(trace: Trace, id: int) -> str:
    name = trace.columns.name[id - 1]
    return f"{name} = {trace.columns.listing(id - 1)}" if name else trace.columns.listing(id - 1)


def _call(trace: Trace, id: int) -> str:
    return trace.columns.name[id - 1] or trace.columns.call(id - 1)


def merged(found: Differences) -> Iterator[tuple[int, int]]:
    """Yield the ids of all nodes in both traces, 0 if missing, in the order of `b`."""
    backwards = {new: old for old, new in found.pairs.items()}
    ends, end = [], len(found.a) + 1  # by id in `b`: the node of `a` that it precedes
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
