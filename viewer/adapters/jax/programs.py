"""The program of a call that JAX differentiates: its equations, its leaves and their arrays."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np
from jax.extend.core import ClosedJaxpr

from autograd_tools import Trace
from viewer.adapters.jax.building import trace_of
from viewer.adapters.jax.derivatives import DERIVATIVES, ZERO
from viewer.adapters.jax.forward import Forward
from viewer.adapters.jax.gradient import Gradient, gradient_of
from viewer.adapters.jax.marks import VALUE, mark
from viewer.adapters.jax.owners import Owner
from viewer.adapters.jax.rows import Leaf
from viewer.adapters.jax.running import Run, run

MOST_RUN = 2000  # steps that are evaluated unless asked for
FORWARD = "a forward-mode derivative has none"
ARRAYS = (jax.Array, np.ndarray, np.generic)


@dataclass(frozen=True)
class GradientCall:
    """A call of a function to differentiate; `arrays` are those of its leaves, in order.

    The program may have constants, which the function reads from outside. They are arrays of the
    program that calls it, where that is jitted. `seeds` are the cotangents or tangents that the
    derivative of this `kind` takes.
    """

    program: ClosedJaxpr
    leaves: list[Leaf]
    arrays: Sequence[Any]
    kind: str = "grad"
    seeds: Sequence[Any] = ()

    @property
    def held(self) -> list[Any]:
        """All its arrays: those of its leaves, its seeds and its constants."""
        return [*self.arrays, *self.seeds, *self.program.consts]

    def holding(self, arrays: Sequence[Any]) -> GradientCall:
        """Return the call with other arrays, in the order of `held`."""
        own, last = len(self.leaves), len(self.leaves) + len(self.seeds)
        program = ClosedJaxpr(self.program.jaxpr, arrays[last:])
        return replace(self, program=program, arrays=arrays[:own], seeds=arrays[own:last])

    def trace(
        self, *, backward: bool = False, values: bool | None = None, constants: bool = False
    ) -> Trace:
        """Return the gradient as a trace; see `viewer.adapters.jax.trace`.

        With `constants`, it has all that the result needs, also what depends on no Param.
        """
        gradient, owners = self._gradient
        if values is None:
            values = len(gradient.steps) <= MOST_RUN
        found = trace_of(
            *(gradient, owners, self.leaves, self._run if values else None),
            backward=backward,
            constants=constants,
        )
        if not DERIVATIVES[self.kind].is_backward:
            params = [row for row, kind in enumerate(found.columns.kind) if kind == "param"]
            found.columns.reasons.update(dict.fromkeys(params, FORWARD))
        return found

    @functools.cached_property
    def _run(self) -> Run:
        return run(self._gradient[0], [*self.arrays, *self.seeds])

    @functools.cached_property
    def _gradient(self) -> tuple[Gradient, Sequence[Owner]]:
        forward = Forward()
        params = tuple([i for i, leaf in enumerate(self.leaves) if leaf.kind == "param"])
        compute = DERIVATIVES[self.kind].compute

        def derived(arrays: Sequence[Any], seeds: Sequence[Any]) -> Any:
            def marked(*own: Any) -> Any:
                flat = [*arrays]
                for i, x in zip(params, own, strict=True):
                    flat[i] = mark(x, VALUE, -1, i)
                return forward.run(self.program, flat)

            return compute(marked, [arrays[i] for i in params], seeds)

        program = jax.make_jaxpr(derived)(self.arrays, self.seeds)
        return gradient_of(program, len(self.program.out_avals)), forward.owners


def gradient_call(
    f: Callable[..., Any],
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    argnums: int | Sequence[int],
    *,
    kind: str = "grad",
    seeds: Any = (),
    has_aux: bool = False,
    numbers: bool = True,
) -> GradientCall:
    """Return the call of a function, without what it returns beside a value if it `has_aux`.

    Without `numbers`, those of arguments that are not differentiated are constants, as they may be
    the length of a loop.
    """
    params = {n % len(args) for n in ([argnums] if isinstance(argnums, int) else argnums)}
    named = jax.tree_util.tree_leaves_with_path([*args])
    structure = jax.tree.structure([*args])
    kinds = (*ARRAYS, int, float, complex)
    is_leaf = [
        isinstance(x, kinds if numbers or path[0].idx in params else ARRAYS) for path, x in named
    ]
    names = _names(f, args)
    pairs = [(x, own) for (_, x), own in zip(named, is_leaf, strict=True)]
    leaves, arrays = [], []
    for (path, x), own in zip(named, is_leaf, strict=True):
        if own:
            number = path[0].idx
            name = f"{names[number]}{jax.tree_util.keystr(path[1:])}"
            role = "param" if number in params else "input"
            leaves.append(Leaf(role, name, jax.typeof(x)))
            arrays.append(x)

    def called(*arrays: Any) -> Any:
        own = iter(arrays)
        flat = [next(own) if is_array else x for x, is_array in pairs]
        found = f(*jax.tree.unflatten(structure, flat), **kwargs)
        return found[0] if has_aux else found

    program = jax.make_jaxpr(called)(*arrays)
    floats = [x for x in jax.tree.leaves(seeds) if getattr(x, "dtype", None) != ZERO]
    return GradientCall(program, leaves, arrays, kind, floats)


def _names(f: Callable[..., Any], args: Sequence[Any]) -> list[str]:
    """Return the names of positional arguments, `args[2]` where `f` has none."""
    try:
        parameters = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    positional = [
        p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    numbers = range(len(args))
    return [positional[i] if i < len(positional) else f"args[{i}]" for i in numbers]
