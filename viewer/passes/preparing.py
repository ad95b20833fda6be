"""What views do before they show a trace: all the passes that make it readable, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from autograd_tools import Trace
from viewer.graph import Graph
from viewer.inputs import Traceable, as_graph
from viewer.passes.fitting import MAX_NODES, check_budget
from viewer.passes.fitting import fit as fitted
from viewer.passes.folding import fold as folded
from viewer.passes.grouping import group as grouped

ROWS = 0.4  # of the boxes of a picture that may stand one below the other: 24 of 60, about what a screen holds twice


def prepare(
    x: Traceable | Graph,
    *,
    max_nodes: int | None = MAX_NODES,
    group: bool = True,
    fold: bool | None = None,
    leaves_apart: bool = False,
    open: int | str | Sequence[int | str] = (),
) -> Graph:
    """The graph to show of a trace: in groups, folded but for what is to be `open`, and closed to `max_nodes` boxes.

    What has at most `max_nodes` nodes, and is not tall, is not folded unless asked for, and `max_nodes` of None closes nothing. A graph is
    shown as it is: whoever made it knows why.
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
    if (
        fold
        if fold is not None
        else len(graph.trace) > budget or _height(graph.trace) > ROWS * budget
    ):
        graph = folded(graph, open)
    return graph if max_nodes is None else fitted(graph, max_nodes)


def _height(trace: Trace) -> int:
    """How many nodes follow from one another, at most."""
    rows = [0]
    for parents in trace.columns.parents:
        rows.append(1 + max((rows[id] for id in parents), default=0))
    return max(rows)
