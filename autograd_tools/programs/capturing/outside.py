"""Objects that a function reads from outside: closures, globals, attributes, and their arrays.

A program holds them as constants, so each call looks whether they are still the same objects, and
whether the arrays among them still hold the same numbers: all of a small one, some of a large one.
"""

from __future__ import annotations

import array
import builtins
import collections
import collections.abc
import dis
import functools
import operator
import sys
import threading
import types
import weakref
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from typing import Any

import numpy as np

from autograd_tools.engine.changes import sample_of
from autograd_tools.engine.saved import memory_of
from autograd_tools.engine.values import Value
from autograd_tools.location.users_code import is_library
from autograd_tools.programs.capturing.undoing import GlobalNames, is_generator

MOST_FOLLOWED = 10_000  # objects that are followed
COMPARED = 2**17  # bytes of an array that are all compared; of a larger one some elements
SIMPLE = (int, float, complex, bool, str, bytes, type(None), np.generic)
OTHER_CONTAINERS = (collections.deque, collections.abc.Mapping, set)
UNSEEN = (bytearray, array.array, memoryview, ContextVar, threading.local, weakref.ref)
MOST_KEYS = 1000  # of a dict whose order is looked at
MISSING = object()
OF_LIBRARY = object()  # in place of a function of a library that is gone
CONTENTS = operator.attrgetter("cell_contents")  # of a variable of a closure, if it is set

Part = tuple["functools.partial[Any]", str]  # how to get an object, and its name


class Outside:
    """The objects that a function reads from outside, as they were."""

    def __init__(self, f: Any, constants: Iterable[Any] = ()) -> None:
        self._looks: dict[Any, tuple[functools.partial[Any], Any, str]] = {}  # getter, it, name
        self._lengths: dict[int, tuple[Any, int, str]] = {}
        self._orders: dict[int, tuple[Iterable[Any], list[Any], str]] = {}  # it and its keys
        self._arrays: dict[int, tuple[Any, Any, bytes, str]] = {}  # it, a sample, its numbers, name
        self.objects: list[tuple[Any, str]] = []
        self.unseen = ""  # the name of something whose changes nobody can see
        seen: set[int] = set()
        todo: list[tuple[Any, str]] = [(f, ""), *[(x, type(x).__name__) for x in constants]]
        while todo and len(seen) < MOST_FOLLOWED:
            x, name = todo.pop()
            if id(x) in seen:
                continue
            seen.add(id(x))
            if _is_kept(x):
                self.objects.append((x, name))
            if _is_unseen(x):
                self.unseen = self.unseen or name or type(x).__name__
            if isinstance(x, types.FunctionType) and not is_library(x.__code__.co_filename):
                self.objects += _variables_of(x)
            for get, label in parts_of(x, name):
                found = get()
                self._note(get, found, label)
                if not is_of_library(get):
                    todo.append((found, label))
        if todo:
            self.unseen = self.unseen or todo[-1][1]
        self._getters = [get for get, _, _ in self._looks.values()]
        self._found = [found for _, found, _ in self._looks.values()]
        self._dicts = [x for x, _, _ in self._orders.values()]
        self._keys = [keys for _, keys, _ in self._orders.values()]
        self._sized = [x for x, _, _ in self._lengths.values()]
        self._sizes = [n for _, n, _ in self._lengths.values()]
        self._samples = [part for _, part, _, _ in self._arrays.values()]
        self._numbers = [numbers for _, _, numbers, _ in self._arrays.values()]

    def _note(self, get: functools.partial[Any], found: Any, label: str) -> None:
        """Note an object, where it may become another one or hold others."""
        if type(found) is np.ndarray:
            part = found if found.nbytes <= COMPARED else sample_of(found)
            self._arrays.setdefault(id(found), (found, part, part.tobytes(), label))
        if get.func is _same or (get.args and isinstance(get.args[0], tuple)):
            return  # the same for good
        if get.func is len:
            x = get.args[0]
            self._lengths.setdefault(id(x), (x, found, label))
            if isinstance(x, set) or (type(x) is dict and 1 < found <= MOST_KEYS):
                self._orders[id(x)] = x, list(x), label
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
                and (not self._dicts or [*map(list, self._dicts)] == self._keys)
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
            if now is not before and not _is_equal(now, before):
                return name
        for x, size, name in self._lengths.values():
            if len(x) != size:
                return name
        for one, keys, name in self._orders.values():
            if list(one) != keys:
                return name.removeprefix("len(").removesuffix(")")
        for _, part, numbers, name in self._arrays.values():
            if part.tobytes() != numbers:
                return name
        return ""


def _is_equal(now: Any, before: Any) -> bool:
    """Return whether two numbers or texts are the same, also NaN."""
    if type(now) is not type(before) or not isinstance(now, SIMPLE):
        return False
    same = bool(now == before) or (bool(now != now) and bool(before != before))  # noqa: PLR0124
    return same and repr(now) == repr(before)  # -0.0 is another number than 0.0


def _is_unseen(x: Any) -> bool:
    """Return whether an object may have other contents later, which cannot be looked at."""
    if isinstance(x, np.ndarray):
        return type(x) is not np.ndarray
    return isinstance(x, UNSEEN) or hasattr(type(x), "__next__")


def _is_kept(x: Any) -> bool:
    """Return whether what an object holds is undone where a run changes it."""
    if isinstance(x, (types.ModuleType, types.FunctionType, types.BuiltinFunctionType)):
        return False
    if isinstance(x, type):
        return _is_users(x)
    kinds = (np.ndarray, list, dict, bytearray, functools._lru_cache_wrapper, *OTHER_CONTAINERS)
    return isinstance(x, kinds) or is_generator(x) or _is_users(type(x))


def _key(x: Any) -> Any:
    return x if isinstance(x, str) else id(x)


def parts_of(x: Any, name: str) -> Iterator[Part]:
    """Yield how to get each object that `x` refers to, and its name."""
    if isinstance(x, types.MethodType):
        yield functools.partial(_same, x.__self__), "self"
        x = x.__func__
    inner = _functions_in(x)
    if inner is not None:
        yield from [(functools.partial(_same, f), name) for f in inner]
    elif isinstance(x, types.FunctionType):
        yield from _of_function(x)
    elif isinstance(x, (list, tuple, dict, *OTHER_CONTAINERS)):
        yield from _of_container(x, name)
    elif isinstance(x, np.ndarray):
        items = x.flat if x.dtype == object else ()
        yield from [(functools.partial(_same, item), f"an item of {name}") for item in items]
    elif isinstance(x, type):
        if _is_users(x):
            yield from _of_class(x, name)
    elif not isinstance(x, (types.ModuleType, Value)) and _is_users(type(x)):
        yield from _of_object(x, name)


def _functions_in(x: Any) -> list[Any] | None:
    """Return the functions that a wrapper of a library holds; None for anything else."""
    if isinstance(x, functools.partial):
        return [x.func, *x.args, x.keywords]
    if isinstance(x, (staticmethod, classmethod)):
        return [x.__func__]
    if isinstance(x, property):
        return [x.fget]
    if isinstance(x, np.vectorize):
        return [x.pyfunc]
    if isinstance(x, functools._lru_cache_wrapper):
        return [x.__wrapped__]
    if isinstance(x, types.FunctionType):
        library = is_library(x.__code__.co_filename)
        cells = [cell.cell_contents for cell in x.__closure__ or ()] if library else []
        rules = [cell for cell in cells if hasattr(cell, "rules")]  # of a user's primitive
        others = [getattr(x, name, None) for name in ("__wrapped__", "registry")]
        return [*others, *rules] if library else None
    if _module_of(type(x)).startswith("autograd_tools."):  # a compiled function, a primitive
        return [getattr(x, "function", None), *getattr(x, "rules", ())]
    return None


def _variables_of(f: types.FunctionType) -> list[tuple[Any, str]]:
    """Return the closure cells of a function, and the global variables that it names."""
    cells = zip(f.__closure__ or (), f.__code__.co_freevars, strict=True)
    names = tuple(dict.fromkeys(_globals_of(f.__code__)))
    return [*cells, (GlobalNames(f.__globals__, names), "a global variable")]


def _of_container(x: Any, name: str) -> Iterator[Part]:
    if isinstance(x, collections.abc.Mapping):
        keys: Any = list(x)
    else:
        keys = range(len(x)) if not isinstance(x, set) else ()
    for key in keys:
        yield functools.partial(_item, x, key), f"{name}[{key!r}]"
    for item in x if isinstance(x, set) else ():
        yield functools.partial(_same, item), f"an item of {name}"
    yield functools.partial(len, x), f"len({name})"
    if type(x) not in (list, tuple, dict) and _is_users(type(x)):
        yield from _of_object(x, name)


def _of_object(x: Any, name: str) -> Iterator[Part]:
    own = getattr(x, "__dict__", None)
    if own is not None:
        yield functools.partial(len, own), f"the attributes of {name}"
        for field in list(own):
            yield functools.partial(attribute, x, field), f"{name}.{field}"
    for kind in type(x).__mro__:
        slots = vars(kind).get("__slots__", ())
        for field in (slots,) if isinstance(slots, str) else slots:
            if field not in ("__dict__", "__weakref__"):
                yield functools.partial(getattr, x, field, MISSING), f"{name}.{field}"
    yield functools.partial(type, x), name


def _of_class(x: type, name: str) -> Iterator[Part]:
    for kind in [kind for owner in (x, type(x)) for kind in owner.__mro__]:  # also its metaclass
        if kind not in (object, type):
            yield functools.partial(len, vars(kind)), f"the attributes of {name}"
            for field, found in list(vars(kind).items()):
                if isinstance(found, types.FunctionType) or field[:2] != "__":
                    yield functools.partial(class_attribute, kind, field), f"{name}.{field}"


def attribute(x: Any, name: str) -> Any:
    """Return an attribute of an object, without running a property."""
    return x.__dict__.get(name, MISSING)


def class_attribute(kind: type, name: str) -> Any:
    """Return an attribute of a class itself, as it is."""
    return vars(kind).get(name, MISSING)


def _item(x: Any, key: Any) -> Any:
    try:
        return x[key]
    except (LookupError, TypeError):
        return MISSING


def _module_of(kind: type) -> str:
    found = kind.__module__
    return found if isinstance(found, str) else ""  # compiled classes may have a descriptor


def _is_users(kind: type) -> bool:
    """Return whether a class is the user's, or one of those that hold what is the user's."""
    module = _module_of(kind)
    if kind is types.SimpleNamespace or module.startswith("scipy.sparse"):
        return True
    file = getattr(sys.modules.get(module), "__file__", None) or ""
    return module not in sys.builtin_module_names and not is_library(file)


def _of_function(f: types.FunctionType) -> Iterator[Part]:
    code, variables = f.__code__, f.__globals__
    yield functools.partial(getattr, f, "__code__"), f.__name__
    found: list[tuple[Any, str]] = []
    for name, cell in zip(code.co_freevars, f.__closure__ or (), strict=True):
        filled = _cell(cell) is not MISSING
        yield functools.partial(CONTENTS if filled else _cell, cell), name
        found.append((_cell(cell), name))
    for name in dict.fromkeys(_globals_of(code)):
        if name in variables or not hasattr(builtins, name):
            yield functools.partial(variables.get, name, MISSING), name
            found.append((variables.get(name), name))
    names = {*names_in(code)}
    found += [(sys.modules.get(name), name) for name in names]  # imported in the function
    for x, name in found:
        yield from _of_module(x, name, names)
    for field in ("__defaults__", "__kwdefaults__"):
        yield functools.partial(getattr, f, field), "the default arguments"
    if vars(f):
        yield functools.partial(_same, vars(f)), f.__name__


def _of_module(x: Any, name: str, names: set[str]) -> Iterator[Part]:
    """Yield the attributes of a user's module that some code names, and NumPy's functions."""
    if not isinstance(x, types.ModuleType):
        return
    is_own = not is_library(getattr(x, "__file__", None) or "")
    if not is_own and x.__name__.partition(".")[0] not in ("numpy", "scipy"):
        return
    for field in names.intersection(vars(x)):
        if is_own:
            yield functools.partial(vars(x).get, field, MISSING), f"{name}.{field}"
        elif callable(vars(x)[field]):
            yield functools.partial(vars(x).get, field, OF_LIBRARY), f"{name}.{field}"
        yield from _of_module(vars(x)[field], f"{name}.{field}", names - {field})


def is_of_library(get: functools.partial[Any]) -> bool:
    """Return whether this gets a function of a library, which is not followed any further."""
    return bool(get.args) and get.args[-1] is OF_LIBRARY


def _same(x: Any) -> Any:
    return x


def _cell(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return MISSING


def names_in(code: types.CodeType) -> Iterator[str]:
    """Yield the names of global variables and attributes that some code reads."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from names_in(constant)


def _globals_of(code: types.CodeType) -> Iterator[str]:
    """Yield the global names that some code reads; other names are attributes."""
    for step in dis.get_instructions(code):
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME", "STORE_GLOBAL"):
            yield str(step.argval)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _globals_of(constant)
