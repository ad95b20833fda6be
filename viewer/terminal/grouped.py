"""The table of groups of nodes, one row for each scope, step, operation or line, in which gradients that vanish are seen."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from autograd_tools import Trace
from autograd_tools.base.formats import memory_text, time_text
from autograd_tools.base.text import one_line
from viewer.terminal.columns import COLUMNS, homes, paths, scopes
from viewer.terminal.subject import Options, Subject, note
from viewer.terminal.table import names_of
from viewer.text.lines import Row
from viewer.text.places import scope_text, source_text
from viewer.text.table import Cells, laid_out

BAR = 24  # columns


@dataclass(frozen=True)
class _Facts:
    """Sums over each group of nodes, and the extremes of their gradients; NaN where nothing is known."""

    names: Sequence[str]
    nodes: np.ndarray
    bytes: np.ndarray
    forward: np.ndarray
    backward: np.ndarray
    least: np.ndarray
    most: np.ndarray
    nan: np.ndarray


def grouped_rows(subject: Subject, options: Options, width: int | None) -> Iterator[Row]:
    """The rows of a table of groups: by "scope", "step", "op" or "line"."""
    if options.by not in GROUPINGS:
        raise ValueError(f"no table by {options.by!r}; there are: {', '.join(GROUPINGS)}")
    names = names_of(options.columns)
    for name in (*names, *([options.sort.removeprefix("-")] if options.sort else [])):
        if name not in GROUP_COLUMNS:
            raise ValueError(
                f"no column {name!r} in a table by {options.by}; there are: {', '.join(GROUP_COLUMNS)}"
            )
    facts = _facts(subject, GROUPINGS[options.by](subject.trace))
    order = _order(facts, options.sort)
    shown = order[: options.limit]
    names = names or [
        name for name in GROUP_COLUMNS if name in ALWAYS or any(GROUP_COLUMNS[name].texts(facts))
    ]
    columns = [
        _cells(options.by if name == "group" else name, GROUP_COLUMNS[name], facts, shown)
        for name in names
    ]
    left_out = len(order) - len(shown)
    yield from laid_out(
        columns,
        len(shown),
        width,
        after=len(shown) if left_out else 0,
        between=note(left_out, len(order)),
    )


def _facts(subject: Subject, keys: Sequence[Hashable]) -> _Facts:
    """What is known of each group, in the order in which their first nodes were computed."""
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
    """The groups in the order of a column; unknown ones last."""
    order = list(range(len(facts.names)))
    if sort:
        values = GROUP_COLUMNS[sort.removeprefix("-")].values(facts)
        known = [i for i in order if values[i] == values[i]]
        known.sort(key=lambda i: values[i], reverse=sort.startswith("-"))
        order = [*known, *(i for i in order if values[i] != values[i])]
    return order


@dataclass(frozen=True)
class _Column:
    """A fact about groups: the `values` of all, and the texts of them."""

    values: Callable[[_Facts], Sequence[float] | Sequence[str] | np.ndarray]
    texts: Callable[[_Facts], list[str]]
    style: str = ""
    right: bool = True
    whole: bool = True


def _cells(header: str, column: _Column, facts: _Facts, shown: Sequence[int]) -> Cells:
    texts = column.texts(facts)
    title = _axis(facts) if header == "gradients" else header
    return Cells(
        title, [texts[i] for i in shown], column.style, column.right, column.whole, name=header
    )


def _column(field: str, text: Callable[[float], str], style: str = "") -> _Column:
    def values(facts: _Facts) -> np.ndarray:
        return np.asarray(getattr(facts, field))

    return _Column(
        values,
        lambda facts: ["" if math.isnan(x) else text(x) for x in values(facts).tolist()],
        style,
    )


def _bounds(facts: _Facts) -> tuple[float, float] | None:
    """The powers of ten around all gradients that are not zero."""
    norms = [x for x in (*facts.least.tolist(), *facts.most.tolist()) if x > 0]
    if not norms:
        return None
    low, high = math.floor(math.log10(min(norms))), math.ceil(math.log10(max(norms)))
    return low, max(high, low + 1)


def _axis(facts: _Facts) -> str:
    """The header of the bars: the ends of their scale."""
    bounds = _bounds(facts)
    if bounds is None:
        return "gradients"
    low, high = (f"1e{power:+03d}" for power in bounds)
    return f"{low}{'∇norm'.center(BAR - len(low) - len(high))}{high}"


def _bars(facts: _Facts) -> list[str]:
    """A bar for each group, from its smallest gradient to its largest, on a scale of powers of ten."""
    bounds = _bounds(facts)
    if bounds is None:
        return [""] * len(facts.names)
    low, high = bounds
    bars = []
    for least, most in zip(facts.least.tolist(), facts.most.tolist(), strict=True):
        if not most > 0:
            bars.append("" if math.isnan(most) else "0")
            continue
        start, end = (
            round((math.log10(x) - low) / (high - low) * (BAR - 1)) if x > 0 else 0
            for x in (least, most)
        )
        bars.append("·" * start + "█" * (end - start + 1) + "·" * (BAR - 1 - end))
    return bars


# Adding a column is adding an entry here.
GROUP_COLUMNS: dict[str, _Column] = {
    "group": _Column(
        lambda facts: facts.names,
        lambda facts: [one_line(name) for name in facts.names],
        "magenta",
        False,
        False,
    ),
    "nodes": _column("nodes", lambda x: f"{x:.0f}"),
    "bytes": _column("bytes", memory_text),
    "forward": _column("forward", time_text),
    "backward": _column("backward", time_text),
    "∇min": _column("least", lambda x: f"{x:.3g}", "yellow"),
    "∇max": _column("most", lambda x: f"{x:.3g}", "yellow"),
    "∇nan": _column("nan", lambda x: f"{x:.0f}" if x else "", "red"),
    "gradients": _Column(lambda facts: facts.most, _bars, "yellow", False),
}
ALWAYS = ("group", "nodes", "bytes")  # the others are shown where there is something in them


def _steps(trace: Trace) -> list[str]:
    names = paths(trace, ("function", "scope", "loop", "step"))
    return [scope_text(names[home]) for home in homes(trace)]


def _lines(trace: Trace) -> list[str]:
    columns = trace.columns
    users = [
        row if file or not children else children[0] - 1
        for row, (file, children) in enumerate(zip(columns.file, columns.children, strict=True))
    ]
    places = [(columns.file[row], columns.line[row]) for row in users]
    texts = {place: source_text(*place) or "(unknown)" for place in set(places)}
    return [texts[place] for place in places]


# Adding a grouping is adding an entry here. Leaves belong to the scope around their uses, and the line of the first.
GROUPINGS: dict[str, Callable[[Trace], Sequence[Hashable]]] = {
    "scope": lambda trace: [scope_text(path) for path in scopes(trace)],
    "step": _steps,
    "op": lambda trace: [
        op or kind for op, kind in zip(trace.columns.op, trace.columns.kind, strict=True)
    ],
    "line": _lines,
}
