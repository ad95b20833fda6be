"""The equations of a gradient in one list, each with the operation that it belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from jax.extend.core import ClosedJaxpr, Literal

from viewer.adapters.jax.marks import CONTRIBUTION, GRADIENT, VALUE, mark_p
from viewer.adapters.jax.owners import CALLS, CUSTOM, OWNER, RECOMPUTED, program_of

IN_PLACE = CALLS | CUSTOM | RECOMPUTED


class Constant(NamedTuple):
    """A value that no step computes."""

    value: Any


Ref = int | Constant  # the number of a computed value, or a constant


def numbers_in(refs: Iterable[Ref]) -> list[int]:
    """Return the numbers among some references."""
    return [ref for ref in refs if isinstance(ref, int)]


class Step(NamedTuple):
    """An equation: its inputs, the numbers of its results, and the operation that owns it.

    `argument` is that whose gradient a backward step computes, from 1; 0 for no single one.
    """

    eqn: Any
    inputs: tuple[Ref, ...]
    outputs: tuple[int, ...]
    owner: int | None
    is_backward: bool
    argument: int = 0


Key = tuple[int, int]  # an owner, and the position of a value or argument


@dataclass
class Gradient:
    """The steps of a gradient, oldest first; values have numbers, those of arguments first.

    `inputs` are the types of the arguments. `outputs` is the number of `results` that are values of
    the function.
    """

    inputs: Sequence[Any]
    outputs: int
    steps: list[Step] = field(default_factory=list)
    values: dict[Key, Ref] = field(default_factory=dict)
    gradients: dict[Key, Ref] = field(default_factory=dict)
    contributions: dict[Key, Ref] = field(default_factory=dict)
    results: list[Ref] = field(default_factory=list)
    count: int = 0


def gradient_of(program: ClosedJaxpr, outputs: int) -> Gradient:
    """Return the steps of a marked gradient that its results need."""
    found = Gradient(program.in_avals, outputs, count=len(program.in_avals))
    found.results = _walk(found, program, range(found.count), None, is_backward=False)
    # Rules of the user may return zeros, and ignore the gradient that they get.
    steps = needed(found.steps, found.results, found.gradients.values())
    found.steps = _with_arguments(steps, found.contributions)
    return found


def _walk(
    found: Gradient,
    program: ClosedJaxpr,
    args: Sequence[Ref],
    owner: int | None,
    *,
    is_backward: bool,
) -> list[Ref]:
    """Add the steps of a program; return its results."""
    jaxpr = program.jaxpr
    env: dict[Any, Ref] = dict(zip(jaxpr.constvars, map(Constant, program.consts), strict=True))
    env.update(zip(jaxpr.invars, args, strict=True))
    for eqn in jaxpr.eqns:
        inputs = tuple(Constant(v.val) if isinstance(v, Literal) else env[v] for v in eqn.invars)
        own, back = _belongs(eqn, owner, is_backward)
        inner = program_of(eqn)
        if eqn.primitive is mark_p:
            outputs: Sequence[Ref] = inputs
            _note(found, inputs[0], **eqn.params)
        elif eqn.primitive.name in IN_PLACE and inner is not None:
            outputs = _walk(found, inner, inputs, own, is_backward=back)
        else:
            numbers = tuple(range(found.count, found.count + len(eqn.outvars)))
            found.count += len(numbers)
            found.steps.append(Step(eqn, inputs, numbers, own, back))
            outputs = numbers
        env.update(zip(eqn.outvars, outputs, strict=True))
    return [Constant(v.val) if isinstance(v, Literal) else env[v] for v in jaxpr.outvars]


def _belongs(eqn: Any, owner: int | None, is_backward: bool) -> tuple[int | None, bool]:
    """Return the owner of an equation, and whether the backward pass computes it."""
    for entry in eqn.source_info.name_stack.stack:
        number = OWNER.fullmatch(entry.name)
        if entry.name == "transpose" and type(entry).__name__ == "Transform":
            is_backward = True
        elif number and owner is None:
            owner = int(number[1])
    return owner, is_backward


def _note(found: Gradient, ref: Ref, *, role: str, owner: int, position: int) -> None:
    tables = {VALUE: found.values, GRADIENT: found.gradients, CONTRIBUTION: found.contributions}
    if role in tables:
        tables[role][owner, position] = ref


def needed(steps: Sequence[Step], results: Iterable[Ref], others: Iterable[Ref] = ()) -> list[Step]:
    """Return the steps that some results need, and others.

    What belongs to no operation is no result.
    """
    owned = {number for step in steps if step.owner is not None for number in step.outputs}
    wanted = owned.intersection(numbers_in(results)).union(numbers_in(others))
    kept = []
    for step in reversed(steps):
        if not wanted.isdisjoint(step.outputs):
            wanted.update(numbers_in(step.inputs))
            kept.append(step)
    return kept[::-1]


def _with_arguments(steps: list[Step], contributions: dict[Key, Ref]) -> list[Step]:
    """Return the steps with the argument whose gradient each computes."""
    leads: dict[tuple[int | None, int], set[int]] = {}
    for (owner, argument), ref in contributions.items():
        if isinstance(ref, int):
            leads.setdefault((owner, ref), set()).add(argument)
    empty: set[int] = set()
    found = []
    for step in reversed(steps):
        own = empty
        if step.is_backward:
            own = empty.union(*(leads.get((step.owner, n), empty) for n in step.outputs))
        for number in numbers_in(step.inputs) if own else ():
            leads.setdefault((step.owner, number), set()).update(own)
        found.append(step._replace(argument=next(iter(own)) if len(own) == 1 else 0))
    return found[::-1]
