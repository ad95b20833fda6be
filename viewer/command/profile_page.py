"""A profile as a self-contained page: no scripts, no network, light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from html import escape
from itertools import pairwise

from pyinstrument.session import Session

from autograd_tools.base.formats import count_text, percent_text, time_text
from autograd_tools.base.html import PAGE
from autograd_tools.base.text import one_line
from viewer.command.profile_report import TABLES, Report, columns_of
from viewer.command.sample_text import label, shown
from viewer.command.sampling import tree_of
from viewer.drawing.history_page import history_html
from viewer.profiles.advice import tips
from viewer.profiles.hotspot_tables import title
from viewer.profiles.overview import REST, has_shapes, parts, summary
from viewer.text.table import Cells

FEWEST_ROWS = 40  # in each table
KINDS = ("forward", "backward", "engine", "script")  # classes of the parts of a run
OPENED = 3  # levels of the tree that are open at first

STYLE = """
:root { color-scheme: light dark;
  --page: #ffffff; --text: #1d252c; --dim: #5d6b78; --line: #d9dfe5; --bar: #f6cf9b;
  --code: #f4f6f8; --forward: #4c8dc9; --backward: #d9822b; --engine: #8b6fb8; --script: #c3ccd4; }
@media (prefers-color-scheme: dark) { :root {
  --page: #14181d; --text: #e3e8ee; --dim: #93a1ae; --line: #303943; --bar: #6b4a1e;
  --code: #1c2229; --forward: #4682b4; --backward: #c4731f; --engine: #7d63a8;
  --script: #4a5560; } }
body { background: var(--page); color: var(--text); font: 15px/1.5 system-ui, sans-serif;
  max-width: 84rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h1, code { overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin-top: 2.2rem; }
.share { display: flex; height: 1.4rem; border-radius: 4px; overflow: hidden; }
.legend span { margin-right: 1.5rem; white-space: nowrap; }
.legend i { display: inline-block; width: .8em; height: .8em; margin-right: .4em; }
.forward { background: var(--forward); } .backward { background: var(--backward); }
.engine { background: var(--engine); } .script { background: var(--script); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .2rem .6rem; border-bottom: 1px solid var(--line);
  white-space: nowrap; }
th:first-child, td:first-child, .left { text-align: left; }
th { color: var(--dim); font-weight: 600; } td.left { color: var(--dim); }
td:first-child { min-width: 9rem; max-width: 30rem; white-space: normal; overflow-wrap: break-word;
  color: inherit; }
tr:last-child { font-weight: 600; } tr:last-child .bar { background: none; }
.bar { background: linear-gradient(var(--bar), var(--bar)) no-repeat left / var(--part) 100%; }
code, pre { font: 13px/1.5 ui-monospace, monospace; }
pre { background: var(--code); padding: .8rem; overflow-x: auto; }
details details { margin-left: 1.3rem; } .leaf { margin-left: 2.3rem; }
summary, .leaf { padding: .05rem 0; } summary { cursor: pointer; } .dim { color: var(--dim); }
.spent { display: inline-block; min-width: 8.5rem; margin-right: .6rem;
  font-variant-numeric: tabular-nums; }
"""


def to_html(report: Report, name: str) -> str:
    """Return the page of the profile of a script."""
    report = replace(report, limit=max(report.limit, FEWEST_ROWS))
    heading = f"Profile of {escape(one_line(name))}"
    sentences = [f"<p>{escape(line)}</p>" for line in summary(report.timer, report.gradients)]
    blocks = [f"<h1>{heading}</h1>", *sentences, _shares(report)]
    blocks += [f"<h2>{escape(title(by))}</h2>\n{_table(report, by)}" for by in report.by or TABLES]
    if has_shapes(report.timer):
        blocks.append(f"<h2>Tips</h2>\n<pre>{escape(tips(report.timer))}</pre>")
    if report.memory:
        blocks.append(f"<h2>Memory</h2>\n<pre>{escape(str(report.memory))}</pre>")
    if report.session:
        blocks += ["<h2>Python call tree</h2>", *_tree(report.session)]
    if report.history:
        blocks.append(history_html(report.history))
    blocks.append(f"<h2>Timer</h2>\n<pre>{escape(report.timer.table())}</pre>")
    return PAGE.format(title=heading, style=STYLE, body="\n".join(blocks))


def _shares(report: Report) -> str:
    """Return a bar of the whole run with its legend."""
    measured = parts(report.timer)
    whole = max(report.timer.total_ns, sum(measured.values()), 1)
    shares = {**measured, REST: whole - sum(measured.values())}
    bars = "".join(
        f'<div class="{kind}" style="width:{100 * ns / whole:.2f}%"></div>'
        for kind, ns in zip(KINDS, shares.values(), strict=True)
    )
    legend = "".join(
        f'<span><i class="{kind}"></i>{part} {percent_text(ns, whole)}</span>'
        for kind, (part, ns) in zip(KINDS, shares.items(), strict=True)
    )
    return f'<div class="share">{bars}</div>\n<p class="legend">{legend}</p>'


def _table(report: Report, by: str) -> str:
    names, *others = columns_of(report, by)
    # Code goes beside its place.
    columns = [names, *sorted(others, key=lambda cells: cells.header != "code")]
    heads = [f"<th{_left(cells)}>{escape(cells.header)}</th>" for cells in columns]
    lines = [heads, *zip(*map(_column, columns), strict=True)]
    rows = "".join(f"<tr>{''.join(line)}</tr>\n" for line in lines)
    return f'<div class="wide"><table>\n{rows}</table></div>'


def _column(cells: Cells) -> list[str]:
    """Return the cells of a column; a share has a bar of its length, code looks like code."""
    texts = map(escape, cells.texts)
    if cells.header == "%":
        return [f'<td class="bar" style="--part:{text}">{text}</td>' for text in texts]
    if cells.header == "code":
        return [f"<td{_left(cells)}><code>{text}</code></td>" for text in texts]
    return [f"<td{_left(cells)}>{text}</td>" for text in texts]


def _left(cells: Cells) -> str:
    return "" if cells.right else ' class="left"'


def _tree(session: Session) -> Iterator[str]:
    """Yield the call tree, whose frames open and close."""
    root = tree_of(session)
    samples = f"{count_text(session.sample_count)} samples of pyinstrument"
    yield f'<p class="dim">{time_text(1e9 * root.seconds)} in {samples}</p>'
    frames = list(shown(root))
    for (depth, frame), (following, _) in pairwise([*frames, (0, root)]):
        name, place = map(escape, label(frame))
        share = percent_text(frame.seconds, root.seconds)
        text = f"{time_text(1e9 * frame.seconds)} {share}"
        spent = f'<span class="spent bar" style="--part:{share}">{text}</span>'
        said = f'{spent}<b>{name}</b> <span class="dim">{place}</span>'
        if following > depth:
            yield f"<details{' open' if depth < OPENED else ''}><summary>{said}</summary>"
        else:
            yield f'<div class="leaf">{said}</div>' + "</details>" * (depth - following)
