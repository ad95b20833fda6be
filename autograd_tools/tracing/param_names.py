"""Names of Params that were given none: the variable, attribute or key that the user reaches each of them by.

Nothing of the user's runs: attributes are read from where objects store them, and no property is asked.
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

STEPS = 5  # of the longest name, such as `model.blocks[0].layers[1]`
MOST = 5_000  # objects that are looked at, which takes some milliseconds
LONGEST = 1_000  # as many parts of one object

# Variables: how far they are from the user's place, what each holds, and which of them loops assign to.
Space = tuple[int, dict[str, Any], Collection[str]]
# A name, behind all that makes it a worse one: that its variable is a loop's or begins with `_`, its steps, how far the
# variable is, and that another part of it begins with `_`.
Name = tuple[bool, int, int, bool, str]
BEST = (False, 1, 1)  # names below this one are as good as they get
_Reader = tuple[Callable[[str, Any], str], Callable[[Any], Iterable[tuple[Any, Any]]]]
_Way = tuple[int, bool, str, Any]  # the last three of a name, and what it leads to

# Types are known by their ids: to look one up would ask its metaclass, which may be the user's, for a hash.
PLAIN = frozenset(
    map(
        id,
        (
            *(
                str,
                bytes,
                int,
                float,
                complex,
                bool,
                type(None),
                type,
                np.ndarray,
                np.float64,
                np.float32,
                np.int64,
                np.ufunc,
                Param,
            ),
            *(
                types.ModuleType,
                types.FunctionType,
                types.BuiltinFunctionType,
                types.MethodType,
                types.CodeType,
                type(np.sum),
            ),
        ),
    )
)
DESCRIPTORS = (types.MemberDescriptorType, types.GetSetDescriptorType)
CLOSED = (
    Value,
    Recording,
    type,
    types.ModuleType,
    types.FunctionType,
    BaseException,
)  # these hold no model of the user's
_mro, _namespace = (type.__dict__[name].__get__ for name in ("__mro__", "__dict__"))

_ORDER = itemgetter(0, 1, 2)


def names_of(params: Iterable[Param], spaces: Iterable[Space], most: int = MOST) -> dict[int, Name]:
    """The best name of each Param that can be reached, by its id; the nearest variables are given first."""
    found: dict[int, Name] = {}
    missing = {id(param) for param in params}
    looked: list[Space] = []
    for far, variables, passing in spaces:  # most Params are variables, and no name is better
        looked.append((far, variables, passing))
        direct = sorted(
            [
                name
                for name, x in variables.items()
                if id(x) in missing and _fits(name, passing, last=False)
            ]
        )
        for name in direct:
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
        if last:  # which the first look has left out
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
    """Whether this is the name of a variable of the user's, and of those that are a last choice or not."""
    usable = type(name) is str and name.isidentifier() and not name.startswith("__")
    return usable and (name.startswith("_") or name in passing) == last


def _search(
    found: dict[int, Name], missing: set[int], last: bool, level: list[_Way], most: int
) -> None:
    """Find the names that begin with these variables: those of two steps, then those of three, until there is one for each."""
    seen: set[int] = set()
    readers: dict[int, _Reader] = {}
    for steps in range(2, STEPS + 1):
        if missing <= found.keys():
            return
        deeper: list[_Way] = []
        for far, hidden, name, x in sorted(level, key=_ORDER):
            kind = type(x)
            if id(kind) in PLAIN or id(x) in seen or most <= 0:
                continue
            seen.add(id(x))
            if id(kind) not in readers:
                readers[id(kind)] = _reader(kind)
            write, read = readers[id(kind)]
            parts = list(islice(read(x), LONGEST))
            most -= 1 + len(parts)
            for key, part in parts:
                known = id(part)
                if known in missing:
                    way = (
                        last,
                        steps,
                        far,
                        hidden or (write is _attribute and key[:1] == "_"),
                        write(name, key),
                    )
                    if known not in found or way < found[known]:
                        found[known] = way
                elif id(type(part)) not in PLAIN:
                    deeper.append(
                        (
                            far,
                            hidden or (write is _attribute and key[:1] == "_"),
                            write(name, key),
                            part,
                        )
                    )
        level = deeper


def _reader(kind: type) -> _Reader:
    """How objects of a type are read: what writes the name of a part, and what gives the keys and values of parts."""
    if issubclass(kind, dict):
        return _item, lambda x: [
            item
            for item in list(islice(dict.items(x), LONGEST))
            if type(item[0]) is str or type(item[0]) is int
        ]
    if issubclass(kind, list):
        return _item, lambda x: enumerate(list.__iter__(x))
    if issubclass(kind, tuple):
        fields: Any = next(
            (space["_fields"] for space in map(_namespace, _mro(kind)) if "_fields" in space), None
        )
        named = type(fields) is tuple and all(type(field) is str for field in fields)
        return (
            (_attribute, lambda x: zip(fields, tuple.__iter__(x), strict=False))
            if named
            else (_item, lambda x: enumerate(tuple.__iter__(x)))
        )
    return _attribute, (lambda _: ()) if issubclass(kind, CLOSED) else _attributes(kind)


def _item(name: str, key: Any) -> str:
    return f"{name}[{key!r}]"


def _attribute(name: str, key: str) -> str:
    return f"{name}.{key}" if key.isidentifier() else f"getattr({name}, {key!r})"


def _attributes(kind: type) -> Callable[[Any], Iterable[tuple[Any, Any]]]:
    """What gives the attributes that an object holds in its `__dict__` and its slots."""
    held = [
        (name, x)
        for space in map(_namespace, _mro(kind)[:-1])
        for name, x in space.items()
        if issubclass(type(x), DESCRIPTORS)
    ]
    own = [x.__get__ for name, x in held if name == "__dict__"]
    slots = [
        (name, x.__get__)
        for name, x in held
        if type(x) is types.MemberDescriptorType and name != "__dict__"
    ]

    def read(x: Any) -> list[tuple[Any, Any]]:
        held = [get(x) for get in own]
        found = [
            item
            for d in held
            if type(d) is dict
            for item in list(islice(d.items(), LONGEST))
            if type(item[0]) is str
        ]
        for name, get in slots:
            with contextlib.suppress(AttributeError):  # of an empty one
                found.append((name, get(x)))
        return found

    return read
