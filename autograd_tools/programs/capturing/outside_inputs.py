"""Arrays from outside as inputs of a program: traced values replace them during the capture.

So each number that the function computes from such an array is computed by the program as well. The
places are variables of closures and modules, attributes, default arguments, and lists, tuples and
dicts in these.
"""

from __future__ import annotations

import functools
import operator
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from autograd_tools.api.functions import parameter_names
from autograd_tools.base.containers import tree_leaves
from autograd_tools.programs.capturing.capture import Capture, UncapturedError
from autograd_tools.programs.capturing.names_inside import FEW
from autograd_tools.programs.capturing.outside import (
    CONTENTS,
    MISSING,
    MOST_FOLLOWED,
    attribute,
    class_attribute,
    is_of_library,
    names_in,
    parts_of,
)
from autograd_tools.programs.steps.program import Check, Program, made_by, sources_of

PLAIN = (int, float, complex, np.number)
MOST_READ = 4  # numbers of an array that Python may read
MOST_TRIES = 6
DEEPEST = 4  # of containers in each other


class Place(NamedTuple):
    """A place that a function reads, and how to put another object there."""

    put: Callable[[Any], Any]
    found: Any
    name: str


class OutsideInputs:
    """The arrays that a function takes from outside.

    Attributes
    ----------
    places : list of Place
        Where it finds them, or containers of them.
    numbers : dict
        The numbers that its code names, by name; None for those in containers and texts.
    left_out : set of int
        The ids of the arrays that are constants.
    """

    def __init__(self, f: Any) -> None:
        self.left_out: set[int] = set()
        self._is_eye_traced = False
        self._modules: list[Place] = []
        self._caches: list[Any] = []
        self._with_defaults: list[types.FunctionType] = []
        self.places: list[Place] = []
        numbers: dict[str, Any] = {}
        named: set[str] = set()  # by the code
        seen: set[int] = set()
        todo: list[tuple[Any, str]] = [(f, "")]
        while todo and len(seen) < MOST_FOLLOWED:
            x, name = todo.pop()
            if id(x) in seen:
                continue
            seen.add(id(x))
            self.places += [place for place in _given_before(x) if _holds_arrays(place.found)]
            if isinstance(x, functools._lru_cache_wrapper):
                self._caches.append(x)
            if isinstance(x, types.FunctionType) and x.__defaults__:
                self._with_defaults.append(x)
            for get, label in parts_of(x, name):
                found = get()
                if is_of_library(get):
                    continue
                self._add(get, found, label)
                todo.append((found, label))
                if isinstance(found, PLAIN) and not isinstance(found, bool):
                    numbers.setdefault(label.partition("[")[0], found if "[" not in label else None)
                elif isinstance(found, np.ndarray) and not _is_array(found):
                    numbers.setdefault(label, None)
                if isinstance(found, types.CodeType):
                    named.update(found.co_freevars, names_in(found))
        known = [(name, name.rpartition(".")[2]) for name in numbers]
        self.numbers = {own: numbers[name] for name, own in known if own in named}

    def _add(self, get: functools.partial[Any], found: Any, label: str) -> None:
        put = _setter(get)
        if put is not None and found is np:
            self._modules.append(Place(put, np, label))
        elif put is not None and _holds_arrays(found):
            self.places.append(Place(put, found, label))

    @contextmanager
    def traced(self, capture: Capture) -> Iterator[None]:
        """Let the function find traced values in the block."""
        undo: list[tuple[Callable[[Any], Any], Any]] = [  # at last the tuples themselves
            (functools.partial(setattr, f, "__defaults__"), f.__defaults__)
            for f in self._with_defaults
        ]
        known: dict[int, Any] = {}
        self._clear_caches()
        try:
            try:
                for place in self.places:
                    new = self._replaced(place.found, place.name, capture, known, undo)
                    if new is not place.found:
                        undo.append((place.put, place.found))
                        place.put(new)
                for place in self._modules if self._is_eye_traced else ():
                    undo.append((place.put, np))
                    place.put(_numpy_with_traced_eye(capture))
                yield
            finally:
                _undone(undo)
        finally:  # again, after an interrupt there
            _undone(undo)
            self._clear_caches()

    def _clear_caches(self) -> None:
        """Empty the caches of functions, which may hold numbers of another run."""
        for cached in self._caches:
            cached.cache_clear()

    def _replaced(self, x: Any, name: str, capture: Capture, known: Any, undo: Any) -> Any:
        """Return what takes the place of an array or of a container of arrays."""
        if id(x) in known:
            return known[id(x)]
        known[id(x)] = x
        if _is_array(x) and id(x) not in self.left_out:
            known[id(x)] = capture.from_outside(x, name)
        elif type(x) in (list, dict):
            for key, item in [*(enumerate(x) if type(x) is list else x.items())]:
                new = self._replaced(item, f"{name}_{key}", capture, known, undo)
                if new is not item:
                    undo.append((functools.partial(operator.setitem, x, key), item))
                    x[key] = new
        elif _is_tuple(x):
            parts = enumerate(x)
            items = [self._replaced(p, f"{name}_{i}", capture, known, undo) for i, p in parts]
            if not all(map(operator.is_, items, x)):
                known[id(x)] = tuple(items) if type(x) is tuple else x._make(items)
        return known[id(x)]

    def left_out_names(self) -> list[str]:
        """Return the names of the arrays that are constants, and of containers that hold such."""
        return [x.name for x in self.places if any(map(self._is_left_out, tree_leaves(x.found)))]

    def _is_left_out(self, x: Any) -> bool:
        return id(x) in self.left_out

    def leave_out_all(self) -> None:
        """Do without all arrays."""
        leaves = [leaf for place in self.places for leaf in tree_leaves(place.found)]
        self.left_out = {id(x) for x in leaves if _is_array(x)}

    def leave_out(self, error: Exception) -> bool:
        """Do without what an error is about; return whether another run may help."""
        if not isinstance(error, UncapturedError) or error.is_final:
            return False
        if not self._is_eye_traced and self._modules:
            self._is_eye_traced = True
            return True
        size = len(self.left_out)
        self.left_out |= error.arrays
        return len(self.left_out) > size

    def leave_out_read(self, program: Program) -> bool:
        """Do without arrays whose numbers Python reads one by one; return whether there are any."""
        arrays = {variable: id(x) for x, variable in program.outside}
        made = made_by(program.steps)
        reads: dict[int, int] = {}
        for step in program.steps:
            if isinstance(step, Check):
                sources = sources_of(step.variable, made)
                if sources and sources <= arrays.keys():
                    for x in sources:
                        reads[arrays[x]] = reads.get(arrays[x], 0) + 1
        small = {id(x) for x, _ in program.outside if x.size <= FEW}
        found = {key for key, count in reads.items() if count > MOST_READ or key in small}
        self.left_out |= found
        return bool(found)


def _undone(undo: list[tuple[Callable[[Any], Any], Any]]) -> None:
    """Put back what was in each place, the last one first."""
    while undo:
        put, old = undo[-1]
        put(old)
        undo.pop()


def _is_array(x: Any) -> bool:
    return type(x) is np.ndarray and x.dtype.kind in "biufc" and x.size > 0 and x.ndim > 0


def _holds_arrays(x: Any, depth: int = 0) -> bool:
    if (type(x) in (list, dict) or _is_tuple(x)) and depth < DEEPEST:
        items = x.values() if type(x) is dict else x
        return any([_holds_arrays(item, depth + 1) for item in items])
    return _is_array(x)


def _is_tuple(x: Any) -> bool:
    return type(x) is tuple or (isinstance(x, tuple) and hasattr(x, "_make"))


def _given_before(f: Any) -> Iterator[Place]:
    """Yield the default arguments of a function, and those that a partial one holds."""
    if isinstance(f, functools.partial):
        names = [*parameter_names(f.func), *[f"argument_{i}" for i in range(len(f.args))]]
        for i, x in enumerate(f.args):
            yield Place(functools.partial(_put_in_partial, f, i), x, names[i])
        for name, x in f.keywords.items():
            yield Place(functools.partial(operator.setitem, f.keywords, name), x, name)
    elif isinstance(f, types.FunctionType):
        defaults = f.__defaults__ or ()
        names = [*f.__code__.co_varnames[: f.__code__.co_argcount]][::-1]
        for i, x in enumerate(reversed(defaults)):
            yield Place(functools.partial(_put_default, f, -1 - i), x, names[i])
        for name, x in (f.__kwdefaults__ or {}).items():
            yield Place(functools.partial(operator.setitem, f.__kwdefaults__, name), x, name)


def _put_in_partial(f: Any, i: int, x: Any) -> None:
    args = (*f.args[:i], x, *f.args[i + 1 :])
    f.__setstate__((f.func, args, f.keywords, vars(f)))


def _put_default(f: types.FunctionType, i: int, x: Any) -> None:
    found = [*(f.__defaults__ or ())]
    found[i] = x
    f.__defaults__ = tuple(found)


def _setter(get: functools.partial[Any]) -> Callable[[Any], Any] | None:
    """Return how to put something where it was found; None where that is not possible."""
    func, args = get.func, get.args
    owner = getattr(func, "__self__", None)
    if func is CONTENTS:
        return functools.partial(setattr, args[0], "cell_contents")
    if func is attribute:
        return functools.partial(operator.setitem, args[0].__dict__, args[1])
    if func is class_attribute:
        return functools.partial(type.__setattr__, *args)
    if func is getattr and args[-1] is MISSING:  # a slot
        return functools.partial(object.__setattr__, *args[:2])
    if type(owner) is dict and func.__name__ == "get":
        return functools.partial(operator.setitem, owner, args[0])
    return None


def _numpy_with_traced_eye(capture: Capture) -> types.ModuleType:
    """Return NumPy with identity matrices that are traced, so that `np.eye(k)[labels]` is."""
    made = types.ModuleType("numpy")
    made.__dict__.update(vars(np), __getattr__=functools.partial(getattr, np))
    for func in (np.eye, np.identity):
        traced = functools.partial(_call, capture, func)
        made.__dict__[func.__name__] = functools.update_wrapper(traced, func)
    return made


def _call(capture: Capture, func: Any, *args: Any, **kwargs: Any) -> Any:
    return capture.call(func, args, kwargs)
