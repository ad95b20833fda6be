"""Two traces compared as text, JSON or Markdown: nodes added, removed and changed, in order."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from autograd_tools import Trace
from autograd_tools.base.text import markdown_safe, one_line
from viewer.comparing.differences import ChangeText, Differences
from viewer.comparing.tolerance import MEANING
from viewer.drawing.looks import MARKS
from viewer.labels import plural
from viewer.options import Mark
from viewer.text.lines import Row, Span

SIGNS = {
    "added": ("+", "green"),
    "removed": ("-", "red"),
    "changed": ("~", "yellow"),
    "numbers": ("±", "magenta"),
}  # as in other programs that compare texts
WORDS: dict[Mark, str] = {
    "added": "added",
    "removed": "removed",
    "changed": "changed",
    "numbers": "with different numbers",
}
Ids: TypeAlias = tuple[Mapping[int, int], Mapping[int, int]]  # in the union, by those in each trace


def traces_rows(found: Differences, *, everything: bool = False) -> Iterator[Row]:
    """Yield the rows of the comparison; `everything` lists consequences of changes, too."""
    digits = len(str(max(len(found.a), len(found.b))))
    yield from _rows(
        found,
        listing(found, everything=everything),
        lambda old, new: " ".join(f"{id or '':>{digits}}" for id in (old, new)),
    )


def union_rows(found: Differences, ids: Ids) -> Iterator[Row]:
    """Yield the rows of the comparison with the numbers of nodes in the union of both traces."""
    symbols = tuple({id: f"v{number}" for id, number in own.items()} for own in ids)
    yield from _rows(
        found,
        listing(found, everything=False, symbols=symbols),
        lambda old, new: symbols[1][new] if new else symbols[0][old],
    )


def _rows(
    found: Differences,
    listed: Iterable[tuple[str, int, int, str]],
    numbers: Callable[[int, int], str],
) -> Iterator[Row]:
    yield [Span(traces_heading(found), "bold")]
    for kind, old, new, text in listed:
        sign, style = SIGNS[kind]
        is_whole = kind in ("added", "removed")
        yield [
            Span(f"{sign} {numbers(old, new)}  ", style),
            Span(one_line(text), style if is_whole else ""),
        ]
    if found.numbers:
        yield [Span(MEANING, "dim")]


def traces_json(found: Differences, *, everything: bool = False) -> str:
    """Return the comparison as JSON; 0 is the number of a missing node."""
    changes = [
        {"kind": kind, "before": old, "after": new, "text": text}
        for kind, old, new, text in listing(found, everything=everything)
    ]
    return json.dumps(
        {"nodes": [len(found.a), len(found.b)], "changes": changes, "follow": found.consequences},
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
    nodes, precisions = plural(len(found.b), "node"), "".join(f", {x}" for x in found.precisions)
    if found.equal:
        return f"no difference in {nodes}{precisions}"
    more = f", and {rest:,} differ as a consequence" if (rest := len(found.consequences)) else ""
    if found.is_same_structure:
        numbers = f"{found.counts['numbers']:,} {WORDS['numbers']}"
        return f"same structure in {nodes}{precisions}: {numbers}{more}"
    counts = _counts(found, lambda mark, count: f"{count} {WORDS[mark]}")
    return f"{len(found.a):,} → {nodes}{precisions}: {counts}{more}"


def traces_legend(found: Differences) -> str:
    """Return the legend of a drawing: the marks with their numbers."""
    if found.equal:
        return traces_heading(found)
    counts = _counts(found, lambda mark, count: f"{MARKS[mark][0]} {count} {WORDS[mark]}")
    rest = len(found.consequences)
    return counts + (f"; {rest:,} more differ as a consequence" if rest else "")


def _counts(found: Differences, text: Callable[[Mark, str], str]) -> str:
    """Return the numbers of nodes by mark; that of other numbers only where there are some."""
    counts = {mark: n for mark, n in found.counts.items() if n or mark != "numbers"}
    return ", ".join(text(mark, f"{n:,}") for mark, n in counts.items())


def listing(
    found: Differences, *, everything: bool, symbols: Sequence[Mapping[int, str]] | None = None
) -> Iterator[tuple[str, int, int, str]]:
    """Yield the kind of each difference, its ids before and after (0 if missing), and its text.

    The text has the `symbols` of nodes of each trace, or else their numbers.
    """
    backwards = {new: old for old, new in found.pairs.items()}
    shown = {*found.direct, *(found.numbers if everything else ())}
    for old, new in merged(found):
        if not new:
            yield "removed", old, 0, _listing(found.a, old)
        elif not old:
            yield "added", 0, new, _listing(found.b, new)
        elif new in shown:
            changes = [_change(x, symbols) for x in found.changed.get(new, ())]
            text = "; ".join([*changes, *found.numbers.get(new, ())])
            kind = "changed" if new in found.changed else "numbers"
            yield kind, backwards[new], new, f"{_call(found.b, new)}: {text}"


def _change(change: ChangeText, symbols: Sequence[Mapping[int, str]] | None) -> str:
    if isinstance(change, str):
        return change
    old, new, before = change
    if symbols:
        return f"input from {symbols[0][old]} → {symbols[1][new]}"
    return f"input from node {old} → node {new} (before: {before})"


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
