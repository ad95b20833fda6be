"""One run of a function as a program: its arguments and Params are the inputs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from types import FunctionType
from typing import Any, NamedTuple

import numpy as np

from autograd_tools.api.functions import FunctionOf, parameter_names
from autograd_tools.base.containers import children_of, is_constant_leaf, tree_leaves, tree_replace
from autograd_tools.base.traced import Traced
from autograd_tools.engine.primitives import name_of
from autograd_tools.engine.registry import functions_captured
from autograd_tools.programs.capturing.capture import Capture, UncapturedError, traced_leaves
from autograd_tools.programs.capturing.input_kinds import is_input
from autograd_tools.programs.capturing.outside_inputs import OutsideInputs
from autograd_tools.programs.capturing.param_inputs import params_captured, plain_value
from autograd_tools.programs.capturing.signatures import signature_of
from autograd_tools.programs.capturing.verifying import Verifying
from autograd_tools.programs.steps.program import Check, Program


class CapturedRun(NamedTuple):
    """A captured run: the program, its inputs and results as plain values, the new values of
    Params, and the capture.
    """

    program: Program
    inputs: list[Any]
    result: Any
    assigned: list[tuple[Any, Any]]
    capture: Capture
    expected: Any = None  # the result of a plain run


def captured(
    f: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    change: Callable[[Any], Any] | None = None,
    *,
    integers: bool = True,
    outside: OutsideInputs | None = None,
    named: bool = False,
    first: Capture | None = None,
) -> CapturedRun:
    """Run a function on traced arguments, with `change` of the numbers in each input.

    Without `integers`, the integers in the arguments are constants. The arrays `outside` are inputs
    as well. If `named`, variables have the user's names. The steps of a later run are compared with
    those of the `first` one, and not noted.

    Raises
    ------
    UncapturedError
        If it reads numbers in a way that no program can repeat.
    """
    capture: Capture
    if first is None:
        capture = Capture(change, integers=integers, named=named)
    else:
        capture = Verifying(first, change, integers=integers)
    names = [*parameters_of(f), *[f"x{i}" for i in range(len(args))]]
    pairs = zip(args, names, strict=False)
    given = tuple([traced_leaves(arg, name, capture, capture.is_input) for arg, name in pairs])
    options = {
        name: traced_leaves(arg, name, capture, capture.is_input) for name, arg in kwargs.items()
    }
    traced = nullcontext() if outside is None else outside.traced(capture)
    with functions_captured(), params_captured(capture), traced:
        y = f(*given, **options)
    capture.finish()
    assigned = list(capture.assigned.values())
    _check_result([y, *[x for _, x in assigned]])
    program = Program(
        name_of(f),
        capture.steps,
        capture.inputs,
        with_leaves(y, lambda x: x.variable),
        [(param, signature_of(plain_value(param))[1]) for param, _ in capture.params.values()],
        [(param, with_leaves(x, lambda x: x.variable)) for param, x in assigned],
        frozenset(capture.errors.ignored),
        [*capture.outside.values()],
        {} if capture.names is None else capture.names.constants,
    )
    if _reads_after_writes(program):
        raise UncapturedError("it writes into its arguments, and reads numbers in between")
    return CapturedRun(
        program,
        capture.given,
        with_leaves(y, lambda x: x.plain),
        [(param, with_leaves(x, lambda x: x.plain)) for param, x in assigned],
        capture,
    )


def _reads_after_writes(program: Program) -> bool:
    """Return whether a check may fail after a write into an argument, which cannot be undone."""
    inputs, written = {*program.inputs}, False
    for step in program.steps:
        if isinstance(step, Check) or step.checks_shape:
            if written:
                return True
        elif not inputs.isdisjoint(step.writes):
            written = True
    return False


def parameters_of(f: Any) -> list[str]:
    """Return the names of the arguments: those of `f` for `grad(f)` and for a compiled `f`."""
    while True:
        if isinstance(f, FunctionOf):
            f = f.args[0]
        elif type(f).__name__ == "Compiled":
            f = f.function
        else:
            return parameter_names(f)


def _check_result(x: Any) -> None:
    """Raise an error if a result holds something that a program cannot make again."""
    for leaf in tree_leaves(x):
        known = type(leaf) is Traced or is_input(leaf) or is_constant_leaf(leaf)
        if not known or isinstance(leaf, FunctionType):
            raise UncapturedError(f"it returns a {type(leaf).__name__}")
        if isinstance(leaf, np.ndarray) and leaf.dtype == object:
            raise UncapturedError("it returns an array of objects")
    _check_keys(x)


def _check_keys(x: Any) -> None:
    if isinstance(x, dict) and Traced in map(type, x):
        raise UncapturedError("it returns a dict with numbers from the arguments as keys")
    for part in children_of(x) or ():
        _check_keys(part)


def with_leaves(x: Any, change: Callable[[Traced], Any]) -> Any:
    """Return a pytree with `change` of each traced leaf."""
    leaves = [change(leaf) if type(leaf) is Traced else leaf for leaf in tree_leaves(x)]
    return tree_replace(x, iter(leaves))
