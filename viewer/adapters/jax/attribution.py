"""Gradients and times at the operations of the forward pass that they belong to."""

from __future__ import annotations

from collections.abc import Sequence

from autograd_tools.tracing.summaries import Summary
from viewer.adapters.jax.gradient import Constant, Gradient
from viewer.adapters.jax.owners import Owner, name_of
from viewer.adapters.jax.rows import Rows
from viewer.adapters.jax.values import of_value

Times = dict[int, int]  # nanoseconds by argument, from 1; 0 for the whole operation


def outgrads_of(gradient: Gradient, rows: Rows) -> list[Summary | None]:
    """Return the gradient of each row; None for a value that no operation of `f` returned."""
    found: list[Summary | None] = [None] * len(rows.entries)
    for key in sorted(gradient.gradients):  # arguments, then operations: the first one has all
        number, ref = gradient.values.get(key), gradient.gradients[key]
        row = rows.row_of(number)
        if row is None or number in rows.part or found[row] is not None:
            continue
        if isinstance(ref, Constant):
            found[row] = of_value(ref.value)
        else:
            found[row] = rows.summary(ref)
    return found


def times_of(
    gradient: Gradient, owners: Sequence[Owner], rows: Rows
) -> tuple[list[int | None], list[Times | None]]:
    """Return the forward time of each row, and the backward times of the operations.

    A backward step whose operation has no row keeps its time, as forward time. A forward step
    without a row adds to that of its operation.
    """
    forward: list[int | None] = [None] * len(rows.entries)
    backward: list[Times | None] = [None] * len(forward)
    if rows.run is None:
        return forward, backward
    homes = _homes(gradient, rows)
    for step, ns in zip(gradient.steps, rows.run.ns, strict=True):
        row, home = rows.row_of(step.outputs[0]), homes.get(step.owner)
        if home is not None and step.is_backward and step.owner is not None:
            times = backward[home] = backward[home] or {}
            # The arguments of a custom rule or checkpoint are not those of the operation in it.
            own = rows.step(home)
            is_same = own is not None and name_of(own.eqn) == owners[step.owner].op
            argument = step.argument if is_same else 0
            times[argument] = times.get(argument, 0) + ns
        elif (row := home if row is None else row) is not None:
            forward[row] = (forward[row] or 0) + ns
    return forward, backward


def _homes(gradient: Gradient, rows: Rows) -> dict[int | None, int]:
    """Return the row of each operation: that of its value, or the last of its forward steps."""
    found: dict[int | None, int] = {}
    for row, entry in enumerate(rows.entries):
        if not isinstance(entry, int) and not entry.is_backward:
            found[entry.owner] = row
    for (owner, _), ref in gradient.values.items():
        home = rows.row_of(ref)
        own = None if home is None else rows.step(home)
        if home is not None and own is not None and own.owner == owner:
            found[owner] = home
    return found
