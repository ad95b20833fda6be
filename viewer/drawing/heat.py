"""Heat: a figure for each box, and the colours and the legend that show it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from autograd_tools import Trace
from autograd_tools.base.formats import memory_text, time_text
from viewer.drawing.looks import HEAT
from viewer.graph import Graph


@dataclass(frozen=True)
class Measure:
    """A figure of some nodes together, None where it is not known; `missing` says what to do where no node has it."""

    title: str
    figure: Callable[[Trace, Iterable[int]], float | None]
    text: Callable[[float], str]
    missing: str
    sign: str = ""
    logarithmic: bool = False


@dataclass(frozen=True)
class Heat:
    """The figures of the boxes of a graph, by key, and the bounds of the levels that they are coloured by."""

    measure: Measure
    figures: dict[str, float]
    bounds: tuple[float, ...]  # one more than levels

    def level(self, figure: float) -> int:
        """Which colour a figure has, counted from 0."""
        return sum(1 for bound in self.bounds[1:-1] if figure >= bound)

    def label(self, figure: float) -> str:
        """A figure as a box says it."""
        return f"{self.measure.sign}{self.measure.text(figure)}"

    def legend(self) -> tuple[str, ...]:
        """The title, and the bounds of the levels."""
        return (self.measure.title, *dict.fromkeys(map(self.measure.text, self.bounds)))


def heat_of(graph: Graph, by: str) -> Heat:
    """The heat of a graph by "time", "bytes" or "gradient"; ValueError for another, or if the trace has no such figures."""
    if by not in MEASURES:
        raise ValueError(f"no heat by {by!r}; there are: {', '.join(MEASURES)}")
    measure = MEASURES[by]
    found = {key: measure.figure(graph.trace, box.nodes) for key, box in graph.boxes.items()}
    figures = {key: figure for key, figure in found.items() if figure is not None}
    if not figures and graph.boxes:
        raise ValueError(measure.missing)
    return Heat(measure, figures, _bounds(measure, list(figures.values())))


def _bounds(measure: Measure, figures: list[float]) -> tuple[float, ...]:
    """The bounds of equal steps from 0 to the greatest figure, or of equal factors from the least that is not 0.

    A factor is at most ten: what is smaller than all of them is rounding noise beside the greatest, and would hide the rest.
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
    known = [
        ns
        for id in ids
        for ns in (forward[id - 1], *(backward[id - 1] or {}).values())
        if ns is not None
    ]
    return sum(known) if known else None


def _bytes(trace: Trace, ids: Iterable[int]) -> float | None:
    value = trace.columns.value
    known = [int(value.nbytes[id - 1]) for id in ids if value.there[id - 1]]
    return sum(known) if known else None


def _gradient(trace: Trace, ids: Iterable[int]) -> float | None:
    norms = [float(trace.columns.outgrad.norm[id - 1]) for id in ids]
    known = [norm for norm in norms if not math.isnan(norm)]
    return math.hypot(*known) if known else None


# Adding a figure is adding an entry here.
MEASURES = {
    "time": Measure(
        "time, forward and backward",
        _time,
        time_text,
        "this trace has no times, so there is no heat by 'time': set AUTOGRAD_TIMER=1 before the program starts",
    ),
    "bytes": Measure(
        "bytes of the values",
        _bytes,
        lambda n: memory_text(n) if n else "0B",
        "this trace has no values, so there is no heat by 'bytes': trace with ag.diff, which keeps them",
    ),
    "gradient": Measure(
        "norm of the gradient",
        _gradient,
        lambda x: f"{x:.3g}",
        "this trace has no gradients, so there is no heat by 'gradient': trace a function that returns a scalar",
        sign="∇ norm of all ",
        logarithmic=True,
    ),
}
