"""The passes that leave out what says little: constants, operations that only change a shape; and leaves drawn anew."""

from __future__ import annotations

from dataclasses import replace

from viewer.graph import Graph
from viewer.inputs import Traceable, as_graph

# Operations that give the numbers of their argument back, all of them, in another shape, order or type.
SHAPE_ONLY = frozenset(
    (
        "astype",
        "atleast_1d",
        "atleast_2d",
        "atleast_3d",
        "broadcast_to",
        "copy",
        "expand_dims",
        "flatten",
        "moveaxis",
        "permute_dims",
        "ravel",
        "reshape",
        "rollaxis",
        "squeeze",
        "swapaxes",
        "transpose",
    )
)


def prune(x: Traceable | Graph, *, constants: bool = True, shapes: bool = True) -> Graph:
    """Hide what says little: arguments that are `constants`, and operations that only change `shapes`.

    Edges go through the operations that are hidden: those of `SHAPE_ONLY`, unless nothing uses their value.
    """
    graph = as_graph(x)
    columns = graph.trace.columns
    found = [
        id
        for id in graph.root.all_ids()
        if columns.op[id - 1] in SHAPE_ONLY and columns.children[id - 1]
    ]
    new = graph.hidden.union(found) if shapes else graph.hidden
    notes = graph.notes
    if count := len(new) - len(graph.hidden):
        notes += (f"{count:,} operation{'s' if count > 1 else ''} that only change shapes hidden",)
    if constants and graph.constants:
        notes += ("constants hidden",)
    return replace(graph, hidden=new, constants=graph.constants and not constants, notes=notes)


def leaves_apart(x: Traceable | Graph) -> Graph:
    """Draw Params and inputs anew at each use, so that a weight used by many makes no edges across the picture."""
    return replace(as_graph(x), leaves_apart=True)
