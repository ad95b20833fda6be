"""Copies and pickles of a recorded value: a copy stays recorded, a pickle is an error."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from autograd_tools.api.dispatch import reject_if_recorded
from autograd_tools.engine.state import live
from autograd_tools.engine.values import Blank, Param, Result, Value, unwrap
from autograd_tools.rules.indexing import unpack_level


def install_copies() -> None:
    """Give `Result` the methods of `copy` and `pickle`; a Param is copied as any object."""
    Param.__reduce_ex__ = param_reduced  # type: ignore[method-assign]
    Result.__copy__ = shallow_copy
    Result.__deepcopy__ = deep_copy
    Result.__reduce_ex__ = reduced  # type: ignore[method-assign]


def shallow_copy(x: Any) -> Any:
    """Return `copy.copy(x)`: of an array, a recorded copy; of a pytree, one of recorded items."""
    if type(x) is Blank:
        return np.copy(x)
    x = live(x)
    if not isinstance(x, Value):
        return copy.copy(x)
    return np.copy(x) if isinstance(unwrap(x), np.ndarray) else unpack_level(x)


def deep_copy(x: Any, memo: dict[int, Any]) -> Any:
    """Return `copy.deepcopy(x)`, with all arrays in it copied and recorded."""
    copied = shallow_copy(x)
    return copied if isinstance(copied, Value) else copy.deepcopy(copied, memo)


def param_reduced(x: Any, protocol: Any) -> Any:
    """Return what pickle saves, without the class that `x` passes for."""
    made: Any = object.__reduce_ex__(x, max(protocol, 2))
    return (new, *made[1:])


def new(kind: type, *args: Any) -> Any:
    """Make an object without its `__init__`."""
    return kind.__new__(kind, *args)


def reduced(x: Any, protocol: Any) -> tuple[Any, ...]:
    """Return what pickle saves: after the recording the plain value, loaded by `copy.copy`."""
    return copy.copy, (reject_if_recorded(x, "pickling", "send and save plain values"),)
