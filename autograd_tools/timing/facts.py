"""Facts about the structure of gradients, the basis of tips."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from autograd_tools.base.plain_data import text, whole
from autograd_tools.base.text import unknown

# Kinds of facts, and what they say. To add one, add an entry, and a function that finds it.
KINDS = {
    "repeated": "calls on equal arguments",
    "chained": "calls that need one another",
    "independent": "calls that do not",
    "exponent": "the constant exponent of a power",
    "inverse": "an inverse that only multiplies one array",
    "associated": "a product of matrices that takes less in the other order",
    "factored": "a matrix that several calls factor",
    "outer": "a difference that broadcasting makes a matrix, then summed",
    "pairwise": "squared differences of all pairs, then summed",
    "strided": "stacks of matrices that are not contiguous",
    "shifted": "shifted slices times single elements, then summed",
    "windows": "slices of one array at equal distances, stacked",
    "growing": "an array that grows part by part",
    "scattered": "elements of arrays that few others read",
    "unused": "lists that are joined, and the result not used",
    "summed": "a product of two arrays that is summed at once",
    "promoted": "float32 that an operand makes float64",
    "follows": "calls that need such a result",
    "unread": "a gradient that leads to none that was read",
    "kept": "tapes that stay alive; how many there were at once, and were made",
}
MANY_TAPES = 16  # alive at once, from one line
FIRST = 2  # gradients that are looked at; later ones only if they are twice as long


class Fact(NamedTuple):
    """A fact on the operations of a name at a line.

    Attributes
    ----------
    kind : str
        One of KINDS.
    op, file, line : str, str, int
        The operation and its place; of tapes, the line that made them.
    detail : str
        Shapes, an exponent, a number of bytes, as the kind needs.
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


class _Tapes:
    """The tapes of a line that are alive, the most at once, and the bytes of one of those."""

    def __init__(self) -> None:
        self.made = self.most = self.nbytes = 0
        self.alive: set[weakref.ref[Any]] = set()
        self.freed: list[weakref.ref[Any]] = []  # a function in Python might swallow a Ctrl-C

    def add(self, tape: Any, size_of: Callable[[Any], int]) -> None:
        self.alive.add(weakref.ref(tape, self.freed.append))
        while self.freed:
            self.alive.discard(self.freed.pop())
        self.made += 1
        if len(self.alive) > self.most:
            self.most = len(self.alive)
            if not self.most & (self.most - 1):
                self.nbytes = size_of(tape)


class FactStore:
    """The facts of the gradients that were looked at."""

    def __init__(self) -> None:
        self.found: Facts = {}
        self.later: list[Callable[[], Facts]] = []
        self.tapes: dict[tuple[str, int], _Tapes] = {}
        self.seen = 0  # gradients
        self.longest = 0  # operations of one that was looked at

    def look(
        self,
        length: int,
        facts_of: Callable[[], Facts],
        later: Callable[[], Callable[[], Facts]] | None = None,
    ) -> None:
        """Look at a gradient of so many operations, if it is one of the first or far longer."""
        self.seen += 1
        if self.seen <= FIRST or length > 2 * self.longest:
            self.longest = max(self.longest, length)
            add_facts(self.found, facts_of())
            if later is not None:
                self.later.append(later())

    def note_tape(self, place: tuple[str, int], tape: Any, size_of: Callable[[Any], int]) -> None:
        """Note a tape that a line has made."""
        self.tapes.setdefault(place, _Tapes()).add(tape, size_of)

    def all(self) -> Facts:
        """Return all facts that are known now."""
        facts = dict(self.found)
        for find in self.later:
            add_facts(facts, find())
        for place, tapes in list(self.tapes.items()):
            if tapes.most >= MANY_TAPES and 2 * tapes.most >= tapes.made:
                facts[Fact("kept", "tape", *place, str(tapes.nbytes))] = tapes.most, tapes.made
        return facts


def fact_row(item: tuple[Fact, tuple[int, int]]) -> list[Any]:
    """Return a fact as plain data."""
    fact, counts = item
    return [*fact, *counts]


def fact_of_row(row: list[Any]) -> tuple[Fact, tuple[int, int]]:
    """Return a fact of a file."""
    kind, op, file, line, detail, count, calls = row
    if kind not in KINDS:
        raise unknown("kind of fact", kind, [*KINDS])
    return Fact(kind, text(op), text(file), whole(line), text(detail)), (whole(count), whole(calls))
