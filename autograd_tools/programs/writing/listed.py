"""Entries of loops whose values are the items of an argument, which needs no list of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograd_tools.programs.steps.loop import EACH, Loop
from autograd_tools.programs.steps.program import Variable

PlacesOfInputs = dict[
    Variable, tuple[str, str]
]  # where an input is in its argument, and its own name


def listed_entries(
    steps: Sequence[Any], places: PlacesOfInputs
) -> dict[Variable, tuple[str, int, int]]:
    """Return the lists of such entries: their place, and the `step` and `start` of the index."""
    found: dict[Variable, tuple[str, int, int]] = {}
    for step in steps:
        if isinstance(step, Loop):
            found.update(listed_entries(step.body, places))
            for entry in step.entries:
                listed = _list_of(entry.values, places) if entry.kind == EACH else None
                if listed is not None:
                    found[entry.variable] = listed
    return found


def _list_of(values: tuple[Any, ...], known: PlacesOfInputs) -> tuple[str, int, int] | None:
    """Return the list that holds values in order, forwards or backwards."""
    places = [known.get(x, ("", ""))[0] if type(x) is Variable else "" for x in values]
    parts = [place.removesuffix("]").rpartition("[") for place in places]
    if not all(places) or len({head for head, _, _ in parts}) > 1:
        return None
    numbers = [int(tail) if tail.isdigit() else -1 for _, _, tail in parts]
    step = numbers[1] - numbers[0]
    if numbers[0] < 0 or numbers != [numbers[0] + step * t for t in range(len(numbers))]:
        return None
    return (parts[0][0], step, numbers[0]) if abs(step) == 1 else None
