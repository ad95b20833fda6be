"""A graph in Graphviz's language, with ids of our own so that no name can be taken for syntax."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import graphviz

from viewer.drawing.compose import picture
from viewer.drawing.looks import ARROWS, BOXES, CLUSTERS, EDGE, GRAPH, HEADING, HEAT, MARKS, NODE
from viewer.drawing.picture import Arrow, Cluster, Picture, Shape, Style
from viewer.graph import Graph
from viewer.inputs import Traceable
from viewer.passes import MAX_NODES, prepare
from viewer.text.lines import shorten
from viewer.text.links import check_links

LONGEST_TOOLTIP = 500  # characters of a line
LONGEST_NOTE = 120


def to_dot(
    x: Traceable | Graph,
    *,
    gradients: bool = True,
    edges: str = "shape",
    heat: str | None = None,
    links: str | None = None,
    marks: Mapping[int, str] | None = None,
    backward: bool = False,
    max_nodes: int | None = MAX_NODES,
) -> str:
    """The DOT source of a trace, or of a graph that passes have made of it: values flow down, groups are frames.

    `gradients` adds to the labels what flowed back; `edges` is "shape", for arrows that say the shapes of what they
    carry, or "none", for boxes that do. `heat` colours boxes by "time", "bytes" or "gradient", and adds the figures and a
    legend. `links` leads from boxes to the source: "file", "vscode", "pycharm", or an address such as
    "vscode://file{file}:{line}"; by default there are none, and no path of this machine is in the picture.
    `marks` are "added", "removed" or "changed" by the id of a node. `backward` draws what flows back, too: against each
    arrow a dashed one that says the shape of the gradient.

    What repeats in a trace is folded, and of one with more than `max_nodes` boxes groups are closed, and the picture says
    so; None closes nothing. A graph is drawn as it is. An edge that would span many
    ranks starts at a copy of its box, drawn beside its use.
    """
    graph = prepare(x, max_nodes=max_nodes)
    return source(
        picture_of(
            graph,
            gradients=gradients,
            edges=edges,
            heat=heat,
            links=links,
            marks=marks,
            backward=backward,
        )
    )


def picture_of(graph: Graph, *, marks: Mapping[int, str] | None = None, **options: Any) -> Picture:
    """The picture of a graph, with options as those of `to_dot` and of `Style`."""
    for name in sorted(options.keys() - Style.__dataclass_fields__.keys()):
        raise TypeError(
            f"no option {name!r} of a drawing; there are: gradients, edges, heat, links, marks, max_nodes"
        )
    check_links(options.get("links"))
    return picture(graph, Style(marks=marks or {}, **options))


def source(drawn: Picture) -> str:
    """The DOT source of a picture."""
    graph = graphviz.Digraph("trace", graph_attr=GRAPH, node_attr=NODE, edge_attr=EDGE)
    if drawn.notes:
        graph.attr(
            label=_literal("\n".join(shorten(note, LONGEST_NOTE) for note in drawn.notes)),
            **HEADING,
        )
    if drawn.legend:
        graph.node(
            "legend",
            id="legend",
            tooltip=drawn.legend[0],
            **{"class": "legend", **BOXES["legend"], **_legend(*drawn.legend)},
        )
    _write(graph, drawn.root)
    for arrow in drawn.arrows:
        graph.edge(arrow.tail, arrow.head, **_arrow(arrow))
    return str(graph.source)


def _write(graph: graphviz.Digraph, cluster: Cluster) -> None:
    """Write the shapes of a cluster, and the clusters in it."""
    for shape in cluster.shapes:
        graph.node(shape.name, **_shape(shape))
    for inner in cluster.clusters:
        if inner.is_empty():
            continue
        with graph.subgraph(name=f"cluster_{inner.name.removeprefix('g')}") as sub:
            looks = {"class": inner.kind, **CLUSTERS[inner.kind]}
            sub.attr(
                label=_literal(inner.title),
                id=inner.name,
                tooltip=_tooltip(inner.tooltip or " "),
                **looks,
            )
            _write(sub, inner)


def _shape(shape: Shape) -> dict[str, str]:
    """The attributes of a box."""
    classes, looks = [shape.kind], dict(BOXES[shape.kind])
    if shape.heat is not None:
        classes.append(f"heat{shape.heat}")
        looks["fillcolor"] = HEAT[shape.heat]
    if shape.mark:
        classes.append(shape.mark)
        looks.update(MARKS[shape.mark][1])
    label = _literal("\n".join(shape.lines))
    linked = {"href": _literal(shape.link), "target": "_top"} if shape.link else {}
    return {
        "label": label,
        "id": shape.name,
        "class": " ".join(classes),
        "tooltip": _tooltip(shape.tooltip),
        **looks,
        **linked,
    }


def _arrow(arrow: Arrow) -> dict[str, str]:
    """The attributes of an arrow."""
    looks = dict(ARROWS[arrow.kind])
    if arrow.label:
        looks["label"] = _literal(
            f"  {arrow.label} "
        )  # room between the line and the text beside it
    return looks


def _legend(title: str, *bounds: str) -> dict[str, str]:
    """A bar of the colours: in each, where it begins, the first taking all below the second, and above them, where all end."""
    if len(bounds) == 1:
        return {"label": f"{title}: {bounds[0]}", "fillcolor": HEAT[0], "style": "filled"}
    widest = max(map(len, bounds))
    sides = [" " * (widest - len(text)) for text in bounds]  # a space is half as wide as a digit
    begins = "".join(
        f"{side}  ≥ {text}  {side}" for text, side in zip(bounds[1:-1], sides[1:], strict=False)
    )
    begins = f"{sides[1]}  < {bounds[1]}  {sides[1]}{begins}"
    return {
        "label": f"{title}: {bounds[0]} to {bounds[-1]}\n{begins}",
        "fillcolor": ":".join(HEAT[: len(bounds) - 1]),
        "style": "striped",
    }


def _tooltip(text: str) -> str:
    return _literal("\n".join(shorten(line, LONGEST_TOOLTIP) for line in text.splitlines()))


def _literal(text: str) -> str:
    """Text that Graphviz shows as it is: it reads backslashes and entities otherwise."""
    return graphviz.escape(text.replace("&", "&amp;"))
