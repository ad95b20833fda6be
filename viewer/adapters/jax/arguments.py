"""The arguments of equations as text."""

from __future__ import annotations

import re
from typing import Any

import jax
import numpy as np
from jax.extend.core import ClosedJaxpr, Jaxpr

from autograd_tools.base.text import one_line
from autograd_tools.tracing.columns import ArgTemplate, Argument
from autograd_tools.tracing.summaries import array_text
from viewer.adapters.jax.gradient import Constant, Step
from viewer.adapters.jax.rows import Rows
from viewer.adapters.jax.values import is_extended, of_type

LONGEST = 60  # characters of a parameter
# What the value shows, or what says nothing about the numbers.
HIDDEN = frozenset(
    {
        "accuracy",
        "new_sizes",
        "out_sharding",
        "preferred_element_type",
        "shape",
        "sharding",
        "weak_type",
    }
)
MATMUL = "(((1,), (0,)), ((), ()))"  # the dimension_numbers of a plain product of matrices
NUMBERS = re.compile(r"np\.\w+\(([^()]*)\)")


def arguments_of(step: Step, rows: Rows) -> tuple[ArgTemplate, ...]:
    """Return the arguments and parameters of a step; values without a row are constants."""
    found: list[ArgTemplate] = []
    for ref in step.inputs:
        if isinstance(ref, Constant):
            found.append(_constant(ref.value))
        elif ref in rows.row:
            found.append(("", rows.part.get(ref, "")))
        else:
            found.append(rows.summary(ref).text)
    for name, value in step.eqn.params.items():
        text = _parameter(name, value)
        if text:
            found.append(Argument(text, (), name))
    return tuple(found)


def _constant(x: Any) -> str:
    if is_extended(x):
        return of_type(jax.typeof(x)).text
    array = np.asarray(x)
    if array.ndim:
        return array_text(array.dtype, array.shape)
    return repr(array.item())


def _parameter(name: str, value: Any) -> str:
    """Return a parameter of an equation, an empty string for one that a listing leaves out."""
    items = value if isinstance(value, (list, tuple)) else [value]
    is_program = any(isinstance(x, (Jaxpr, ClosedJaxpr)) or callable(x) for x in items)
    if value is None or name in HIDDEN or is_program:
        return ""
    shown = value.name if isinstance(value, np.dtype) else str(value)
    text = NUMBERS.sub(r"\1", one_line(shown))
    if text == MATMUL:
        return ""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
