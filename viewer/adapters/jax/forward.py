"""The marked forward pass: its gradient shows which equation belongs to which operation."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import jax
import numpy as np
from jax import lax
from jax.extend import source_info_util
from jax.extend.core import ClosedJaxpr

from viewer.adapters.jax.frames import is_engines
from viewer.adapters.jax.marks import ARGUMENT, VALUE, mark
from viewer.adapters.jax.owners import (
    CALLS,
    CUSTOM,
    RECOMPUTED,
    Inside,
    Marker,
    Owner,
    Path,
    Segment,
    name_of,
    program_of,
    reader,
)

FEW = 3  # equations of a function of JAX, which need no frame
MOST_UNROLLED = 5000  # equations of one scan


class Forward:
    """Evaluates a program equation by equation; `owners` are those it has met, in order."""

    def __init__(self) -> None:
        self.owners: list[Owner] = []
        self._calls = itertools.count(1)

    def run(self, program: ClosedJaxpr, args: Sequence[Any], around: Path = ()) -> list[Any]:
        """Return the results of a program, whose calls are evaluated in place."""
        jaxpr = program.jaxpr
        env: dict[Any, Any] = dict(zip(jaxpr.constvars, program.consts, strict=True))
        env.update(zip(jaxpr.invars, args, strict=True))
        read = reader(env)
        for eqn in jaxpr.eqns:
            path = (*around, _segment(eqn))
            env.update(
                zip(eqn.outvars, self._results(eqn, [*map(read, eqn.invars)], path), strict=True)
            )
        return [*map(read, jaxpr.outvars)]

    def _results(self, eqn: Any, args: list[Any], path: Path) -> list[Any]:
        name, inner = eqn.primitive.name, program_of(eqn)
        if name in CALLS and inner is not None:
            path = (*path, *_frame_of(eqn, inner, path))
            return self.run(inner, args, (*path, Inside(next(self._calls))))
        if name == "scan" and inner is not None and _is_small(inner, eqn.params["length"]):
            return self._unrolled(eqn.params, args, (*path, Inside(next(self._calls))))
        if name in CUSTOM or name in RECOMPUTED:
            path = (*path, Marker(name_of(eqn)))

        def bind(*args: Any) -> Any:
            with eqn.ctx.manager:
                return eqn.primitive.bind(*args, **eqn.primitive.get_bind_params(eqn.params))

        found = self._own(name_of(eqn), bind, args, path)
        return found if eqn.primitive.multiple_results else [found]

    def _own(self, op: str, call: Callable[..., Any], args: Sequence[Any], path: Path) -> Any:
        """Return the result of a call that is an operation of its own."""
        number, owner = len(self.owners), Owner(op, path)
        self.owners.append(owner)
        names = source_info_util.new_name_stack(f"#{number}")
        with source_info_util.user_context(owner.traceback, name_stack=names):
            marked = [_marked(x, ARGUMENT, number, i) for i, x in enumerate(args, 1)]
            found = call(*marked)
            if isinstance(found, (list, tuple)):
                self.owners[number] = replace(owner, results=len(found))
                return [_marked(x, VALUE, number, i) for i, x in enumerate(found)]
            return _marked(found, VALUE, number, 0)

    def _unrolled(self, params: dict[str, Any], args: list[Any], path: Path) -> list[Any]:
        """Return the results of a scan whose steps are evaluated one by one."""
        body, length = params["jaxpr"], params["length"]
        first, carried = _input_counts(params)
        last = first + carried
        consts, carry = args[:first], args[first:last]
        split = functools.partial(lax.split, sizes=[1] * length)
        parts = [self._own("split", split, [xs], path) for xs in args[last:]]
        path = (*path, Marker.of("loop", f"scan of {length} steps"))
        order = range(length)[:: -1 if params["reverse"] else 1]
        rows: dict[int, list[Any]] = {}
        for number, i in enumerate(order, 1):
            step = (*path, Marker.of("step", str(number)))
            items = [self._own("squeeze", _first, [own[i]], step) for own in parts]
            found = self.run(body, [*consts, *carry, *items], step)
            carry, ys = found[: len(carry)], found[len(carry) :]
            rows[i] = ys
        columns = zip(*(rows[i] for i in range(length)), strict=True)
        return [*carry, *(self._own("stack", _stacked, column, path[:-1]) for column in columns)]


def _input_counts(params: dict[str, Any]) -> tuple[int, int]:
    """Return how many constants and carried values a scan has, in the way of this JAX."""
    if "ft_in" not in params:
        return params["num_consts"], params["num_carry"]
    consts, carry, _ = params["ft_in"].unpack()  # since 0.12
    return len(consts), len(carry)


def _first(x: Any) -> Any:
    return lax.squeeze(x, (0,))


def _stacked(*rows: Any) -> Any:
    return jax.numpy.stack(rows)


def _marked(x: Any, role: str, owner: int, position: int) -> Any:
    is_inexact = isinstance(x, jax.core.Tracer) and jax.numpy.issubdtype(x.dtype, np.inexact)
    return mark(x, role, owner, position) if is_inexact else x


def _segment(eqn: Any) -> Segment:
    info = eqn.source_info
    names = [e.name for e in info.name_stack.stack if type(e).__name__ == "Scope"]
    return Segment(info.traceback, tuple(names))


def _frame_of(eqn: Any, program: ClosedJaxpr, path: Path) -> tuple[Marker, ...]:
    """Return a scope for a function of JAX with several equations, unless it is in another one."""
    pairs = itertools.pairwise(path)
    is_inside = any(isinstance(a, Marker) and isinstance(b, Inside) for a, b in pairs)
    info = program.jaxpr.debug_info
    if is_inside or _size(program) <= FEW or not is_engines(info.func_filename or ""):
        return ()
    return (Marker(str(eqn.params.get("name", "")).strip("_")),)


def _is_small(program: ClosedJaxpr, length: int) -> bool:
    return 0 < length * _size(program) <= MOST_UNROLLED


def _size(program: ClosedJaxpr) -> int:
    """Return the number of equations of a program, with those of the programs it calls."""
    inner = [found for eqn in program.jaxpr.eqns if (found := program_of(eqn)) is not None]
    return len(program.jaxpr.eqns) + sum(map(_size, inner))
