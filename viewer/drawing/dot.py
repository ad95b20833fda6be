"""A picture in Graphviz's language; its ids are our own, so that no name is taken for syntax."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import graphviz

from viewer.drawing.compose import compose_picture
from viewer.drawing.looks import (
    ARROWS,
    BOXES,
    CLUSTERS,
    EDGE,
    FAINT,
    GRAPH,
    HEADING,
    HEAT,
    MARKS,
    NODE,
    SQUARE,
)
from viewer.drawing.picture import Arrow, Cluster, Picture, Shape, Style
from viewer.facts.search import find
from viewer.graph import Graph
from viewer.inputs import Traceable
from viewer.options import Detail, Direction, DrawingOptions, EdgeLabel, HeatBy, Mark, check_drawing
from viewer.passes import MAX_NODES, prepare
from viewer.passes.focusing import path_of
from viewer.text.lines import shorten

LONGEST_TOOLTIP = 500  # columns of a line
LONGEST_NOTE = 120
INTERNAL = Style.__dataclass_fields__.keys() - DrawingOptions.__annotations__


def to_dot(
    x: Traceable | Graph,
    *,
    gradients: bool = True,
    edges: EdgeLabel = "none",
    heat: HeatBy | None = None,
    links: str | None = None,
    marks: Mapping[int, Mark] | None = None,
    backward: bool = False,
    max_nodes: int | None = MAX_NODES,
    by: Detail = "op",
    direction: Direction | None = None,
    focus: int | str | None = None,
    where: str | None = None,
) -> str:
    """Return the DOT source of a computation graph: values flow down, groups are frames.

    Repeated parts of a trace are folded. An edge that would span many ranks starts at a copy of its
    box, drawn next to its use.

    Parameters
    ----------
    x : Tape, Trace, Graph or path
        A path must be that of a saved trace. A graph returned by a pass is drawn unchanged.
    gradients : bool, default True
        Add the gradient to the label of each box.
    edges : {"none", "shape"}
        With "shape", arrows show the shapes of values instead of boxes.
    heat : {"time", "bytes", "gradient", "least-gradient"}, optional
        Colour boxes by a measure, with its value in each box and a legend in the heading; the
        hottest groups are expanded. A box of several nodes has the largest or the smallest norm of
        their gradients.
    links : str, optional
        Link boxes to the source: "file", "vscode", "pycharm", or an address such as
        "vscode://file{file}:{line}". By default, a drawing contains no path of this machine.
    marks : mapping of int to {"added", "removed", "changed", "numbers"}, optional
        The marks of nodes, by id.
    backward : bool, default False
        Show how gradients flow back: arrows are coloured and labelled with the norm of the gradient
        at their tail; the larger it is, the thicker the arrow.
    max_nodes : int or None, default 25
        Collapse groups until at most so many boxes are left; a note says so. None collapses
        nothing.
    by : {"op", "line", "function"}
        The smallest boxes, as in `fit`.
    direction : {"down", "right"}, optional
        The direction in which values flow; by default, the one that makes the picture larger on a
        screen.
    focus : int or str, optional
        Highlight the paths from a node to the result: the name of a Param or input, or an id. The
        groups around that node are expanded.
    where : str, optional
        Highlight the nodes that match a search, as in `show`.

    Returns
    -------
    str
        The source; equal traces give equal sources.

    Raises
    ------
    ValueError
        For an unknown value of an option (the message lists the known ones), for a `heat` without
        data in the trace, and for `max_nodes` below 1.
    TypeError
        If `x` has no trace.

    Examples
    --------
    >>> import numpy as np, autograd_tools as ag, viewer
    >>> J = ag.diff(lambda: np.sin(ag.Param(2.0, name="x")))
    >>> print(viewer.to_dot(J).splitlines()[0])
    digraph trace {
    """
    graph = prepare(x, max_nodes=max_nodes, by=by, heat=heat, show=focus)
    path = _path(graph, focus, where)
    style = Style(gradients, edges, heat, links, marks or {}, backward, direction, path)
    return dot_source(compose_picture(graph, style))


def picture_of(graph: Graph, **options: Any) -> Picture:
    """Return the picture of a graph; the options are those of `to_dot` and of `Style`."""
    check_drawing({name: x for name, x in options.items() if name not in INTERNAL})
    path = _path(graph, options.pop("focus", None), options.pop("where", None))
    options |= {"marks": options.get("marks") or {}, "path": path}
    return compose_picture(graph, Style(**options))


def _path(graph: Graph, focus: int | str | None, where: str | None) -> frozenset[int] | None:
    """Return the nodes that are not drawn faintly, None for all."""
    if focus is None and where is None:
        return None
    path = path_of(graph.trace, focus) if focus is not None else graph.root.all_ids()
    found = find(graph.trace, where) if where is not None else None
    return frozenset(id for id in path if found is None or found[id - 1])


def dot_source(drawn: Picture, *, html: bool = False) -> str:
    """Return the DOT source of a picture; with `html` the legend has its colours.

    Graphviz as WebAssembly has no HTML-like labels, so that there the SVG gets them later.
    """
    looks = {**GRAPH, "rankdir": "LR" if drawn.direction == "right" else "TB"}
    graph = graphviz.Digraph("trace", graph_attr=looks, node_attr=NODE, edge_attr=EDGE)
    notes = [_literal(shorten(note, LONGEST_NOTE)) for note in drawn.notes]
    if drawn.legend and html:
        graph.attr(label=_html_heading(drawn), **HEADING)
    else:
        notes += [_literal(legend_text(drawn))] if drawn.legend else []
        graph.attr(label="".join(f"{note}\\l" for note in notes), **HEADING)
    _write(graph, drawn.root)
    for arrow in drawn.arrows:
        graph.edge(arrow.tail, arrow.head, **_arrow(arrow))
    return str(graph.source)


def _write(graph: graphviz.Digraph, cluster: Cluster) -> None:
    for shape in cluster.shapes:
        graph.node(shape.name, **_shape(shape))
    for inner in cluster.clusters:
        if inner.is_empty():
            continue
        with graph.subgraph(name=f"cluster_{inner.name.removeprefix('g')}") as sub:
            looks = {"class": inner.kind, **CLUSTERS[inner.kind]}
            tooltip = _tooltip(inner.tooltip or " ")
            sub.attr(label=_literal(inner.title), id=inner.name, tooltip=tooltip, **looks)
            _write(sub, inner)


def _shape(shape: Shape) -> dict[str, str]:
    """Return the attributes of a box."""
    classes, looks = [shape.kind], dict(BOXES[shape.kind])
    if shape.heat is not None:
        classes.append(f"heat{shape.heat}")
        looks["fillcolor"] = HEAT[shape.heat]
    if shape.mark:
        classes.append(shape.mark)
        looks.update(MARKS[shape.mark][1])
    if shape.faint:
        classes.append("faint")
        looks |= {name: value for name, value in FAINT.items() if not shape.mark}
    if shape.link:
        looks |= {"href": _literal(shape.link), "target": "_top"}
    return {
        "label": _literal("\n".join(shape.lines)),
        "id": shape.name,
        "class": " ".join(classes),
        "tooltip": _tooltip(shape.tooltip),
        **looks,
    }


def _arrow(arrow: Arrow) -> dict[str, str]:
    """Return the attributes of an arrow; room is made for its label."""
    looks = dict(ARROWS[arrow.kind])
    if arrow.label:
        looks["label"] = _literal(f" {arrow.label} ")
    if arrow.argument:
        looks["headlabel"] = arrow.argument
    if arrow.width:
        looks["penwidth"] = f"{arrow.width:.1f}"
    if arrow.faint:
        looks |= {"color": FAINT["color"]}
        looks |= {"fontcolor": FAINT["fontcolor"]} if arrow.label else {}
    return looks


def legend_text(drawn: Picture) -> str:
    """Return the legend in words, with a square for each level: `time: ■ < 1ms  ■ ≥ 1ms`."""
    title, *bounds = drawn.legend
    return f"{title}: {'  '.join(f'{SQUARE} {level}' for level in legend_levels(bounds))}"


def legend_levels(bounds: Sequence[str]) -> list[str]:
    """Return the texts of the levels of heat: the first by its upper bound, others by their lower.

    >>> legend_levels(["0", "2", "4", "6"])
    ['< 2', '≥ 2', '≥ 4 to 6']
    """
    if len(bounds) < 3:
        return [" to ".join(bounds)]
    levels = [f"< {bounds[1]}", *(f"≥ {bound}" for bound in bounds[1:-1])]
    return [*levels[:-1], f"{levels[-1]} to {bounds[-1]}"]


def _html_heading(drawn: Picture) -> str:
    """Return the heading as an HTML-like label, whose legend has its colours."""
    title, *bounds = drawn.legend
    cells = "".join(
        f'<TD BGCOLOR="{colour}">{escape(level)}</TD>'
        for colour, level in zip(HEAT, legend_levels(bounds), strict=False)
    )
    lines = [escape(shorten(note, LONGEST_NOTE)) for note in drawn.notes]
    table = '<TABLE BORDER="0" CELLSPACING="0">'
    lines.append(f"{table}<TR><TD>{escape(title)}:</TD>{cells}</TR></TABLE>")
    rows = (f'<TR><TD ALIGN="LEFT">{line}</TD></TR>' for line in lines)
    return f"<{table}{''.join(rows)}</TABLE>>"


def _tooltip(text: str) -> str:
    return _literal("\n".join(shorten(line, LONGEST_TOOLTIP) for line in text.splitlines()))


def _literal(text: str) -> str:
    """Escape the backslashes and entities that Graphviz would interpret."""
    return graphviz.escape(text.replace("&", "&amp;"))
