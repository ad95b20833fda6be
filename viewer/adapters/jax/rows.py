"""The rows of a trace: first the arguments of a function, then the steps of its gradient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from jax.extend.core import DropVar

from autograd_tools.tracing.summaries import Summary
from viewer.adapters.jax.gradient import Gradient, Ref, Step, needed
from viewer.adapters.jax.owners import Owner
from viewer.adapters.jax.running import Run
from viewer.adapters.jax.values import of_type


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

    `steps` are those of rows, which arguments lack: all of them, or those that the result needs.
    """

    def __init__(
        self,
        gradient: Gradient,
        owners: Sequence[Owner],
        leaves: Sequence[Leaf],
        run: Run | None,
        *,
        backward: bool,
    ) -> None:
        self.leaves = len(leaves)
        self.steps = gradient.steps if backward else needed(gradient.steps, gradient.results[:1])
        self.run = run
        self.row = {number: number for number in range(len(leaves))}
        self.part: dict[int, str] = {}
        self._only = {
            ref
            for (owner, _), ref in gradient.values.items()
            if owner >= 0 and owners[owner].results == 1 and isinstance(ref, int)
        }
        self._avals = {number: leaf.aval for number, leaf in enumerate(leaves)}
        for step in gradient.steps:
            avals = [variable.aval for variable in step.eqn.outvars]
            self._avals.update(zip(step.outputs, avals, strict=True))
        for row, step in enumerate(self.steps, len(leaves)):
            self.row.update(dict.fromkeys(step.outputs, row))
            values = self.values(step)
            name = ".saved" if len(values) == 1 else ""
            parts = {n: f"{name}[{i}]" for i, n in enumerate(step.outputs) if [n] != values}
            self.part.update(parts)

    def values(self, step: Step) -> list[int]:
        """Return the numbers of the results that are the value of the row of a step."""
        found = shown(step)
        return [number for number in found if number in self._only] or found

    def row_of(self, ref: Ref | None) -> int | None:
        """Return the row of a value, None for a constant or a value that nothing needs."""
        return self.row.get(ref) if isinstance(ref, int) else None

    def step(self, row: int) -> Step | None:
        """Return the step of a row, None for an argument."""
        return self.steps[row - self.leaves] if row >= self.leaves else None

    def summary(self, number: int) -> Summary:
        """Return what is known of a value: its statistics, or its type."""
        return self.run.values[number] if self.run else of_type(self._avals[number])


def shown(step: Step) -> list[int]:
    """Return the numbers of the results of a step that something may read."""
    pairs = zip(step.outputs, step.eqn.outvars, strict=True)
    return [number for number, variable in pairs if not isinstance(variable, DropVar)]
