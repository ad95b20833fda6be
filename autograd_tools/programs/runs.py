"""One run of a function as a program: its arguments and Params are the inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from autograd_tools.api.differentiate import parameter_names
from autograd_tools.base.containers import children_of, field_names, is_number, tree_leaves, tree_replace
from autograd_tools.base.traced import Traced
from autograd_tools.engine.primitives import name_of
from autograd_tools.engine.registry import functions_captured
from autograd_tools.programs.capture import Capture, UncapturedError
from autograd_tools.programs.params import params_captured
from autograd_tools.programs.program import Program


class Run(NamedTuple):
    """A captured run: the program, its result, and the Params that it assigned."""

    program: Program
    result: Any
    assigned: list[tuple[Any, Any]]


def captured(f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Run:
    """Run a function on traced arguments.

    Raises
    ------
    UncapturedError
        If it reads numbers in a way that no program can repeat.
    """
    capture = Capture()
    names = [*parameter_names(f), *[f"x{i}" for i in range(len(args))]]
    given = tuple([_traced(arg, name, capture) for arg, name in zip(args, names, strict=False)])
    options = {name: _traced(arg, name, capture) for name, arg in kwargs.items()}
    with functions_captured(), params_captured(capture):
        y = f(*given, **options)
        assigned = list(capture.assigned.values())
    if capture.refused is not None:
        raise capture.refused
    for param, held in capture.params.values():
        if tree_leaves(held) != tree_leaves(capture.params[id(param)][1]):
            raise UncapturedError("a Param was written into; assign w.value = ...")
    program = Program(
        name_of(f),
        capture.steps,
        capture.inputs,
        _with_variables(y),
        [(param, held) for param, held in capture.params.values()],
        [(param, _with_variables(x)) for param, x in assigned],
    )
    return Run(program, _plain(y), [(param, _plain(x)) for param, x in assigned])


def _traced(x: Any, name: str, capture: Capture) -> Any:
    parts = children_of(x)
    if parts is None:
        return capture.input(x, name) if is_number(x) else x
    keys = list(x) if isinstance(x, dict) else field_names(x) if not isinstance(x, list) and hasattr(x, "_fields") else range(len(parts))
    made = [_traced(part, f"{name}_{key}", capture) for part, key in zip(parts, keys, strict=True)]
    from autograd_tools.base.containers import with_children

    return with_children(x, made)


def _with_variables(x: Any) -> Any:
    leaves = [leaf.variable if type(leaf) is Traced else leaf for leaf in tree_leaves(x)]
    return tree_replace(x, iter(leaves))


def _plain(x: Any) -> Any:
    leaves = [leaf.plain if type(leaf) is Traced else leaf for leaf in tree_leaves(x)]
    return tree_replace(x, iter(leaves))
