"""The pass that groups nodes by the functions, scopes, loops and steps that computed them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from autograd_tools.base.memory import no_collections
from autograd_tools.location.call_tree import ScopeNode
from viewer.graph import Graph
from viewer.groups import Group
from viewer.inputs import Traceable, as_graph


@no_collections
def group(x: Traceable | Graph) -> Graph:
    """Group nodes by the functions, scopes and loops around them.

    Functions and scopes around all nodes form no group. A Param or input is in the innermost group
    that contains all its uses: weights that all steps of a loop share are outside the loop, those
    of one layer are in the layer. Operations of VJP rules in the backward pass of an inner gradient
    have groups of their own, "∇ f" for a function f.

    Parameters
    ----------
    x : Tape, Trace, Graph or path
        A path must be that of a saved trace. A graph loses its existing groups.

    Returns
    -------
    Graph
        The grouped graph.

    Raises
    ------
    TypeError
        If `x` has no trace.

    Examples
    --------
    >>> import autograd_tools as ag, viewer
    >>> def power(w):
    ...     x = 1.0
    ...     for _ in range(2):
    ...         x = x * w
    ...     return x
    >>> print(viewer.to_text(viewer.group(ag.trace(power, 2.0)), "tree"))
    3 nodes in power
    └── for _ in range(2)  3 nodes  24.0B
        ├── input w  2  ∇ 4
        ├── step 1  1 node  8.00B
        │   └── v2 = 1.0 * w  2  ∇ 2
        └── step 2  1 node  8.00B
            └── v3 = v2 * w  4  ∇ 1
    """
    graph = as_graph(x)
    homes, root, places = _homes(graph)
    members: dict[int, list[int]] = {root: []}  # by place: ids of nodes, and ~place of inner ones
    for id, home in homes.items():
        item, number = id, home
        while number not in members:
            members[number] = [item]
            item, number = ~number, places[number].parent
        members[number].append(item)
    groups: dict[int, Group] = {}
    for number in sorted(members, reverse=True):  # inner places have higher numbers
        place = places[number] if number != root else ScopeNode(0, "", "")
        found = tuple(groups.pop(~item) if item < 0 else item for item in members[number])
        groups[number] = Group(place.name, found, place.kind, place.file, place.line)
    return replace(graph, root=groups[root])


def _homes(graph: Graph) -> tuple[dict[int, int], int, Sequence[ScopeNode]]:
    """Return the place of each node, by id, the place that becomes the root, and all places."""
    columns, places = graph.trace.columns, graph.trace.places
    ids = np.sort(np.fromiter(graph.root.all_ids(), np.int64))
    place = np.array([0, *columns.place])
    leaf = np.array([False, *[kind != "result" for kind in columns.kind]])
    around, results = Ancestors(places), ids[~leaf[ids]]
    root = trunk(places, around.common(set(place[results].tolist())))
    by_rules = np.array([False, *map(bool, columns.gradient)])
    if by_rules[results].any():
        places = _backward_apart(places, place, results, by_rules, root)
        around = Ancestors(places)
        root = trunk(places, around.common(set(place[results].tolist())))
    homes = dict(zip(ids.tolist(), np.where(leaf[ids], root, place[ids]).tolist(), strict=True))
    uses: dict[int, set[int]] = {}
    own = np.repeat(np.arange(1, len(leaf)), np.diff(columns.starts))
    is_leaf = leaf[columns.flat]
    for id, user in zip(columns.flat[is_leaf].tolist(), own[is_leaf].tolist(), strict=True):
        if id in homes and user in homes:
            uses.setdefault(id, set()).add(int(place[user]))
    homes.update((id, around.common(numbers)) for id, numbers in uses.items())
    return homes, root, places


def _backward_apart(
    places: Sequence[ScopeNode],
    place: np.ndarray,
    results: np.ndarray,
    by_rules: np.ndarray,
    root: int,
) -> list[ScopeNode]:
    """Return places with others for the backward passes of inner gradients, and change `place`.

    A backward pass runs in the places of its forward pass. It has places of its own where that was
    over before; around them is the function that asks for the gradient.
    """
    first, last = [len(place)] * len(places), [0] * len(places)  # of rules, and of other operations
    count, most = np.bincount(place[results], minlength=len(places)).tolist(), [0] * len(places)
    for id, number in zip(results.tolist(), place[results].tolist(), strict=True):
        if by_rules[id]:
            first[number] = min(first[number], id)
        else:
            last[number] = max(last[number], id)
    is_below = [False] * len(places)
    for number in range(len(places) - 1, 0, -1):
        parent = places[number].parent
        first[parent] = min(first[parent], first[number])
        last[parent] = max(last[parent], last[number])
        count[parent] += count[number]
        most[parent] = max(most[parent], count[number])
    found, apart = list(places), {}
    for number, old in enumerate(places):
        is_below[number] = number == root or (number > 0 and is_below[old.parent])
        if number and is_below[number] and last[number] < first[number] < len(place):
            is_outer = old.parent not in apart
            if is_outer and most[number] == count[number]:
                continue  # it only calls the function whose gradient it is
            name = f"∇ {old.name}" if is_outer else old.name
            apart[number] = len(found)
            found.append(old._replace(parent=apart.get(old.parent, old.parent), name=name))
    for id in results[by_rules[results]].tolist():
        place[id] = apart.get(int(place[id]), place[id])
    return found


def trunk(places: Sequence[ScopeNode], number: int) -> int:
    """Return the innermost place around all that is no loop, step or recursive function."""
    while places[number].kind in ("loop", "step"):
        number = places[number].parent
    same = (places[number].kind, places[number].name)
    inner = (place for place in places[1:] if place.parent == number)
    is_recursive = [(place.kind, place.name) for place in inner].count(same) == 1
    return places[number].parent if is_recursive and same[0] == "function" else number


class Ancestors:
    """Finds the innermost place around some others, by ranges in pre-order."""

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
        """Return the innermost place around the given ones."""
        place = min(numbers, key=self.starts.__getitem__, default=0)
        last = max((self.starts[number] for number in numbers), default=0)
        while self.starts[place] + self.sizes[place] <= last:
            place = self.parents[place]
        return place
