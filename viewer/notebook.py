"""The HTML of a value in a notebook: a small drawing and a short table, without scripts.

Also the texts of a profile and a history, and the magic that profiles a cell.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import Any

from rich.console import Console

import autograd_tools as ag
from autograd_tools import History, Node, Profile, Tape, Timer, Trace, dump
from autograd_tools.base.text import Text, one_line
from autograd_tools.timing import Section
from viewer.drawing.history_page import history_html
from viewer.drawing.images import to_svg
from viewer.drawing.svg import NAME
from viewer.graph import Graph
from viewer.inputs import as_trace
from viewer.labels import gradient, number, plural
from viewer.passes import fit, fold
from viewer.profiles.overview import overview
from viewer.profiles.roofline import peaks_for
from viewer.terminal.history import history_rows
from viewer.text.lines import Row, Span, plain_lines, shorten
from viewer.text.places import link_of, source_text

MAX_NODES = 30  # boxes
MOST_DRAWN = 20_000  # nodes, so that a cell answers at once
MOST_ROWS = 10
MOST_NEIGHBOURS = 5
LONGEST_FIELD = 200  # columns
LEFT = ' style="text-align:left"'
LOOKS = {"bold": "font-weight:bold;", "dim": "opacity:0.7;", "red": "color:#b3261e;"}

_ID = re.compile(r'(?<= id=")[^"]*(?=")')
_REFERENCE = re.compile(r"(?<=url\(#)[^)]*(?=\))")


def html(x: Any) -> str:
    """Return a value as HTML that loads nothing; raise TypeError for an unsupported type."""
    for kind, make in KINDS.items():
        if isinstance(x, kind):
            return make(x)
    supported = ", ".join(kind.__name__ for kind in KINDS)
    raise TypeError(f"expected one of {supported}, got {type(x).__name__}")


def _of_trace(x: Tape | Trace) -> str:
    trace = as_trace(x)
    heading = f"{repr(x) if isinstance(x, Tape) else 'Trace'}: {plural(len(trace), 'node')}"
    return _paragraph(heading) + _drawing(trace, len(trace)) + _leaves(trace)


def _of_graph(graph: Graph) -> str:
    boxes = len(graph.boxes)
    count = f"{boxes:,} box{'es' * (boxes != 1)}"
    shown = fit(graph, MAX_NODES) if boxes > MAX_NODES else graph
    heading = f"Graph: {count} of {plural(len(graph.trace), 'node')}"
    return _paragraph(heading) + _drawing(shown, boxes)


def _of_node(node: Node) -> str:
    """Return the fields of a node as `dump` shows them, its source, scope and neighbours."""
    fields = [line.strip().partition(":") for line in dump(node).splitlines()[1:]]
    rows = [
        (name, shorten(text.strip(), LONGEST_FIELD))
        for name, _, text in fields
        if name not in ("parents", "children", "cdr")
    ]
    rows += [("source", source_text(node.source.file, node.source.line))] if node.source else []
    rows += [("scope", " / ".join(node.scope))] if node.scope else []
    for role, near in (("parent", node.parents), ("child", node.children)):
        rows += [(role, shorten(repr(other), LONGEST_FIELD)) for other in near[:MOST_NEIGHBOURS]]
        if len(near) > MOST_NEIGHBOURS:
            rows.append((role, _more(len(near) - MOST_NEIGHBOURS)))
    return _paragraph(f"Node {node.index + 1}") + _table((), rows)


def _of_timer(timer: Timer | Section) -> str:
    style = "font-family:monospace;line-height:1.25"  # notebooks set another one
    return f'<pre style="{style}">{escape(str(timer))}</pre>'


def text(x: Profile | History) -> str:
    """Return an overview of a profile, or a history as wide as the terminal."""
    if isinstance(x, History):
        console = Console()
        blocks = history_rows(x, width=console.width if console.is_terminal else None)
    else:
        blocks = _overview(x)
    return Text("\n\n".join("\n".join(plain_lines(rows)) for rows in blocks))


def _of_profile(profile: Profile) -> str:
    """Return an overview of a profile, with links to the lines of files."""
    blocks = "\n\n".join("\n".join(map(_line, rows)) for rows in _overview(profile))
    style = "font-family:monospace;line-height:1.25;white-space:pre;overflow-x:auto"
    return f'<pre style="{style}">{blocks}</pre>'


def _overview(profile: Profile) -> list[list[Row]]:
    if not profile.records:
        return [[[Span("No gradient was measured: the block computed none with autograd_tools.")]]]
    if profile.peaks is None and profile.measured_here:
        profile.peaks = peaks_for(profile.records).to_dict()
    return overview(profile)


def _line(row: Row) -> str:
    """Return a row as HTML."""
    parts = []
    for raw, style, source in row:
        shown = escape(one_line(raw))
        looks = "".join(look for word, look in LOOKS.items() if word in style.split())
        address = link_of(*source) if source else ""
        if address:
            shown = f'<a href="{escape(address)}">{shown}</a>'
        parts.append(f'<span style="{looks}">{shown}</span>' if looks else shown)
    return "".join(parts)


def profile_gradients(shell: Any, line: str, cell: str) -> None:
    """Run a cell in an IPython shell, and show the profile of its gradients."""
    from IPython.display import display

    name = line.strip()
    if name and not name.isidentifier():
        raise ValueError(
            f"expected the name of a variable for the profile, or nothing, got {name!r}; write "
            "%%profile_gradients before"
        )
    with ag.profile() as measured:
        result = shell.run_cell(f"\n{cell}")  # a line for that of the magic
    if name:
        shell.user_ns[name] = measured
    display(measured)
    result.raise_error()


def _drawing(x: Trace | Graph, size: int) -> str:
    """Return a drawing whose ids and class are unique on a page with others."""
    if not size:
        return ""
    if size > MOST_DRAWN:
        return _paragraph("too large to draw here; write viewer.draw(x, 'graph.svg')")
    svg = to_svg(x if isinstance(x, Graph) else fit(fold(x), MAX_NODES))
    svg = svg[svg.index("<svg") :]
    own = f"{NAME}-{hashlib.sha256(svg.encode()).hexdigest()[:8]}"
    head, end, rest = svg.partition("</style>")
    head = head.replace(f'class="{NAME}"', f'class="{own}" style="max-width:100%;height:auto"', 1)
    before, start, rules = head.partition("<style>")
    svg = f"{before}{start}{rules.replace(f'.{NAME}', f'.{own}')}{end}{rest}"
    for pattern in (_ID, _REFERENCE):
        svg = pattern.sub(rf"{own}-\g<0>", svg)
    return re.sub(r"\n{2,}", "\n", svg)


def _leaves(trace: Trace) -> str:
    """Return a table of Params and inputs with their gradients."""
    ids = [id for id, kind in enumerate(trace.columns.kind, 1) if kind != "result"]
    rows = []
    for node in map(trace.__getitem__, ids[:MOST_ROWS]):
        norm = gradient(node.outgrad) if node.outgrad else "None"
        kind = node.kind.replace("param", "Param")
        texts = map(shorten, (node.name, kind, number(node.value), norm))
        rows.append((str(node.id), *texts))
    more = _paragraph(_more(len(ids) - MOST_ROWS)) if len(ids) > MOST_ROWS else ""
    return _table(("node", "name", "", "value", "∇"), rows) + more if rows else ""


def _more(count: int) -> str:
    return f"… and {count:,} more"


def _paragraph(text: str) -> str:
    return f"<p>{escape(one_line(text))}</p>\n"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["".join(f"<th{LEFT}>{escape(text)}</th>" for text in header)] if header else []
    lines += ["".join(f"<td{LEFT}>{escape(one_line(text))}</td>" for text in row) for row in rows]
    return "<table>\n" + "".join(f"<tr>{line}</tr>\n" for line in lines) + "</table>\n"


# The types that notebooks show. To add one, add an entry with the function that makes its HTML,
# a method `_repr_html_` to the class, and a test in tests/viewer/test_notebook.py.
KINDS: dict[type, Callable[[Any], str]] = {
    Tape: _of_trace,
    Trace: _of_trace,
    Node: _of_node,
    Profile: _of_profile,
    History: history_html,
    Timer: _of_timer,
    Section: _of_timer,
    Graph: _of_graph,
}
