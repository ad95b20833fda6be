"""A loop of a program as plain data: the steps of its body, and the inputs of each iteration."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from autograd_tools.programs.steps.program import Step, Variable, variables_in

SAME = "same"  # the one value, in each turn
CARRIED = "carried"  # the value in the first turn; then `next`, as the turn before left it
ELEMENT = "element"  # the element `step * t + start` of the sequence that is the value
COUNTER = "counter"  # the integer `step * t + value`
EACH = "each"  # the value number t


@dataclass(frozen=True, eq=False)
class Entry:
    """A variable that each turn of a loop finds set: turn `t`, counted from 0.

    Attributes
    ----------
    variable : Variable
        Its name in the body.
    kind : str
        SAME, CARRIED, ELEMENT, COUNTER or EACH.
    values : tuple
        Variables and constants from outside of the loop: one, or `count` for EACH.
    step, start : int
        Of an ELEMENT or COUNTER.
    next : Variable or None
        Of a CARRIED one: the output of the body that the next turn finds here.
    """

    variable: Variable
    kind: str
    values: tuple[Any, ...]
    step: int = 0
    start: int = 0
    next: Variable | None = None


@dataclass(frozen=True, eq=False)
class Stored:
    """A sequence that a loop leaves: the values `before`, then that of `variable` in each turn."""

    sequence: Variable
    variable: Variable
    before: tuple[Any, ...] = ()


@dataclass(frozen=True, eq=False)
class Loop:
    """Equal steps, one turn after the other. Its body names nothing from outside but its entries.

    After it, the outputs of the body hold the values of the last turn.
    """

    count: int
    entries: tuple[Entry, ...]
    body: tuple[Step | Loop, ...]
    stored: tuple[Stored, ...] = ()

    def inputs(self) -> Iterator[Variable]:
        """The variables from outside."""
        for entry in self.entries:
            yield from variables_in(entry.values)
        for stored in self.stored:
            yield from variables_in(stored.before)

    def outputs(self) -> Iterator[Variable]:
        """The variables that it leaves."""
        for step in self.body:
            yield from step.outputs()
        for stored in self.stored:
            yield stored.sequence


AnyStep = Step | Loop


def size_of_steps(steps: Iterable[Any]) -> int:
    """Return how many calls and loops there are, and sequences that loops leave."""
    sizes = [1 + len(x.stored) + size_of_steps(x.body) if isinstance(x, Loop) else 1 for x in steps]
    return sum(sizes)


def like(x: Variable) -> Variable:
    """Return another variable of the same kind."""
    made = Variable(x.number, None, x.root, x.name)
    made.type, made.shape, made.dtype, made.order = x.type, x.shape, x.dtype, x.order
    made.called = x.called
    return made
