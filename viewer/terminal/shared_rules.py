"""Formulas of NumPy's functions that also apply to another engine's operation of that name.

In another engine, a name may mean another function (`repeat` of PyTorch tiles), other arguments
(`transpose(0, 1)`, `add(x, y, alpha=3)`) or another gradient (`max` at ties).
"""

from __future__ import annotations

from contextlib import suppress

from autograd_tools.debug.rule_formulas import primitives_named
from viewer.terminal.calls import Call

# By the number of arguments. These have the same meaning in all engines.
SHARED = {
    1: frozenset(
        {
            *("negative", "positive", "exp", "exp2", "expm1", "log", "log2", "log10", "log1p"),
            *("sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh"),
            *("arcsinh", "arccosh", "arctanh", "sqrt", "square", "reciprocal", "absolute"),
            *("sum", "mean"),
        }
    ),
    2: frozenset(
        {"add", "subtract", "multiply", "divide", "power", "matmul", "arctan2", "getitem"}
    ),
}
NUMPYS = "autograd"  # whose operations are NumPy's functions


def is_shared(call: Call, engine: str) -> bool:
    """Return whether a call of an engine has the rule of NumPy's function of its name.

    An empty name is the engine of this library.
    """
    if not engine:
        return True
    if engine == NUMPYS:
        with suppress(ValueError):
            found = [getattr(p.func, "__module__", "") or "" for p in primitives_named(call.op)]
            return not any(module.startswith("autograd_tools.rules") for module in found)
        return True
    shared = SHARED.get(len(call.args), frozenset())
    return call.op in shared and not call.kwargs and not call.is_complex
