"""A history of a training run in the terminal: findings, and a row of bars for each gradient."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from autograd_tools import History
from autograd_tools.tracing.findings import Finding, Numbers, findings
from viewer.profiles.histories import (
    Curve,
    curves_of,
    heading_of,
    sentences_of,
    summary_of,
    title_of,
)
from viewer.text.lines import Row, Span, fold, shorten
from viewer.text.strips import WIDEST, strip
from viewer.text.table import GAP, Cells, laid_out

MOST_PARAMS = 40  # rows of Params
LONGEST_PARAM = 24  # columns of a name
MOST_BARS = 80


@np.errstate(all="ignore")
def history_rows(
    history: History, *, limit: int = MOST_PARAMS, width: int | None = None
) -> list[list[Row]]:
    """Return the blocks of a history: how much it holds, then a block for each series."""
    blocks = [[*fold([Span(summary_of(history))], width)]]
    for series in history.series:
        numbers = series.numbers
        if not len(numbers.step):  # its first step is not over
            continue
        title = Span(title_of(series), "bold", (series.file, series.line))
        heading = title, Span(f": {heading_of(series, numbers)}")
        rows: list[Row] = [*fold(heading, width)]
        found = findings(numbers)
        for sentence in sentences_of(found):
            rows += fold([Span(sentence, "red")], width, "  ", "    ")
        blocks.append([*rows, *_table(numbers, found, limit, width)])
    return blocks


def _table(
    numbers: Numbers, found: Sequence[Finding], limit: int, width: int | None
) -> Iterator[Row]:
    loss, *params = curves_of(numbers)
    wrong = {finding.param for finding in found}
    first = sorted(range(len(params)), key=lambda i: numbers.names[i] not in wrong)[:limit]
    shown = [params[i] for i in sorted(first)]  # those with findings and the first ones
    curves = [loss, *shown]
    columns = _columns(curves, width)
    yield from laid_out(columns, len(curves), width)
    if len(shown) < len(params):
        yield from fold([Span(f"… and {len(params) - len(shown):,} more", "dim")], width)


def _columns(curves: Sequence[Curve], width: int | None) -> list[Cells]:
    names = [shorten(curve.name, LONGEST_PARAM) for curve in curves]
    columns = [
        Cells("", names, "magenta"),
        Cells("first", [_number(curve, 0) for curve in curves], right=True, whole=True),
        Cells("last", [_number(curve, -1) for curve in curves], right=True, whole=True),
        Cells("smallest", [_extreme(curve, -1) for curve in curves], right=True, whole=True),
        Cells("largest", [_extreme(curve, 1) for curve in curves], right=True, whole=True),
    ]
    room = WIDEST
    if width is not None:  # bars come first
        while len(columns) > 1 and _width(columns) + WIDEST > width:
            del columns[-2 if len(columns) > 2 else -1]
        room = max(min(width - _width(columns), MOST_BARS), 1)
    steps = int(curves[0].step[-1]) + 1
    bars = [_bars(curve, min(room, steps)) for curve in curves]
    header = shorten(f"steps 0 to {steps - 1:,}" if steps > 1 else "step 0", room)
    return [*columns, Cells(header, bars, "yellow", whole=True)]


def _width(columns: Sequence[Cells]) -> int:
    return sum(cells.width + GAP for cells in columns)


def _number(curve: Curve, row: int) -> str:
    size = curve.size[row]
    return f"{size:.3g}" if curve.is_loss or size != -1 else "–"


def _extreme(curve: Curve, sign: int) -> str:
    """Return the smallest or largest number, with its step."""
    if not curve.known.any():
        return "–"
    row = int(np.where(curve.known, sign * curve.size, -np.inf).argmax())
    return f"{curve.size[row]:.3g} ({curve.step[row]:,})"


def _bars(curve: Curve, size: int) -> str:
    """Return `size` bars of equally many steps."""
    heights = curve.size
    known = heights[curve.known]
    if not curve.is_wide and len(known):  # bars follow the logarithm
        heights = 10 ** ((heights - known.min()) / (np.ptp(known) or 1))
    cells: list[list[float]] = [[] for _ in range(size)]
    place = curve.step * size // (int(curve.step[-1]) + 1)
    for i, height in zip(place.tolist(), heights.tolist(), strict=True):
        if height != -1:
            cells[i].append(height)
    return strip([_greatest(cell) for cell in cells], size)


def _greatest(cell: Sequence[float]) -> float | None:
    return float(np.abs(cell).max()) if cell else None
