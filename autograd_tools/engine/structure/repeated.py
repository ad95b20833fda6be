"""Calls on equal arguments, and calls that depend on each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_tools.engine.saved import Absent
from autograd_tools.engine.structure.operations import OperationPlace, Operations
from autograd_tools.engine.values import held
from autograd_tools.timing.facts import Fact, Facts

COMPARED = 4096  # bytes of a constant array that are compared
FEWEST_CALLS, MOST_CHAINS = 50, 64  # in a search for chains
FEWEST_TURNS = 8  # of this part of the calls, a chain is one of steps


def equal_values(ops: Operations) -> list[int]:
    """Return the first entry with an equal value for each entry.

    Values are equal if one operation made them of equal arguments, also through other such calls.
    """
    same: list[int] = []
    known: dict[Any, int] = {}
    for index, (plan, _, args, kwargs, parents) in enumerate(ops.entries):
        first = index
        constants = None if plan is None else _constants(plan, args, kwargs, parents)
        if constants is not None:
            values = tuple([same[parent] for parent in ops.parents[index]])
            key = (id(plan.primitive), plan.positions, values, constants)
            first = known.setdefault(key, index)
        same.append(first)
    return same


def repeated(ops: Operations, same: Sequence[int]) -> Facts:
    """Find calls whose arguments equal those of an earlier call."""
    again = Counter(
        [Fact("repeated", *ops.places[i]) for i, first in enumerate(same) if first != i]
    )
    return ops.counted(again)


def _constants(
    plan: Any, args: Sequence[Any], kwargs: Any, parents: tuple[Any, ...]
) -> tuple[Any, ...] | None:
    """Return what tells the constant arguments of a call apart; None if they are not known."""
    tracked = set(plan.positions)
    mixed = [parent for parent in parents if type(parent) is tuple and None in parent]
    if mixed or not plan.primitive.fresh:  # a user's function may return something else each time
        return None
    found: list[tuple[Any, ...]] = []
    given = [(i, arg) for i, arg in enumerate(args) if i not in tracked]
    for name, passed in (*given, *kwargs.items()):
        arg = held(passed)
        if isinstance(arg, Absent) or (arg is None and plan.primitive.elementwise):
            return None  # it was not kept
        if isinstance(arg, np.ndarray):
            small = arg.nbytes <= COMPARED and arg.dtype != object
            found.append((name, arg.shape, arg.dtype, arg.tobytes() if small else id(arg)))
        elif isinstance(arg, (int, float, complex, str, bool, slice, tuple, list, type(None))):
            found.append((name, type(arg), repr(arg)))
        else:
            found.append((name, type(arg), id(arg)))
    return tuple(found)


def chains(places: Sequence[OperationPlace], parents: Sequence[tuple[int, ...]]) -> Facts:
    """Find out which operations that a line calls often need one another, as in time stepping.

    They do if the longest chain among them has an eighth of the calls or more: a step of a solver
    has some that do not.
    """
    calls = Counter(place for place in places if place[0])
    often = [(place, n) for place, n in calls.most_common(MOST_CHAINS) if n >= FEWEST_CALLS]
    number = {place: n for n, (place, _) in enumerate(often)}
    if not number:
        return {}
    longest = np.zeros((len(places), len(often)), np.int32)  # by entry, the chains to it
    for index, own in enumerate(parents):
        if own:
            longest[index] = longest[list(own)].max(axis=0)
        place = places[index]
        if (n := number.get(place)) is not None:
            longest[index, n] += 1
    most = longest.max(axis=0).tolist()
    return {
        Fact("chained" if FEWEST_TURNS * most[n] >= count else "independent", *place): (
            most[n],
            count,
        )
        for n, (place, count) in enumerate(often)
    }
