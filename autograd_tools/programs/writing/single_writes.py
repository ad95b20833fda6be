"""Zeros to which one call adds, replaced by the added value in another shape or on the diagonal."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np

from autograd_tools.base.containers import tree_leaves
from autograd_tools.base.traced import UfuncMethod
from autograd_tools.engine.cotangents import add_at
from autograd_tools.programs.steps.program import Call, Program, Step, Variable

INTO_ZEROS = (add_at, UfuncMethod(np.add, "at"))
REDUCING = (np.sum, UfuncMethod(np.add, "reduce"))


def with_single_writes(program: Program) -> Program:
    """Return a program with `np.diag(y)` for zeros to which `y` is added on the diagonal, and with
    the sum over an axis for zeros to which it is added as a column.
    """
    writes = _Writes(program)
    found: list[Step | None] = []
    for i, step in enumerate(program.steps):
        found.append(writes.next(i, step))
        if found[-1] is not step:
            found[writes.zeros.pop(step.args[0])] = None  # type: ignore[union-attr]
    return replace(program, steps=[step for step in found if step is not None])


class _Writes:
    """The zeros that nobody has read so far, and where they are."""

    def __init__(self, program: Program) -> None:
        calls = [step for step in program.steps if isinstance(step, Call)]
        self._count = Counter([root for call in calls for root in call.writes])
        self._uses = Counter([x for step in program.steps for x in step.inputs()])
        results = tree_leaves((program.result, [x for _, x in program.assigned]))
        self._handed_out = {x.root for x in results if type(x) is Variable}
        self._made: dict[Variable, tuple[int, Call]] = {}
        self._last: dict[Variable, int] = {}  # write
        self.zeros: dict[Variable, int] = {}

    def next(self, i: int, step: Step) -> Step:
        """Return a step, or what makes the sum of zeros and what it adds to them."""
        if not isinstance(step, Call):
            return step
        new = self._without_zeros(step)
        if new is not None:
            new.output.written = False
            return new
        for x in step.inputs():
            self.zeros.pop(x, None)
        self._last.update(dict.fromkeys(step.writes, i))
        if type(step.output) is Variable:
            self._made[step.output] = i, step
            if step.func is np.zeros and self._count[step.output] == 1:
                self.zeros[step.output] = i
        return step

    def _without_zeros(self, call: Call) -> Call | None:
        if call.func not in INTO_ZEROS or call.args[0] not in self.zeros:
            return None
        total, index, y = call.args
        if type(y) is not Variable or y.root.written or y.dtype != total.dtype:
            return None
        if total in self._handed_out and (self._uses[y] > 1 or y.root is not y or y.name):
            return None
        if _is_diagonal(index, total.shape) and y.shape == total.shape[:1]:
            return Call(np.diag, (y,), {}, total, call.site)
        if not _takes_all(index, total.shape, y.shape):
            return None
        return self._sum(y, total, call) or Call(np.reshape, (y, total.shape), {}, total, call.site)

    def _sum(self, y: Variable, total: Variable, call: Call) -> Call | None:
        """Return the sum without `keepdims`, if that is the total."""
        i, maker = self._made.get(y, (0, None))
        if maker is None or maker.func not in REDUCING or self._uses[y] > 1:
            return None
        (x,), options = maker.args, {**maker.kwargs}
        if not options.pop("keepdims", False) or {*options} != {"axis"}:
            return None
        shape = np.sum(np.broadcast_to(0.0, x.shape), **options).shape
        is_as_it_was = self._last.get(x.root, -1) < i
        return (
            Call(maker.func, (x,), options, total, call.site)
            if shape == total.shape and is_as_it_was
            else None
        )


def _takes_all(index: Any, shape: tuple[int, ...], taken: tuple[int, ...]) -> bool:
    """Return whether an index takes all elements of an array, with other axes of length 1."""
    parts = index if type(index) is tuple else (index,)
    if not all([part is None or part is ... or type(part) is slice for part in parts]):
        return False
    if not all([part == slice(None) for part in parts if type(part) is slice]):
        return False
    return np.broadcast_to(0.0, shape)[index].shape == taken


def _is_diagonal(index: Any, shape: tuple[int, ...]) -> bool:
    """Return whether an index is that of the diagonal of a square matrix."""
    parts = [part for part in index if part is not ...] if type(index) is tuple else []
    if len(parts) != 2 or len(shape) != 2 or shape[0] != shape[1]:
        return False
    rows = np.arange(shape[0])
    return all([type(part) is np.ndarray and np.array_equal(part, rows) for part in parts])
