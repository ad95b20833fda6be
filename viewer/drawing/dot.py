"""A picture in Graphviz's language; its ids are our own, so that no name is taken for syntax."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import graphviz

from autograd_tools.base.text import unknown
from viewer.drawing.compose import compose_picture
from viewer.drawing.looks import ARROWS, BOXES, CLUSTERS, EDGE, GRAPH, HEADING, HEAT, MARKS, NODE
from viewer.drawing.picture import Arrow, Cluster, Picture, Shape, Style
from viewer.graph import Graph
from viewer.inputs import Traceable
from viewer.options import DrawingOptions, EdgeLabel, HeatBy, Mark
from viewer.passes import MAX_NODES, prepare
from viewer.text.lines import shorten

LONGEST_TOOLTIP = 500  # columns of a line
LONGEST_NOTE = 120
OPTIONS = tuple(DrawingOptions.__annotations__)


def to_dot(
    x: Traceable | Graph,
    *,
    gradients: bool = True,
    edges: EdgeLabel = "shape",
    heat: HeatBy | None = None,
    links: str | None = None,
    marks: Mapping[int, Mark] | None = None,
    backward: bool = False,
    max_nodes: int | None = MAX_NODES,
) -> str:
    """Return the DOT source of a computation graph: values flow down, groups are frames.

    Repeated parts of a trace are folded. An edge that would span many ranks starts at a copy of its
    box, drawn beside its use.

    Parameters
    ----------
    x : Tape, Trace, Graph or path
        A path leads to a saved trace. A graph made by a pass is drawn unchanged.
    gradients : bool, default True
        Add the gradient to the label of each box.
    edges : {"shape", "none"}
        Label arrows with the shapes of their values; with "none" the boxes show the shapes.
    heat : {"time", "bytes", "gradient"}, optional
        Colour boxes by a measure, with its figure in each box and a legend.
    links : str, optional
        Link boxes to the source: "file", "vscode", "pycharm", or an address such as
        "vscode://file{file}:{line}". By default a drawing contains no path of this machine.
    marks : mapping of int to {"added", "removed", "changed"}, optional
        The marks of nodes, by id.
    backward : bool, default False
        Draw the gradients as well: a dashed arrow with its shape against each arrow.
    max_nodes : int or None, default 60
        The number of boxes up to which groups are collapsed; a note says so. None collapses none.

    Returns
    -------
    str
        The source, the same for the same trace.

    Raises
    ------
    ValueError
        For an unknown value of an option (the message lists the known ones), for `heat` that the
        trace has no data for, and for `max_nodes` below 1.
    TypeError
        If `x` has no trace.

    Examples
    --------
    >>> import numpy as np, autograd_tools as ag, viewer
    >>> J = ag.diff(lambda: np.sin(ag.Param(2.0, name="x")))
    >>> print(viewer.to_dot(J).splitlines()[0])
    digraph trace {
    """
    style = Style(gradients, edges, heat, links, marks or {}, backward)
    return dot_source(compose_picture(prepare(x, max_nodes=max_nodes), style))


def picture_of(graph: Graph, **options: Any) -> Picture:
    """Return the picture of a graph; the options are those of `to_dot` and of `Style`."""
    for name in sorted(options.keys() - Style.__dataclass_fields__.keys()):
        raise TypeError(str(unknown("drawing option", name, OPTIONS)))
    return compose_picture(graph, Style(**{**options, "marks": options.get("marks") or {}}))


def dot_source(drawn: Picture) -> str:
    """Return the DOT source of a picture."""
    graph = graphviz.Digraph("trace", graph_attr=GRAPH, node_attr=NODE, edge_attr=EDGE)
    if drawn.notes:
        notes = "\n".join(shorten(note, LONGEST_NOTE) for note in drawn.notes)
        graph.attr(label=_literal(notes), **HEADING)
    if drawn.legend:
        looks = {"class": "legend", **BOXES["legend"], **_legend(*drawn.legend)}
        graph.node("legend", id="legend", tooltip=drawn.legend[0], **looks)
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
    """Return the attributes of an arrow; the blanks keep its label off the line."""
    label = {"label": _literal(f"  {arrow.label} ")} if arrow.label else {}
    return ARROWS[arrow.kind] | label


def _legend(title: str, *bounds: str) -> dict[str, str]:
    """Return a bar of the colours, each with its lower bound and the first with its upper bound."""
    if len(bounds) == 1:
        return {"label": f"{title}: {bounds[0]}", "fillcolor": HEAT[0], "style": "filled"}
    widest = max(map(len, bounds))
    sides = [" " * (widest - len(text)) for text in bounds]  # a space is half as wide as a digit
    levels = [f"{sides[1]}  < {bounds[1]}  {sides[1]}"]
    inner = zip(bounds[1:-1], sides[1:], strict=False)
    levels += [f"{side}  ≥ {text}  {side}" for text, side in inner]
    return {
        "label": f"{title}: {bounds[0]} to {bounds[-1]}\n{''.join(levels)}",
        "fillcolor": ":".join(HEAT[: len(bounds) - 1]),
        "style": "striped",
    }


def _tooltip(text: str) -> str:
    return _literal("\n".join(shorten(line, LONGEST_TOOLTIP) for line in text.splitlines()))


def _literal(text: str) -> str:
    """Escape the backslashes and entities that Graphviz would interpret."""
    return graphviz.escape(text.replace("&", "&amp;"))
