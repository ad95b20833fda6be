"""Sums that grow with each iteration, started at zero, so the first iteration equals the others."""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_tools.base.containers import tree_leaves
from autograd_tools.programs.rolling.nodes import Values, node_of
from autograd_tools.programs.steps.loop import like
from autograd_tools.programs.steps.program import Call, Program, Step, Variable

ADDING = frozenset({operator.add, np.add})


def with_started_sums(program: Program) -> list[Step]:
    """Return the steps of a program, with `0 + x` for the first addend of a growing sum."""
    steps = program.steps
    growing = _growing(program)
    heads = [i for i, (_, _, is_head) in growing.items() if is_head]
    inserted: dict[int, list[Call]] = {}
    renamed: dict[int, Variable] = {}
    for i in heads:
        first, addend, _ = growing[i]
        add = steps[i]
        assert isinstance(add, Call)
        a = add.args[0]
        started = like(a)
        started.root = started
        zero: Any = np.zeros(a.shape, a.dtype) if a.is_array else 0.0
        call = Call(add.func, (zero, a), {}, started, add.site)
        between = sum([k not in growing for k in range(addend + 1, i)])
        inserted.setdefault(_after(first, between, growing), []).append(call)
        renamed[i] = started
    found: list[Step] = []
    for i, old in enumerate(steps):
        step = old
        if i in renamed and isinstance(old, Call):
            step = Call(old.func, (renamed[i], old.args[1]), {}, old.output, old.site)
        found += [step, *inserted.get(i, ())]
    return found


def _after(start: int, between: int, growing: dict[int, Any]) -> int:
    """Return the position so many steps after another one, without those that add to sums."""
    at = start
    while between:
        at += 1
        between -= at not in growing
    return at


def _growing(program: Program) -> dict[int, tuple[int, int, bool]]:
    """Return the additions to growing sums: where their addends are made, and whether they are the
    first of a sum.
    """
    steps: Sequence[Step] = program.steps
    values = Values()
    tokens = [node_of(step, values).token for step in steps]
    made = {x: i for i, step in enumerate(steps) for x in step.outputs()}
    results = [x for x in tree_leaves(program.result) if type(x) is Variable]
    uses = Counter([x for step in steps for x in step.inputs()] + results)
    found: dict[int, tuple[int, int, bool]] = {}
    for i, step in enumerate(steps):
        if not adds_arrays(step):
            continue
        a, b = step.args  # type: ignore[union-attr]
        first, addend = made.get(a, -1), made.get(b, -1)
        if min(first, addend) < 0 or uses[a] > 1:
            continue
        if first in found and tokens[found[first][1]] == tokens[addend]:
            found[i] = first, addend, False
        elif first < addend and tokens[first] == tokens[addend] and first not in found:
            found[i] = first, addend, True
    return found


def adds_arrays(step: Step) -> bool:
    """Return whether a step of a backward pass adds two values of one kind."""
    if not isinstance(step, Call) or step.func not in ADDING or len(step.args) != 2 or step.kwargs:
        return False
    a, b = step.args
    if not step.site.gradients or not type(a) is type(b) is type(step.output) is Variable:
        return False
    kinds = {(x.shape, x.dtype if x.dtype is not None else x.type) for x in (a, b, step.output)}
    doubles = {(a.shape, kind) for kind in (np.dtype(float), *((float,) if not a.shape else ()))}
    return kinds <= doubles and not step.output.root.written
