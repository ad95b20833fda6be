"""The preparation of a trace for a view: all passes that make it readable, in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from viewer.graph import Graph
from viewer.inputs import Traceable, as_graph
from viewer.options import Detail, HeatBy
from viewer.passes.fitting import MAX_NODES, check_budget
from viewer.passes.fitting import fit as fitted
from viewer.passes.focusing import reduced
from viewer.passes.grouping import group as grouped


def prepare(
    x: Traceable | Graph,
    *,
    max_nodes: int | None = MAX_NODES,
    group: bool = True,
    fold: bool = True,
    by: Detail = "op",
    heat: HeatBy | Sequence[float] | None = None,
    leaves_apart: bool = False,
    open: int | str | Sequence[int | str] = (),
    show: int | str | None = None,
) -> Graph:
    """Return a trace as a graph: grouped, folded except for `open`, collapsed to `max_nodes` boxes.

    None for `max_nodes` collapses no group. A node to `show` is drawn itself if the graph is
    folded. A graph is returned unchanged.
    """
    if isinstance(x, Graph):
        return x
    check_budget(max_nodes)
    graph = as_graph(x)
    if group:
        graph = grouped(graph)
    if leaves_apart:
        graph = replace(graph, leaves_apart=True)
    if not fold:
        return fitted(graph, max_nodes, by=by, heat=heat)
    return reduced(graph, max_nodes, by=by, heat=heat, open=open, show=show)
