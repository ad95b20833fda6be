"""Line charts of numbers over steps, as SVG in the colours of the text around them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, Any]

WIDTH, HEIGHT = 880, 240
LEFT, RIGHT, TOP, BOTTOM = 64, 12, 20, 22  # margins with the labels
POINTS = 400  # of a curve, each with its smallest and largest number
FEW_POINTS = 100  # of a small chart
TICKS = 6
LARGEST = 8e307  # on an axis, whose length must not overflow
NEAR = 1e-6  # between the logarithms of numbers that are as good as equal
LETTER = 6.2  # width of a letter of a label, about


class Line(NamedTuple):
    """A curve: steps and numbers, NaN for gaps, its class for colours, and points at most.

    `bad` are the rows whose number is NaN or Inf, rather than missing, as a mask.
    """

    step: Array
    y: Array
    look: str
    title: str = ""
    points: int = POINTS
    bad: Array | None = None


class Mark(NamedTuple):
    """A step at which something happens, and a word for it."""

    step: int
    text: str


class Scale(NamedTuple):
    """The range of an axis, of logarithms if it is logarithmic.

    A logarithmic axis with negative numbers is `linear` up to about this number on both sides.
    """

    low: float
    high: float
    is_log: bool = False
    linear: float = 0.0

    def places(self, x: Array, start: float, end: float) -> Array:
        """Return where numbers stand between two places; what is outside stands at the end."""
        if self.linear:
            x = _signed_logs(x, self.linear)
        elif self.is_log:
            x = np.where(x > 0, np.log10(np.where(x > 0, x, 1)), self.low)
        return self.ticks(x, start, end)

    def ticks(self, x: Array, start: float, end: float) -> Array:
        """Do the same for logarithms, if the axis is logarithmic."""
        return start + np.clip((x - self.low) / (self.high - self.low), 0, 1) * (end - start)


def scale_of(lines: Sequence[Line], *, is_log: bool, zero: bool = False) -> Scale:
    """Return a scale for all finite numbers of some lines, and for zero if asked."""
    known = np.concatenate([line.y[np.isfinite(line.y)] for line in lines] or [np.zeros(0)])
    if is_log and (known < 0).any():
        usual = np.quantile(np.abs(known[known != 0]), 0.5, method="lower")
        linear = 10.0 ** math.floor(np.log10(np.clip(usual, 1 / LARGEST, LARGEST / 10)))
        logs = _signed_logs(known, linear)
        low, high = float(logs.min()), float(logs.max())
        return Scale(low, max(high, low + NEAR, 0), is_log, linear)
    if is_log:
        known = np.log10(known[known > 0])
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    if is_log:
        low, high = math.floor(low), math.ceil(high)
        return Scale(low, max(high, low + 1), is_log)
    low, high = max(min(low, 0.0) if zero else low, -LARGEST), min(high, LARGEST)
    if not high - low > 1e-12 * max(abs(low), abs(high)):  # NumPy subtracts no closer numbers
        low, high = low - (abs(low) / 2 or 1), high + (abs(high) / 2 or 1)
    return Scale(low, high)


def _signed_logs(x: Array, linear: float) -> Array:
    """Return logarithms that go through zero and have the sign of their number."""
    size = np.minimum(np.abs(x), LARGEST)
    return np.sign(x) * (np.log10(linear + size) - math.log10(linear))


def chart(
    lines: Sequence[Line],
    title: str,
    *,
    is_log: bool,
    marks: Sequence[Mark] = (),
    height: int = HEIGHT,
    zero: bool = False,
) -> str:
    """Return an SVG of lines over steps, with axes and marks."""
    y = scale_of(lines, is_log=is_log, zero=zero)
    last = max((int(line.step[-1]) for line in lines if len(line.step)), default=1)
    x = Scale(0, max(last, 1))
    right, bottom = WIDTH - RIGHT, height - BOTTOM
    parts = [
        f'<svg class="chart" viewBox="0 0 {WIDTH} {height}" role="img">',
        f"<title>{escape(title)}</title>",
        *_grid(y, x, height),
        *(_path(line, x, y, (LEFT, right), (bottom, TOP)) for line in lines),
        *_bad(lines, x),
        *_marks(marks, x, bottom),
        "</svg>",
    ]
    return "\n".join(parts)


def small_chart(line: Line, y: Scale, last: int, width: int = 260, height: int = 30) -> str:
    """Return an SVG of one line without axes, for a cell of a table."""
    x = Scale(0, max(last, 1))
    few = line._replace(title="", points=FEW_POINTS)
    path = _path(few, x, y, (2, width - 2), (height - 2, 2))
    title = f"<title>{escape(line.title)}</title>"
    return f'<svg class="small" viewBox="0 0 {width} {height}" role="img">{title}{path}</svg>'


def _grid(y: Scale, x: Scale, height: int) -> Iterator[str]:
    """Yield lines and labels of both axes."""
    right, bottom = WIDTH - RIGHT, height - BOTTOM
    ticks = _powers(y) if y.is_log else [(x, f"{x:.6g}") for x in _round_numbers(y)]
    places = y.ticks(np.array([tick for tick, _ in ticks]), bottom, TOP)
    for (_, text), place in zip(ticks, places.tolist(), strict=True):
        yield f'<path class="grid" d="M{LEFT} {place:.1f}H{right}"/>'
        yield f'<text x="{LEFT - 6}" y="{place + 4:.1f}" text-anchor="end">{text}</text>'
    steps = [tick for tick in _round_numbers(x) if tick == int(tick)]
    for tick, place in zip(steps, x.places(np.array(steps), LEFT, right).tolist(), strict=True):
        yield f'<text x="{place:.1f}" y="{bottom + 16}" text-anchor="middle">{tick:,.0f}</text>'


def _powers(y: Scale) -> list[tuple[float, str]]:
    """Return logarithms and the labels of their numbers."""
    low, high = math.ceil(y.low), math.floor(y.high)
    size = max(-(-(high - low) // TICKS), 1)
    if not y.linear:
        return [(float(n), f"1e{n:+03}") for n in range(low, high + 1, size)]
    first = round(math.log10(y.linear))
    ticks = [(0.0, "0")] if low <= 0 <= high else []
    for n in range(low + -low % size, high + 1, size):
        if n:
            place = math.copysign(abs(n) + math.log10(1 + 10.0 ** -abs(n)), n)
            ticks.append((place, f"{'-' * (n < 0)}1e{first + abs(n):+03}"))
    return ticks


def _round_numbers(scale: Scale) -> list[float]:
    """Return multiples of 1, 2 or 5 and a power of ten."""
    rough = (scale.high - scale.low) / TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    size = next(n * power for n in (1, 2, 5, 10) if n * power >= rough * 0.999)
    first, last = math.ceil(scale.low / size - 1e-9), math.floor(scale.high / size + 1e-9)
    return [n * size for n in range(first, last + 1)]


def _marks(marks: Sequence[Mark], x: Scale, bottom: float) -> Iterator[str]:
    """Yield a dashed line for each mark, with its word where there is room."""
    free = 0.0
    steps = np.array([mark.step for mark in marks])
    for mark, place in zip(marks, x.places(steps, LEFT, WIDTH - RIGHT).tolist(), strict=True):
        yield f'<path class="mark" d="M{place:.1f} {TOP}V{bottom}"/>'
        size = LETTER * len(mark.text)
        start = min(max(place - size / 2, LEFT), WIDTH - RIGHT - size)
        if start >= free:
            yield f'<text class="mark" x="{start:.1f}" y="{TOP - 6}">{escape(mark.text)}</text>'
            free = start + size + LETTER


def _bad(lines: Sequence[Line], x: Scale) -> Iterator[str]:
    """Yield a bar at the top for the steps at which a number is NaN or Inf."""
    steps = {
        step for line in lines if line.bad is not None for step in line.step[line.bad].tolist()
    }
    if steps:
        places = x.places(np.array(sorted(steps)), LEFT, WIDTH - RIGHT)
        drawn = "".join(f"M{place:.1f} {TOP}h.01" for place in np.unique(places.round()).tolist())
        yield f'<path class="nonfinite" d="{drawn}"><title>NaN or Inf</title></path>'


def _path(
    line: Line, x: Scale, y: Scale, across: tuple[float, float], up: tuple[float, float]
) -> str:
    """Return a path through the smallest and largest numbers of groups of steps."""
    rows = _points(line, x.high)
    places = zip(
        x.places(line.step[rows], *across).tolist(),
        y.places(line.y[rows], *up).tolist(),
        np.isfinite(line.y[rows]).tolist(),
        strict=True,
    )
    drawn, is_gap = [], True
    for across_at, up_at, is_known in places:
        if is_known:
            drawn.append(f"{'M' if is_gap else 'L'}{across_at:.1f} {up_at:.1f}")
            drawn += ["h.01"] if is_gap else []  # a single point is a dot
        is_gap = not is_known
    title = f"<title>{escape(line.title)}</title>" if line.title else ""
    return f'<path class="{line.look}" d="{"".join(drawn)}">{title}</path>'


def _points(line: Line, last: float) -> Array:
    """Return the rows to draw: of each group, the first gap, the smallest and largest number."""
    y = line.y
    if len(y) <= 2 * line.points:
        return np.arange(len(y))
    group = (line.step * line.points // (last + 1)).astype(int)
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    chosen = {0, len(y) - 1}
    for start, end in zip(starts.tolist(), [*starts[1:].tolist(), len(y)], strict=True):
        part = y[start:end]
        known = np.isfinite(part)
        if not known.all():
            chosen.add(start + int(known.argmin()))
        if known.any():
            chosen.add(start + int(np.where(known, part, np.inf).argmin()))
            chosen.add(start + int(np.where(known, part, -np.inf).argmax()))
    return np.array(sorted(chosen))
