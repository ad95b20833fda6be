"""What a function takes from outside: names in closures, globals and attributes, and their arrays.

A program holds them as constants, so each call looks whether they are still the same objects, and
whether the arrays among them still hold the same numbers: all of a small one, some of a large one.
"""

from __future__ import annotations

import functools
import operator
import sys
import types
from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd_tools.engine.changes import sample_of
from autograd_tools.engine.saved import memory_of
from autograd_tools.engine.values import Value
from autograd_tools.location.users_code import is_library

MOST_FOLLOWED = 10_000  # objects that are followed
SIMPLE = (int, float, complex, bool, str, bytes, type(None), np.generic)
MISSING = object()
CONTENTS = operator.attrgetter("cell_contents")  # of a variable of a closure, if it is set

Part = tuple["functools.partial[Any]", str]  # how to get an object, and its name


class Outside:
    """The objects that a function reads from outside, as they were."""

    def __init__(self, f: Any) -> None:
        self._looks: dict[Any, tuple[functools.partial[Any], Any, str]] = {}  # getter, it, name
        self._lengths: dict[int, tuple[Any, int, str]] = {}
        self._arrays: dict[int, tuple[Any, Any, bytes, str]] = {}  # it, a sample, its numbers, name
        seen: set[int] = set()
        todo: list[tuple[Any, str]] = [(f, "")]
        while todo and len(seen) < MOST_FOLLOWED:
            x, name = todo.pop()
            if id(x) in seen:
                continue
            seen.add(id(x))
            for get, label in parts_of(x, name):
                found = get()
                self._note(get, found, label)
                todo.append((found, label))
        self._getters = [get for get, _, _ in self._looks.values()]
        self._found = [found for _, found, _ in self._looks.values()]
        self._sized = [x for x, _, _ in self._lengths.values()]
        self._sizes = [n for _, n, _ in self._lengths.values()]
        self._samples = [part for _, part, _, _ in self._arrays.values()]
        self._numbers = [numbers for _, _, numbers, _ in self._arrays.values()]

    def _note(self, get: functools.partial[Any], found: Any, label: str) -> None:
        """Note an object, where it may become another one or hold others."""
        if type(found) is np.ndarray:
            part = sample_of(found)
            self._arrays.setdefault(id(found), (found, part, part.tobytes(), label))
        if get.func is _same or (get.args and isinstance(get.args[0], tuple)):
            return  # the same for good
        if get.func is len:
            self._lengths.setdefault(id(get.args[0]), (get.args[0], found, label))
        else:
            owner = getattr(get.func, "__self__", None)
            key = getattr(get.func, "__func__", get.func) if owner is None else id(owner)
            self._looks.setdefault((key, *map(_key, get.args)), (get, found, label))

    def memory(self) -> set[int]:
        """Return the ids of the arrays that own the memory of those among them."""
        return {id(memory_of(x)) for x, _, _, _ in self._arrays.values()}

    def _is_as_it_was(self) -> bool:
        """Return True if certainly nothing has changed."""
        try:
            return (
                [x.tobytes() for x in self._samples] == self._numbers
                and [*map(len, self._sized)] == self._sizes
                and all(map(operator.is_, map(operator.call, self._getters), self._found))
            )
        except ValueError:  # an empty variable of a closure
            return False

    def changed(self) -> str:
        """Return the name of something that has changed; an empty string if nothing has."""
        if self._is_as_it_was():
            return ""
        for get, before, name in self._looks.values():
            now = _cell(*get.args) if get.func is CONTENTS else get()
            alike = type(now) is type(before) and isinstance(now, SIMPLE) and now == before
            if now is not before and not alike:
                return name
        for x, size, name in self._lengths.values():
            if len(x) != size:
                return name
        for _, part, numbers, name in self._arrays.values():
            if part.tobytes() != numbers:
                return name
        return ""


def _key(x: Any) -> Any:
    return x if isinstance(x, str) else id(x)


def parts_of(x: Any, name: str) -> Iterator[Part]:
    """Yield how to get each object that `x` refers to, and its name."""
    if isinstance(x, types.MethodType):
        yield functools.partial(_same, x.__self__), "self"
        x = x.__func__
    if isinstance(x, functools.partial):
        for item in (x.func, *x.args, *x.keywords.values()):
            yield functools.partial(_same, item), name
    elif isinstance(x, types.FunctionType):
        if not is_library(x.__code__.co_filename):
            yield from _of_function(x)
        elif hasattr(x, "__wrapped__"):
            yield functools.partial(_same, x.__wrapped__), name
    elif isinstance(x, (list, tuple, dict)):
        for key in list(x) if isinstance(x, dict) else range(len(x)):
            yield functools.partial(_item, x, key), f"{name}[{key!r}]"
        yield functools.partial(len, x), f"len({name})"
    elif _is_users_object(x):
        yield from _of_object(x, name)


def _of_object(x: Any, name: str) -> Iterator[Part]:
    for field in list(vars(x)):
        yield functools.partial(vars(x).get, field, MISSING), f"{name}.{field}"
    for kind in type(x).__mro__:
        for field, found in list(vars(kind).items()):
            own = isinstance(found, types.FunctionType) or not field.startswith("__")
            if kind is not object and own:
                yield functools.partial(_attribute, x, kind, field), f"{name}.{field}"


def _attribute(x: Any, kind: type, name: str) -> Any:
    """Return an attribute of an object or of its class, without running a property."""
    return vars(x).get(name, vars(kind).get(name, MISSING))


def _item(x: Any, key: Any) -> Any:
    try:
        return x[key]
    except (LookupError, TypeError):
        return MISSING


def _is_users_object(x: Any) -> bool:
    """Return whether `x` has attributes of the user's: no module, type or object of a library."""
    if isinstance(x, (type, types.ModuleType, Value)) or not hasattr(x, "__dict__"):
        return False
    module = type(x).__module__
    file = getattr(sys.modules.get(module), "__file__", None) or ""
    return module not in sys.builtin_module_names and not is_library(file)


def _of_function(f: types.FunctionType) -> Iterator[Part]:
    code, variables = f.__code__, f.__globals__
    for name, cell in zip(code.co_freevars, f.__closure__ or (), strict=True):
        filled = _cell(cell) is not MISSING
        yield functools.partial(CONTENTS if filled else _cell, cell), name
    for name in _names(code):
        if name in variables:
            yield functools.partial(variables.get, name, MISSING), name
            module = variables[name]
            if isinstance(module, types.ModuleType) and not is_library(
                getattr(module, "__file__", None) or ""
            ):
                for part in _names(code):
                    if part in vars(module):
                        yield functools.partial(vars(module).get, part, MISSING), f"{name}.{part}"
    for value in (*(f.__defaults__ or ()), *(f.__kwdefaults__ or {}).values()):
        yield functools.partial(_same, value), "a default argument"


def _same(x: Any) -> Any:
    return x


def _cell(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return MISSING


def _names(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)
