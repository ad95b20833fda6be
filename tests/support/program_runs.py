"""A plain interpreter of programs with loops, to compare with the functions they come from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_tools.base.containers import tree_leaves
from autograd_tools.programs.steps.loop import CARRIED, COUNTER, EACH, ELEMENT, Loop
from autograd_tools.programs.steps.program import Check, Program, Variable, mapped

Space = dict[Any, Any]


def results(program: Program, inputs: list[Any]) -> list[Any]:
    """Return the leaves of what a program returns."""
    space: Space = dict(zip(program.inputs, inputs, strict=True))
    run(program.steps, space)
    return [_value(x, space) for x in tree_leaves(program.result)]


def run(steps: Sequence[Any], space: Space) -> None:
    """Run steps and loops."""
    for step in steps:
        if type(step) is Loop:
            _run_loop(step, space)
        elif type(step) is Check:
            assert step.convert(space[step.variable]) == step.expected
        else:
            y = step.func(*_value(step.args, space), **_value(step.kwargs, space))
            _bind(step.output, y, space)


def _run_loop(loop: Loop, space: Space) -> None:
    sequences = [[_value(x, space) for x in stored.before] for stored in loop.stored]
    for t in range(loop.count):
        found = {entry.variable: _entry(entry, t, space) for entry in loop.entries}
        space.update(found)
        run(loop.body, space)
        for sequence, stored in zip(sequences, loop.stored, strict=True):
            sequence.append(space[stored.variable])
    for sequence, stored in zip(sequences, loop.stored, strict=True):
        space[stored.sequence] = sequence


def _entry(entry: Any, t: int, space: Space) -> Any:
    if entry.kind == CARRIED and t:
        return space[entry.next]
    if entry.kind == ELEMENT:
        index = entry.step * t + entry.start
        assert index >= 0
        return space[entry.values[0]][index]
    if entry.kind == COUNTER:
        return entry.step * t + _value(entry.values[0], space)
    return _value(entry.values[t if entry.kind == EACH else 0], space)


def _value(x: Any, space: Space) -> Any:
    return mapped(x, lambda leaf: space[leaf] if type(leaf) is Variable else leaf)


def _bind(output: Any, y: Any, space: Space) -> None:
    if type(output) is Variable:
        space[output] = y
    elif isinstance(output, (tuple, list)):
        for part, found in zip(output, y, strict=True):
            _bind(part, found, space)


def length(steps: Sequence[Any]) -> int:
    """Return the number of steps, with each loop and what is in it counted once."""
    return sum([1 + length(step.body) if type(step) is Loop else 1 for step in steps])


def loops(steps: Sequence[Any]) -> list[Any]:
    """Return the counts of the loops, each with those of the loops in it."""
    return [[s.count, *loops(s.body)] for s in steps if type(s) is Loop]


def same(found: list[Any], expected: Any) -> bool:
    """Return whether leaves are equal bit for bit, and of the same types."""
    leaves = tree_leaves(expected)
    return len(found) == len(leaves) and all(
        [
            type(x) is type(y) and np.array_equal(x, y, equal_nan=True)
            for x, y in zip(found, leaves, strict=True)
        ]
    )
