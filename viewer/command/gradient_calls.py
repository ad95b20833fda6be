"""The call that computes a gradient of a script, found from the frames that run it."""

from __future__ import annotations

from types import FrameType
from typing import Any

import autograd_tools as ag
from autograd_tools import Tape
from autograd_tools.api import differentiate
from autograd_tools.base.containers import tree_leaves
from autograd_tools.engine.listeners import unheard
from autograd_tools.engine.primitives import name_of
from autograd_tools.engine.values import Value
from autograd_tools.programs.capturing.names_outside import NamesOutside

OF_FUNCTION = differentiate._differentiated.__code__  # of `ag.grad(f)` and `ag.value_and_grad(f)`
OF_PARAMS = differentiate._diff.__code__  # of `ag.diff(f)`


GradientCall = tuple[set[str], Any, Any, Any]  # names, a function and its arguments
NO_CALL = "No source: the gradient is that of a block; write ag.diff(f) or ag.grad(f)."


def written(call: GradientCall | None) -> list[str]:
    """Return the source of a gradient as lines, or a line that says why there is none."""
    if call is None:
        return [NO_CALL]
    _, f, args, kwargs = call
    with ag.timer.disabled(), unheard():
        try:
            return ["In NumPy:", "", *ag.source(f, *args, **kwargs).splitlines()]
        except TypeError as error:
            return [f"No source: {error}."]


def gradient_call(frame: FrameType | None, tape: Tape) -> GradientCall | None:
    """Return the names of what is being differentiated, and the call that gives its gradient."""
    while frame is not None:
        found = frame.f_locals
        if frame.f_code is OF_FUNCTION:
            f, args, kwargs = found["f"], found["args"], found["kwargs"]
            if any([isinstance(x, Value) for x in tree_leaves([args, kwargs])]):
                return None  # a gradient in another one
            name = "value_and_grad" if found["part"] == slice(None) else "grad"
            make = ag.value_and_grad if name == "value_and_grad" else ag.grad
            return {name_of(f)}, make(f, found["argnum"]), args, kwargs
        if frame.f_code is OF_PARAMS:
            f, args, kwargs = found["f"], found["args"], found["kwargs"]
            return {name_of(f)}, _of_params(f, tape), args, kwargs
        frame = frame.f_back
    return None


def _of_params(f: Any, tape: Tape) -> Any:
    """Return a function that computes the gradients of the Params that `f` reads, by name."""
    params = ag.params(tape)
    outside = NamesOutside(f)
    names = [p.name or outside.of(p) or f"param_{i}" for i, p in enumerate(params, 1)]

    def gradients(*args: Any, **kwargs: Any) -> Any:
        J = ag.diff(f, *args, **kwargs)
        return {name: ag.grad(J, p) for name, p in zip(names, params, strict=True)}

    gradients.__name__ = f"gradient({name_of(f)})"
    gradients.__wrapped__ = f  # type: ignore[attr-defined]
    return gradients
