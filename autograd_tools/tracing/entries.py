"""The fields of a recording's entries, which are plain tuples for speed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from autograd_tools.engine.primitives import Plan
from autograd_tools.engine.recording import Entry, Recording
from autograd_tools.engine.values import Param


class EntryFields(NamedTuple):
    """One entry: `EntryFields(*entry)`; see `engine.recording.Entry`."""

    plan: Plan | None
    value: Any
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    parents: tuple[Any, ...]

    @property
    def param(self) -> Param | None:
        """The Param of a leaf; None for an argument of `grad(f)` and for a result."""
        held = self.args[0] if self.plan is None else None
        return held if isinstance(held, Param) else None

    @property
    def name(self) -> str:
        """The name of the operation, Param or argument, possibly empty."""
        if self.plan is not None:
            return self.plan.primitive.name
        return self.args[0] if self.param is None else self.param.name or ""

    def arguments(self) -> list[tuple[Any, Any]]:
        """Return each argument of a call with its parent: an index, a tuple of them, or None."""
        if self.plan is None:
            return []
        parents = dict(zip(self.plan.positions, self.parents, strict=True))
        return [(arg, parents.get(position)) for position, arg in enumerate(self.args)]


# Two fields alone: naming all five takes longer.
def is_leaf(recording: Recording, index: int) -> bool:
    """Return True if an entry is a Param or an argument of `grad(f)`."""
    return recording.entries[index][0] is None


def value_at(recording: Recording, index: int) -> Any:
    """Return the value of an entry, as recorded."""
    return recording.entries[index][1]


def column(entries: Sequence[Entry], field: str) -> list[Any]:
    """Return one field of all entries."""
    return list(map(itemgetter(EntryFields._fields.index(field)), entries))


def params_of(recording: Recording) -> list[Param]:
    """Return the Params that a recording used, in the order of their first use."""
    entries = recording.entries
    used = [EntryFields(*entries[i]).param for i in recording.leaves.values() if i < len(entries)]
    return [param for param in used if param is not None]


def flat(parents: tuple[Any, ...]) -> list[int]:
    """Return the indices in nested parents, without None."""
    found: list[int] = []
    for parent in parents:
        if type(parent) is tuple:
            found.extend(flat(parent))
        elif parent is not None:
            found.append(parent)
    return found


def children_of(recording: Recording, index: int) -> list[int]:
    """Return the indices of the entries computed from the one at `index`, oldest first."""
    entries = recording.entries
    if recording.children is None or recording.children[0] is not entries[-1]:
        found: dict[int, list[int]] = {}
        for child, parents in enumerate(column(entries, "parents")):
            for parent in set(flat(parents)):
                found.setdefault(parent, []).append(child)
        recording.children = (entries[-1], found)  # appending or removing changes the last one
    return recording.children[1].get(index, [])
