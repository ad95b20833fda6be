"""The preparation of a trace for a view: all passes that make it readable, in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from viewer.graph import Graph
from viewer.inputs import Traceable, as_graph
from viewer.passes.fitting import MAX_NODES, check_budget
from viewer.passes.fitting import fit as fitted
from viewer.passes.folding import fold as folded
from viewer.passes.grouping import group as grouped

ROWS = 0.4  # of the boxes of a picture, that may be in a column: 24 of 60 fill about two screens


def prepare(
    x: Traceable | Graph,
    *,
    max_nodes: int | None = MAX_NODES,
    group: bool = True,
    fold: bool | None = None,
    leaves_apart: bool = False,
    open: int | str | Sequence[int | str] = (),
) -> Graph:
    """Return a trace as a graph: grouped, folded except for `open`, collapsed to `max_nodes` boxes.

    By default only a trace that is tall or has more than `max_nodes` nodes is folded. None for
    `max_nodes` collapses no group. A graph is returned unchanged.
    """
    if isinstance(x, Graph):
        return x
    budget = MAX_NODES if max_nodes is None else max_nodes
    check_budget(budget)
    graph = as_graph(x)
    if group:
        graph = grouped(graph)
    if leaves_apart:
        graph = replace(graph, leaves_apart=True)
    graph = folded(graph, open) if (is_tall(graph, budget) if fold is None else fold) else graph
    return graph if max_nodes is None else fitted(graph, max_nodes)


def is_tall(graph: Graph, max_nodes: int = MAX_NODES) -> bool:
    """Return whether a graph has more nodes, or a longer chain of them, than fit a picture."""
    shown = set(graph.root.all_ids())
    rows = [0]
    for id, parents in enumerate(graph.trace.columns.parents, 1):
        above = max((rows[parent] for parent in parents), default=0)
        rows.append(above + (id in shown))
    return len(shown) > max_nodes or max(rows) > ROWS * max_nodes
