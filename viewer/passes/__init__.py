"""Passes over the graph of a trace: each takes a graph, or what has a trace, and returns a graph."""

from viewer.passes.fit import MAX_NODES, fit
from viewer.passes.focus import focus
from viewer.passes.fold import fold
from viewer.passes.group import group
from viewer.passes.prepare import prepare
from viewer.passes.prune import SHAPE_ONLY, leaves_apart, prune

__all__ = ["MAX_NODES", "SHAPE_ONLY", "fit", "focus", "fold", "group", "leaves_apart", "prepare", "prune"]
