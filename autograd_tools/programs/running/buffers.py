"""The memory of a program: output buffers that are allocated once and reused.

A buffer holds one variable after the other. What leaves the program, or goes to a function that may
keep it, has memory of its own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd_tools.base.traced import UfuncMethod
from autograd_tools.programs.running.blocks import Chain
from autograd_tools.programs.running.joining import joined, read_once
from autograd_tools.programs.running.lowering import DOT
from autograd_tools.programs.running.uses import Uses
from autograd_tools.programs.steps.loop import Loop
from autograd_tools.programs.steps.program import Call, Variable
from autograd_tools.programs.steps.simplify import is_pure


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
    rows : dict
        The block with the turns of each variable that a loop stores, and their number.
    pairs : dict
        The two blocks of each variable that a loop hands on, which its turns use in turn.
    sequences : dict
        The variable of `rows` that each sequence is.
    joined : dict
        The calls of a loop that run once for all turns.
    backwards : set
        Variables of `rows` whose first turn is the last row.
    """

    blocks: list[int] = field(default_factory=list)
    places: dict[Variable, int] = field(default_factory=dict)
    views: set[Variable] = field(default_factory=set)
    rows: dict[Variable, tuple[int, int]] = field(default_factory=dict)
    pairs: dict[Variable, tuple[int, int]] = field(default_factory=dict)
    sequences: dict[Variable, Variable] = field(default_factory=dict)
    joined: dict[Loop, list[Call]] = field(default_factory=dict)
    backwards: set[Variable] = field(default_factory=set)

    def blocks_of(self, x: Variable) -> tuple[int, ...]:
        """Return the blocks that a variable takes."""
        if x in self.places:
            return (self.places[x],)
        return self.rows[x][:1] if x in self.rows else self.pairs.get(x, ())

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
        dying = [x for x in ends.get(number, ()) if plan.blocks_of(x)]
        if isinstance(step, Call):
            _plan_call(step, plan, free, uses, dying)
            unread = type(step.output) is Variable and uses.ends.get(step.output) == number
            dying += [step.output] if unread else []
        elif isinstance(step, Chain):
            made = [y for y in step.kept if y.is_array and y not in uses.kept]
            plan.places |= {y: free.take(nbytes(y)) for y in made}
        elif isinstance(step, Loop) and step in uses.bodies:
            dying += _plan_body(step, plan, free, uses, number, dying)
        for x in dying:
            for block in plan.blocks_of(x):
                free.add(block)
    return plan


def _plan_call(call: Call, plan: Plan, free: _Free, uses: Uses, dying: list[Variable]) -> None:
    """Plan the buffer of the output of a call, where the variables of `dying` end."""
    y = call.output
    if _is_buffered(call, uses):
        over = _taken_over(call, [x for x in dying if x in plan.places], uses)
        if over is None:
            plan.places[y] = free.take(nbytes(y))
        else:
            plan.places[y] = plan.places[over]
            dying.remove(over)
    elif type(y) is Variable and uses.roots[y] is not y and uses.roots[y] in plan.places:
        fixed = is_pure(call.func) and all(map(plan.is_fixed, call.inputs()))
        plan.views |= {y} if fixed else set()


def _plan_body(
    loop: Loop, plan: Plan, free: _Free, uses: Uses, number: int, outer: list[Variable]
) -> list[Variable]:
    """Plan the buffers of the body of a loop, where `outer` ends; return those of all turns that
    nobody reads after.
    """
    inner = uses.bodies[loop]
    stored = {x.variable for x in loop.stored}
    handed = {inner.roots[x.next] for x in loop.entries if x.next is not None}
    ends: dict[int, list[Variable]] = {}
    for root, position in inner.ends.items():
        if root not in handed | stored and uses.ends.get(root) == number:
            ends.setdefault(position, []).append(root)
    calls = {
        position: step
        for position, step in enumerate(loop.body)
        if isinstance(step, Call) and _is_buffered(step, uses) and step.output.shape
    }
    lasting = [step.output for step in calls.values() if step.output in stored | handed]
    alone = _alone(loop, calls, inner)
    for y in lasting:  # first, as they take no memory that another turn uses
        if y in alone - stored:
            first = _first_value(y, loop, inner, uses)
            if first in outer and first in plan.places and _is_alike(first, y):
                outer.remove(first)
                plan.places[y] = plan.places[first]
            else:
                plan.places[y] = free.take(nbytes(y))
        elif y not in stored:
            plan.pairs[y] = free.take(nbytes(y)), free.take(nbytes(y))
        elif y.order == "C":
            plan.rows[y] = free.take(nbytes(y) * loop.count), loop.count
    plan.sequences |= {
        x.sequence: x.variable for x in loop.stored if x.variable in plan.rows and not x.before
    }
    whole = _plan_joined(
        loop, [x for x in calls.values() if uses.ends.get(x.output) == number], plan, free, lasting
    )
    for position in range(len(loop.body)):
        dying = [x for x in ends.get(position, ()) if x in plan.places]
        if position in calls and (y := calls[position].output) not in (*lasting, *plan.rows):
            over = _taken_over(calls[position], dying, inner)
            if over is not None:
                dying.remove(over)
            plan.places[y] = free.take(nbytes(y)) if over is None else plan.places[over]
            dying += [y] if y in ends.get(position, ()) else []
        for x in dying:
            free.add(plan.places[x])
    return [x for x in (*lasting, *whole) if uses.ends.get(x) == number]


def _plan_joined(
    loop: Loop, calls: list[Call], plan: Plan, free: _Free, lasting: list[Variable]
) -> list[Variable]:
    """Plan the calls that run once for all turns; return the variables with an own block."""
    calls = [x for x in calls if x.output not in lasting]
    plan.joined[loop], step = joined(loop, calls, plan.sequences, nbytes)
    once = read_once(loop)
    found: dict[Variable, None] = {}
    for call in plan.joined[loop]:
        y = call.output
        over = [x for x in call.inputs() if x in found and x in once and _is_alike(x, y)]
        block = plan.rows[over[0]][0] if over else free.take(nbytes(y) * loop.count)
        found.pop(over[0] if over else y, None)
        found[y] = None
        plan.rows[y] = block, loop.count
        plan.backwards |= {y} if step < 0 else set()
    return [*found]


def _is_alike(x: Variable, y: Variable) -> bool:
    return (x.shape, x.dtype, x.order) == (y.shape, y.dtype, y.order)


def _first_value(y: Variable, loop: Loop, inner: Uses, uses: Uses) -> Variable:
    """Return the variable that a loop finds in place of an output in its first turn, if nothing
    else there has its memory; else the output.
    """
    handed = [x for x in loop.entries if x.next is not None and inner.roots[x.next] is y]
    first = handed[0].values[0]
    alone = len(handed) == 1 and type(first) is Variable and uses.roots[first] is first
    return first if alone and [uses.roots[x] for x in loop.inputs()].count(first) == 1 else y


def _alone(loop: Loop, calls: dict[int, Call], inner: Uses) -> set[Variable]:
    """Return the outputs that a turn hands on and that are made when their old value is not read
    any more.
    """
    found = set()
    for position, call in calls.items():
        y = call.output
        before = [
            entry.variable
            for entry in loop.entries
            if entry.next is not None and inner.roots[entry.next] is y
        ]
        last = max([inner.ends.get(x, -1) for x in before], default=len(loop.body))
        here = last == position and before == [_taken_over(call, before, inner)]
        if last < position or here:
            found.add(y)
    return found


def _is_buffered(call: Call, uses: Uses) -> bool:
    """Return whether the output of a call is written into a buffer."""
    return type(call.output) is Variable and call.output not in uses.kept and takes_out(call)


def nbytes(x: Variable) -> int:
    """Return the bytes of an array."""
    return math.prod(x.shape) * (x.dtype.itemsize if x.dtype is not None else 0)


def takes_out(call: Call) -> bool:
    """Return whether a call can write its output into a given array, bit for bit the same."""
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
        if x in dying and alone and _is_alike(x, y):
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
