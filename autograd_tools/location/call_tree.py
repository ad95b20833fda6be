"""The nodes of a call tree, and their plain data in files."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from autograd_tools.base.plain_data import LARGEST, integers, text, whole
from autograd_tools.base.text import unknown

DIGITS = re.compile("[1-9][0-9]{0,15}")
KINDS = ("function", "scope", "loop", "step")


class ScopeNode(NamedTuple):
    """A node of the call tree: one call of a function, a scope, a loop or a step of a loop.

    `parent` is an index into the list of places; the root is its own parent and has no kind. `kind`
    is "function", "scope", "loop" or "step". `file` and `line` say where the program entered it.
    The name of a step is its number, from 1, or "≥3" if only steps with operations are counted.
    """

    parent: int
    kind: str
    name: str
    file: str = ""
    line: int = 0


AT_LEAST = "≥"  # before the number of a step that may be higher
ROOT = ScopeNode(0, "", "")


def tree_of_paths(
    paths: Iterable[tuple[Sequence[str], Sequence[Any]]],
) -> tuple[list[ScopeNode], list[int]]:
    """Return the functions on paths as a tree, and the place at the end of each path.

    A path has the names of its functions and what tells them apart. The outermost is first.
    """
    places, found = [ROOT], []
    numbers: dict[tuple[Any, ...], int] = {(): 0}
    for names, keys in paths:
        for depth, name in enumerate(names, 1):
            path = tuple(keys[:depth])
            if path not in numbers:
                numbers[path] = len(places)
                places.append(ScopeNode(numbers[path[:-1]], "function", name))
        found.append(numbers[tuple(keys)])
    return places, found


def plain_tree(places: Sequence[ScopeNode]) -> dict[str, Any]:
    """Return places; the names of steps that count up in a loop are shortened."""
    kinds: dict[tuple[str, str, str, int], int] = {}
    kind, steps = [], dict[int, int]()
    for place in places[1:]:
        name = place.name
        if place.kind == "step":
            sign, number = _parts_of(name)
            last, steps[place.parent] = steps.get(place.parent, 0), number
            name = sign if number == last + 1 else name
        kind.append(kinds.setdefault((place.kind, name, place.file, place.line), len(kinds)))
    return {
        "parent": [place.parent for place in places[1:]],
        "kind": kind,
        "kinds": [list(item) for item in kinds],
    }


def _parts_of(name: str) -> tuple[str, int]:
    """Return the sign and the number in the name of a step; the number 0 if there is none."""
    digits = name.removeprefix(AT_LEAST)
    sign = AT_LEAST if digits != name else ""
    if not digits:
        return sign, 0
    if not DIGITS.fullmatch(digits) or int(digits) > LARGEST:
        raise ValueError(f"expected the number of a step, got {name!r}")
    return sign, int(digits)


def read_tree(data: dict[str, Any]) -> list[ScopeNode]:
    """Return the places of `plain_tree`; raise ValueError for anything else."""
    table = [
        (item, text(name), text(file), whole(line)) for item, name, file, line in data["kinds"]
    ]
    for wrong in [item for item, *_ in table if item not in KINDS]:
        raise unknown("kind of place", wrong, KINDS)
    numbered = [_parts_of(name) if item == "step" else ("", 0) for item, name, *_ in table]
    places = [ROOT]
    steps: dict[int, int] = {}
    place_of = functools.partial(tuple.__new__, ScopeNode)  # a third of the time of ScopeNode()
    parents = integers(data["parent"], 0, LARGEST).tolist()
    numbers = integers(data["kind"], 0, len(table), len(parents)).tolist()
    for around, number in zip(parents, numbers, strict=True):
        if around >= len(places):
            raise ValueError(f"the parent {around} of place {len(places)} is not before it")
        kind, name, file, line = table[number]
        if kind == "step":
            sign, step = numbered[number]
            steps[around] = step or steps.get(around, 0) + 1
            name = f"{sign}{steps[around]}"
        places.append(place_of((around, kind, name, file, line)))
    return places
