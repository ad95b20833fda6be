"""Values and times of the steps of a gradient, evaluated one by one and so without fusion."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import jax

from autograd_tools.tracing.summaries import Summary
from viewer.adapters.jax.gradient import Constant, Gradient, Step, numbers_in
from viewer.adapters.jax.values import of_value


class Run(NamedTuple):
    """The summary of each value, by number, and the nanoseconds of each step."""

    values: dict[int, Summary]
    ns: list[int]


def run(gradient: Gradient, args: Sequence[Any], clock: Callable[[], int] | None = None) -> Run:
    """Evaluate the steps of a gradient; each once to compile it, and once to time it."""
    clock = clock or time.perf_counter_ns
    held: dict[int, Any] = dict(enumerate(map(jax.numpy.asarray, args)))
    found = Run({number: of_value(x) for number, x in held.items()}, [])
    last = _last_uses(gradient.steps)
    for index, step in enumerate(gradient.steps):
        inputs = [ref.value if isinstance(ref, Constant) else held[ref] for ref in step.inputs]
        call = _caller(step)
        jax.block_until_ready(call(*inputs))
        start = clock()
        outputs = jax.block_until_ready(call(*inputs))
        found.ns.append(clock() - start)
        held.update(zip(step.outputs, outputs, strict=True))
        found.values.update((n, of_value(held[n])) for n in step.outputs)
        for number in (*numbers_in(step.inputs), *step.outputs):
            if last.get(number, -1) <= index:
                held.pop(number, None)
    return found


def _caller(step: Step) -> Callable[..., Sequence[Any]]:
    eqn = step.eqn
    params = eqn.primitive.get_bind_params(eqn.params)

    def call(*args: Any) -> Sequence[Any]:
        with eqn.ctx.manager:
            found = eqn.primitive.bind(*args, **params)
        return found if eqn.primitive.multiple_results else [found]

    return call


def _last_uses(steps: Iterable[Step]) -> dict[int, int]:
    return {number: i for i, step in enumerate(steps) for number in numbers_in(step.inputs)}
