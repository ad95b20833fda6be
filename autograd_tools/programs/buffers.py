"""The memory of a program: which outputs are written into buffers, allocated once and reused.

A buffer holds one variable after the other. What leaves the program, or goes to a function that may
keep it, has memory of its own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd_tools.base.traced import UfuncMethod
from autograd_tools.programs.blocks import Chain
from autograd_tools.programs.lowering import DOT
from autograd_tools.programs.program import Call, Variable
from autograd_tools.programs.simplify import is_pure
from autograd_tools.programs.uses import Uses


@dataclass(eq=False)
class Plan:
    """Buffers of a program.

    Attributes
    ----------
    blocks : list of int
        The bytes of each block of memory.
    places : dict
        The block of each variable that is written into a buffer.
    views : set
        Variables that are views of buffers, the same ones in each run.
    """

    blocks: list[int] = field(default_factory=list)
    places: dict[Variable, int] = field(default_factory=dict)
    views: set[Variable] = field(default_factory=set)

    def is_fixed(self, x: Any) -> bool:
        """Return whether a variable is the same array in each run."""
        return x in self.places or x in self.views


def planned(steps: list[Any], uses: Uses) -> Plan:
    """Plan the buffers of a program."""
    plan = Plan()
    free = _Free(plan.blocks)
    ends: dict[int, list[Variable]] = {}
    for root, number in uses.ends.items():
        ends.setdefault(number, []).append(root)
    for number, step in enumerate(steps):
        dying = [x for x in ends.get(number, ()) if x in plan.places]
        if isinstance(step, Call):
            y = step.output
            if type(y) is Variable and y not in uses.kept and takes_out(step):
                over = _taken_over(step, dying, uses)
                if over is not None:
                    plan.places[y] = plan.places[over]
                    dying.remove(over)
                else:
                    plan.places[y] = free.take(nbytes(y))
                if uses.ends[y] == number:
                    dying.append(y)
            elif type(y) is Variable and uses.roots[y] is not y and is_pure(step.func):
                fixed = uses.roots[y] in plan.places and all(map(plan.is_fixed, step.inputs()))
                plan.views |= {y} if fixed else set()
        elif isinstance(step, Chain):
            for y in step.kept:
                if y.is_array and y not in uses.kept:
                    plan.places[y] = free.take(nbytes(y))
        for x in dying:
            free.add(plan.places[x])
    return plan


def nbytes(x: Variable) -> int:
    """Return the bytes of an array."""
    return math.prod(x.shape) * (x.dtype.itemsize if x.dtype is not None else 0)


def takes_out(call: Call) -> bool:
    """Return whether a call can write its output into a given array, to the bit the same."""
    func, y = call.func, call.output
    if call.writes or not y.is_array or y.root is not y or not y.order or not y.size:
        return False
    if y.dtype.kind not in "biufc" or not all(map(_is_operand, call.args)):
        return False
    if isinstance(func, np.ufunc):
        fits = len(call.args) == func.nin and func.nout == 1 and not call.kwargs
        return fits and (func.signature is None or y.order == "C")
    if func == DOT:
        return not call.kwargs and bool(y.order == "C")
    x = call.args[0]
    return (
        type(func) is UfuncMethod
        and func.name == "reduce"
        and len(call.args) <= 2
        and call.kwargs.keys() <= {"axis", "keepdims"}
        and type(x) is Variable
        and x.dtype == y.dtype
        and y.dtype.kind in "fc"
    )


def _is_operand(x: Any) -> bool:
    if type(x) is tuple:  # the axes of a reduction
        return all([type(item) is int for item in x])
    return type(x) in (Variable, np.ndarray, int, float, complex, bool, type(None)) or isinstance(
        x, np.generic
    )


def _taken_over(call: Call, dying: list[Variable], uses: Uses) -> Variable | None:
    """Return the argument whose memory the output may take over, as nobody reads it after."""
    if not isinstance(call.func, np.ufunc) or call.func.signature is not None:
        return None
    y, given = call.output, list(call.inputs())
    for x in given:
        alone = all([other is x or uses.roots[other] is not x for other in given])
        if x in dying and alone and (x.shape, x.dtype, x.order) == (y.shape, y.dtype, y.order):
            return x
    return None


class _Free:
    """The free blocks by their size."""

    def __init__(self, blocks: list[int]) -> None:
        self.blocks = blocks
        self.by_size: dict[int, list[int]] = {}

    def add(self, block: int) -> None:
        self.by_size.setdefault(self.blocks[block], []).append(block)

    def take(self, size: int) -> int:
        """Return the smallest free block that fits and is not far too large, or a new one."""
        fitting = [n for n, found in self.by_size.items() if found and size <= n <= 2 * size + 4096]
        if fitting:
            return self.by_size[min(fitting)].pop()
        self.blocks.append(size)
        return len(self.blocks) - 1
