"""Drawings as files: SVG and HTML, DOT and Mermaid, which need no system package; PNG and PDF by the system's `dot`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from autograd_tools.base.documents import write_bytes
from autograd_tools.base.memory import no_collections
from viewer.drawing.dot import picture_of, source, to_dot
from viewer.drawing.layout import DEADLINE, MANY_RANKS, layout
from viewer.drawing.mermaid import to_mermaid
from viewer.drawing.picture import Picture
from viewer.drawing.svg import finish, page
from viewer.graph import Graph
from viewer.inputs import Traceable, as_trace
from viewer.passes import MAX_NODES, fit, prepare

# How a picture is simplified where its layout takes too long, before it loses boxes: to this share of them.
SIMPLER: tuple[dict[str, Any], ...] = ({}, {"plain": True, "longest": 4})
FEWER = 4


def to_svg(x: Traceable | Graph, path: str | os.PathLike[str] | None = None, **options: Any) -> str:
    """A trace or a graph as an SVG image, written to `path` if it is given; options are those of `to_dot`."""
    image, drawn = _laid_out(x, "svg", **options)
    svg = finish(image.decode(), drawn)
    if path is not None:
        write_bytes(Path(path), svg.encode())
    return svg


def draw(x: Traceable | Graph, path: str | os.PathLike[str], **options: Any) -> Path:
    """Draw a trace or a graph into a file, whose ending tells the format; returns its path.

    Endings are .svg, .html (a page to zoom and move in), .dot, .mmd (Mermaid), .png and .pdf. Options are those of
    `to_dot`. PNG and PDF need Graphviz's `dot` on the PATH; the others need nothing.
    """
    path = Path(path)
    check_format(path)
    write_bytes(path, FORMATS[path.suffix.lower()](x, options))
    return path


def check_format(path: Path) -> None:
    """Raise ValueError unless the ending of `path` is one that can be drawn."""
    if path.suffix.lower() not in FORMATS:
        raise ValueError(
            f"no format {path.suffix or path.name!r} to draw in; a file may end in {', '.join(FORMATS)}"
        )


@no_collections()
def _laid_out(
    x: Traceable | Graph, format: str, max_nodes: int | None = MAX_NODES, **options: Any
) -> tuple[bytes, Picture]:
    """An image and the picture that it shows; where layout takes too long, plainer, and at last of fewer boxes."""
    x = x if isinstance(x, Graph) else as_trace(x)
    graph = prepare(x, max_nodes=max_nodes)
    asked, most = len(graph.boxes), sys.maxsize
    while True:
        for simpler in SIMPLER:
            drawn = picture_of(graph, **options, **simpler)
            if drawn.span > MANY_RANKS and not simpler:
                continue
            try:
                return layout(source(drawn), format, drawn.span), drawn
            except subprocess.SubprocessError:
                continue
        boxes = len(graph.boxes)
        fewer = fit(x, max(1, min(boxes // FEWER, most)))
        most = MAX_NODES  # what is slow again is not tried a third time
        graph = replace(
            fewer, notes=(*fewer.notes, f"Graphviz did not lay out {asked:,} boxes in {DEADLINE} s")
        )
        if len(graph.boxes) >= boxes:
            raise RuntimeError(
                f"Graphviz cannot lay out this graph of {boxes:,} boxes: draw less of it, or a .dot file"
            )


# Adding a format is adding an entry here.
FORMATS: dict[str, Callable[[Traceable | Graph, dict[str, Any]], bytes]] = {
    ".svg": lambda x, options: to_svg(x, **options).encode(),
    ".dot": lambda x, options: to_dot(x, **options).encode(),
    ".html": lambda x, options: page(to_svg(x, **options)).encode(),
    ".mmd": lambda x, options: to_mermaid(x, **options).encode(),
    ".png": lambda x, options: _laid_out(x, "png", **options)[0],
    ".pdf": lambda x, options: _laid_out(x, "pdf", **options)[0],
}
