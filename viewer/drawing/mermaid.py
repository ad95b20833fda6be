"""A graph as a Mermaid flowchart, which GitHub, GitLab and many editors draw where it stands in a text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from viewer.drawing.dot import picture_of
from viewer.drawing.looks import BOXES, HEAT, MARKS
from viewer.drawing.picture import Arrow, Cluster, Picture, Shape
from viewer.graph import Graph
from viewer.inputs import Traceable
from viewer.passes import MAX_NODES, prepare

# The brackets around the text of a box tell what it is.
BRACKETS = {
    "param": ("[[", "]]"),
    "input": ("{{", "}}"),
    "final": ("([", "])"),
    "group": ("[", "]"),
    "stack": ("[", "]"),
    "elsewhere": (">", "]"),
    "constant": ("[", "]"),
    "legend": ("[", "]"),
    "result": ("(", ")"),
    "key": ("(", ")"),
}
LINES = {"value": "-->", "constant": "-.-", "carried": "-.->", "backward": "-.->", "up": "-->"}


def to_mermaid(x: Traceable | Graph, *, max_nodes: int | None = MAX_NODES, **options: Any) -> str:
    """A trace or a graph as a Mermaid flowchart; options are those of `to_dot`.

    Mermaid as GitHub has it draws up to 500 arrows, and takes up to 50,000 characters.
    """
    drawn = picture_of(prepare(x, max_nodes=max_nodes), **options)
    return "\n".join(_chart(drawn)) + "\n"


def _chart(drawn: Picture) -> Iterator[str]:
    yield "flowchart TD"
    yield f"  accTitle: {_plain(drawn.root.title)}"
    yield from _members(drawn.root, "  ")
    if drawn.notes:
        yield f'  notes["{_text(*drawn.notes)}"]:::constant'
    if drawn.legend:
        yield f'  subgraph legend["{_text(drawn.legend[0])}"]'
        yield from (
            f'    level{n}["{_text(text)}"]:::heat{n}' for n, text in enumerate(_levels(drawn))
        )
        yield "  end"
    yield from (f"  {_arrow(arrow)}" for arrow in drawn.arrows)
    yield from _classes(drawn)


def _members(cluster: Cluster, indent: str) -> Iterator[str]:
    for shape in cluster.shapes:
        yield f"{indent}{_shape(shape)}"
        if shape.link:
            yield f'{indent}click {shape.name} href "{_address(shape.link)}"'
    for inner in cluster.clusters:
        if inner.is_empty():
            continue
        if inner.kind == "behind":  # Mermaid has no stacks, and the title says how many there are
            yield from _members(inner, indent)
            continue
        yield f'{indent}subgraph {inner.name}["{_text(inner.title)}"]'
        yield from _members(inner, f"{indent}  ")
        yield f"{indent}end"


def _shape(shape: Shape) -> str:
    left, right = BRACKETS[shape.kind]
    return f'{shape.name}{left}"{_text(*shape.lines)}"{right}:::{_look(shape)}'


def _look(shape: Shape) -> str:
    """The class of a box: what tells most about it."""
    return shape.mark or (f"heat{shape.heat}" if shape.heat is not None else shape.kind)


def _levels(drawn: Picture) -> list[str]:
    """What each level of heat stands for."""
    bounds = drawn.legend[1:]
    return [f"{low} – {high}" for low, high in pairwise(bounds)] or list(bounds)


def _shapes(cluster: Cluster) -> Iterator[Shape]:
    yield from cluster.shapes
    for inner in cluster.clusters:
        yield from _shapes(inner)


def _arrow(arrow: Arrow) -> str:
    line = LINES[arrow.kind] + (f'|"{_text(arrow.label)}"|' if arrow.label else "")
    return f"{arrow.tail} {line} {arrow.head}"


def _classes(drawn: Picture) -> Iterator[str]:
    """The colours of the kinds that are there; text is dark on all of them, on a dark screen, too."""
    fills = {kind: (look.get("fillcolor"), look.get("color")) for kind, look in BOXES.items()}
    fills |= {f"heat{level}": (colour, "#5b6b7f") for level, colour in enumerate(HEAT)}
    fills |= {mark: (look["fillcolor"], look["color"]) for mark, (_, look) in MARKS.items()}
    used = {_look(shape) for shape in _shapes(drawn.root)} | {
        f"heat{n}" for n, _ in enumerate(_levels(drawn))
    }
    used |= {"constant"} if drawn.notes else set()
    for name, (fill, stroke) in fills.items():
        if name in used:
            yield f"  classDef {name} " + (
                f"fill:{fill},stroke:{stroke or '#5b6b7f'},color:#1a1f26"
                if fill
                else "stroke-dasharray:3"
            )


def _text(*lines: str) -> str:
    """Text between quotes: what Mermaid, Markdown or HTML would read becomes a character's number."""
    return "<br/>".join(
        re.sub(r"[^\w\s.,:;∇×…–≠−+=/()→-]", lambda match: f"#{ord(match[0])};", line)
        for line in lines
    )


def _plain(text: str) -> str:
    """Text up to the end of a line."""
    return re.sub(r"[^\w\s.,-]", " ", text)


def _address(link: str) -> str:
    return link.replace('"', "%22")
