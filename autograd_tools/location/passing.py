"""Paths through one iteration of a loop: the instructions that every iteration executes."""

from __future__ import annotations

from collections.abc import Collection, Mapping

Edges = Mapping[int, tuple[int, ...]]
_PRIME = (1 << 61) - 1  # ways are counted modulo a prime, as there may be 2**1000 of them


def reached(edges: Edges, first: int, without: Collection[int] = ()) -> set[int]:
    """Return the offsets that can be reached from `first` without passing some others."""
    seen = {first}.difference(without)
    todo = list(seen)
    while todo:
        for offset in edges.get(todo.pop(), ()):
            if offset not in seen and offset not in without:
                seen.add(offset)
                todo.append(offset)
    return seen


def passed_by_all(edges: Edges, first: int, ends: Collection[int]) -> frozenset[int]:
    """Return the offsets on every way from `first` to an end; all of them if there is no way."""
    order = _in_order(edges, first)
    position = {offset: n for n, offset in enumerate(order)}
    after = {
        offset: [o for o in edges.get(offset, ()) if position.get(o, -1) > n]
        for n, offset in enumerate(order)
    }
    to, back = dict.fromkeys(order, 0), {offset: int(offset in ends) for offset in order}
    to[first] = 1
    for offset in order:
        for o in after[offset]:
            to[o] = (to[o] + to[offset]) % _PRIME
    for offset in reversed(order):
        back[offset] = (back[offset] + sum(back[o] for o in after[offset])) % _PRIME
    return frozenset(o for o in order if to[o] * back[o] % _PRIME == back[first])


def _in_order(edges: Edges, first: int) -> list[int]:
    """Return what can be reached, each offset before those after it; cycles are cut anywhere."""
    found: list[int] = []
    seen, todo = {first}, [(first, iter(edges.get(first, ())))]
    while todo:
        offset, rest = todo[-1]
        following = next((o for o in rest if o not in seen), None)
        if following is None:
            found.append(offset)
            todo.pop()
        else:
            seen.add(following)
            todo.append((following, iter(edges.get(following, ()))))
    return found[::-1]
