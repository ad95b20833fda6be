"""Operands of foreign types: arrays of other packages become NumPy arrays before a call."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import ndarray

from autograd_tools.base.containers import tree_leaves, tree_replace
from autograd_tools.base.foreign import is_foreign, is_labelled, refuse_operator, to_array
from autograd_tools.base.traced import Traced
from autograd_tools.engine.state import innermost_open, live
from autograd_tools.engine.values import Param, Result, Value

# The most frequent types that need no conversion.
NO_ARRAYS = frozenset(
    {ndarray, float, int, bool, str, type(None), np.float64, Param, Result, Traced}
)


def to_arrays(x: Any, operator: str = "") -> Any:
    """Return `x` converted while this thread records; outside, a Param acts like its value."""
    if type(x) in NO_ARRAYS or isinstance(x, Value) or innermost_open() is None:
        return x
    return converted(x, operator)


def converted(x: Any, operator: str = "") -> Any:
    """Return `x` with the foreign arrays in it converted: `x` itself, or items of a list or tuple.

    Sparse matrices are left as they are. `operator` names the ufunc or operator whose operand it
    is.

    Raises
    ------
    TypeError
        If an array has no numbers or an arithmetic of its own, or if its package computes the
        operator itself where its array is on the left.
    """
    if type(x) in NO_ARRAYS or isinstance(x, Value):
        return x
    if type(x) in (list, tuple):
        if all([type(item) in NO_ARRAYS for item in x]):
            return x
        return type(x)([converted(item, operator) for item in x])
    if not is_foreign(x):
        return x
    if is_labelled(x) and isinstance(held := getattr(x, "data", None), Value):
        return held
    refuse_operator(x, operator)
    try:
        return to_array(x)
    except TypeError as error:
        if str(getattr(x, "dtype", "")) == "object" and any(map(holds_value, np.ravel(x))):
            raise TypeError(
                f"a {type(x).__name__} of recorded values has no gradient; "
                "write np.stack(list(x)) for its array"
            ) from error
        raise


def returned(y: Any) -> Any:
    """Return what a function gave, live, with the arrays of labelled ones in their place."""
    if not isinstance(y, Value) and any(map(is_labelled, leaves := tree_leaves(y))):
        y = tree_replace(y, map(converted, leaves))
    return live(y)


def holds_value(x: Any) -> bool:
    """Return True for a tracked value."""
    return isinstance(x, Value)
