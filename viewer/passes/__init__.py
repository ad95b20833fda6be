"""Passes over the graph of a trace: each takes a graph, or a trace, and returns a graph.

To add a pass, write its function in a module of its own, import it here and in `viewer`, and let
its test call `Graph.check` on the result.
"""

from viewer.passes.fitting import MAX_NODES as MAX_NODES
from viewer.passes.fitting import fit as fit
from viewer.passes.focusing import focus as focus
from viewer.passes.folding import fold as fold
from viewer.passes.grouping import group as group
from viewer.passes.preparing import prepare as prepare
from viewer.passes.pruning import SHAPE_ONLY as SHAPE_ONLY
from viewer.passes.pruning import leaves_apart as leaves_apart
from viewer.passes.pruning import prune as prune
