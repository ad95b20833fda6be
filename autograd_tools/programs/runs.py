"""One run of a function as a program: its arguments and Params are the inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from autograd_tools.api.differentiate import parameter_names
from autograd_tools.api.functions import FunctionOf
from autograd_tools.base.containers import (
    children_of,
    field_names,
    has_fields,
    tree_leaves,
    tree_replace,
    with_children,
)
from autograd_tools.base.traced import Traced
from autograd_tools.engine.primitives import name_of
from autograd_tools.engine.registry import functions_captured
from autograd_tools.programs.capture import Capture, UncapturedError, is_input
from autograd_tools.programs.param_inputs import params_captured, plain_value
from autograd_tools.programs.program import Check, Program


class CapturedRun(NamedTuple):
    """A captured run: the program, its inputs and results as plain values, and the new values of
    Params.
    """

    program: Program
    inputs: list[Any]
    result: Any
    assigned: list[tuple[Any, Any]]


def captured(
    f: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    change: Callable[[Any], Any] | None = None,
    *,
    integers: bool = True,
) -> CapturedRun:
    """Run a function on traced arguments, with `change` of the numbers in each input.

    Without `integers`, the integers in the arguments are constants.

    Raises
    ------
    UncapturedError
        If it reads numbers in a way that no program can repeat.
    """
    capture = Capture(change, integers=integers)
    names = [*parameter_names(_innermost(f)), *[f"x{i}" for i in range(len(args))]]
    given = tuple([_traced(arg, name, capture) for arg, name in zip(args, names, strict=False)])
    options = {name: _traced(arg, name, capture) for name, arg in kwargs.items()}
    with functions_captured(), params_captured(capture):
        y = f(*given, **options)
    if capture.refused is not None:  # and the function went on
        raise capture.refused
    for param, held in capture.params.values():
        given_leaves = [x for x in tree_leaves(held) if type(x) is Traced]
        if len(given_leaves) != sum(map(is_input, tree_leaves(plain_value(param)))):
            raise UncapturedError("an item of a Param got another value; assign all of w.value")
    assigned = list(capture.assigned.values())
    program = Program(
        name_of(f),
        capture.steps,
        capture.inputs,
        with_leaves(y, lambda x: x.variable),
        [
            (param, [kind_of(x) for x in inputs_in(plain_value(param))])
            for param, _ in capture.params.values()
        ],
        [(param, with_leaves(x, lambda x: x.variable)) for param, x in assigned],
        frozenset(capture.ignored),
    )
    if program.writes_inputs and any([isinstance(step, Check) for step in program.steps]):
        raise UncapturedError("it writes into its arguments, and reads numbers in between")
    return CapturedRun(
        program,
        capture.given,
        with_leaves(y, lambda x: x.plain),
        [(param, with_leaves(x, lambda x: x.plain)) for param, x in assigned],
    )


def _innermost(f: Any) -> Any:
    """Return the function whose parameters are the arguments: `f` of `grad(f)`."""
    while isinstance(f, FunctionOf):
        f = f.args[0]
    return f


def inputs_in(x: Any) -> list[Any]:
    """Return the numbers and arrays in an argument that are inputs, in order."""
    return [leaf for leaf in tree_leaves(x) if is_input(leaf)]


def kind_of(x: Any) -> tuple[Any, ...]:
    """Return the type, shape, dtype and layout of a number or array."""
    return type(x), getattr(x, "shape", ()), getattr(x, "dtype", None), getattr(x, "strides", ())


def with_leaves(x: Any, change: Callable[[Traced], Any]) -> Any:
    """Return a pytree with `change` of each traced leaf."""
    leaves = [change(leaf) if type(leaf) is Traced else leaf for leaf in tree_leaves(x)]
    return tree_replace(x, iter(leaves))


def _traced(x: Any, name: str, capture: Capture) -> Any:
    """Return an argument with its numbers as inputs, named after their place in it."""
    parts = children_of(x)
    if parts is None:
        return capture.input(x, name) if capture.is_input(x) else x
    keys: Any = range(len(parts))
    if isinstance(x, dict):
        keys = x
    elif has_fields(x):
        keys = field_names(x)
    made = [_traced(part, f"{name}_{key}", capture) for part, key in zip(parts, keys, strict=True)]
    return with_children(x, made)
