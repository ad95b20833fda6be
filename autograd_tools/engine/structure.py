"""The structure of a gradient as facts: what is computed again, in a chain, or by an inverse."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from autograd_tools.engine.saved import Absent
from autograd_tools.engine.values import held
from autograd_tools.location.call_site import CallSite
from autograd_tools.timing.facts import Fact, Facts

MOST_ENTRIES = 100_000  # entries that are looked at
COMPARED = 4096  # bytes of a constant array that are compared
FEWEST_CALLS, MOST_CHAINS = 50, 64  # in a search for chains
INVERSES = ("linalg.inv",)
PRODUCTS = ("matmul", "dot")
SQUARES = ("square", "power", "multiply", "absolute")
SUMS = ("sum", "mean")

Entries = Sequence[tuple[Any, ...]]  # of a recording, see EntryFields
OperationPlace = tuple[str, str, int]  # operation, file, line; the operation of a leaf is empty
LEAF: OperationPlace = ("", "", 0)


def facts_of(entries: Entries, notes: Sequence[CallSite] | None) -> Facts:
    """Return the facts of a recording that is complete and not yet freed."""
    if notes is None:
        return {}
    shown = entries[:MOST_ENTRIES]
    places: list[OperationPlace] = [
        LEAF if entry[0] is None else (entry[0].primitive.name, note[0], note[1])
        for entry, note in zip(shown, notes, strict=False)
    ]
    parents = [tuple(_flat(entry[4])) for entry in shown]
    facts: Facts = {}
    facts |= _repeated(shown, places, parents)
    facts |= chains(places, parents)
    facts |= _exponents(shown, places)
    facts |= _patterns(shown, places, parents)
    return facts


def _flat(parents: tuple[Any, ...]) -> Iterator[int]:
    for parent in parents:
        if type(parent) is tuple:
            yield from _flat(parent)
        elif parent is not None:
            yield parent


def _repeated(
    entries: Entries, places: Sequence[OperationPlace], parents: Sequence[tuple[int, ...]]
) -> Facts:
    """Find calls whose arguments equal those of an earlier call, also through other such calls."""
    same: list[int] = []  # by entry, the first one with an equal value
    known: dict[Any, int] = {}
    calls, again = Counter[OperationPlace](), Counter[OperationPlace]()
    for index, (plan, _, args, kwargs, parents_of) in enumerate(entries):
        first = index
        if plan is not None:
            place = places[index]
            calls[place] += 1
            constants = _constants(plan, args, kwargs, parents_of)
            if constants is not None:
                values = tuple([same[parent] for parent in parents[index]])
                key = (id(plan.primitive), plan.positions, values, constants)
                first = known.setdefault(key, index)
                again[place] += first != index
        same.append(first)
    return {Fact("repeated", *place): (n, calls[place]) for place, n in again.items() if n}


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

    They do if the longest chain among them has half of the calls or more.
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
        Fact("chained" if 2 * most[n] >= count else "independent", *place): (most[n], count)
        for n, (place, count) in enumerate(often)
    }


def _exponents(entries: Entries, places: Sequence[OperationPlace]) -> Facts:
    """Find the constant exponents of powers."""
    found = Counter[Fact]()
    calls = Counter[OperationPlace]()
    for (plan, _, args, _, _), place in zip(entries, places, strict=True):
        if place[0] != "power":
            continue
        calls[place] += 1
        exponent = held(args[1])
        if plan.positions == (0,) and np.ndim(exponent) == 0 and not isinstance(exponent, Absent):
            found[Fact("exponent", *place, f"{float(np.real(exponent)):g}")] += 1
    return {fact: (n, calls[fact[1:4]]) for fact, n in found.items()}


def _patterns(
    entries: Entries, places: Sequence[OperationPlace], parents: Sequence[tuple[int, ...]]
) -> Facts:
    """Find inverses that only multiply, and differences that broadcasting enlarges."""
    children: dict[int, list[int]] = defaultdict(list)
    watched = {i for i, place in enumerate(places) if place[0] in (*INVERSES, "subtract")}
    for index, own in enumerate(parents):
        for parent in own:
            children[parent].append(index)
    found = Counter[Fact]()
    for index in sorted(watched):
        fact = (
            _inverse(entries, places, parents, children, index)
            if places[index][0] in INVERSES
            else _difference(entries, places, children, index)
        )
        if fact is not None:
            found[fact] += 1
    calls = Counter(places)
    return {fact: (n, calls[fact[1:4]]) for fact, n in found.items()}


def _inverse(
    entries: Entries,
    places: Sequence[OperationPlace],
    parents: Sequence[tuple[int, ...]],
    children: dict[int, list[int]],
    index: int,
) -> Fact | None:
    """Return the fact that an inverse only multiplies one array, with the side it is on."""
    own = children[index]
    if len(own) != 1 or places[own[0]][0] not in PRODUCTS:
        return None
    plan, args = entries[own[0]][0], entries[own[0]][2]
    at = plan.positions[parents[own[0]].index(index)] if index in parents[own[0]] else 0
    shapes = [_shape(arg) for arg in args[:2]]
    if None in shapes or parents[own[0]].count(index) > 1 or len(shapes) < 2:
        return None
    side = "left" if at == 0 else "right"
    return Fact("inverse", *places[index], f"{side} {shapes[at]} {shapes[1 - at]}")


def _is_square(entry: tuple[Any, ...], op: str, times: int) -> bool:
    """Return whether an operation squares its argument, which it takes so many times."""
    if op == "power":
        exponent = held(entry[2][1])
        return np.ndim(exponent) == 0 and not isinstance(exponent, Absent) and exponent == 2
    return op == "square" or (op == "multiply" and times == 2)


def _shape(x: Any) -> tuple[int, ...] | None:
    """Return the shape of an argument, None where it was not kept."""
    shape: tuple[int, ...] | None = getattr(held(x), "shape", None)
    return shape


def _difference(
    entries: Entries, places: Sequence[OperationPlace], children: dict[int, list[int]], index: int
) -> Fact | None:
    """Return the fact that a difference of two arrays is larger than both, squared and summed."""
    shapes = [_shape(arg) for arg in entries[index][2][:2]]
    if None in shapes or len(shapes) < 2:
        return None
    a, b = (shape or () for shape in shapes)
    whole = np.broadcast_shapes(a, b)
    if whole in (a, b):
        return None
    reached, op, squared = index, "", False
    for _ in range(2):  # the square, and the sum
        own = set(children[reached])
        if len(own) != 1:
            return None
        (reached,) = own
        op = places[reached][0]
        if op in SUMS:
            break
        if op not in SQUARES:
            return None
        squared = _is_square(entries[reached], op, children[index].count(reached))
    if op not in SUMS:
        return None
    place = places[index]
    _, _, args, kwargs, _ = entries[reached]
    total = (kwargs.get("axis") if len(args) < 2 else args[1]) is None
    vectors = sorted((a, b), key=len)
    if len(vectors[0]) == 1 and len(vectors[1]) == 2 and vectors[1] == (*vectors[0], 1) and total:
        return Fact("outer", *place, f"{a} - {b}")
    if squared and op == "sum" and len(whole) == 3 and whole[-1] == a[-1] == b[-1] and not total:
        return Fact("pairwise", *place, f"{a} {b}")
    return None
