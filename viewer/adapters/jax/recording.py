"""The recording of a program that uses JAX: the calls of its derivatives."""

from __future__ import annotations

import functools
import io
import warnings
from collections.abc import Callable, Sequence
from contextlib import ExitStack, redirect_stdout
from typing import Any, TypeAlias
from unittest.mock import patch

import jax
import numpy as np

from autograd_tools import Trace
from viewer.adapters.gradients import Done, ProgramGradient
from viewer.adapters.jax.programs import GradientCall, gradient_call
from viewer.adapters.jax.values import is_extended
from viewer.adapters.recorder import OpCall

# The kind in `DERIVATIVES` of what a function of JAX computes, by the name of the function.
KINDS = {
    **{"grad": "grad", "value_and_grad": "grad", "jacrev": "jacrev", "jacobian": "jacrev"},
    **{"vjp": "vjp", "jacfwd": "jacfwd", "hessian": "jacfwd", "linearize": "jvp", "jvp": "jvp"},
}
_jacrev = jax.jacrev
Look: TypeAlias = "functools.partial[GradientCall]"


class JaxRecorder:
    """Counts the derivatives that JAX computes between `start` and `stop`.

    `done` gets them at the end; only the one of the `number`, from 1, has a trace. In a jitted
    function, the compiled program hands over the arrays of its gradient. A gradient that another
    one differentiates is a part of that.
    """

    later = 0  # gradients after `pause` that `done` does not get

    def __init__(self, done: Done, number: int) -> None:
        self._done, self._number = done, number
        self._seen = 0
        self._inside = False  # a derivative, or our own look at its program
        self._found: Callable[[bool], Trace] | None = None
        self._stack = ExitStack()

    def start(self) -> None:
        """Record from now on."""
        with ExitStack() as stack:
            see = {"jvp": self._pushing, "linearize": self._split, "vjp": self._split}
            for name, kind in KINDS.items():
                new = see.get(name, self._seeing)(getattr(jax, name), kind)
                stack.enter_context(patch.object(jax, name, new))
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

    def _seeing(self, make: Callable[..., Any], kind: str) -> Callable[..., Any]:
        """Return a function such as `jax.grad`, whose functions are seen."""
        of_gradient = _jacrev if make.__name__ == "hessian" else lambda fun, *_: fun

        @functools.wraps(make)
        def made(fun: Any, argnums: Any = 0, has_aux: Any = False, **options: Any) -> Any:
            own = make(fun, argnums, has_aux, **options)
            f = of_gradient(fun, argnums, has_aux)
            is_complex = kind == "grad" and options.get("holomorphic")
            own_kind = "holomorphic" if is_complex else kind
            derivative = functools.partial(gradient_call, kind=own_kind, has_aux=has_aux)

            @functools.wraps(own)
            def called(*args: Any, **kwargs: Any) -> Any:
                look = functools.partial(derivative, f, args, kwargs, argnums, numbers=False)
                return self._see(functools.partial(own, *args, **kwargs), look)

            return called

        return made

    def _split(self, make: Callable[..., Any], kind: str) -> Callable[..., Any]:
        """Return `jax.vjp` or `jax.linearize`, which return a function that computes the rest."""

        @functools.wraps(make)
        def made(fun: Any, *primals: Any, has_aux: Any = False, **options: Any) -> Any:
            is_inner = self._inside
            found = self._see(functools.partial(make, fun, *primals, has_aux=has_aux, **options))
            if is_inner:
                return found
            value, own, *aux = found
            numbers = range(len(primals))
            derivative = functools.partial(gradient_call, kind=kind, has_aux=has_aux)

            def called(own: Any, primals: Any, *seeds: Any) -> Any:
                look = functools.partial(derivative, fun, primals, {}, numbers, seeds=seeds)
                return self._see(functools.partial(own, *seeds), look)

            # Programs may pass it on as a pytree, as JAX's own.
            return value, jax.tree_util.Partial(called, own, primals), *aux

        return made

    def _pushing(self, make: Callable[..., Any], kind: str) -> Callable[..., Any]:
        """Return `jax.jvp`."""

        @functools.wraps(make)
        def made(fun: Any, primals: Any, tangents: Any, has_aux: Any = False) -> Any:
            own = functools.partial(make, fun, primals, tangents, has_aux=has_aux)
            options = {"kind": kind, "seeds": tangents, "has_aux": has_aux}
            numbers = range(len(primals))
            look = functools.partial(gradient_call, fun, primals, {}, numbers, **options)
            return self._see(own, look)

        return made

    def _see(self, own: Callable[[], Any], look: Look | None = None) -> Any:
        """Return what a function of JAX computes; look at it unless it is a part of another one."""
        if self._inside:
            return own()
        self._inside = True
        problem = None
        try:
            if look is not None:
                self._look(look)
        except Exception as error:  # most likely the user's own, which follows
            problem = str(error).partition("\n")[0]
        try:
            found = own()
        finally:
            self._inside = False
        if problem is not None:
            warnings.warn(f"a gradient of JAX was not recorded: {problem}", stacklevel=3)
        return found

    def _look(self, look: Look) -> None:
        """Note a derivative that is about to be computed, now or in a compiled program."""
        known = [jax.numpy.zeros(()), *jax.tree.leaves((look.args, look.keywords))]
        is_staged = any(isinstance(x, jax.core.Tracer) for x in known)
        if not is_staged and self._seen + 1 != self._number:
            self._seen += 1
            return
        with redirect_stdout(io.StringIO()):  # the function prints when JAX calls it itself
            call = look()
        arrays = call.held
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
