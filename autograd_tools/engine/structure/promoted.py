"""Operations in which the other operand promotes float32 to float64."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from autograd_tools.engine.structure.forms import PRODUCTS
from autograd_tools.engine.structure.operations import Operations
from autograd_tools.location.expressions import argument_code
from autograd_tools.timing.facts import Fact, Facts

WIDE = "float64"


def promoted(ops: Operations) -> Facts:
    """Find the operations where float64 enters a computation in float32, and those that follow.

    The detail has the number of the argument that brings it, its type, whether it is an array, and
    its code: `2 float64 array b`.
    """
    found = Counter[Fact]()
    wide: set[int] = set()
    for index, parents in enumerate(ops.parents):
        place = ops.places[index]
        if not wide.isdisjoint(parents):
            wide.add(index)
            found[Fact("follows", *place)] += 1
        elif (number := _widening(ops, index)) is not None:
            wide.add(index)
            x = ops.argument(index, number - 1)
            kind = "array" if np.ndim(x) else "number"
            code = argument_code(ops.sites[index], ops.op(index), number)
            found[Fact("promoted", *place, f"{number} {x.dtype} {kind} {code}")] += 1
    return ops.counted(found)


def _widening(ops: Operations, index: int) -> int | None:
    """Return the number of the argument that makes the result float64, where another is float32."""
    plan = ops.entries[index][0]
    if plan is None or not (plan.primitive.elementwise or plan.primitive.name in PRODUCTS):
        return None
    types = [_type_of(ops.argument(index, i)) for i in range(len(ops.entries[index][2]))]
    if "float32" not in types or np.result_type(*filter(None, types)) != WIDE:
        return None
    return next(n for n, kind in enumerate(types, 1) if kind is not None and kind != "float32")


def _type_of(x: Any) -> np.dtype[Any] | None:
    """Return the dtype of an array or of one of NumPy's numbers; None for Python's."""
    kind = getattr(x, "dtype", None)
    return kind if isinstance(kind, np.dtype) else None
