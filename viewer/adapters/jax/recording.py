"""The recording of a program that uses JAX: the calls of its gradient functions."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any
from unittest.mock import patch

import jax
import numpy as np

from autograd_tools import Trace
from viewer.adapters.gradients import Done, ProgramGradient
from viewer.adapters.jax.programs import GradientCall, gradient_call
from viewer.adapters.jax.values import is_extended
from viewer.adapters.recorder import OpCall


class JaxRecorder:
    """Counts the gradients of `jax.grad` and `jax.value_and_grad` between `start` and `stop`.

    `done` gets them at the end; only the one of the `number`, from 1, has a trace. In a jitted
    function, the compiled program hands over the arrays of its gradient. A gradient that another
    one differentiates is a part of that.
    """

    later = 0  # gradients after `pause` that `done` does not get

    def __init__(self, done: Done, number: int) -> None:
        self._done, self._number = done, number
        self._seen = 0
        self._inside = False  # a gradient function, or our own look at its program
        self._found: Callable[[bool], Trace] | None = None
        self._stack = ExitStack()

    def start(self) -> None:
        """Record from now on."""
        with ExitStack() as stack:
            for name in ("grad", "value_and_grad"):
                stack.enter_context(patch.object(jax, name, self._seeing(getattr(jax, name))))
            self._stack = stack.pop_all()

    def pause(self) -> None:
        """Do nothing: one gradient is looked at, at the end."""

    def stop(self) -> list[OpCall]:
        """End the recording, and give the gradients to `done`."""
        self._stack.close()
        jax.effects_barrier()  # of compiled programs that still run
        self._inside = True
        for number in range(1, self._seen + 1):
            self._done(ProgramGradient(self._found if number == self._number else None))
        return []

    def keep_values(self, values: bool) -> None:
        """Do nothing: a trace always has values."""

    def without_gradient(self) -> dict[str, str]:
        """Return nothing: in JAX, all arguments have a gradient."""
        return {}

    def _seeing(self, make: Callable[..., Any]) -> Callable[..., Any]:
        """Return `jax.grad` whose functions are seen."""

        @functools.wraps(make)
        def made(fun: Any, argnums: Any = 0, has_aux: Any = False, **options: Any) -> Any:
            own = make(fun, argnums, has_aux, **options)

            @functools.wraps(own)
            def called(*args: Any, **kwargs: Any) -> Any:
                if self._inside:
                    return own(*args, **kwargs)
                self._inside = True
                problem = None
                try:
                    self._look(fun, args, kwargs, argnums, has_aux=has_aux)
                except Exception as error:  # most likely the user's own, which follows
                    problem = error
                try:
                    found = own(*args, **kwargs)
                finally:
                    self._inside = False
                if problem is not None:
                    warnings.warn(f"a gradient of JAX was not recorded: {problem}", stacklevel=2)
                return found

            return called

        return made

    def _look(self, fun: Any, args: Any, kwargs: Any, argnums: Any, *, has_aux: bool) -> None:
        """Note a gradient that is about to be computed, now or in a compiled program."""
        known = [jax.numpy.zeros(()), *jax.tree.leaves((args, kwargs))]
        is_staged = any(isinstance(x, jax.core.Tracer) for x in known)
        if not is_staged and self._seen + 1 != self._number:
            self._seen += 1
            return
        call = gradient_call(fun, args, kwargs, argnums, has_aux=has_aux, numbers=False)
        arrays = [*call.arrays, *call.program.consts]
        keys = [jax.random.key_impl(x) if is_extended(x) else None for x in arrays]
        sent = [jax.random.key_data(x) if is_extended(x) else x for x in arrays]
        if any(isinstance(x, jax.core.Tracer) for x in arrays):
            jax.debug.callback(functools.partial(self._computed, call, keys), *sent)
        else:
            self._computed(call, keys, *sent)

    def _computed(self, call: GradientCall, keys: Sequence[Any], *arrays: Any) -> None:
        """Note a gradient with its arrays; JAX may wait for this, so nothing is computed."""
        self._seen += 1
        if self._seen == self._number:
            kept = [np.array(x) for x in arrays]  # the program may reuse their memory
            held = functools.cache(functools.partial(_held, call, keys, kept))
            self._found = lambda constants: held().trace(constants=constants)


def _held(call: GradientCall, keys: Sequence[Any], arrays: Sequence[Any]) -> GradientCall:
    held = [
        x if key is None else jax.random.wrap_key_data(x, impl=key)
        for x, key in zip(arrays, keys, strict=True)
    ]
    return call.holding(held)
