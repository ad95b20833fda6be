"""Arguments of a function as the leaves of a recording."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from autograd_tools.api.first_calls import inside_of, is_first_call
from autograd_tools.api.functions import FunctionOf, parameter_names, weakly
from autograd_tools.base.containers import LEAVES, is_number
from autograd_tools.engine.calls import plain
from autograd_tools.engine.cotangents import to_user_type
from autograd_tools.engine.describe import describe
from autograd_tools.engine.foreign import returned
from autograd_tools.engine.listeners import listeners
from autograd_tools.engine.primitives import name_of
from autograd_tools.engine.recording import Recording
from autograd_tools.engine.state import live, settled
from autograd_tools.engine.values import Result, Value, check_differentiable
from autograd_tools.location.locators import GRADIENTS
from autograd_tools.rules.indexing import unpack_fields
from autograd_tools.timing import instrument as timing
from autograd_tools.tracing.tape import new_recording

Argnum = int | tuple[int, ...]


def checked(f: Any, argnum: Any, caller: str) -> tuple[int, ...]:
    """Return `argnum` as a tuple; raise a TypeError if it or the function is wrong."""
    if not callable(f) or isinstance(f, Value):
        raise TypeError(f"{caller}() expects a function, got {describe(f)}")
    argnums = argnum if isinstance(argnum, tuple) else (argnum,)
    for n in argnums:
        if not isinstance(n, int) or isinstance(n, bool) or n < 0:
            raise TypeError(
                f"argnum must be an int of 0 or more, or a tuple of them, got {argnum!r}"
            )
    return argnums


def out_of_range(argnum: str, f: Callable[..., Any], args: tuple[Any, ...]) -> TypeError:
    """Return the error for an argnum beyond the positional arguments of `f`."""
    count = f"{len(args)} positional argument{'' if len(args) == 1 else 's'}"
    return TypeError(f"{argnum} is out of range: {name_of(f)} got {count}")


def names_of_arguments(f: Callable[..., Any]) -> list[str]:
    """Return the names of the arguments of a function; those of `f` for `grad(f)`."""
    while isinstance(f, FunctionOf):
        f = inside_of(f)
    return [] if hasattr(f, "calls") else parameter_names(f)


def run(
    f: Callable[..., Any],
    argnums: tuple[int, ...],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    then: Callable[[Any], Any] | None = None,
) -> tuple[Recording, list[int], Any]:
    """Call `f` with the arguments `argnums` as leaves of a new recording.

    Returns the recording, the indices of the leaves, and the value or what `then`, also recorded,
    makes of it.
    """
    inputs = settled(args)
    recording = new_recording(follows_params=False, retain=False)
    if recording.notes is None and not timing.ENABLED and is_first_call(f):
        recording.notes = []  # lines for exceptions and warnings in rules
    if listeners:
        recording.function, recording.argnums = weakly(f), argnums
    names = names_of_arguments(f) if recording.retain else ()
    for n in argnums:
        if n >= len(args):
            raise out_of_range(f"argnum={n}", f, args)
        x = args[n]
        if type(x) not in LEAVES or not is_number(x):
            check_differentiable(plain(x), lambda n=n: f"argnum={n} of {name_of(f)}")  # type: ignore[misc]
            x = live(x)
        inputs[n] = recording.input(x, names[n] if n < len(names) else "")
    leaves = [inputs[n].index for n in argnums]  # now, because assigning into an argument moves it
    try:
        with recording.open(sys._getframe()):
            for n in set(argnums):
                if type(inputs[n].value) not in LEAVES:
                    inputs[n] = unpack_fields(inputs[n])
            y = f(*inputs, **kwargs)
            is_own = type(y) is Result and y.recording is recording
            if not is_own or recording.writes is not None:
                y = returned(y)
            if then is not None:
                y = then(y)
    except BaseException as error:  # as `with recording` around it, which takes longer
        recording.close(error)
        raise
    return recording, leaves, y


def gradient_of(recording: Recording, leaf: int, x: Any) -> Any:
    """Return the gradient of the argument `x` at index `leaf`: zero if no gradient reached it."""
    dx = recording.outgrads[leaf] if leaf < len(recording.outgrads) else None
    return to_user_type(dx, x, total=True)


def of_argnum(found: tuple[Any, ...], argnum: Argnum) -> Any:
    """Return one result for one argument, a tuple for a tuple."""
    return found if isinstance(argnum, tuple) else found[0]


GRADIENTS.add(id(run.__code__))
