"""NumPy functions that accept lists with recorded items, on which NumPy does not dispatch.

All functions that NumPy dispatches do; the tables list those that take other lists.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from autograd_tools.engine.calls import plain
from autograd_tools.engine.registry import PRIMITIVES, ZEROGRADS
from autograd_tools.engine.values import Value
from autograd_tools.numpy.arrays import is_recorded, unnested

# Functions whose first argument is a list of arrays; each array may be a list.
OF_LISTS = """
    column_stack concat concatenate dstack histogramdd hstack linalg.multi_dot stack vstack
"""
# Functions to which a list of numbers is no array.
UNCHANGED = "block piecewise"
# Functions whose result has no gradient; NumPy dispatches the others of this kind.
OF_VALUES = "isscalar"


def of_arrays(func: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap `func` to turn lists with recorded items into arrays, and to record any argument."""

    @functools.wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        args = tuple(map(unnested, args))
        kwargs = {key: unnested(item) for key, item in kwargs.items()}
        return dispatched(func, args, kwargs)

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
        named = {key: unnested(item) for key, item in kwargs.items()}
        return dispatched(func, (arrays, *map(unnested, args)), named)

    return call


def as_given(func: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap `func` to record any argument."""

    @functools.wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        return dispatched(func, args, kwargs)

    return call


def of_values(func: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap `func`, of zero gradient, to take plain values, unless a user gives it rules."""

    @functools.wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        if func in PRIMITIVES:
            return dispatched(func, args, kwargs)
        return func(*plain(args), **plain(kwargs))

    return call


def dispatched(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call a NumPy function, also where only an argument is recorded that NumPy does not ask."""
    known = hasattr(func, "_implementation")
    tracked = first_recorded((*args, *kwargs.values())) if known else None
    if tracked is None:
        return func(*args, **kwargs)
    return tracked.__array_function__(func, (type(tracked),), args, kwargs)


def first_recorded(items: Iterable[Any]) -> Any:
    """Return the first recorded value among the items, also of lists in them, or None."""
    for item in items:
        nested = type(item) in (list, tuple)
        found = first_recorded(item) if nested else item if is_recorded(item) else None
        if found is not None:
            return found
    return None


class Ufunc:
    """A ufunc whose arguments may be lists with recorded items."""

    def __init__(self, ufunc: np.ufunc) -> None:
        self.ufunc = ufunc
        self.__name__, self.__doc__ = ufunc.__name__, ufunc.__doc__

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the ufunc."""
        return self.ufunc(*map(unnested, args), **kwargs)

    def __getattr__(self, name: str) -> Any:
        found = getattr(vars(self)["ufunc"], name)
        return of_arrays(found) if name in ("reduce", "accumulate", "outer", "reduceat") else found

    def __repr__(self) -> str:
        return repr(self.ufunc)


def replaced(module: Any, prefix: str = "") -> dict[str, Callable[..., Any]]:
    """Return the replacements of the functions of a module of NumPy that it dispatches."""
    found: dict[str, Callable[..., Any]] = {}
    for name in module.__all__:
        func, full = vars(module).get(name), prefix + name  # None: a module that is not loaded yet
        if full in OF_VALUES.split() or _is_zero(func):
            found[name] = of_values(func)
        elif isinstance(func, np.ufunc):
            found[name] = Ufunc(func)
        elif not hasattr(func, "_implementation"):
            continue
        elif full in UNCHANGED.split():
            found[name] = as_given(func)
        else:
            found[name] = (of_lists if full in OF_LISTS.split() else of_arrays)(func)
    return found


def _is_zero(func: Any) -> bool:
    return func in ZEROGRADS if isinstance(func, (np.ufunc, type(np.sum))) else False


@functools.wraps(np.select)
def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    """Return numpy.select, where each choice may be a list."""
    choices = [unnested(choice) for choice in choicelist]
    return dispatched(np.select, (plain(condlist), choices, unnested(default)), {})


@functools.wraps(np.choose)
def choose(a: Any, choices: Any, *args: Any, **kwargs: Any) -> Any:
    """Return numpy.choose, where each choice may be a list."""
    return np.choose(plain(a), [unnested(choice) for choice in choices], *args, **kwargs)


OVERRIDES = {**replaced(np), "choose": choose, "select": select}
