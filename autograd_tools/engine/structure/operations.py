"""A recording as operations with places, parents and children, to search for patterns."""

from __future__ import annotations

import functools
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from autograd_tools.engine.values import held
from autograd_tools.location.call_site import CallSite
from autograd_tools.timing.facts import Fact

MOST_ENTRIES = 100_000  # entries that are looked at

Entries = Sequence[tuple[Any, ...]]  # of a recording, see EntryFields
OperationPlace = tuple[str, str, int]  # operation, file, line; the operation of a leaf is empty
LEAF: OperationPlace = ("", "", 0)


@dataclass(frozen=True)
class Operations:
    """The entries of a recording, with the place, the call site and the parents of each."""

    entries: Entries
    sites: Sequence[CallSite]
    places: list[OperationPlace]
    parents: list[tuple[int, ...]]

    @functools.cached_property
    def children(self) -> dict[int, list[int]]:
        """The entries that take the value of each entry, once for each argument."""
        children: dict[int, list[int]] = defaultdict(list)
        for index, own in enumerate(self.parents):
            for parent in own:
                children[parent].append(index)
        return children

    @functools.cached_property
    def calls(self) -> Counter[OperationPlace]:
        """The number of calls at each place."""
        return Counter(self.places)

    def op(self, index: int) -> str:
        """Return the operation of an entry."""
        return self.places[index][0]

    def of(self, *ops: str) -> Iterator[int]:
        """Yield the entries of some operations."""
        return (index for index, place in enumerate(self.places) if place[0] in ops)

    def argument(self, index: int, i: int) -> Any:
        """Return the argument of a call at position `i`; None if there is none."""
        args = self.entries[index][2]
        return held(args[i]) if i < len(args) else None

    def parent(self, index: int, i: int) -> Any:
        """Return the entry that the argument at position `i` is from; None for a constant."""
        plan, _, _, _, parents = self.entries[index]
        return parents[plan.positions.index(i)] if i in plan.positions else None

    def counted(self, found: Counter[Fact]) -> dict[Fact, tuple[int, int]]:
        """Return facts with their counts, and the calls of their places."""
        return {fact: (n, self.calls[fact[1:4]]) for fact, n in found.items()}


def operations_of(entries: Entries, notes: Sequence[CallSite]) -> Operations:
    """Return the operations of a recording."""
    shown = entries[:MOST_ENTRIES]
    places: list[OperationPlace] = [
        LEAF if entry[0] is None else (entry[0].primitive.name, note[0], note[1])
        for entry, note in zip(shown, notes, strict=False)
    ]
    return Operations(shown, notes, places, [tuple(_flat(entry[4])) for entry in shown])


def _flat(parents: tuple[Any, ...]) -> Iterator[int]:
    for parent in parents:
        if type(parent) is tuple:
            yield from _flat(parent)
        elif parent is not None:
            yield parent


def shape_of(x: Any) -> tuple[int, ...] | None:
    """Return the shape of an argument, None where it was not kept."""
    shape: tuple[int, ...] | None = getattr(held(x), "shape", None)
    return shape
