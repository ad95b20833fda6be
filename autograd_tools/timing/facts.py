"""Facts on the structure of gradients, which times do not tell; tips are made of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from autograd_tools.base.plain_data import text, whole
from autograd_tools.base.text import unknown

KINDS = ("repeated", "chained", "independent", "exponent", "inverse", "outer", "pairwise")
FIRST = 2  # gradients that are looked at; later ones only if they are twice as long


class Fact(NamedTuple):
    """A fact on the operations of a name at a line.

    Attributes
    ----------
    kind : {"repeated", "chained", "independent", "exponent", "inverse", "outer", "pairwise"}
        Calls on equal arguments; calls that need one another, or do not; the constant exponent of
        a power; an inverse that only multiplies one array; a difference that broadcasting makes
        a matrix, then summed; squared differences of all pairs, then summed.
    op, file, line : str, str, int
        The operation and its place.
    detail : str
        The exponent, or shapes.
    """

    kind: str
    op: str
    file: str
    line: int
    detail: str = ""


Facts: TypeAlias = dict[Fact, tuple[int, int]]  # calls with this fact in a gradient, of how many


def add_facts(known: Facts, facts: Facts) -> None:
    """Add facts to those known; of two counts of calls the larger one stays."""
    for fact, counts in facts.items():
        known[fact] = max(known.get(fact, counts), counts)


class FactStore:
    """The facts of the gradients that were looked at."""

    def __init__(self) -> None:
        self.found: Facts = {}
        self.seen = 0  # gradients
        self.longest = 0  # operations of one that was looked at

    def look(self, length: int, facts_of: Callable[[], Facts]) -> None:
        """Look at a gradient of so many operations, if it is one of the first or far longer."""
        self.seen += 1
        if self.seen <= FIRST or length > 2 * self.longest:
            self.longest = max(self.longest, length)
            add_facts(self.found, facts_of())


def fact_row(item: tuple[Fact, tuple[int, int]]) -> list[Any]:
    """Return a fact as plain data."""
    fact, counts = item
    return [*fact, *counts]


def fact_of_row(row: list[Any]) -> tuple[Fact, tuple[int, int]]:
    """Return a fact of a file."""
    kind, op, file, line, detail, count, calls = row
    if kind not in KINDS:
        raise unknown("kind of fact", kind, KINDS)
    return Fact(kind, text(op), text(file), whole(line), text(detail)), (whole(count), whole(calls))
