"""A history of a training as HTML: charts and tables without scripts, for light, dark and print."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from html import escape

import numpy as np

from autograd_tools import History
from autograd_tools.tracing.findings import Finding, Numbers, findings
from viewer.drawing.charts import FEW_POINTS, Line, Mark, Scale, chart, scale_of, small_chart
from viewer.profiles.histories import (
    Curve,
    curves_of,
    heading_of,
    is_wide,
    sentences_of,
    summary_of,
    title_of,
)

COLOURS = 8  # lines of a chart with a colour and a name; the others are grey
MOST_MARKS = 6
WIDE_TIMES = 10  # the longest step by the median: the first one often makes linear axes useless

# Colours with enough contrast on white and on dark pages: a notebook has either, and tells nothing.
LOOKS_OF_PAGE = """<style>
.history { font-variant-numeric: tabular-nums; }
.history svg { overflow: visible; }
.history .chart { display: block; width: 100%; max-width: 64rem; height: auto; }
.history .small { display: block; width: 16rem; height: 1.9rem; }
.history text { font: 11px system-ui, sans-serif; fill: currentColor; opacity: .75; }
.history path { fill: none; stroke-width: 1.5; stroke-linejoin: round; stroke-linecap: round; }
.history .grid { stroke: currentColor; opacity: .15; stroke-width: 1; }
.history .nonfinite { stroke: #d1495b; stroke-width: 5; }
.history .mark { stroke: #d1495b; stroke-width: 1; stroke-dasharray: 4 3; }
.history text.mark { fill: #d1495b; stroke: none; opacity: 1; }
.history .other { stroke: currentColor; opacity: .15; stroke-width: 1; }
.history .wrong, .history .bad td:first-child { color: #d1495b; }
.history .c0 { stroke: #3f7fbf; } .history .c1 { stroke: #c8701c; }
.history .c2 { stroke: #2f9468; } .history .c3 { stroke: #a45fb5; }
.history .c4 { stroke: #8a7a1f; } .history .c5 { stroke: #c0527f; }
.history .c6 { stroke: #9c6b4e; } .history .c7 { stroke: #7a6ad0; }
.history .legend span { margin-right: 1.2rem; white-space: nowrap; }
.history .legend .other { opacity: .5; }
.history .legend svg { width: 1.4em; height: .7em; margin-right: .4em; }
.history .wide { overflow-x: auto; }
.history table { border-collapse: collapse; margin: 1.5rem 0 3rem; }
.history th, .history td { text-align: right; padding: .15rem .6rem; white-space: nowrap;
  border-bottom: 1px solid #8884; }
.history th:first-child, .history td:first-child { text-align: left; }
@media print { .history section, .history tr { break-inside: avoid; } }
</style>
"""


@np.errstate(all="ignore")
def history_html(history: History) -> str:
    """Return a history as a piece of a page that loads nothing."""
    blocks = [LOOKS_OF_PAGE + '<div class="history">', f"<p>{escape(summary_of(history))}</p>"]
    for series in history.series:
        numbers = series.numbers
        if not len(numbers.step):  # its first step is not over
            continue
        blocks.append(f"<h2>{escape(title_of(series))}</h2>")
        blocks.append(f"<p>{escape(heading_of(series, numbers))}</p>")
        found = findings(numbers)
        blocks += _sentences(found)
        blocks += _charts(numbers, found)
        blocks.append(_table(numbers, {finding.param for finding in found}))
    return "\n".join([*blocks, "</div>", ""])


def _sentences(found: Sequence[Finding]) -> Iterator[str]:
    items = [f"<li>{escape(sentence)}</li>" for sentence in sentences_of(found)]
    if items:
        yield f'<ul class="wrong">\n{"".join(items)}\n</ul>'


def _charts(numbers: Numbers, found: Sequence[Finding]) -> Iterator[str]:
    loss, *params = curves_of(numbers)
    marks = _marks(found)
    drawn = chart([_line(loss, "c0")], "Loss", is_log=loss.is_wide, marks=marks)
    yield _section("Loss", drawn)
    if params:
        named = _coloured(params, found)
        others = [
            _line(curve, "other")._replace(points=FEW_POINTS)
            for curve in params
            if curve.name not in named
        ]
        lines = [_line(curve, look) for curve in params if (look := named.get(curve.name))]
        legend = _legend(named, len(others))
        drawn = chart([*others, *lines], "Gradient norms", is_log=True, marks=marks)
        yield _section("Gradient norms", legend + drawn)
    times = {"forward": numbers.forward_ns, "backward": numbers.backward_ns}
    lines = [
        Line(numbers.step, np.where(ns >= 0, ns / 1e6, np.nan), f"c{i}", name)
        for i, (name, ns) in enumerate(times.items())
    ]
    looks = {name: f"c{i}" for i, name in enumerate(times)}
    is_log = is_wide(np.concatenate([line.y for line in lines]), WIDE_TIMES)
    drawn = chart(lines, "Milliseconds", is_log=is_log, height=140, zero=True)
    yield _section("Milliseconds of a step", _legend(looks, 0) + drawn)


def _section(title: str, body: str) -> str:
    return f"<section>\n<h3>{title}</h3>\n{body}\n</section>"


def _line(curve: Curve, look: str) -> Line:
    y, bad = np.where(curve.known, curve.size, np.nan), ~np.isfinite(curve.size)
    return Line(curve.step, y, look, curve.name, bad=bad)


def _marks(found: Sequence[Finding]) -> list[Mark]:
    """Return the first findings, one for a step."""
    words: dict[int, str] = {}
    for finding in found:
        words.setdefault(finding.step, f"{finding.kind} at {finding.step:,}")
    return [Mark(step, text) for step, text in words.items()][:MOST_MARKS]


def _coloured(params: Sequence[Curve], found: Sequence[Finding]) -> dict[str, str]:
    """Return the classes of the curves with a colour: what was found first, then the largest."""
    known = {curve.name for curve in params}
    wrong = [name for finding in found if (name := finding.param or "") in known]
    ranked = sorted(params, key=lambda curve: -curve.size[curve.known].max(initial=0))
    names = dict.fromkeys([*wrong, *(curve.name for curve in ranked)])
    first = set(list(names)[:COLOURS])
    shown = [curve.name for curve in params if curve.name in first]
    return {name: f"c{i}" for i, name in enumerate(shown)}


def _legend(looks: dict[str, str], others: int) -> str:
    items = [(escape(name), look) for name, look in looks.items()]
    items += [(f"{others:,} more", "other")] if others else []
    swatch = '<svg viewBox="0 0 20 10"><path class="{}" d="M1 5H19"/></svg>'
    spans = (f"<span>{swatch.format(look)}{name}</span>" for name, look in items)
    return f'<p class="legend">{"".join(spans)}</p>\n'


def _table(numbers: Numbers, wrong: Collection[str | None]) -> str:
    """Return a row for the loss and for each Param, with a small chart."""
    loss, *params = curves_of(numbers)
    heads = ("", "over the steps", "first", "last", "smallest", "largest", "NaN", "Inf")
    lines = [_line(curve, "c0") for curve in params]
    scale = scale_of(lines, is_log=True)
    rows = [_row(loss, scale_of([_line(loss, "c0")], is_log=loss.is_wide), ("", ""), None in wrong)]
    counts = zip(numbers.nans.sum(0).tolist(), numbers.infs.sum(0).tolist(), strict=True)
    for curve, name, own in zip(params, numbers.names, counts, strict=True):
        texts = [f"{n:,.0f}" if n else "" for n in own]
        rows.append(_row(curve, scale, texts, name in wrong))
    head = "".join(f"<th>{text}</th>" for text in heads)
    body = "\n".join(rows)
    return f'<div class="wide"><table>\n<tr>{head}</tr>\n{body}\n</table></div>'


def _row(curve: Curve, scale: Scale, counts: Sequence[str], is_wrong: bool) -> str:
    known, size, step = curve.known, curve.size, curve.step
    texts = [f"{x:.3g}" if curve.is_loss or x != -1 else "–" for x in (size[0], size[-1])]
    for sign in (-1, 1):
        row = int(np.where(known, sign * size, -np.inf).argmax())
        texts.append(f"{size[row]:.3g} ({step[row]:,})" if known.any() else "–")
    cells = "".join(f"<td>{text}</td>" for text in [*texts, *counts])
    drawn = small_chart(_line(curve, "c0"), scale, int(step[-1]))
    name = escape(curve.name)
    return f"<tr{' class=bad' * is_wrong}><td>{name}</td><td>{drawn}</td>{cells}</tr>"
