"""The places of single calls: the functions, scopes, loops and steps of loops around them."""

from __future__ import annotations

from array import array
from typing import Any

import numpy as np

from autograd_tools.location.call_tree import ROOT
from autograd_tools.timing.log import HALF, RECORDED, SUM_OUTGRADS, Ints, Marks
from autograd_tools.timing.spans import Spans


class CallPlaces:
    """A call tree of all recordings, which grows with their logs, and the places of their nodes.

    An inner recording without call sites of its own has those of a recording around it: `owners`
    has the number of that one by the number of the inner one.
    """

    def __init__(self) -> None:
        self.tree = [ROOT]
        self.owners: dict[int, int] = {}
        self._walks: dict[int, Any] = {}  # by the number of the owner
        self._nodes: dict[int, array[int]] = {}  # the place of each node, by recording

    def of_spans(self, marks: Marks, spans: Spans, nodes: Ints, forward: Ints, of: Ints) -> Ints:
        """Return the place of each span, 0 for none.

        `nodes`, `forward` and `of` are those of `add_node_times`, `forward_of` and `phases_of`.
        """
        found = np.zeros(len(nodes), np.int64)
        rows = np.flatnonzero((marks.code[spans.begin] == RECORDED) & (nodes > 0))
        begin = spans.begin[rows]
        columns = (x.tolist() for x in (rows, nodes[rows], begin, forward[begin]))
        for row, node, mark, operation in zip(*columns, strict=True):
            site = marks.site[mark]
            site = site[0] if type(site) is tuple else site
            if site is None:
                continue
            # What a rule computes is at the place of the operation that it differentiates.
            place = self._around(marks, spans, row) if site.gradient else self._next(node, site)
            found[row] = place
            self._keep(node, place)
            if operation >= 0 and not found[operation]:
                found[operation] = place
        gradients = np.flatnonzero((spans.argument > 0) & (nodes > 0))
        found[gradients] = [self._of(node) for node in nodes[gradients].tolist()]
        sums = np.flatnonzero(spans.label == SUM_OUTGRADS)
        found[sums] = found[of[sums]]
        for walk in self._walks.values():
            walk.settle()
        return found

    def _next(self, node: int, site: Any) -> int:
        """Return the place of the next operation at a site."""
        serial = node >> HALF
        owner = self.owners.get(serial, serial)
        if owner not in self._walks:
            from autograd_tools.location.places import Walk  # keeps `import autograd_tools` fast

            self._walks[owner] = Walk(self.tree)
        place: int = self._walks[owner].place(site)
        return place

    def _around(self, marks: Marks, spans: Spans, row: int) -> int:
        """Return the place of the gradient around a span."""
        row = int(spans.parent[row])
        while row >= 0 and spans.argument[row] <= 0:
            row = int(spans.parent[row])
        return self._of(int(marks.number[spans.begin[row]])) if row >= 0 else 0

    def _keep(self, node: int, place: int) -> None:
        places, index = self._nodes.setdefault(node >> HALF, array("q")), node & (1 << HALF) - 1
        places.extend([0] * (index + 1 - len(places)))
        places[index] = place

    def _of(self, node: int) -> int:
        """Return the place of a node; 0 where it is not known."""
        places, index = self._nodes.get(node >> HALF, ()), node & (1 << HALF) - 1
        return places[index] if index < len(places) else 0
