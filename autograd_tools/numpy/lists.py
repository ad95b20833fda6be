"""Functions of NumPy that take lists with recorded items, into which NumPy does not look.

Add a function to one of the three tables.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from autograd_tools.engine.calls import plain
from autograd_tools.engine.values import Value
from autograd_tools.numpy.arrays import is_recorded, unnested

# Functions of arrays; each array may be a list.
OF_ARRAYS = """
    amax amin append array_split atleast_1d atleast_2d atleast_3d average broadcast_to clip cov
    cross cumprod cumsum diag diff dot expand_dims flip inner kron linspace max mean median min
    moveaxis outer polyval prod ravel repeat reshape roll sort split squeeze std sum swapaxes
    take tensordot tile trace transpose tril triu var vdot where
"""
# Functions of a list of arrays; each array may be a list.
OF_LISTS = "column_stack concat concatenate dstack hstack stack vstack"
# Functions whose result has no gradient.
OF_VALUES = """
    allclose argmax argmin argsort array_equal array_equiv can_cast common_type isclose iscomplexobj
    isrealobj isscalar ndim result_type searchsorted shape size
"""


def of_arrays(func: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap `func` to turn lists with recorded items into arrays."""

    @functools.wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        return func(*map(unnested, args), **{key: unnested(item) for key, item in kwargs.items()})

    return call


def of_lists(func: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap `func` to turn lists with recorded items in its first argument into arrays."""

    @functools.wraps(func)
    def call(arrays: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(arrays, Iterable) and not isinstance(
            arrays, (list, tuple, np.ndarray, Value)
        ):
            arrays = list(arrays)  # such as the values of a dict
        if isinstance(arrays, (list, tuple)) and is_recorded(arrays):
            arrays = [unnested(item) for item in arrays]
        return func(arrays, *args, **kwargs)

    return call


def of_values(func: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap `func` to take plain values."""

    @functools.wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        return func(*plain(args), **plain(kwargs))

    return call


@functools.wraps(np.select)
def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    """Return numpy.select, where each choice may be a list."""
    return np.select(plain(condlist), [unnested(choice) for choice in choicelist], default)


@functools.wraps(np.choose)
def choose(a: Any, choices: Any, *args: Any, **kwargs: Any) -> Any:
    """Return numpy.choose, where each choice may be a list."""
    return np.choose(plain(a), [unnested(choice) for choice in choices], *args, **kwargs)


OVERRIDES: dict[str, Callable[..., Any]] = {
    **{name: of_arrays(getattr(np, name)) for name in OF_ARRAYS.split()},
    **{name: of_lists(getattr(np, name)) for name in OF_LISTS.split()},
    **{name: of_values(getattr(np, name)) for name in OF_VALUES.split()},
    "choose": choose,
    "select": select,
}
