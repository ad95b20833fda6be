"""Heat: a number for each box, and the colours and the legend that show it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from autograd_tools import Trace
from autograd_tools.base.formats import memory_text, time_text
from autograd_tools.base.text import unknown
from viewer.drawing.looks import HEAT
from viewer.drawing.texts import copies_of
from viewer.graph import Box, Graph


@dataclass(frozen=True)
class Measure:
    """A measure of some nodes together, None where it is unknown.

    `missing` names the data that a trace lacks where no node has it, and says how to get it.
    `is_gradient` ones are no line of their own in a box, which shows its gradients.
    """

    title: str
    figure: Callable[[Trace, Iterable[int]], float | None]
    text: Callable[[float], str]
    missing: str
    is_gradient: bool = False
    logarithmic: bool = False


@dataclass(frozen=True)
class Heat:
    """The figures of the boxes of a graph, by key, and the bounds of the levels of colour."""

    measure: Measure
    figures: dict[str, float]
    bounds: tuple[float, ...]  # one more than levels

    def level(self, figure: float) -> int:
        """Return the level of a figure, counted from 0."""
        return sum(1 for bound in self.bounds[1:-1] if figure >= bound)

    def lines(self, figure: float, box: Box, others: Sequence[str]) -> list[str]:
        """Return the line of a figure in a box; none if one of the others has that gradient."""
        text = self.measure.text(figure)
        if not self.measure.is_gradient:
            return [f"{text} in all" if copies_of(box) > 1 else text]
        if len(box.nodes) < 2 or any(text in line.partition("∇ ")[2].split() for line in others):
            return []
        return [f"{self.measure.title.partition(' ')[0]} ∇ {text}"]

    def legend(self) -> tuple[str, ...]:
        """Return the title and the bounds of the levels."""
        return (self.measure.title, *dict.fromkeys(map(self.measure.text, self.bounds)))


def heat_of(graph: Graph, by: str) -> Heat:
    """Return the heat of a graph; raise ValueError if it is unknown, or if the trace lacks it."""
    if by not in [*MEASURES]:
        raise unknown("heat", by, MEASURES)
    measure = MEASURES[by]
    found = {key: measure.figure(graph.trace, box.nodes) for key, box in graph.boxes.items()}
    figures = {key: figure for key, figure in found.items() if figure is not None}
    if not figures and graph.boxes:
        raise ValueError(f"heat={by!r} needs {measure.missing}")
    return Heat(measure, figures, _bounds(measure, list(figures.values())))


def _bounds(measure: Measure, figures: list[float]) -> tuple[float, ...]:
    """Return equal steps from 0 to the largest figure, or equal factors from the smallest above 0.

    A factor is at most ten: smaller figures are rounding noise beside the largest and would hide
    the rest.
    """
    most = max(figures, default=0)
    least = min((figure for figure in figures if figure), default=0) if measure.logarithmic else 0
    least = max(least, most * 0.1 ** len(HEAT)) if math.isfinite(most) else least
    if least == most:
        return (least, most)
    levels = len(HEAT)
    if not measure.logarithmic:
        return tuple(most * n / levels for n in range(levels + 1))
    low, high = math.log(least), math.log(most)
    return tuple(math.exp(low + (high - low) * n / levels) for n in range(levels + 1))


def _time(trace: Trace, ids: Iterable[int]) -> float | None:
    forward, backward = trace.columns.forward_ns, trace.columns.backward_ns
    times = [ns for id in ids for ns in (forward[id - 1], *(backward[id - 1] or {}).values())]
    known = [ns for ns in times if ns is not None]
    return sum(known) if known else None


def _bytes(trace: Trace, ids: Iterable[int]) -> float | None:
    value = trace.columns.value
    known = [int(value.nbytes[id - 1]) for id in ids if value.there[id - 1]]
    return sum(known) if known else None


def _greatest(trace: Trace, ids: Iterable[int]) -> float | None:
    return max(_norms(trace, ids), default=None)


def _least(trace: Trace, ids: Iterable[int]) -> float | None:
    return min(_norms(trace, ids), default=None)


def _norms(trace: Trace, ids: Iterable[int]) -> list[float]:
    norms = (float(trace.columns.outgrad.norm[id - 1]) for id in ids)
    return [norm for norm in norms if not math.isnan(norm)]


NO_GRADIENTS = "gradients, which this trace lacks; trace a function that returns a scalar"


# The measures that colour a drawing, by name. To add one, add an entry here and a test in
# tests/viewer/drawing/test_heat.py; `to_dot(heat=)` and the command line find it.
MEASURES = {
    "time": Measure(
        "time, forward and backward",
        _time,
        time_text,
        "times, which this trace lacks; set AUTOGRAD_TIMER=1 before the program starts",
    ),
    "bytes": Measure(
        "bytes of the values",
        _bytes,
        lambda n: memory_text(n) if n else "0B",
        "values, which this trace lacks; trace with ag.diff, which keeps them",
    ),
    "gradient": Measure(
        "greatest norm of the gradients",
        _greatest,
        lambda x: f"{x:.3g}",
        NO_GRADIENTS,
        is_gradient=True,
        logarithmic=True,
    ),
    "least-gradient": Measure(
        "least norm of the gradients",
        _least,
        lambda x: f"{x:.3g}",
        NO_GRADIENTS,
        is_gradient=True,
        logarithmic=True,
    ),
}
