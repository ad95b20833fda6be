"""Names for Params without one: the variable, attribute or key through which the user reaches them.

No user code runs: attributes are read where objects store them, and no property is called.
"""

from __future__ import annotations

import contextlib
import types
from collections.abc import Callable, Collection, Iterable
from itertools import islice
from operator import itemgetter
from typing import Any

import numpy as np

from autograd_tools.engine.recording import Recording
from autograd_tools.engine.values import Param, Value

STEPS = 5  # in the longest name, such as `model.blocks[0].layers[1]`
MAX_OBJECTS = 5_000  # searched in all, which takes some milliseconds
MAX_PARTS = 1_000  # searched in one object

# A namespace: its distance from the user's frame, its variables, and those that loops assign to.
Namespace = tuple[int, dict[str, Any], Collection[str]]
# A name after the reasons against it: a variable of a loop or with a `_`, the number of steps, the
# distance of the variable, and a `_` in a later step. The smallest tuple is the best name.
Name = tuple[bool, int, int, bool, str]
BEST = (False, 1, 1)  # no name is better than one below this
WORST: Name = (True, 99, 0, False, "")
_Reader = tuple[Callable[[str, Any], str], Callable[[Any], Iterable[tuple[Any, Any]]]]
_Path = tuple[int, bool, str, Any]  # the last three of a name, and the object it leads to

# Types are compared by id: hashing one calls its metaclass, which may be the user's.
_LEAVES: tuple[type, ...] = (
    *(str, bytes, int, float, complex, bool, type(None), type, Param),
    *(np.ndarray, np.float64, np.float32, np.int64, np.ufunc, type(np.sum)),
    *(types.ModuleType, types.FunctionType, types.BuiltinFunctionType),
    *(types.MethodType, types.CodeType),
)
LEAF_TYPES = frozenset(map(id, _LEAVES))
DESCRIPTORS = (types.MemberDescriptorType, types.GetSetDescriptorType)
# These hold no model of the user's.
CLOSED = (Value, Recording, type, types.ModuleType, types.FunctionType, BaseException)
_mro, _namespace = (type.__dict__[name].__get__ for name in ("__mro__", "__dict__"))

_ORDER = itemgetter(0, 1, 2)


def find_param_names(
    params: Iterable[Param], namespaces: Iterable[Namespace], most: int = MAX_OBJECTS
) -> dict[int, Name]:
    """Return the best name of each Param that can be reached, by id; nearest namespaces first."""
    found: dict[int, Name] = {}
    missing = {id(param) for param in params}
    looked: list[Namespace] = []
    for far, variables, passing in namespaces:  # most Params are variables, the best names
        looked.append((far, variables, passing))
        direct = [name for name, x in variables.items() if id(x) in missing]
        for name in sorted(name for name in direct if _fits(name, passing, last=False)):
            found.setdefault(id(variables[name]), (False, 1, far, False, name))
        if len(found) == len(missing):
            return found
    for last in (False, True):
        roots = [
            (far, last, *item)
            for far, variables, passing in looked
            for item in variables.items()
            if _fits(item[0], passing, last)
        ]
        if last:  # the first loop skipped these
            for far, _, name, x in sorted(roots, key=_ORDER):
                if id(x) in missing:
                    found.setdefault(id(x), (True, 1, far, True, name))
        missing -= found.keys()
        if not missing:
            break
        _search(found, missing, last, roots, most)
        missing -= found.keys()
    return found


def _fits(name: Any, passing: Collection[str], last: bool) -> bool:
    """Return True for a user's variable that is a last choice, or is none, as `last` says."""
    usable = type(name) is str and name.isidentifier() and not name.startswith("__")
    return usable and (name.startswith("_") or name in passing) == last


def _search(
    found: dict[int, Name], missing: set[int], last: bool, level: list[_Path], most: int
) -> None:
    """Find names that begin with these variables, of two steps, then three, and so on.

    The item of a list of Params alone, `params[0]`, is a name if there is no other.
    """
    seen: set[int] = set()
    listed: dict[int, Name] = {}
    readers: dict[int, _Reader] = {}
    for steps in range(2, STEPS + 1):
        if missing <= found.keys():
            break
        deeper: list[_Path] = []
        for far, hidden, name, x in sorted(level, key=_ORDER):
            kind = type(x)
            if id(kind) in LEAF_TYPES or id(x) in seen or most <= 0:
                continue
            seen.add(id(x))
            if id(kind) not in readers:
                readers[id(kind)] = _reader(kind)
            write, read = readers[id(kind)]
            parts = list(islice(read(x), MAX_PARTS))
            most -= 1 + len(parts)
            is_list = write is _item and all(type(key) is int for key, _ in parts)
            is_list = is_list and all(isinstance(part, Param) for _, part in parts)
            names = listed if is_list else found
            for key, part in parts:
                wanted = id(part) in missing
                if not wanted and id(type(part)) in LEAF_TYPES:
                    continue
                path = (far, hidden or (write is _attribute and key[:1] == "_"), write(name, key))
                if wanted:
                    names[id(part)] = min((last, steps, *path), names.get(id(part), WORST))
                else:
                    deeper.append((*path, part))
        level = deeper
    for param, item in listed.items():
        found.setdefault(param, item)


def _reader(kind: type) -> _Reader:
    """Return how to name a part of an object of a type, and how to read its parts."""
    if issubclass(kind, dict):
        return _item, lambda x: _items(x, (str, int))
    if issubclass(kind, tuple):
        spaces = map(_namespace, _mro(kind))
        fields: Any = next((space["_fields"] for space in spaces if "_fields" in space), None)
        if type(fields) is tuple and all(type(field) is str for field in fields):
            return _attribute, lambda x: zip(fields, tuple.__iter__(x), strict=False)
    if issubclass(kind, (list, tuple)):
        read = list.__iter__ if issubclass(kind, list) else tuple.__iter__
        return _item, lambda x: enumerate(read(x))
    return _attribute, (lambda _: ()) if issubclass(kind, CLOSED) else _attributes(kind)


def _items(x: dict[Any, Any], keys: tuple[type, ...]) -> list[tuple[Any, Any]]:
    """Return items with keys of these types; a copy, because another thread may change them."""
    return [item for item in list(islice(dict.items(x), MAX_PARTS)) if type(item[0]) in keys]


def _item(name: str, key: Any) -> str:
    return f"{name}[{key!r}]"


def _attribute(name: str, key: str) -> str:
    return f"{name}.{key}" if key.isidentifier() else f"getattr({name}, {key!r})"


def _attributes(kind: type) -> Callable[[Any], Iterable[tuple[Any, Any]]]:
    """Return a reader of the attributes in the `__dict__` and the slots of an object."""
    spaces = map(_namespace, _mro(kind)[:-1])
    found = [item for space in spaces for item in space.items()]
    held = [(name, x) for name, x in found if issubclass(type(x), DESCRIPTORS)]
    own = [x.__get__ for name, x in held if name == "__dict__"]
    slots = [
        (name, x.__get__)
        for name, x in held
        if type(x) is types.MemberDescriptorType and name != "__dict__"
    ]

    def read(x: Any) -> list[tuple[Any, Any]]:
        spaces = [get(x) for get in own]
        found = [item for d in spaces if type(d) is dict for item in _items(d, (str,))]
        for name, get in slots:
            with contextlib.suppress(AttributeError):  # an empty slot
                found.append((name, get(x)))
        return found

    return read
