"""What a notebook shows at the end of a cell: a small drawing and a short table, in HTML that stands by itself."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import Any

from autograd_tools import Node, Tape, Timer, Trace, dump
from autograd_tools.base.text import one_line
from autograd_tools.timing import Section
from viewer.drawing.files import to_svg
from viewer.drawing.svg import NAME
from viewer.graph import Graph
from viewer.inputs import as_trace
from viewer.labels import gradient, number, plural, short
from viewer.passes import fit, fold
from viewer.text.places import source_text

MAX_NODES = 30  # boxes
MOST_DRAWN = 20_000  # nodes: a cell is to answer at once
MOST_ROWS = 10
MOST_NEIGHBOURS = 5
LONGEST_FIELD = 200  # characters
LEFT = ' style="text-align:left"'

_ID = re.compile(r'(?<= id=")[^"]*(?=")')
_REFERENCE = re.compile(r"(?<=url\(#)[^)]*(?=\))")


def html(x: Any) -> str:
    """A value that is shown in notebooks, as HTML without scripts that asks nothing of the network.

    TypeError for what is not shown there.
    """
    for kind, make in KINDS.items():
        if isinstance(x, kind):
            return make(x)
    raise TypeError(
        f"nothing to show of a {type(x).__name__}; there are: {', '.join(kind.__name__ for kind in KINDS)}"
    )


def _of_trace(x: Tape | Trace) -> str:
    trace = as_trace(x)
    leaves = [id for id, kind in enumerate(trace.columns.kind, 1) if kind != "result"]
    heading = f"{repr(x) if isinstance(x, Tape) else 'Trace'}: {plural(len(trace), 'node')}"
    return "".join([_paragraph(heading), _drawing(trace, len(trace)), _leaves(trace, leaves)])


def _of_graph(graph: Graph) -> str:
    boxes = len(graph.boxes)
    heading = f"Graph: {plural(boxes, 'box').replace('boxs', 'boxes')} of {plural(len(graph.trace), 'node')}"
    return _paragraph(heading) + _drawing(
        fit(graph, MAX_NODES) if boxes > MAX_NODES else graph, boxes
    )


def _of_node(node: Node) -> str:
    """The fields of a node, as `dump` has them, where it was computed, and its neighbours."""
    fields = [line.strip().partition(":") for line in dump(node).splitlines()[1:]]
    rows = [
        (name, short(text.strip(), LONGEST_FIELD))
        for name, _, text in fields
        if name not in ("parents", "children", "cdr")
    ]
    rows += [("source", source_text(node.source.file, node.source.line))] if node.source else []
    rows += [("scope", " / ".join(node.scope))] if node.scope else []
    for what, neighbours in (("parent", node.parents), ("child", node.children)):
        rows += [(what, short(repr(near), LONGEST_FIELD)) for near in neighbours[:MOST_NEIGHBOURS]]
        if len(neighbours) > MOST_NEIGHBOURS:
            rows.append((what, f"… and {len(neighbours) - MOST_NEIGHBOURS:,} more"))
    return _paragraph(f"Node {node.index + 1}") + _table((), rows)


def _of_timer(timer: Timer | Section) -> str:
    return f'<pre style="font-family:monospace;line-height:1.25">{escape(str(timer))}</pre>'  # which notebooks set otherwise


def _drawing(x: Trace | Graph, size: int) -> str:
    """A drawing whose names are its own on a page with others, also with those of other versions of this library."""
    if not size:
        return ""
    if size > MOST_DRAWN:
        return _paragraph(
            "too many to be drawn by themselves: viewer.draw(x, 'graph.svg') draws them"
        )
    svg = to_svg(x if isinstance(x, Graph) else fit(fold(x), MAX_NODES))
    svg = svg[svg.index("<svg") :]
    own = f"{NAME}-{hashlib.sha256(svg.encode()).hexdigest()[:8]}"
    head, style, rest = svg.partition("</style>")
    head = head.replace(f'class="{NAME}"', f'class="{own}" style="max-width:100%;height:auto"', 1)
    before, start, rules = head.partition("<style>")
    head = f"{before}{start}{rules.replace(f'.{NAME}', f'.{own}')}"
    return re.sub(
        r"\n{2,}",
        "\n",
        _REFERENCE.sub(rf"{own}-\g<0>", _ID.sub(rf"{own}-\g<0>", f"{head}{style}{rest}")),
    )


def _leaves(trace: Trace, ids: Sequence[int]) -> str:
    """A table of Params and inputs, and what flowed back to them."""
    rows = []
    for node in map(trace.__getitem__, ids[:MOST_ROWS]):
        norm = gradient(node.outgrad) if node.outgrad else "None"
        rows.append(
            (
                f"{node.id}",
                short(node.name),
                node.kind.replace("param", "Param"),
                short(number(node.value)),
                short(norm),
            )
        )
    more = _paragraph(f"… and {len(ids) - MOST_ROWS:,} more") if len(ids) > MOST_ROWS else ""
    return _table(("node", "name", "", "value", "∇"), rows) + more if rows else ""


def _paragraph(text: str) -> str:
    return f"<p>{escape(one_line(text))}</p>\n"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in the colours of the page, in which numbers and names stand at the left."""
    lines = ["".join(f"<th{LEFT}>{escape(text)}</th>" for text in header)] if header else []
    lines += ["".join(f"<td{LEFT}>{escape(one_line(text))}</td>" for text in row) for row in rows]
    return "<table>\n" + "".join(f"<tr>{line}</tr>\n" for line in lines) + "</table>\n"


# Adding what notebooks show is adding an entry here, and a method `_repr_html_` to its class.
KINDS: dict[type, Callable[[Any], str]] = {
    Tape: _of_trace,
    Trace: _of_trace,
    Node: _of_node,
    Timer: _of_timer,
    Section: _of_timer,
    Graph: _of_graph,
}
