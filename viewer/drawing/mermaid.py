"""A graph as a Mermaid flowchart, which GitHub, GitLab and many editors render."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Unpack

from viewer.drawing.dot import legend_levels, picture_of
from viewer.drawing.looks import BOXES, FAINT, HEAT, MARKS, NODE
from viewer.drawing.picture import Arrow, Cluster, Picture, Shape
from viewer.graph import Graph
from viewer.inputs import Traceable
from viewer.options import DrawingOptions
from viewer.passes import MAX_NODES, prepare

# The brackets around the text of a box by kind, where they are not square.
BRACKETS = {
    "param": ("[[", "]]"),
    "input": ("{{", "}}"),
    "final": ("([", "])"),
    "elsewhere": (">", "]"),
    "result": ("(", ")"),
    "key": ("(", ")"),
}
BORDER = NODE["color"]
CONNECTORS = {"value": "-->", "constant": "-.-", "carried": "-.->", "up": "-->"}
CONNECTORS |= {"backward": "<-->", "back": "<-.->"}


def to_mermaid(x: Traceable | Graph, **options: Unpack[DrawingOptions]) -> str:
    """Return a computation graph as a Mermaid flowchart.

    GitHub's Mermaid draws up to 500 arrows and takes up to 50,000 characters.

    Parameters
    ----------
    x : Tape, Trace, Graph or path
        A path must be that of a saved trace. A graph returned by a pass is drawn unchanged.
    **options
        The options of `to_dot`.

    Returns
    -------
    str
        The flowchart, for a Markdown code block of the language `mermaid`.

    Raises
    ------
    ValueError
        As `to_dot`.
    TypeError
        If `x` has no trace, or for an unknown option.

    Examples
    --------
    >>> import numpy as np, autograd_tools as ag, viewer
    >>> J = ag.diff(lambda: np.sin(ag.Param(2.0, name="x")))
    >>> print(viewer.to_mermaid(J).splitlines()[0])
    flowchart TD
    """
    most, by = options.pop("max_nodes", MAX_NODES), options.pop("by", "op")
    heat, node = options.get("heat"), options.get("focus")
    graph = prepare(x, max_nodes=most, by=by, heat=heat, show=node)
    drawn = picture_of(graph, **options)
    return "\n".join(_chart(drawn)) + "\n"


def _chart(drawn: Picture) -> Iterator[str]:
    yield f"flowchart {'LR' if drawn.direction == 'right' else 'TD'}"
    yield f"  accTitle: {_plain(drawn.root.title)}"
    yield from _members(drawn.root, "  ")
    if drawn.notes:
        yield f'  notes["{_text(*drawn.notes)}"]:::constant'
    if drawn.legend:
        yield f'  subgraph legend["{_text(drawn.legend[0])}"]'
        for n, text in enumerate(_levels(drawn)):
            yield f'    level{n}["{_text(text)}"]:::heat{n}'
        yield "  end"
    yield from (f"  {_arrow_line(arrow)}" for arrow in drawn.arrows)
    if faint := ",".join(str(n) for n, arrow in enumerate(drawn.arrows) if arrow.faint):
        yield f"  linkStyle {faint} stroke:{FAINT['color']}"
    yield from _classes(drawn)


def _members(cluster: Cluster, indent: str) -> Iterator[str]:
    for shape in cluster.shapes:
        yield f"{indent}{_shape_line(shape)}"
        if shape.link:
            yield f'{indent}click {shape.name} href "{_address(shape.link)}"'
    for inner in cluster.clusters:
        if inner.is_empty():
            continue
        if inner.kind == "behind":  # Mermaid has no stacks; the title has the count
            yield from _members(inner, indent)
            continue
        yield f'{indent}subgraph {inner.name}["{_text(inner.title)}"]'
        yield from _members(inner, f"{indent}  ")
        yield f"{indent}end"


def _shape_line(shape: Shape) -> str:
    left, right = BRACKETS.get(shape.kind, ("[", "]"))
    return f'{shape.name}{left}"{_text(*shape.lines)}"{right}:::{_class(shape)}'


def _class(shape: Shape) -> str:
    """Return the class of a box, by which it is coloured."""
    if shape.mark or shape.heat is not None:
        return shape.mark or f"heat{shape.heat}"
    return "faint" if shape.faint else shape.kind


def _levels(drawn: Picture) -> list[str]:
    return legend_levels(drawn.legend[1:]) if drawn.legend else []


def _shapes(cluster: Cluster) -> Iterator[Shape]:
    yield from cluster.shapes
    for inner in cluster.clusters:
        yield from _shapes(inner)


def _arrow_line(arrow: Arrow) -> str:
    label = " ".join(filter(None, (arrow.argument and f"[{arrow.argument}]", arrow.label)))
    line = CONNECTORS[arrow.kind] + (f'|"{_text(label)}"|' if label else "")
    return f"{arrow.tail} {line} {arrow.head}"


def _classes(drawn: Picture) -> Iterator[str]:
    """Yield the colours of the kinds that occur; text is dark on each, on any screen."""
    fills = {kind: (look.get("fillcolor"), look.get("color")) for kind, look in BOXES.items()}
    fills |= {f"heat{level}": (colour, BORDER) for level, colour in enumerate(HEAT)}
    fills["faint"] = "#f5f7fa", FAINT["color"]
    fills |= {mark: (look["fillcolor"], look["color"]) for mark, (_, look) in MARKS.items()}
    used = {_class(shape) for shape in _shapes(drawn.root)}
    used |= {f"heat{n}" for n, _ in enumerate(_levels(drawn))}
    used |= {"constant"} if drawn.notes else set()
    for name, (fill, stroke) in fills.items():
        if name in used:
            solid = f"fill:{fill},stroke:{stroke or BORDER},color:#1a1f26"
            yield f"  classDef {name} {solid if fill else 'stroke-dasharray:3'}"


def _text(*lines: str) -> str:
    """Return text between quotes; characters that Mermaid or HTML interpret become numbers.

    A colon makes an icon of `fa:fa-x`, and the words `direction LR` a statement.
    """
    escaped = (re.sub(r"(?<=direction)\s|[^\w\s.,·∇×…–≠−+=/()→-]", _entity, line) for line in lines)
    return "<br/>".join(escaped)


def _entity(match: re.Match[str]) -> str:
    return f"#{ord(match[0])};"


def _plain(text: str) -> str:
    """Return text that extends to the end of a line."""
    return re.sub(r"[^\w\s.,-]", " ", text)


def _address(link: str) -> str:
    return link.replace('"', "%22")
