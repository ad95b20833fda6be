"""Python's operators and signs as text, for the executed code and for the written source."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any

from autograd_tools.base.traced import BINARIES
from autograd_tools.programs.steps.program import Call, Variable

SIGNS = {
    "add": "+", "sub": "-", "mul": "*", "truediv": "/", "floordiv": "//", "mod": "%",
    "pow": "**", "matmul": "@", "and": "&", "or": "|", "xor": "^", "lshift": "<<",
    "rshift": ">>", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!=",
}  # fmt: skip
INFIX: dict[Any, str] = {getattr(operator, f"__{name}__"): sign for name, sign in SIGNS.items()}
ASSIGNING: dict[Any, str] = {
    getattr(operator, f"__i{name}__"): f"{SIGNS[name]}=" for name in BINARIES
}
PREFIX: dict[Any, str] = {operator.neg: "-", operator.pos: "+", operator.invert: "~"}


def has_sign(x: Any, parts: Mapping[Variable, Call]) -> bool:
    """Return whether all factors in an expression are floats: others have no negative.

    `parts` are the calls that the expression shows, by their output.
    """
    call = parts.get(x) if type(x) is Variable else None
    if call is None:
        return getattr(x, "dtype", None) is None or x.dtype.kind in "fc"
    shown = call.inputs() if call.read is None else (call.read,)
    return all([has_sign(y, parts) for y in shown])
