"""The table of groups: a row for each scope, step, operation or line.

It makes vanishing and exploding gradients easy to spot.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from autograd_tools import Trace
from autograd_tools.base.formats import memory_text, time_text
from autograd_tools.base.text import one_line, unknown
from viewer.facts.columns import COLUMNS
from viewer.facts.scopes import NAMED, Path, homes, paths, scopes
from viewer.terminal.subject import Options, Subject, omitted
from viewer.terminal.table import names_of
from viewer.text.lines import Row, shorten
from viewer.text.places import OUTSIDE, place_texts
from viewer.text.table import Cells, laid_out

BAR = 24  # columns


# The facts of all groups by column: numbers, NaN where unknown, and the names of the groups.
Facts: TypeAlias = dict[str, Any]


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
    texts = {name: GROUP_COLUMNS[name].texts(name, facts) for name in GROUP_COLUMNS}
    columns = []
    for name in names or [name for name in texts if name in ALWAYS or any(texts[name])]:
        header = {"group": options.by, "gradients": _axis(facts)}.get(name, name)
        column, own = GROUP_COLUMNS[name], [shorten(texts[name][i], width) for i in shown]
        whole = name != "group"
        right = whole and name != "gradients"
        columns.append(Cells(header, own, column.style, right, whole, name=name))
    left_out = len(order) - len(shown)
    after = len(shown) if left_out else 0
    yield from laid_out(columns, len(shown), width, after, omitted(left_out, len(order)))


def _facts(subject: Subject, keys: Sequence[Hashable]) -> Facts:
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
    return {
        "group": [OUTSIDE if key is None else str(key) for key in numbers],
        "nodes": np.bincount(group, minlength=count),
        "bytes": total(columns.value.nbytes),
        "forward": total(COLUMNS["forward"].values(subject.trace)),
        "backward": total(COLUMNS["backward"].values(subject.trace)),
        "∇min": least,
        "∇max": most,
        "∇nan": total(columns.outgrad.nans + columns.outgrad.infs),
        "gradients": most,
    }


def _order(facts: Facts, sort: str | None) -> list[int]:
    """Return the groups in the order of a column, unknown values last."""
    order = list(range(len(facts["group"])))
    if sort:
        values = facts[sort.removeprefix("-")]
        known = [i for i in order if values[i] == values[i]]
        known.sort(key=lambda i: values[i], reverse=sort.startswith("-"))
        order = [*known, *(i for i in order if values[i] != values[i])]
    return order


def _each(text: Callable[[Any], str]) -> Callable[[str, Facts], list[str]]:
    """Return a function for the texts of a column whose values have a text each."""

    def texts(name: str, facts: Facts) -> list[str]:
        values = np.asarray(facts[name]).tolist()
        return ["" if isinstance(x, float) and math.isnan(x) else text(x) for x in values]

    return texts


def _bounds(facts: Facts) -> tuple[float, float] | None:
    """Return the powers of ten around all gradients that are not zero."""
    norms = [x for x in (*facts["∇min"].tolist(), *facts["∇max"].tolist()) if x > 0]
    if not norms:
        return None
    low, high = math.floor(math.log10(min(norms))), math.ceil(math.log10(max(norms)))
    return low, max(high, low + 1)


def _axis(facts: Facts) -> str:
    """Return the header of the bars: the ends of their scale."""
    bounds = _bounds(facts)
    if bounds is None:
        return "gradients"
    low, high = (f"1e{power:+03d}" for power in bounds)
    return f"{low}{'∇norm'.center(BAR - len(low) - len(high))}{high}"


def _bars(name: str, facts: Facts) -> list[str]:
    """Return a bar from the smallest to the largest gradient of each group, on a log scale."""
    low, high = _bounds(facts) or (0, 1)

    def position(x: float) -> int:
        return round((math.log10(x) - low) / (high - low) * (BAR - 1)) if x > 0 else 0

    bars = []
    for least, most in zip(facts["∇min"].tolist(), facts[name].tolist(), strict=True):
        if not most > 0:
            bars.append("0" if most == 0 and _bounds(facts) else "")
            continue
        start, end = position(least), position(most)
        bars.append("·" * start + "█" * (end - start + 1) + "·" * (BAR - 1 - end))
    return bars


@dataclass(frozen=True)
class _GroupColumn:
    """A column of a table of groups: the function for its texts, and its style."""

    texts: Callable[[str, Facts], list[str]]
    style: str = ""


# The columns of a table of groups. To add one, add an entry here and its values in `_facts`; a test
# goes to tests/viewer/terminal/test_table.py.
GROUP_COLUMNS = {
    "group": _GroupColumn(_each(one_line), "magenta"),
    "nodes": _GroupColumn(_each(str)),
    "bytes": _GroupColumn(_each(memory_text)),
    "forward": _GroupColumn(_each(time_text)),
    "backward": _GroupColumn(_each(time_text)),
    "∇min": _GroupColumn(_each("{:.3g}".format), "yellow"),
    "∇max": _GroupColumn(_each("{:.3g}".format), "yellow"),
    "∇nan": _GroupColumn(_each(lambda x: f"{x:.0f}" if x else ""), "red"),
    "gradients": _GroupColumn(_bars, "yellow"),
}
ALWAYS = ("group", "nodes", "bytes")  # the others are shown if any group has a value


def _steps(trace: Trace) -> list[Path | None]:
    around = paths(trace, (*NAMED, "step"))
    return [around[home] for home in homes(trace)]


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
    texts = place_texts(places)
    return [texts[place] for place in places]


# The groupings of a table. Leaves belong to the scope around their uses, and to the line of the
# first use. To add one, add an entry here that returns the group of each node, and a test.
GROUPINGS: dict[str, Callable[[Trace], Sequence[Hashable]]] = {
    "scope": scopes,
    "step": _steps,
    "op": _operations,
    "line": _lines,
}
