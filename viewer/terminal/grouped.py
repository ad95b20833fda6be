"""The table of groups: a row for each scope, step, operation or line.

It makes vanishing and exploding gradients easy to spot.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from autograd_tools import Trace
from autograd_tools.base.formats import memory_text, time_text
from autograd_tools.base.text import one_line, unknown
from viewer.terminal.columns import COLUMNS, homes, paths, scopes
from viewer.terminal.subject import Options, Subject, omitted
from viewer.terminal.table import names_of
from viewer.text.lines import Row
from viewer.text.places import scope_text, source_text
from viewer.text.table import Cells, laid_out

BAR = 24  # columns


@dataclass(frozen=True)
class _Facts:
    """Sums over each group of nodes, and the range of its gradient norms; NaN where unknown."""

    names: Sequence[str]
    nodes: np.ndarray
    bytes: np.ndarray
    forward: np.ndarray
    backward: np.ndarray
    least: np.ndarray
    most: np.ndarray
    nan: np.ndarray


def grouped_rows(subject: Subject, options: Options, width: int | None) -> Iterator[Row]:
    """Yield the rows of a table of groups by "scope", "step", "op" or "line"."""
    if options.by not in GROUPINGS:
        raise unknown("grouping", options.by, GROUPINGS)
    names = names_of(options.columns)
    for name in (*names, *([options.sort.removeprefix("-")] if options.sort else [])):
        if name not in GROUP_COLUMNS:
            raise unknown("group column", name, GROUP_COLUMNS)
    facts = _facts(subject, GROUPINGS[options.by](subject.trace))
    order = _order(facts, options.sort)
    shown = order[: options.limit]
    names = names or [
        name for name in GROUP_COLUMNS if name in ALWAYS or any(GROUP_COLUMNS[name].texts(facts))
    ]
    columns = [
        _cells(options.by if name == "group" else name, name, facts, shown) for name in names
    ]
    left_out = len(order) - len(shown)
    after = len(shown) if left_out else 0
    yield from laid_out(columns, len(shown), width, after, omitted(left_out, len(order)))


def _facts(subject: Subject, keys: Sequence[Hashable]) -> _Facts:
    """Return the facts of each group, in the order in which their first nodes were computed."""
    columns = subject.trace.columns
    rows = np.array(subject.ids, int) - 1
    numbers: dict[Hashable, int] = {}
    group = np.array([numbers.setdefault(keys[row], len(numbers)) for row in rows.tolist()], int)
    count = len(numbers)

    def total(values: Sequence[float] | np.ndarray) -> np.ndarray:
        known = np.asarray(values, float)[rows]
        there = ~np.isnan(known)
        sums = np.bincount(group[there], known[there], count)
        return np.where(np.bincount(group[there], minlength=count) > 0, sums, math.nan)

    least, most = np.full(count, math.nan), np.full(count, math.nan)
    norm = columns.outgrad.norm[rows]
    np.fmin.at(least, group, norm)
    np.fmax.at(most, group, norm)
    return _Facts(
        [str(key) for key in numbers],
        np.bincount(group, minlength=count),
        total(columns.value.nbytes),
        total(COLUMNS["forward"].values(subject.trace)),
        total(COLUMNS["backward"].values(subject.trace)),
        least,
        most,
        total(columns.outgrad.nans + columns.outgrad.infs),
    )


def _order(facts: _Facts, sort: str | None) -> list[int]:
    """Return the groups in the order of a column, unknown values last."""
    order = list(range(len(facts.names)))
    if sort:
        values = GROUP_COLUMNS[sort.removeprefix("-")].values(facts)
        known = [i for i in order if values[i] == values[i]]
        known.sort(key=lambda i: values[i], reverse=sort.startswith("-"))
        order = [*known, *(i for i in order if values[i] != values[i])]
    return order


@dataclass(frozen=True)
class _GroupColumn:
    """A fact about groups: its values, by which rows are sorted, and its texts."""

    values: Callable[[_Facts], Sequence[float] | Sequence[str] | np.ndarray]
    texts: Callable[[_Facts], list[str]]
    style: str = ""
    right: bool = True
    whole: bool = True


def _cells(header: str, name: str, facts: _Facts, shown: Sequence[int]) -> Cells:
    column = GROUP_COLUMNS[name]
    texts = column.texts(facts)
    title = _axis(facts) if name == "gradients" else header
    return Cells(
        title, [texts[i] for i in shown], column.style, column.right, column.whole, name=header
    )


def _numbers(field: str, text: Callable[[float], str], style: str = "") -> _GroupColumn:
    def values(facts: _Facts) -> np.ndarray:
        return np.asarray(getattr(facts, field))

    def texts(facts: _Facts) -> list[str]:
        return ["" if math.isnan(x) else text(x) for x in values(facts).tolist()]

    return _GroupColumn(values, texts, style)


def _bounds(facts: _Facts) -> tuple[float, float] | None:
    """Return the powers of ten around all gradients that are not zero."""
    norms = [x for x in (*facts.least.tolist(), *facts.most.tolist()) if x > 0]
    if not norms:
        return None
    low, high = math.floor(math.log10(min(norms))), math.ceil(math.log10(max(norms)))
    return low, max(high, low + 1)


def _axis(facts: _Facts) -> str:
    """Return the header of the bars: the ends of their scale."""
    bounds = _bounds(facts)
    if bounds is None:
        return "gradients"
    low, high = (f"1e{power:+03d}" for power in bounds)
    return f"{low}{'∇norm'.center(BAR - len(low) - len(high))}{high}"


def _bars(facts: _Facts) -> list[str]:
    """Return a bar from the smallest to the largest gradient of each group, on a log scale."""
    bounds = _bounds(facts)
    if bounds is None:
        return [""] * len(facts.names)
    low, high = bounds

    def position(x: float) -> int:
        return round((math.log10(x) - low) / (high - low) * (BAR - 1)) if x > 0 else 0

    bars = []
    for least, most in zip(facts.least.tolist(), facts.most.tolist(), strict=True):
        if not most > 0:
            bars.append("" if math.isnan(most) else "0")
            continue
        start, end = position(least), position(most)
        bars.append("·" * start + "█" * (end - start + 1) + "·" * (BAR - 1 - end))
    return bars


# The columns of a table of groups. To add one, add an entry here and, for a new fact, a field of
# `_Facts`; a test goes to tests/viewer/terminal/test_table.py.
GROUP_COLUMNS: dict[str, _GroupColumn] = {
    "group": _GroupColumn(
        lambda facts: facts.names,
        lambda facts: [one_line(name) for name in facts.names],
        "magenta",
        right=False,
        whole=False,
    ),
    "nodes": _numbers("nodes", lambda x: f"{x:.0f}"),
    "bytes": _numbers("bytes", memory_text),
    "forward": _numbers("forward", time_text),
    "backward": _numbers("backward", time_text),
    "∇min": _numbers("least", lambda x: f"{x:.3g}", "yellow"),
    "∇max": _numbers("most", lambda x: f"{x:.3g}", "yellow"),
    "∇nan": _numbers("nan", lambda x: f"{x:.0f}" if x else "", "red"),
    "gradients": _GroupColumn(lambda facts: facts.most, _bars, "yellow", right=False),
}
ALWAYS = ("group", "nodes", "bytes")  # the others are shown if any group has a value


def _steps(trace: Trace) -> list[str]:
    names = paths(trace, ("function", "scope", "loop", "step"))
    return [scope_text(names[home]) for home in homes(trace)]


def _operations(trace: Trace) -> list[str]:
    columns = trace.columns
    return [op or kind for op, kind in zip(columns.op, columns.kind, strict=True)]


def _lines(trace: Trace) -> list[str]:
    columns = trace.columns
    users = [
        row if file or not children else children[0] - 1
        for row, (file, children) in enumerate(zip(columns.file, columns.children, strict=True))
    ]
    places = [(columns.file[row], columns.line[row]) for row in users]
    texts = {place: source_text(*place) or "(unknown)" for place in set(places)}
    return [texts[place] for place in places]


# The groupings of a table. Leaves belong to the scope around their uses, and to the line of the
# first use. To add one, add an entry here that returns the group of each node, and a test.
GROUPINGS: dict[str, Callable[[Trace], Sequence[Hashable]]] = {
    "scope": lambda trace: [scope_text(path) for path in scopes(trace)],
    "step": _steps,
    "op": _operations,
    "line": _lines,
}
