"""Drawings as files: SVG, HTML, DOT and Mermaid; PNG and PDF by the system's `dot`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Unpack

from autograd_tools.base.memory import no_collections
from autograd_tools.base.output import is_regular, saved, write_bytes
from viewer.drawing.dot import dot_source, picture_of, to_dot
from viewer.drawing.layout import DEADLINE, MANY_RANKS, layout
from viewer.drawing.mermaid import to_mermaid
from viewer.drawing.picture import Picture
from viewer.drawing.svg import finish, page
from viewer.graph import Graph
from viewer.inputs import Traceable, as_trace
from viewer.options import Detail, DrawingOptions
from viewer.passes import MAX_NODES, fit, prepare

# A picture whose layout takes too long is first drawn plainer, then with a share of its boxes.
SIMPLER: tuple[dict[str, Any], ...] = ({}, {"plain": True, "longest": 4})
FEWER = 4


def to_svg(
    x: Traceable | Graph,
    path: str | os.PathLike[str] | None = None,
    **options: Unpack[DrawingOptions],
) -> str:
    """Return a computation graph as an SVG image that follows the light or dark screen.

    Parameters
    ----------
    x : Tape, Trace, Graph or path
        A path leads to a saved trace. A graph made by a pass is drawn unchanged.
    path : path, optional
        A file to write the image to as well.
    **options
        The options of `to_dot`.

    Returns
    -------
    str
        The image; its elements have tooltips, and their classes name their kind.

    Raises
    ------
    ValueError
        As `to_dot`.
    TypeError
        If `x` has no trace, or for an unknown option.
    RuntimeError
        If Graphviz cannot lay out even a simplified picture.

    Examples
    --------
    >>> import numpy as np, autograd_tools as ag, viewer
    >>> J = ag.diff(lambda: np.sin(ag.Param(2.0, name="x")))
    >>> viewer.to_svg(J).endswith("</svg>\\n")
    True
    """
    image, drawn = _laid_out(x, "svg", **options)
    svg = finish(image.decode(), drawn)
    return saved(svg, path)


def draw(
    x: Traceable | Graph, path: str | os.PathLike[str], **options: Unpack[DrawingOptions]
) -> Path:
    """Draw a computation graph into a file.

    Parameters
    ----------
    x : Tape, Trace, Graph or path
        A path leads to a saved trace. A graph made by a pass is drawn unchanged.
    path : path
        The file to write, which is replaced if it exists. Its ending chooses the format: .svg,
        .html (a page to zoom and pan in), .dot, .mmd (Mermaid), .png or .pdf; another .gz
        compresses it. A pipe or device without an ending, such as /dev/stdout, gets .svg.
    **options
        The options of `to_dot`.

    Returns
    -------
    Path
        The path of the file.

    Raises
    ------
    ValueError
        For another ending, and as `to_dot`.
    TypeError
        If `x` has no trace, or for an unknown option.
    FileNotFoundError
        For .png and .pdf if Graphviz's `dot` is not on the PATH, and if the folder is missing.
    RuntimeError
        If Graphviz cannot lay out even a simplified picture.

    Examples
    --------
    >>> import tempfile, numpy as np, autograd_tools as ag, viewer
    >>> J = ag.diff(lambda: np.sin(ag.Param(2.0, name="x")))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     viewer.draw(J, f"{folder}/graph.svg").name
    'graph.svg'
    """
    ending = format_of(path)
    data = FORMATS[ending](x, options)
    title = Path(str(path).removesuffix(".gz")).stem
    write_bytes(path, page(data.decode(), title).encode() if ending == ".html" else data)
    return Path(path)


def format_of(path: str | os.PathLike[str]) -> str:
    """Return the ending that names the format of a file; raise ValueError for an unknown one."""
    name = str(path).removesuffix(".gz")
    ending = Path(name).suffix.lower()
    if not ending and not is_regular(path):
        return ".svg"
    if ending not in FORMATS:
        given = Path(name).suffix or Path(name).name
        raise ValueError(f"cannot draw {given!r}; supported: {', '.join(FORMATS)}")
    return ending


@no_collections
def _laid_out(
    x: Traceable | Graph,
    format: str,
    max_nodes: int | None = MAX_NODES,
    by: Detail = "op",
    **options: Any,
) -> tuple[bytes, Picture]:
    """Return an image and its picture, simplified until its layout takes no longer than allowed."""
    x = x if isinstance(x, Graph) else as_trace(x)
    heat, node = options.get("heat"), options.get("focus")
    graph = prepare(x, max_nodes=max_nodes, by=by, heat=heat, show=node)
    asked, most = len(graph.boxes), sys.maxsize
    while True:
        for simpler in SIMPLER:
            drawn = picture_of(graph, **options, **simpler)
            if drawn.span > MANY_RANKS and not simpler:
                continue
            try:
                return layout(dot_source(drawn, html=format != "svg"), format, drawn.span), drawn
            except subprocess.SubprocessError:
                continue
        boxes = len(graph.boxes)
        fewer = fit(x, max(1, min(boxes // FEWER, most)))
        most = MAX_NODES  # a slow layout is not tried a third time
        note = f"layout of {asked:,} boxes took over {DEADLINE} s; simplified"
        graph = replace(fewer, notes=(*fewer.notes, note))
        if len(graph.boxes) >= boxes:
            raise RuntimeError(
                f"Graphviz cannot lay out {boxes:,} boxes; draw a part of the graph, or a .dot file"
            )


# The formats by the ending of a file. To add one, add an entry with a function that returns the
# bytes of the file, and a test in tests/viewer/drawing/test_draw.py.
FORMATS: dict[str, Callable[[Traceable | Graph, DrawingOptions], bytes]] = {
    ".svg": lambda x, options: to_svg(x, **options).encode(),
    ".dot": lambda x, options: to_dot(x, **options).encode(),
    ".html": lambda x, options: to_svg(x, **options).encode(),
    ".mmd": lambda x, options: to_mermaid(x, **options).encode(),
    ".png": lambda x, options: _laid_out(x, "png", **options)[0],
    ".pdf": lambda x, options: _laid_out(x, "pdf", **options)[0],
}
