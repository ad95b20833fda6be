"""Gradients of a tape that contribute to no gradient the program reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from autograd_tools.engine.describe import describe
from autograd_tools.engine.structure.operations import operations_of
from autograd_tools.engine.values import Param
from autograd_tools.timing.facts import Fact, Facts

SHOWN = 3  # Params


def unread(recording: Any) -> Callable[[], Facts]:
    """Return a function that finds these gradients, for when the program has read its own.

    Nothing is known if none was read: they may have been read in another way. The detail has the
    number of the argument, and the Params.
    """
    ops = operations_of(recording.entries, recording.notes or ())
    asked, places, parents = recording.asked, ops.places, ops.parents
    params = {
        index: args[0]
        for index, (plan, _, args, _, _) in enumerate(ops.entries)
        if plan is None and isinstance(args[0], Param)
    }
    known = recording.find_all_names() if len(params) > 1 else {}
    words = {
        index: param.name or (known[id(param)][-1] if id(param) in known else describe(param))
        for index, param in params.items()
    }
    arguments = [
        () if plan is None else tuple(zip(plan.positions, own, strict=True))
        for plan, _, _, _, own in ops.entries
    ]

    def find() -> Facts:
        names = [word for index, word in words.items() if index not in asked]
        if not asked or not names:
            return {}
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        shown = f"{', '.join(names[:SHOWN])}{more}"
        found, calls, wanted = Counter[Fact](), Counter[Fact](), list[bool]()
        for index, place in enumerate(places):
            wanted.append(index in asked or any(wanted[parent] for parent in parents[index]))
            for position, parent in arguments[index]:
                fact = Fact("unread", *place, f"{position + 1} {shown}")
                calls[fact] += 1
                found[fact] += type(parent) is int and not wanted[parent]
        return {fact: (n, calls[fact]) for fact, n in found.items() if n}

    return find
