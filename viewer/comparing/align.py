"""Pairs of nodes of two traces, found by their operations, ancestors and descendants."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Sequence
from itertools import pairwise

from autograd_tools import Trace
from autograd_tools.tracing.columns import Argument
from viewer.comparing.sequences import common

Labels = list[int]
FLOATS = frozenset(("bfloat16", "float16", "float32", "float64"))
MOST_OTHERS = 20  # operations on the same values that may replace another


def align(a: Trace, b: Trace) -> dict[int, int]:
    """Return the ids of nodes of `a` with those of `b` that they are paired with.

    Nodes are paired in the order of the traces: first by equal ancestors or descendants; in the
    gaps by operation in the same step and the same scope, then with another operation in their
    place, and by operation anywhere. Other nodes with paired parents are paired in any order, and
    last with another operation in their place.
    """
    found: dict[int, int] = {}
    for level, sure in LEVELS:
        if level is _bare:
            _pair_replaced(found, a, b, in_order=True)
        known: dict[Hashable, int] = {}
        _fill(found, level(a, known), level(b, known), sure)
    _pair_moved(found, a, b)
    _pair_replaced(found, a, b)
    return dict(sorted(found.items()))


def _fill(found: dict[int, int], left: Labels, right: Labels, sure: bool) -> None:
    """Add pairs of nodes with equal labels in the gaps between the pairs found."""
    ends = [(0, 0), *sorted(found.items()), (len(left) + 1, len(right) + 1)]
    for (a, b), (c, d) in pairwise(ends):
        if c - a > 1 and d - b > 1:
            found.update(
                (a + 1 + i, b + 1 + j)
                for i, j in common(left[a : c - 1], right[b : d - 1], sure=sure)
            )


def _pair_moved(found: dict[int, int], a: Trace, b: Trace) -> None:
    """Pair equal operations on paired arguments in another order."""
    known: dict[Hashable, int] = {}
    left, right = _named(a, known), _named(b, known)
    waiting: dict[Hashable, deque[int]] = defaultdict(deque)
    taken = set(found.values())
    free = [id for id in range(1, len(b) + 1) if id not in taken]
    for id in free:
        waiting[right[id - 1], b.columns.parents[id - 1]].append(id)
    for id, parents in enumerate(a.columns.parents, 1):
        if id not in found and free and all(parent in found for parent in parents):
            same = waiting[left[id - 1], tuple([found[parent] for parent in parents])]
            if same:
                found[id] = same.popleft()


def _pair_replaced(found: dict[int, int], a: Trace, b: Trace, *, in_order: bool = False) -> None:
    """Pair operations of other names, on the same values, of the same shape, for the same use.

    With `in_order`, all pairs stay in the order of both traces.
    """
    waiting: dict[Hashable, list[int]] = defaultdict(list)
    taken, paired = set(found.values()), sorted(found)
    for id, (parents, shape) in enumerate(
        zip(b.columns.parents, b.columns.value.shape, strict=True), 1
    ):
        if id not in taken and parents:
            waiting[frozenset(parents), shape].append(id)
    for id, parents in enumerate(a.columns.parents, 1):
        if id in found or not parents or not all(parent in found for parent in parents):
            continue
        values = frozenset(found[parent] for parent in parents)
        others = waiting[values, a.columns.value.shape[id - 1]]
        at = bisect_left(paired, id)
        first = found[paired[at - 1]] if in_order and at else 0
        last = found[paired[at]] if in_order and at < len(paired) else len(b) + 1
        uses = {found[child] for child in a.columns.children[id - 1] if child in found}
        for other in others[:MOST_OTHERS]:
            its = taken.intersection(b.columns.children[other - 1])
            # Without a paired use of each, the use does not decide.
            is_used_alike = not (uses and its) or not uses.isdisjoint(its)
            if is_used_alike and first < other < last:
                found[id] = other
                insort(paired, id)
                taken.add(other)
                others.remove(other)
                break


# Labels: equal numbers for nodes that may be paired, from the strictest level on.


def _ancestors(trace: Trace, known: dict[Hashable, int]) -> Labels:
    labels: Labels = []
    for own, parents in zip(_shaped(trace, known), trace.columns.parents, strict=True):
        labels.append(_number(known, ("from", own, *[labels[parent - 1] for parent in parents])))
    return labels


def _descendants(trace: Trace, known: dict[Hashable, int]) -> Labels:
    labels, own = [0] * len(trace), _shaped(trace, known)
    children = trace.columns.children
    for row in range(len(trace) - 1, -1, -1):
        labels[row] = _number(
            known, ("to", own[row], *sorted(labels[child - 1] for child in children[row]))
        )
    return labels


def _shaped(trace: Trace, known: dict[Hashable, int]) -> Labels:
    shapes = [(form.shape, _kind(form.dtype)) for form in trace.columns.value.forms]
    shapes.append((None, None))  # no value
    forms = trace.columns.value.form.tolist()
    return [
        _number(known, (own, shapes[form]))
        for own, form in zip(_named(trace, known), forms, strict=True)
    ]


def _in_steps(trace: Trace, known: dict[Hashable, int]) -> Labels:
    return _placed(trace, known, ("function", "scope", "loop", "step"))


def _in_scopes(trace: Trace, known: dict[Hashable, int]) -> Labels:
    return _placed(trace, known, ("function", "scope"))


def _placed(trace: Trace, known: dict[Hashable, int], kinds: tuple[str, ...]) -> Labels:
    places: Labels = []
    for place in trace.places:
        around = places[place.parent] if places else 0
        name = place.name if place.kind != "loop" else ""  # its head may have changed
        places.append(_number(known, (around, place.kind, name)) if place.kind in kinds else around)
    return [
        _number(known, (own, places[place]))
        for own, place in zip(_named(trace, known), trace.columns.place, strict=True)
    ]


def _named(trace: Trace, known: dict[Hashable, int]) -> Labels:
    columns = trace.columns
    numbers = [
        _number(known, (signature.op, signature.name, *map(_pattern, signature.args)))
        for signature in columns.signatures
    ]
    return [numbers[signature] for signature in columns.signature]


def _bare(trace: Trace, known: dict[Hashable, int]) -> Labels:
    numbers = [_number(known, signature.op) for signature in trace.columns.signatures]
    found = [numbers[signature] for signature in trace.columns.signature]
    return [
        own if trace.columns.op[row] else _number(known, (own, shape))
        for row, (own, shape) in enumerate(zip(found, trace.columns.value.shape, strict=True))
    ]


def _kind(dtype: str | None) -> str | None:
    """Return the dtype; one for all precisions of floats."""
    return "float" if dtype in FLOATS else dtype


def _pattern(form: str | tuple[str, ...] | Argument) -> Hashable:
    """Return the keyword of an argument and its number of nodes; constants are all alike."""
    if isinstance(form, Argument):
        return form.keyword, len(form.nodes)
    return None, 0 if isinstance(form, str) else len(form) - 1


def _number(known: dict[Hashable, int], thing: Hashable) -> int:
    return known.setdefault(thing, len(known))


# The labels of each level, and whether they must be unique; a later level pairs what repeats.
LEVELS: Sequence[tuple[Callable[[Trace, dict[Hashable, int]], Labels], bool]] = (
    (_ancestors, True),
    (_descendants, True),
    (_in_steps, False),
    (_in_scopes, False),
    (_bare, False),
)
