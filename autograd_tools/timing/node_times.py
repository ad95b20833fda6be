"""Times of the nodes of recordings that keep all their values."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

from autograd_tools.timing.log import END, HALF, NODE, RECORDED, Ints, Marks
from autograd_tools.timing.spans import Spans

# The recordings whose nodes have times, by number; nobody can ask for the nodes of others. Freed
# ones are removed when a log is added up: a WeakValueDictionary removes them at once, and swallows
# a Ctrl-C that arrives then.
recordings: dict[int, weakref.ref[Any]] = {}


def add_node_times(marks: Marks, spans: Spans, forward: Ints) -> Ints:
    """Hand the times of nodes to their recordings; return the node of each span, 0 for none."""
    code, number = marks.code, marks.number
    backward = np.flatnonzero((spans.argument > 0) & spans.single)
    recorded = np.flatnonzero(forward >= 0)
    begin = spans.begin[backward]
    place = np.where(code[begin] > 0, begin, begin - 1)  # NODE precedes a gradient with no children
    of = np.where((code[place] == NODE) | (code[place] > END), number[place], 0)
    nodes = np.concatenate([number[recorded], of])
    rows = np.concatenate([forward[recorded], backward])
    for serial in np.unique(nodes >> HALF).tolist():
        found = recordings.get(serial)
        recording = None if found is None else found()
        if recording is not None:
            mine = nodes >> HALF == serial
            at = rows[mine]
            recording.ticks.append(
                (nodes[mine] & (1 << HALF) - 1, spans.argument[at], spans.ns[at])
            )
    for serial in [serial for serial, found in list(recordings.items()) if found() is None]:
        recordings.pop(serial, None)
    node = np.where(code[spans.begin] == RECORDED, number[spans.begin], 0)
    node[rows] = nodes
    return node
