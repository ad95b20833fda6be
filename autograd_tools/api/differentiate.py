"""Differentiation as the user calls it: `diff` and `record` make a tape, `grad` and its kin make functions."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, overload

import numpy as np

from autograd_tools.base.containers import is_constant_leaf, is_floating, is_number, leaves_of
from autograd_tools.debug.watch import watching
from autograd_tools.engine.backward import differentiate
from autograd_tools.engine.calls import holds_tracked, plain
from autograd_tools.engine.cotangents import one_like, to_user_type
from autograd_tools.engine.describe import describe
from autograd_tools.engine.primitives import name_of
from autograd_tools.engine.recording import Recording
from autograd_tools.engine.state import live
from autograd_tools.engine.values import Param, Result, Value, check_differentiable, unwrap
from autograd_tools.rules.indexing import unpack_fields
from autograd_tools.tracing.tape import Tape, check_scalar, finished, new_recording
from autograd_tools.tracing.trace_data import Trace

F = TypeVar("F", bound=Callable[..., Any])


def diff(f: Callable[..., Any], *args: Any, watch: str | None = None, **kwargs: Any) -> Any:
    """Call `f(*args, **kwargs)`, recording what it does with Params, and differentiate the scalar that it returns.

    Returns a `Tape`: `ag.value(J)` is the scalar, `ag.grad(J, w)` the gradient of a Param, `print(J)` the listing.
    Returns the plain value if no Param had a part in it.

    With `watch="nan"`, NonFiniteError is raised at the first operation, or gradient of one of its arguments, that makes a
    NaN or Inf of finite numbers, and tells the user's line and the numbers. One that was in a Param or a constant before is
    an error only where it comes to the result or to a gradient. `watch` is not given on to `f`.

    >>> import numpy as np, autograd_tools as ag
    >>> x = ag.Param(np.array([1, 2, 3]))
    >>> y = ag.diff(lambda: np.sum(x ** 2))
    >>> y, int(ag.value(y)), ag.grad(y, x)
    (T(14), 14, array([2, 4, 6]))
    """
    if not callable(f):
        raise TypeError(f"diff takes a function, and got {describe(f)}: write ag.diff(lambda: ...)")
    tape = Tape(follows_params=True)
    with watching(tape, watch), tape.open(sys._getframe()):
        y = live(f(*args, **kwargs))
        if not isinstance(y, Value) and holds_tracked(y):
            check_scalar(y)  # which raises: it would be lost
    if isinstance(y, Param) or (isinstance(y, Result) and y.recording is tape):
        tape.backward(y)
        return tape
    return y


@contextmanager
def record(*, watch: str | None = None) -> Iterator[Tape]:
    """Record what the block does with Params: `with ag.record() as J: loss = ...`.

    `J.backward(loss)` differentiates; `ag.grad(J, w)` does it by itself for the last scalar of the block. `watch` is that of
    `diff`.
    """
    tape = Tape(follows_params=True)
    with watching(tape, watch), tape.open(sys._getframe(2)):
        yield tape


def trace(f: Callable[..., Any], *args: Any, **kwargs: Any) -> Trace:
    """Call `f(*args, **kwargs)` and return the trace of what it did with its arguments and with Params.

    Where `f` returns a scalar, the trace holds its gradients too.

    >>> import numpy as np, autograd_tools as ag
    >>> print(ag.trace(lambda x, y: np.sin(x) * y, 0.0, 2.0))
    1. P(0.0) ∇=2.0
    2. P(2.0) ∇=0.0
    3. 0.0 = sin(P(0.0)) ∇=2.0
    4. 0.0 = multiply(R(0.0), P(2.0)) ∇=1.0
    """
    tape = Tape(follows_params=True)
    names = parameter_names(f)
    with tape.open(sys._getframe()):
        inputs = [
            unpack_fields(tape.input(live(arg), name)) if _is_numeric(arg) else arg
            for arg, name in zip(args, [*names, *[""] * len(args)], strict=False)
        ]
        y = live(f(*inputs, **kwargs))
    if (
        isinstance(y, Result)
        and y.recording is tape
        and np.shape(unwrap(y)) == ()
        and np.isrealobj(unwrap(y))
    ):
        tape.backward(y)
    return tape.trace()


def parameter_names(f: Callable[..., Any]) -> list[str]:
    """The names of the positional parameters of a function, as far as they can be known."""
    try:
        parameters = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]


def _is_numeric(x: Any) -> bool:
    """Whether there are numbers of floating point in it, and nothing that a gradient cannot be of."""
    leaves = leaves_of(plain(x))
    return any(map(is_floating, leaves)) and all(
        is_number(leaf) or is_constant_leaf(leaf) for leaf in leaves
    )


@overload
def grad(f: Tape, argnum: Value) -> Any: ...
@overload
def grad(f: Callable[..., Any], argnum: int | tuple[int, ...] = 0) -> Callable[..., Any]: ...
def grad(f: Any, argnum: Any = 0) -> Any:
    """`grad(J, w)`: the gradient of a tape's scalar with respect to a Param or Result; None if it does not depend on it.

    `grad(f)`: the function that returns the gradient of the scalar `f` with respect to its argument number `argnum`,
    counted from 0, or a tuple of gradients for a tuple of them. It takes the arguments of `f`. Gradients have the
    shape and type of their argument, which may be a number, an array, or a tuple, list, dict or dataclass of them. What
    stands beside numbers there, such as the name of a function, is a constant, and has None in its place in the gradient.

    >>> import numpy as np, autograd_tools as ag
    >>> ag.grad(lambda x, y: x * np.sin(y), 1)(2.0, 0.0)
    2.0
    """
    if isinstance(argnum, Value):
        if isinstance(f, Tape):
            return f.gradient(argnum)
        if callable(f) and not isinstance(f, Value):
            raise TypeError(
                "grad(J, w) takes the tape J that ag.diff returned; grad(f, argnum) takes the number of an argument"
            )
        return None  # a plain value, which no Param had a part in
    argnums = checked(f, argnum)

    def gradient(*args: Any, **kwargs: Any) -> Any:
        _, found = _differentiated(f, argnums, args, kwargs)
        return found if argnum is argnums else found[0]

    return named(gradient, "grad", f)


def value_and_grad(
    f: Callable[..., Any], argnum: int | tuple[int, ...] = 0
) -> Callable[..., tuple[Any, Any]]:
    """Like `grad(f, argnum)`, for a function that returns the pair of value and gradient.

    >>> import autograd_tools as ag
    >>> print(*ag.value_and_grad(lambda x: x ** 3)(2.0))
    8.0 12.0
    """
    argnums = checked(f, argnum)

    def value_and_gradient(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        y, found = _differentiated(f, argnums, args, kwargs)
        return y, found if argnum is argnums else found[0]

    return named(value_and_gradient, "value_and_grad", f)


def checked(f: Any, argnum: Any) -> tuple[int, ...]:
    """The numbers of the arguments that `argnum` asks for; a TypeError if it is none, or `f` no function."""
    if not callable(f) or isinstance(f, Value):
        raise TypeError(f"a function is needed to take the gradient of, and got {describe(f)}")
    argnums = argnum if isinstance(argnum, tuple) else (argnum,)
    for n in argnums:
        if not isinstance(n, int) or isinstance(n, bool) or n < 0:
            raise TypeError(
                f"argnum is the number of an argument, 0 or more, or a tuple of them, not {argnum!r}"
            )
    return argnums


def _differentiated(
    f: Callable[..., Any], argnums: tuple[int, ...], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Any, tuple[Any, ...]]:
    """The value of `f` and its gradients."""
    recording, leaves, y = run(f, argnums, args, kwargs)
    check_scalar(y)
    if isinstance(y, Result) and y.recording is recording:
        index, y = y.index, y.value
        differentiate(recording, index, one_like(unwrap(y)))
        finished(recording)
    return y, tuple(
        [
            gradient_of(recording, leaf, plain(args[n]))
            for leaf, n in zip(leaves, argnums, strict=True)
        ]
    )


def gradient_of(recording: Recording, leaf: int, x: Any) -> Any:
    """The gradient of the argument `x` whose index is `leaf`: zero if nothing flowed back to it."""
    dx = recording.outgrads[leaf] if leaf < len(recording.outgrads) else None
    return to_user_type(dx, x, total=True)


def gradloss(
    f: Callable[..., Any], argnum: int | tuple[int, ...] = 0
) -> Callable[..., tuple[Any, Any]]:
    """Like `value_and_grad`, in the seed's order: the function returns (gradient, value).

    >>> import autograd_tools as ag
    >>> print(*ag.gradloss(lambda x: x ** 3)(2.0))
    12.0 8.0
    """
    value_and_gradient = value_and_grad(f, argnum)

    def gradient_and_value(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        y, gradient = value_and_gradient(*args, **kwargs)
        return gradient, y

    return named(gradient_and_value, "gradloss", f)


def run(
    f: Callable[..., Any], argnums: tuple[int, ...], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Recording, list[int], Any]:
    """Call `f` with leaves of a new recording in place of the arguments `argnums`; returns the recording, their indices and the value."""
    inputs = list(args)
    recording = new_recording(follows_params=False, retain=False)
    for n in argnums:
        if n >= len(args):
            raise TypeError(
                f"{name_of(f)}: argument {n} is to be differentiated, counted from 0, and got {len(args)} by position"
            )
        check_differentiable(plain(args[n]), lambda n=n: f"{name_of(f)}: argument {n}")  # type: ignore[misc]
        inputs[n] = recording.input(live(args[n]))
    leaves = [
        inputs[n].index for n in argnums
    ]  # now: who writes into an argument makes it another value
    with recording.open(sys._getframe()):
        for n in set(argnums):
            inputs[n] = unpack_fields(inputs[n])
        y = live(f(*inputs, **kwargs))
    return recording, leaves, y


def named(made: F, what: str, f: Callable[..., Any]) -> F:
    """`made`, with the name and the documentation that tell of what function it was made."""
    name = name_of(f)
    made.__name__ = f"{what}({name})"
    made.__doc__ = f"{what} of {name}.\n\n{getattr(f, '__doc__', None) or ''}"
    return made
