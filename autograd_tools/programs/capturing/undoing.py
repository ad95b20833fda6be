"""Side effects of a run: detected and undone."""

from __future__ import annotations

import collections
import functools
import sys
from collections.abc import Callable, Iterable
from types import CellType
from typing import Any, NamedTuple

import numpy as np

from autograd_tools.engine.changes import fingerprint

LARGEST_COPIED = (
    2**28
)  # bytes of an array that is copied; of a larger one some elements are compared


class GlobalNames(NamedTuple):
    """Some global variables of a module."""

    variables: dict[str, Any]
    names: tuple[str, ...]


class State:
    """The contents of objects, and the states of the random numbers of Python and NumPy."""

    def __init__(self, objects: Iterable[tuple[Any, str]]) -> None:
        self._kept = [(x, name, _contents(x)) for x, name in objects]
        self._random = _generators([x for x, _, _ in self._kept])
        self._states = [_state(generator) for generator in self._random]

    def again(self) -> State:
        """Return the state of the same objects now."""
        return State([(x, name) for x, name, _ in self._kept])

    def draws(self) -> bool:
        """Return whether random numbers were drawn since."""
        pairs = zip(self._random, self._states, strict=True)
        return not all([_same_state(_state(generator), before) for generator, before in pairs])

    def clear_caches(self) -> None:
        """Empty the caches of functions, which may hold numbers of a run."""
        for x, _, _ in self._kept:
            if isinstance(x, functools._lru_cache_wrapper):
                x.cache_clear()

    def changed(self) -> str:
        """Return the name of an object that has other contents now; empty if none has."""
        for x, name, before in self._kept:
            if before is not None and not _same(_contents(x), before):
                return name or type(x).__name__
        return ""

    def restore(self) -> None:
        """Give each object its contents again, and the generators their states."""
        if self.draws():
            for generator, state in zip(self._random, self._states, strict=True):
                _set_state(generator, state)
        for x, _, before in self._kept:
            if before is not None and not _same(_contents(x), before):
                _restore(x, before)


def _contents(x: Any) -> Any:
    """Return a copy of what an object holds; None if it holds nothing that can change."""
    kind = type(x)
    if kind is np.ndarray:
        return x.copy("K") if x.nbytes <= LARGEST_COPIED else fingerprint(x)
    if kind is GlobalNames:
        return {name: x.variables[name] for name in x.names if name in x.variables}
    if is_generator(x):
        return None  # its state is kept apart
    if isinstance(x, dict):
        return dict(x)
    if isinstance(x, (list, collections.deque)):
        return list(x)
    if isinstance(x, (set, bytearray)):
        return x.copy()
    if kind is CellType:
        return _cell_contents(x)
    if isinstance(x, type):
        return {name: item for name, item in vars(x).items() if name[:2] != "__"}
    return dict(vars(x)) if hasattr(x, "__dict__") else None


def _cell_contents(x: CellType) -> tuple[Any, ...]:
    try:
        return (x.cell_contents,)
    except ValueError:
        return ()


def _same(a: Any, b: Any) -> bool:
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()
    if isinstance(a, dict):
        return list(a) == list(b) and all([a[key] is b[key] for key in a])
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all([x is y for x, y in zip(a, b, strict=True)])
    return bool(a == b)


def _restore(x: Any, before: Any) -> None:
    if isinstance(before, np.ndarray):
        x[...] = before
    elif type(x) is CellType:
        if before:
            x.cell_contents = before[0]
        else:
            del x.cell_contents
    elif type(x) is GlobalNames:
        for name in x.names:
            if name not in before:
                x.variables.pop(name, None)
            elif x.variables.get(name) is not before[name]:
                x.variables[name] = before[name]
    elif isinstance(x, type):
        _restore_class(x, before)
    elif isinstance(before, dict):
        held = x if isinstance(x, dict) else vars(x)
        held.clear()
        held.update(before)
    elif isinstance(before, (list, set, bytearray)):
        x.clear()
        (x.update if isinstance(x, set) else x.extend)(before)


def _restore_class(x: type, before: dict[str, Any]) -> None:
    for name in {*_contents(x)} - {*before}:
        delattr(x, name)
    for name, item in before.items():
        if vars(x).get(name) is not item:
            setattr(x, name, item)


def is_generator(x: Any) -> bool:
    """Return whether an object draws random numbers."""
    return type(x).__name__ in ("Generator", "RandomState", "Random")


def _generators(objects: list[Any]) -> list[Any]:
    found = [x for x in objects if is_generator(x)]
    modules = [sys.modules.get(name) for name in ("random", "numpy.random")]
    return [*found, *[module for module in modules if module is not None]]


def _state(generator: Any) -> Any:
    if type(generator).__name__ == "Generator":
        return generator.bit_generator.state
    get: Callable[[], Any] = getattr(generator, "getstate", None) or generator.get_state
    return get()


def _same_state(a: Any, b: Any) -> bool:
    if isinstance(a, dict):
        return a.keys() == b.keys() and all([_same_state(a[key], b[key]) for key in a])
    if isinstance(a, tuple) and any([isinstance(x, np.ndarray) for x in a]):
        return len(a) == len(b) and all(map(_same_state, a, b))
    return a.tobytes() == b.tobytes() if isinstance(a, np.ndarray) else bool(a == b)


def _set_state(generator: Any, state: Any) -> None:
    if type(generator).__name__ == "Generator":
        generator.bit_generator.state = state
    else:
        (getattr(generator, "setstate", None) or generator.set_state)(state)
