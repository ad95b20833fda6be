"""A trial of steps on the numbers of a run: whether those that were inserted compute numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from autograd_tools.base.containers import tree_leaves
from autograd_tools.programs.steps.program import Call, Step, Variable, mapped


def compute_numbers(
    steps: Sequence[Step], known: Iterable[Step], inputs: dict[Variable, Any]
) -> bool:
    """Return whether all steps but the `known` ones compute finite numbers, without an error."""
    values = {x: held.copy("K") if type(held) is np.ndarray else held for x, held in inputs.items()}
    old = {id(step.output) for step in known if isinstance(step, Call)}
    for step in steps:
        if not isinstance(step, Call):
            continue
        args = mapped(step.args, lambda x: values[x] if type(x) is Variable else x)
        kwargs = mapped(step.kwargs, lambda x: values[x] if type(x) is Variable else x)
        is_new = id(step.output) not in old
        try:
            with np.errstate(all="raise" if is_new else "ignore", under="ignore"):
                y = step.func(*args, **kwargs)
        except (ArithmeticError, ValueError, np.linalg.LinAlgError):
            return False
        if is_new and not np.all(np.isfinite(y)):
            return False
        if step.output is not None:
            made = tree_leaves(step.output)
            values.update(zip(made, tree_leaves(y), strict=True))
    return True
