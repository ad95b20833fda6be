"""Lists of all stored values of a loop, replaced by the sequence itself."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

from autograd_tools.programs.steps.loop import Loop, like
from autograd_tools.programs.steps.program import NOWHERE, Call, Variable

Places = dict[Variable, list[tuple[Variable, int]]]  # sequences that hold a variable, and where


def with_whole_lists(steps: Sequence[Any], results: Any) -> tuple[list[Any], Any]:
    """Return steps and results in which a list of all elements of a sequence is the sequence."""
    places: Places = {}
    lengths: dict[Variable, int] = {}
    for step in steps:
        if isinstance(step, Loop):
            for stored in step.stored:
                lengths[stored.sequence] = length = len(stored.before) + step.count
                places.setdefault(stored.variable, []).append((stored.sequence, length - 1))
                for i, x in enumerate(stored.before):
                    if type(x) is Variable:
                        places.setdefault(x, []).append((stored.sequence, i))
        elif isinstance(step, Call) and step.read in lengths:
            places.setdefault(step.output, []).append(step.args)
    if not lengths:
        return list(steps), results

    turned: list[Any] = []

    def turn(sequence: Variable) -> Variable:
        backwards = slice(None, None, -1)
        made = like(sequence)
        turned.append(Call(operator.getitem, (sequence, backwards), {}, made, NOWHERE))
        return made

    def change(x: Any) -> Any:
        if type(x) is list and len(x) > 2:
            whole = _sequence(x, places, lengths)
            if whole is not None:
                return whole[0] if whole[1] else turn(whole[0])
        if type(x) in (list, tuple):
            return type(x)([change(item) for item in x])
        if type(x) is dict:
            return {key: change(item) for key, item in x.items()}
        return x

    found: list[Any] = []
    for old in steps:
        step = old
        if isinstance(step, Call) and any([type(x) is list for x in step.args]):
            args = tuple([change(x) if type(x) is list else x for x in step.args])
            step = step.calling(step.func, args, step.kwargs)
        found += [*turned, step]
        turned.clear()
    results = change(results)
    return [*found, *turned], results


def _sequence(
    items: list[Any], places: Places, lengths: dict[Variable, int]
) -> tuple[Variable, bool] | None:
    """Return the sequence whose elements are these, and whether they are in order or reversed."""
    if not all([type(x) is Variable and x in places for x in items]):
        return None
    for sequence, first in places[items[0]]:
        n = lengths[sequence]
        if n != len(items):
            continue
        order = range(n) if first == 0 else range(n - 1, -1, -1)
        if all([(sequence, i) in places[x] for x, i in zip(items, order, strict=True)]):
            return sequence, first == 0
    return None
