"""The rows of a trace: the steps of a gradient, and each argument before its first use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from jax.extend.core import DropVar

from autograd_tools.tracing.summaries import Summary
from viewer.adapters.jax.gradient import Gradient, Ref, Step, needed, numbers_in
from viewer.adapters.jax.owners import Owner
from viewer.adapters.jax.running import Run
from viewer.adapters.jax.values import of_type

Entry = Step | int


class Leaf(NamedTuple):
    """An argument: its kind, its name and its type."""

    kind: str
    name: str
    aval: Any


class Rows:
    """The row of each value, by number.

    A step may have several results. The value of its row is the only one that the operation has
    for `f`, where the others are saved for the backward pass, or all of them. `part` has the text
    that follows the row in an argument which is one of several.

    `entries` has the step of each row, or the number of an argument. The steps are all of the
    gradient, or those that the result needs, without those before the first Param unless
    `constants` are asked for.
    """

    def __init__(
        self,
        gradient: Gradient,
        owners: Sequence[Owner],
        leaves: Sequence[Leaf],
        run: Run | None,
        *,
        backward: bool,
        constants: bool,
    ) -> None:
        results = gradient.results[: gradient.outputs]
        steps = gradient.steps if backward else needed(gradient.steps, results)
        if not backward and not constants:
            steps = _below(steps, leaves) or steps
        self.entries = _entries(steps, leaves)
        self.run = run
        self.row: dict[int, int] = {}
        self.part: dict[int, str] = {}
        self._only = {
            ref
            for (owner, _), ref in gradient.values.items()
            if owner >= 0 and owners[owner].results == 1 and isinstance(ref, int)
        }
        self._avals = dict(enumerate(gradient.inputs))
        for step in gradient.steps:
            avals = [variable.aval for variable in step.eqn.outvars]
            self._avals.update(zip(step.outputs, avals, strict=True))
        for row, entry in enumerate(self.entries):
            outputs = (entry,) if isinstance(entry, int) else entry.outputs
            self.row.update(dict.fromkeys(outputs, row))
            values = self.values(entry)
            name = ".saved" if len(values) == 1 else ""
            parts = {n: f"{name}[{i}]" for i, n in enumerate(outputs) if [n] != values}
            self.part.update(parts)

    def values(self, entry: Entry) -> list[int]:
        """Return the numbers of the results that are the value of a row."""
        if isinstance(entry, int):
            return [entry]
        pairs = zip(entry.outputs, entry.eqn.outvars, strict=True)
        read = [number for number, variable in pairs if not isinstance(variable, DropVar)]
        return [number for number in read if number in self._only] or read

    def row_of(self, ref: Ref | None) -> int | None:
        """Return the row of a value, None for a constant or a value that nothing needs."""
        return self.row.get(ref) if isinstance(ref, int) else None

    def step(self, row: int) -> Step | None:
        """Return the step of a row, None for an argument."""
        entry = self.entries[row]
        return None if isinstance(entry, int) else entry

    def summary(self, number: int) -> Summary:
        """Return what is known of a value: its statistics, or its type."""
        return self.run.values[number] if self.run else of_type(self._avals[number])


def _below(steps: Sequence[Step], leaves: Sequence[Leaf]) -> list[Step]:
    """Return the steps that depend on a Param."""
    below = {number for number, leaf in enumerate(leaves) if leaf.kind == "param"}
    found = []
    for step in steps:
        if not below.isdisjoint(numbers_in(step.inputs)):
            below.update(step.outputs)
            found.append(step)
    return found


def _entries(steps: Sequence[Step], leaves: Sequence[Leaf]) -> list[Entry]:
    """Return the steps, each argument before the first step that reads it.

    Params that none reads are last.
    """
    found: list[Entry] = []
    unused = dict.fromkeys(range(len(leaves)))
    for step in steps:
        for number in numbers_in(step.inputs):
            if number in unused:
                del unused[number]
                found.append(number)
        found.append(step)
    return [*found, *(number for number in unused if leaves[number].kind == "param")]
