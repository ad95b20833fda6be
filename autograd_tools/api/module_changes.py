"""Replaces objects in the modules of a package, and restores them later."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Mapping
from types import CellType, FunctionType, ModuleType
from typing import Any

import numpy as np

from autograd_tools.api.compiled_functions import not_compiling, source_of

BUILTINS = {"float": float, "hasattr": hasattr, "type": type}  # that become globals
COMPILER = "_compile_for_args"  # of Numba's functions
DEEPEST = 6  # tables in tables
LONGEST = 100  # items of a list, or of a table in another: a longer one holds data
# The ids of tables that stay: NumPy's own. So do the namespaces of modules.
NAMESPACES = {id(x) for x in (sys.modules, *vars(np).values()) if isinstance(x, dict | list)}
NO_FUNCTIONS = frozenset({str, int, float, bool, complex, bytes, type(None), np.ndarray})


class ModuleChanges:
    """The changes of modules: in globals, tables, class attributes, defaults and closures."""

    def __init__(self, replacement: Callable[[Any], Any]) -> None:
        self._replacement = replacement  # of an object; None if it stays
        self._changes: list[tuple[Any, Any, Any, Any]] = []  # holder, key, old, new
        self._namespace: dict[str, Any] = {}  # of the module that is changed
        self._seen: set[int] = set()  # ids of functions and tables

    def change(self, module: ModuleType) -> None:
        """Replace the objects in a module."""
        self._namespace = namespace = vars(module)
        self._seen = set(NAMESPACES)
        self._replace_in(namespace, {**BUILTINS, **namespace}, DEEPEST)
        for x in list(namespace.values()):
            if isinstance(x, FunctionType):
                if x.__globals__ is namespace:  # `wraps` may give it the name of another module
                    self._change_function(x)
            elif isinstance(x, type) and x.__module__ == module.__name__:
                self._change_class(x)

    def _change_class(self, kind: type) -> None:
        for key, old in list(vars(kind).items()):
            new = self._new(old, DEEPEST)
            binds = isinstance(new, FunctionType) and not hasattr(old, "__get__")
            self._put(kind, key, staticmethod(new) if binds else new)
            self._change_function(getattr(old, "__func__", old))

    def _change_function(self, function: Any) -> None:
        if not isinstance(function, FunctionType) or id(function) in self._seen:
            return
        self._seen.add(id(function))
        named = function.__kwdefaults__
        if named:
            self._replace_in(named, named, DEEPEST)
        self._put(function, "__defaults__", self._new(function.__defaults__, DEEPEST))
        for cell in function.__closure__ or ():
            self._change_cell(cell)

    def _change_cell(self, cell: CellType) -> None:
        try:
            x = cell.cell_contents
        except ValueError:  # empty
            return
        self._put(cell, "cell_contents", self._new(x, DEEPEST))
        self._change_function(x)

    def _new(self, x: Any, depth: int) -> Any:
        """Return what stands for `x`, or None if it stays; change the items of a table."""
        kind = type(x)
        if kind in NO_FUNCTIONS:
            return None
        if kind is dict or kind is list:
            if depth and id(x) not in self._seen and (kind is list or "__name__" not in x):
                self._seen.add(id(x))
                if len(x) <= LONGEST or (kind is dict and depth >= DEEPEST - 1):
                    self._replace_in(x, x if kind is dict else dict(enumerate(x)), depth)
        elif kind is tuple:
            if depth and len(x) <= LONGEST:
                parts = [self._new(part, depth - 1) for part in x]
                if any([part is not None for part in parts]):
                    pairs = zip(parts, x, strict=True)
                    return tuple([old if new is None else new for new, old in pairs])
        elif kind is staticmethod:
            new = self._new(x.__func__, depth)
            return None if new is None else staticmethod(new)
        elif kind is functools.partial:
            parts = self._new((x.func, *x.args), depth)
            self._replace_in(x.keywords, x.keywords, depth)
            return None if parts is None else functools.partial(*parts, **x.keywords)
        elif callable(x) or isinstance(x, ModuleType):
            source = source_of(x)
            if getattr(source, "__globals__", None) is self._namespace:
                self._change_function(source)
                if hasattr(x, COMPILER):
                    self._put(vars(x), COMPILER, not_compiling(x))
            return self._replacement(x)
        return None

    def _replace_in(self, holder: Any, items: Mapping[Any, Any], depth: int) -> None:
        for key, old in list(items.items()):
            self._put(holder, key, self._new(old, depth - 1))

    def _put(self, holder: Any, key: Any, new: Any) -> None:
        if new is not None:
            self._changes.append((holder, key, _get(holder, key), new))
            _set(holder, key, new)

    def restore(self) -> None:
        """Put back all that the package has not changed itself."""
        while self._changes:
            holder, key, old, new = self._changes.pop()
            if _get(holder, key) is new:
                _set(holder, key, old)


def _get(holder: Any, key: Any) -> Any:
    """Return an item of a table or an attribute; None if there is none."""
    if isinstance(holder, dict):
        return holder.get(key)
    if isinstance(holder, list):
        return holder[key] if key < len(holder) else None
    return vars(holder).get(key) if isinstance(holder, type) else getattr(holder, key, None)


def _set(holder: Any, key: Any, x: Any) -> None:
    if not isinstance(holder, dict | list):
        setattr(holder, key, x)
    elif x is None:
        del holder[key]
    else:
        holder[key] = x
