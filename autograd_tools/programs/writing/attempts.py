"""The captures from which a source is written, tried in order, most inputs first."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from autograd_tools.base.containers import tree_leaves, tree_replace
from autograd_tools.programs.capturing.agreement import agreed
from autograd_tools.programs.capturing.input_kinds import is_floating_input, is_input
from autograd_tools.programs.capturing.outside import Outside
from autograd_tools.programs.capturing.outside_inputs import MOST_TRIES, OutsideInputs
from autograd_tools.programs.capturing.runs import CapturedRun
from autograd_tools.programs.capturing.undoing import State
from autograd_tools.programs.writing.arguments import MOST_FIXED


class Attempt(NamedTuple):
    """A capture, the arrays from outside that are inputs, and whether integers are inputs."""

    run: CapturedRun
    outside: OutsideInputs
    integers: bool


def attempted(f: Any, args: Any, kwargs: Any) -> Attempt:
    """Capture a function, with arrays from outside and integers as inputs where that is possible.

    What the runs change in the user's objects is undone.
    """
    leaves = tree_leaves((args, kwargs))
    integers = [x for x in leaves if is_input(x) and not is_floating_input(x)]
    is_fixed = 0 < sum(map(np.size, integers)) <= MOST_FIXED
    choices = [(outside, kind) for outside in (True, False) for kind in (True, not is_fixed)]
    state = State(Outside(f).objects)
    problem: Exception | None = None
    try:
        for with_outside, with_integers in dict.fromkeys(choices):
            outside = OutsideInputs(f)
            if not with_outside:
                outside.leave_out_all()
            try:
                run = _run(f, *_separate(args, kwargs), outside, with_integers)
                return Attempt(run, outside, with_integers)
            except Exception as error:
                if getattr(error, "is_final", False):
                    raise
                problem = error if with_integers else problem
        assert problem is not None
        raise problem
    finally:
        state.restore()


def _run(f: Any, args: Any, kwargs: Any, outside: OutsideInputs, integers: bool) -> CapturedRun:
    """Capture a function without the arrays from outside that it does not take as inputs."""
    for tries_left in reversed(range(MOST_TRIES)):
        try:
            run = agreed(f, args, kwargs, outside=outside, named=True, integers=integers)
        except Exception as error:
            if not tries_left or not outside.leave_out(error):
                raise
        else:
            if not tries_left or not outside.leave_out_read(run.program):
                return run
    raise AssertionError("the last try returns or raises")


def _separate(args: Any, kwargs: Any) -> tuple[Any, Any]:
    """Return the arguments with a copy of each array that is given again."""
    seen: set[int] = set()
    leaves = tree_leaves((args, kwargs))
    arrays = [id(x) for x in leaves if isinstance(x, np.ndarray)]
    if len({*arrays}) == len(arrays):
        return args, kwargs
    for i, x in enumerate(leaves):
        if isinstance(x, np.ndarray) and id(x) in seen:
            leaves[i] = x.copy("K")
        seen.add(id(x))
    found: tuple[Any, Any] = tree_replace((args, kwargs), iter(leaves))
    return found
