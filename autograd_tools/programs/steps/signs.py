"""Python's operators as text, for the executed code and for the written source."""

from __future__ import annotations

import operator
from typing import Any

from autograd_tools.base.traced import BINARIES

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
