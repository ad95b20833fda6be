"""The pass that puts nodes into groups: a tree of the functions, scopes, loops and steps that they were computed in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from autograd_tools.base.memory import no_collections
from autograd_tools.tracing.columns import ScopeNode
from viewer.graph import Graph, Group
from viewer.inputs import Traceable, as_graph


@no_collections()
def group(x: Traceable | Graph) -> Graph:
    """Put the nodes of a trace, or those in a graph, into groups by the functions, scopes and loops around them.

    Functions and scopes around everything make no group. A Param or input stands in the innermost group that holds all
    its uses: weights that all steps of a loop share stand outside of it, those of one layer in the layer.
    """
    graph = as_graph(x)
    places = graph.trace.places
    homes, root = _homes(graph)
    members: dict[int, list[int]] = {
        root: []
    }  # by place: ids of nodes, and ~place for those of the places in it
    for id, home in homes.items():
        item, number = id, home
        while number not in members:
            members[number] = [item]
            item, number = ~number, places[number].parent
        members[number].append(item)
    groups: dict[int, Group] = {}
    for number in sorted(
        members, reverse=True
    ):  # inner places have higher numbers than those around them
        place = places[number] if number != root else ScopeNode(0, "", "")
        found = tuple(groups.pop(~item) if item < 0 else item for item in members[number])
        groups[number] = Group(place.name, found, place.kind, place.file, place.line)
    return replace(graph, root=groups[root])


def _homes(graph: Graph) -> tuple[dict[int, int], int]:
    """The places that the nodes are to stand in, by id, and the one that becomes the root."""
    columns, places = graph.trace.columns, graph.trace.places
    around = _Ancestors(places)
    ids = np.sort(np.fromiter(graph.root.all_ids(), np.int64))
    place = np.array([0, *columns.place])
    leaf = np.array([False, *[kind != "result" for kind in columns.kind]])
    root = trunk(places, around.common(set(place[ids[~leaf[ids]]].tolist())))
    homes = dict(zip(ids.tolist(), np.where(leaf[ids], root, place[ids]).tolist(), strict=True))
    uses: dict[int, set[int]] = {}
    own = np.repeat(np.arange(1, len(leaf)), np.diff(columns.starts))
    for id, user in zip(
        *(x[leaf[columns.flat]].tolist() for x in (columns.flat, own)), strict=True
    ):
        if id in homes and user in homes:
            uses.setdefault(id, set()).add(columns.place[user - 1])
    homes.update((id, around.common(numbers)) for id, numbers in uses.items())
    return homes, root


def trunk(places: Sequence[ScopeNode], number: int) -> int:
    """The place around all that is no group: not a loop, step or function that calls itself, which say what is repeated."""
    while places[number].kind in ("loop", "step"):
        number = places[number].parent
    same = (places[number].kind, places[number].name)
    inner = [
        place for place in places[1:] if place.parent == number and (place.kind, place.name) == same
    ]
    return places[number].parent if len(inner) == 1 and same[0] == "function" else number


class _Ancestors:
    """Finds the innermost place around some others: in pre-order, what is in a place is a range."""

    def __init__(self, places: Sequence[ScopeNode]) -> None:
        self.parents = [place.parent for place in places]
        self.sizes = [1] * len(places)
        for number in range(len(places) - 1, 0, -1):
            self.sizes[self.parents[number]] += self.sizes[number]
        self.starts, free = [0] * len(places), [1] * len(places)
        for number in range(1, len(places)):
            parent = self.parents[number]
            self.starts[number] = free[parent]
            free[number] = free[parent] + 1
            free[parent] += self.sizes[number]

    def common(self, numbers: set[int]) -> int:
        """The innermost place that holds all the given ones."""
        place = min(numbers, key=self.starts.__getitem__, default=0)
        last = max((self.starts[number] for number in numbers), default=0)
        while self.starts[place] + self.sizes[place] <= last:
            place = self.parents[place]
        return place
