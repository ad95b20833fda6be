"""Drawings as images: SVG without a system package, PNG and PDF by the system's `dot`."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from typing import Any, Unpack

from autograd_tools.base.memory import no_collections
from autograd_tools.base.output import saved
from viewer.drawing.dot import dot_source, picture_of
from viewer.drawing.layout import DEADLINE, MANY_RANKS, layout
from viewer.drawing.picture import Picture
from viewer.drawing.svg import finish
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
    """Return a computation graph as an SVG image that adapts to a light or dark screen.

    Parameters
    ----------
    x : Tape, Trace, Graph or path
        A path must be that of a saved trace. A graph returned by a pass is drawn unchanged.
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
    return saved(svg_of(x, **options), path)


def svg_of(x: Traceable | Graph, *, heading: bool = True, **options: Any) -> str:
    """Return the image of `to_svg`, without notes and legend if it needs no heading."""
    image, drawn = laid_out(x, "svg", heading=heading, **options)
    return finish(image.decode(), drawn)


@no_collections
def laid_out(
    x: Traceable | Graph,
    format: str,
    max_nodes: int | None = MAX_NODES,
    by: Detail = "op",
    heading: bool = True,
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
            if not heading:
                drawn = replace(drawn, notes=(), legend=())
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
