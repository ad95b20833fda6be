"""Parts of a gradient that `ag.checkpoint` may wrap: calls of functions, and steps of loops."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from viewer.profiles.memory_use.course import Region
from viewer.profiles.memory_use.recorded import Recorded

RECURSIVE = "it calls itself"
SCATTERED = "its operations and those of others take turns, as those of a generator do"
LOOP = "for"  # the name of one
FEWEST_STEPS = 4  # of a loop that is worth parts


class Part(NamedTuple):
    """A line of the program to change: it calls the function `name`, or begins a loop.

    A loop is run in parts of so many `steps`; a call has none.
    """

    file: str
    line: int
    name: str
    steps: int = 0


@dataclass(frozen=True)
class Parts:
    """The regions of each part that may be wrapped, and why others may not."""

    regions: dict[Part, list[Region]]
    refused: dict[Part, str]


class _Places:
    """The places of a trace, with the first and last operation in each and their number."""

    def __init__(self, work: Recorded) -> None:
        columns, size = work.trace.columns, work.result + 1
        self.nodes = columns.places
        self.parents = [place.parent for place in columns.places]
        is_result = ~np.array(work.is_leaf[:size], bool)
        self._before = np.concatenate([[0], np.cumsum(is_result)])  # results in front of each row
        index = np.flatnonzero(is_result)
        rows = np.array(columns.place[:size], np.int64)[index]
        first, last = np.full(len(self.nodes), size), np.full(len(self.nodes), -1)
        np.minimum.at(first, rows, index)
        np.maximum.at(last, rows, index)
        self.count = np.bincount(rows, minlength=len(self.nodes)).tolist()
        self.first, self.last = first.tolist(), last.tolist()
        for place in range(len(self.nodes) - 1, 0, -1):  # the inner ones come last
            around = self.parents[place]
            self.count[around] += self.count[place]
            self.first[around] = min(self.first[around], self.first[place])
            self.last[around] = max(self.last[around], self.last[place])

    def around(self, place: int) -> Iterator[int]:
        """Yield the places around one, the innermost first."""
        while place := self.parents[place]:
            yield place

    def is_apart(self, place: int) -> bool:
        """Return whether no operation of another place is between those of one."""
        between = self._before[self.last[place] + 1] - self._before[self.first[place]]
        return bool(between == self.count[place])


def parts_of(work: Recorded) -> Parts:
    """Return the parts of a gradient."""
    places, found = _Places(work), Parts({}, {})
    steps: dict[int, list[int]] = defaultdict(list)  # by loop
    for place, (_, kind, name, file, line) in enumerate(places.nodes):
        if not file or not places.count[place]:
            continue
        if kind == "step":
            steps[places.parents[place]].append(place)
        elif kind == "function":
            part = Part(file, line, name)
            if any(places.nodes[outer][1:3] == (kind, name) for outer in places.around(place)):
                found.refused[part] = RECURSIVE
            elif not places.is_apart(place):
                found.refused[part] = SCATTERED
            region = _region(work, places.first[place], places.last[place])
            found.regions.setdefault(part, []).append(region)
    recursive = {part.name for part, why in found.refused.items() if why == RECURSIVE}
    for part in [part for part in found.regions if part in found.refused or part.name in recursive]:
        del found.regions[part]
    _add_loops(work, places, steps, found)
    return found


def _add_loops(work: Recorded, places: _Places, steps: dict[int, list[int]], found: Parts) -> None:
    """Add the loops, in parts of several sizes."""
    longest: dict[Part, int] = {}
    for loop, own in steps.items():
        _, _, _, file, line = places.nodes[loop]
        part = Part(file, line, LOOP)
        longest[part] = max(longest.get(part, 0), len(own))
        if not all(map(places.is_apart, own)):
            found.refused[part] = SCATTERED
    for loop, own in steps.items():
        _, _, _, file, line = places.nodes[loop]
        part = Part(file, line, LOOP)
        if longest[part] < FEWEST_STEPS or part in found.refused:
            continue
        for size in _sizes(longest[part]):
            parts = [own[i : i + size] for i in range(0, len(own), size)]
            regions = [_region(work, places.first[p[0]], places.last[p[-1]]) for p in parts]
            found.regions.setdefault(part._replace(steps=size), []).extend(regions)


def _sizes(steps: int) -> list[int]:
    """Return sizes of parts, the root first, then 1, 2, 3, 4, 6, 8 and so on near it, to a half."""
    root = round(steps**0.5)
    sizes = {root, *(2**i for i in range(30)), *(3 * 2**i for i in range(30))}
    return sorted((n for n in sizes if n <= steps / 2), key=lambda n: abs(math.log(n / root)))


def _region(work: Recorded, first: int, last: int) -> Region:
    """Return the region of some rows."""
    value, rows = work.buffers.value, range(first, last + 1)
    used = {parent for row in rows for parent in work.parents[row]}
    inputs = frozenset(number for row in used if row < first for number in value.get(row, ()))
    outputs = [row for row in rows if work.last_use[row] > last or row == work.result]
    return Region(first, last, inputs, tuple([row for row in outputs if not work.is_leaf[row]]))
