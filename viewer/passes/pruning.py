"""The passes that hide constants and shape-only operations, and that draw leaves at each use."""

from __future__ import annotations

from dataclasses import replace

from viewer.graph import Graph
from viewer.inputs import Traceable, as_graph

# Operations that return all elements of their argument in another shape, order or type. To add one,
# add its name here.
_NAMES = """
astype atleast_1d atleast_2d atleast_3d broadcast_to copy expand_dims flatten moveaxis permute_dims
ravel reshape rollaxis squeeze swapaxes transpose
"""
SHAPE_ONLY = frozenset(_NAMES.split())


def prune(x: Traceable | Graph, *, constants: bool = True, shapes: bool = True) -> Graph:
    """Hide constant arguments and operations that only change shapes.

    Parameters
    ----------
    x : Tape, Trace, Graph or path
        A path must be that of a saved trace.
    constants : bool, default True
        Hide arguments that are constants.
    shapes : bool, default True
        Hide operations such as `reshape` and `transpose`, unless nothing uses their value. Edges
        pass through them.

    Returns
    -------
    Graph
        The graph, with a note for each hidden part.

    Raises
    ------
    TypeError
        If `x` has no trace.

    Examples
    --------
    >>> import numpy as np, autograd_tools as ag, viewer
    >>> trace = ag.trace(lambda w: np.sum(np.reshape(w, (2, 2))), np.ones(4))
    >>> print(viewer.to_text(viewer.prune(trace)))
    input w  [4]  ∇ 2
    v3 = sum(v2)  4  ∇ 1
    """
    graph = as_graph(x)
    op, children = graph.trace.columns.op, graph.trace.columns.children
    ids = graph.root.all_ids() if shapes else ()
    hidden = graph.hidden.union(id for id in ids if op[id - 1] in SHAPE_ONLY and children[id - 1])
    notes = graph.notes
    if count := len(hidden) - len(graph.hidden):
        notes += (f"{count:,} shape-only operation{'s' if count > 1 else ''} hidden",)
    if constants and graph.constants:
        notes += ("constants hidden",)
    return replace(graph, hidden=hidden, constants=graph.constants and not constants, notes=notes)


def leaves_apart(x: Traceable | Graph) -> Graph:
    """Duplicate Params and inputs at each use, so that edges of shared weights do not cross others.

    Parameters
    ----------
    x : Tape, Trace, Graph or path
        A path must be that of a saved trace.

    Returns
    -------
    Graph
        The graph with duplicate leaves.

    Raises
    ------
    TypeError
        If `x` has no trace.

    Examples
    --------
    >>> import autograd_tools as ag, viewer
    >>> trace = ag.trace(lambda w: w * 2 + w * 3, 1.0)
    >>> list(viewer.leaves_apart(trace).boxes)
    ['n1_for_n2', 'n1_for_n3', 'n2', 'n3', 'n4']
    """
    return replace(as_graph(x), leaves_apart=True)
