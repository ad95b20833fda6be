"""The columns of a table of nodes, by which a search compares and a list is sorted."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeAlias

import numpy as np

from autograd_tools import Trace
from autograd_tools.base.formats import memory_text, percent_text, time_text
from autograd_tools.base.text import one_line, unknown
from autograd_tools.tracing.summaries import Summaries
from viewer.facts.scopes import scopes
from viewer.text.places import path_text, source_text

Values: TypeAlias = Sequence[Any] | np.ndarray

# The columns of a table by default, with their ranks: the highest is hidden first in a narrow
# terminal, rank 0 never.
DEFAULT = {"id": 0, "operation": 0, "value": 2, "∇norm": 1, "source": 3}
BARS = " ▁▂▃▄▅▆▇█"


@dataclass(frozen=True)
class Column:
    """A fact about each node: its `values`, the first for node 1, and the `text` of a value.

    The values of a `number` are floats or ints, NaN where unknown.
    """

    values: Callable[[Trace], Values]
    text: Callable[[Any], str]
    style: str = ""
    number: bool = False


def column(name: str) -> Column:
    """Return a column by name; `grad-norm` is another way to write `∇norm`."""
    name = f"∇{name.removeprefix('grad-')}" if name.startswith("grad-") else name
    if name not in COLUMNS:
        raise unknown("column", name, COLUMNS)
    return COLUMNS[name]


def _titles(trace: Trace) -> list[str]:
    columns = trace.columns
    return [
        op or f"{kind} {name}".rstrip()
        for kind, op, name in zip(columns.kind, columns.op, columns.name, strict=True)
    ]


def _texts(summaries: Summaries, missing: str) -> list[str]:
    """Return the texts of values, numbers in six digits."""
    is_number = [form.shape == () for form in summaries.forms]
    rows = zip(summaries.text, summaries.form.tolist(), summaries.mean.tolist(), strict=True)
    return [
        missing if form < 0 else f"{mean:.6g}" if is_number[form] and not math.isnan(mean) else text
        for text, form, mean in rows
    ]


def _backward(trace: Trace) -> list[float]:
    return [sum(times.values()) if times else math.nan for times in trace.columns.backward_ns]


def _times(trace: Trace) -> list[float]:
    forward = _known(trace.columns.forward_ns)
    backward = trace.columns.backward_ns
    return [ns + sum((rules or {}).values()) for ns, rules in zip(forward, backward, strict=True)]


def _known(numbers: Sequence[int | None]) -> list[float]:
    return [math.nan if n is None else n for n in numbers]


def allocated(trace: Trace) -> np.ndarray:
    """Return the bytes of the new arrays for the value and the gradient of each node.

    Memory counts once, at the oldest node that has it; NaN where it is unknown.
    """
    if (buffers := trace.columns.buffers) is None:
        return np.full(len(trace), math.nan)
    made = chain(buffers.value.items(), buffers.outgrad.items())
    return _first(len(trace), buffers.nbytes, made)


def saved_for_backward(trace: Trace) -> np.ndarray:
    """Return the bytes that the VJP rules of each node keep alive for the backward pass.

    An array counts once, at the oldest operation whose rule needs it; NaN where it is unknown.
    """
    if (buffers := trace.columns.buffers) is None:
        return np.full(len(trace), math.nan)
    kept = ((row, [number for _, number in own]) for row, own in buffers.saved.items())
    return _first(len(trace), buffers.nbytes, sorted(kept))


def _first(rows: int, nbytes: Sequence[int], held: Iterable[tuple[int, Iterable[int]]]) -> Any:
    """Return the bytes of the buffers of each row that no row before has."""
    found, known = np.zeros(rows), set[int]()
    for row, numbers in held:
        new = {*numbers} - known
        found[row] += sum(nbytes[number] for number in new)
        known |= new
    return found


def _count(column: str) -> Callable[[Summaries], Values]:
    """Return a column of counts, NaN where there is no value."""
    return lambda summaries: np.where(summaries.there, getattr(summaries, column), math.nan)


def _zeros(summaries: Summaries) -> np.ndarray:
    """Return the share of zeros among the elements of each value."""
    shapes = summaries.shape
    sizes = np.array([0 if shape is None else math.prod(shape) for shape in shapes], float)
    return np.divide(summaries.zeros, sizes, out=np.full(len(sizes), math.nan), where=sizes > 0)


def _histograms(summaries: Summaries) -> Sequence[tuple[int, ...]]:
    counts = getattr(summaries, "histogram", None)
    if counts is None:
        return [()] * len(summaries.text)
    return [() if row is None else tuple(row) for row in counts]


def sparkline(counts: Sequence[int]) -> str:
    """Return a bar for each count, full for the highest.

    >>> sparkline((0, 1, 4, 8))
    ' ▁▄█'
    """
    most = max(counts, default=0) or 1
    return "".join(BARS[math.ceil(count / most * 8)] for count in counts)


def _digits(x: float) -> str:
    return "" if math.isnan(x) else f"{x:.3g}"


def _number(text: Callable[[float], str]) -> Callable[[float], str]:
    return lambda x: "" if math.isnan(x) else text(x)


_INTEGER = _number(lambda x: str(int(x)))

# The columns that values and gradients share (`norm`, `∇norm`): their numbers and their text. To
# add one, add an entry here.
_STATISTICS: dict[str, tuple[Callable[[Summaries], Values], Callable[[Any], str]]] = {
    "bytes": (_count("nbytes"), _number(memory_text)),
    "min": (lambda s: s.min, _digits),
    "mean": (lambda s: s.mean, _digits),
    "max": (lambda s: s.max, _digits),
    "norm": (lambda s: s.norm, _digits),
    "zeros": (_zeros, _number(lambda x: percent_text(x, 1))),
    "nan": (_count("nans"), _INTEGER),
    "inf": (_count("infs"), _INTEGER),
}


def _statistics(prefix: str, of: Callable[[Trace], Summaries], style: str) -> dict[str, Column]:
    def column_of(
        values: Callable[[Summaries], Values], text: Callable[[Any], str], number: bool = True
    ) -> Column:
        return Column(lambda trace: values(of(trace)), text, style, number)

    found = {f"{prefix}{name}": column_of(*entry) for name, entry in _STATISTICS.items()}
    return {**found, f"{prefix}histogram": column_of(_histograms, sparkline, False)}


# The columns of a table of nodes. To add one, add an entry here, a test to
# tests/viewer/terminal/test_table.py and a row to docs/reference/table-columns.md; `show`, `where=`
# and `sort=` find it by its name.
COLUMNS: dict[str, Column] = {
    "id": Column(lambda trace: range(1, len(trace) + 1), str, "dim", True),
    "operation": Column(_titles, one_line, "cyan"),
    "op": Column(lambda trace: trace.columns.op, one_line, "cyan"),
    "name": Column(lambda trace: trace.columns.name, one_line, "green"),
    "kind": Column(lambda trace: trace.columns.kind, str),
    "value": Column(lambda trace: _texts(trace.columns.value, "R(None)"), one_line),
    "gradient": Column(lambda trace: _texts(trace.columns.outgrad, ""), one_line, "yellow"),
    "shape": Column(
        lambda trace: trace.columns.value.shape,
        lambda shape: "" if shape is None else "×".join(map(str, shape)) or "()",
    ),
    "dtype": Column(lambda trace: [dtype or "" for dtype in trace.columns.value.dtype], str),
    "source": Column(
        lambda trace: list(zip(trace.columns.file, trace.columns.line, strict=True)),
        lambda at: source_text(*at),
        "dim",
    ),
    "file": Column(lambda trace: trace.columns.file, path_text, "dim"),
    "line": Column(
        lambda trace: [line or math.nan for line in trace.columns.line], _INTEGER, "dim", True
    ),
    "scope": Column(scopes, lambda path: one_line(str(path or "")), "magenta"),
    "forward": Column(lambda trace: _known(trace.columns.forward_ns), _number(time_text), "", True),
    "backward": Column(_backward, _number(time_text), "", True),
    "time": Column(_times, _number(time_text), "", True),
    "allocated": Column(allocated, _number(memory_text), "", True),
    "saved": Column(saved_for_backward, _number(memory_text), "", True),
    **_statistics("", lambda trace: trace.columns.value, ""),
    **_statistics("∇", lambda trace: trace.columns.outgrad, "yellow"),
}
