"""Passes over the graph of a trace: each takes a graph, or what has a trace, and returns a graph."""

from viewer.passes.fitting import MAX_NODES, fit
from viewer.passes.focusing import focus
from viewer.passes.folding import fold
from viewer.passes.grouping import group
from viewer.passes.preparing import prepare
from viewer.passes.pruning import SHAPE_ONLY, leaves_apart, prune

__all__ = [
    "MAX_NODES",
    "SHAPE_ONLY",
    "fit",
    "focus",
    "fold",
    "group",
    "leaves_apart",
    "prepare",
    "prune",
]
