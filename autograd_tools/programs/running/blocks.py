"""Long elementwise chains on large arrays, run block by block in the processor's cache.

A block of each array goes through the whole chain before the next one does, so that intermediate
values never leave the cache. Sums of whole arrays are sums of sums of blocks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd_tools.base.traced import UfuncMethod
from autograd_tools.programs.running.uses import result_variables
from autograd_tools.programs.steps.loop import AnyStep
from autograd_tools.programs.steps.program import Call, Check, Program, Step, Variable
from autograd_tools.programs.steps.simplify import is_pure

SMALLEST = 2**17  # elements of an array that is worth it
JOINED_SUMS = frozenset({np.add, np.maximum, np.minimum})
Kind = tuple[tuple[int, ...], str]  # the shape and order of arrays
SCALAR: Kind = ((), "")


@dataclass(eq=False)
class Chain:
    """Elementwise calls on arrays of one kind, and full reductions of them.

    Others read the outputs that are `kept`.
    """

    kind: Kind
    steps: list[Call]
    kept: list[Variable] = field(default_factory=list)

    def inputs(self) -> Iterator[Variable]:
        """The variables that it reads from before."""
        made = {x for step in self.steps for x in step.outputs()}
        yield from dict.fromkeys([x for s in self.steps for x in s.inputs() if x not in made])

    def outputs(self) -> Iterator[Variable]:
        """The variables that it makes for later steps."""
        return iter(self.kept)


def with_chains(steps: list[AnyStep], program: Program) -> list[AnyStep | Chain]:
    """Return the steps with long elementwise chains in one."""
    found: list[AnyStep | Chain] = []
    run = _Run()
    for step in steps:
        if not run.take(step):
            found += run.steps()
            run = _Run()
            if not run.take(step):
                found.append(step)
    found += run.steps()
    _keep_what_is_read(found, program)
    return found


def _keep_what_is_read(steps: list[AnyStep | Chain], program: Program) -> None:
    """Let each chain keep what others read."""
    needed = set(result_variables(program))
    for step in steps:
        needed.update(step.inputs())
    for step in steps:
        if isinstance(step, Chain):
            step.kept = [x for call in step.steps for x in call.outputs() if x in needed]


class _Run:
    """A chain that is being put together, and the steps that go before and after it."""

    def __init__(self) -> None:
        self.kind: Kind | None = None
        self.before: list[Step] = []
        self.chain: list[Call] = []
        self.after: list[Step] = []
        self.made: set[Variable] = set()  # by the chain and by what goes after it
        self.made_after: set[Variable] = set()  # what the chain cannot read

    def take(self, step: AnyStep) -> bool:
        """Take a step in; False if it has to come after all of these."""
        reads_after = any([x in self.made_after for x in step.inputs()])
        kind = _kind(step)
        if kind is not None and kind == (self.kind or kind) and not reads_after:
            self.kind = kind
            self.chain.append(step)  # type: ignore[arg-type]
            self.made.update(step.outputs())
            self.made_after.update([x for x in step.outputs() if not x.is_array])
            return True
        if self.kind is None or kind is not None or not isinstance(step, (Call, Check)):
            return False
        if isinstance(step, Call) and (step.writes or not is_pure(step.func)):
            return False
        if any([x in self.made or x.root in self.made for x in step.inputs()]) or reads_after:
            self.after.append(step)
            self.made_after.update(step.outputs())
            self.made.update(step.outputs())
        else:
            self.before.append(step)
        return True

    def steps(self) -> list[Step | Chain]:
        """Return the steps, those of the chain in one if there are several."""
        chain: list[Step | Chain] = [*self.chain]
        if len(self.chain) > 1 and self.kind is not None:
            chain = [Chain(self.kind, self.chain)]
        return [*self.before, *chain, *self.after]


def _kind(step: AnyStep) -> Kind | None:
    """Return the shape and order of an elementwise call or full reduction of large arrays."""
    if not isinstance(step, Call) or step.kwargs or step.writes or step.checks_shape:
        return None
    y, args, func = step.output, step.args, step.func
    if type(y) is not Variable:
        return None
    if isinstance(func, np.ufunc):
        if func.signature is not None or func.nout > 1 or len(args) != func.nin or not y.is_array:
            return None
        kinds = [operand_kind(x) for x in (*args, y)]
    elif isinstance(func, UfuncMethod) and func.name == "reduce" and func.ufunc in JOINED_SUMS:
        if args[1:] != (None,) or y.is_array or y.dtype is None or y.dtype.kind != "f":
            return None
        kinds = [operand_kind(args[0])]
    else:
        return None
    arrays = {kind for kind in kinds if kind != SCALAR}
    return arrays.pop() if len(arrays) == 1 else None


def operand_kind(x: Any) -> Kind | None:
    """Return the kind of an argument: SCALAR, the shape and order of an array, or None."""
    if type(x) not in (Variable, np.ndarray):
        return SCALAR if isinstance(x, (int, float, complex, np.number, np.bool_)) else None
    if not x.shape:
        return SCALAR
    like = x if type(x) is Variable else Variable(0, x)
    fits = like.size >= SMALLEST and like.order and not like.root.written
    return (like.shape, like.order) if fits and like.dtype.kind in "biufc" else None  # type: ignore[union-attr]
