"""Names of Params that were given none: the variable, attribute or key that the user reaches each of them by.

Nothing of the user's runs: attributes are read from where objects store them, and no property is asked.
"""

from __future__ import annotations

import contextlib
import types
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np

from autograd_tools.core import Param, Recording, Value

STEPS = 5  # of the longest name, such as `model.blocks[0].layers[1]`
MOST, MOST_AT_ONCE = 10_000, 500  # objects that are looked at, and as many by `diff`, which is called often
LONGEST = 1_000  # as many parts of one object

# Variables: how far they are from the user's place, and what each holds.
Space = tuple[int, dict[str, Any]]
# A name, behind all that makes it a worse one: that its variable begins with `_`, its steps, how far the variable is, and
# that another part of it begins with `_`.
Name = tuple[bool, int, int, bool, str]
BEST = (False, 1, 1)  # names below this one are as good as they get
_Way = tuple[int, bool, str, Any]  # the last three of a name, and what it leads to

# Types are known by their ids: to look one up would ask its metaclass, which may be the user's, for a hash.
PLAIN = frozenset(
    map(
        id,
        (
            *(str, bytes, int, float, complex, bool, type(None), type, np.ndarray, np.float64, np.float32, np.int64, np.ufunc, Param),
            *(types.ModuleType, types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.CodeType, type(np.sum)),
        ),
    )
)
CLOSED = (Value, Recording, type, types.ModuleType, types.FunctionType, BaseException)  # these hold no model of the user's
_mro, _namespace = (type.__dict__[name].__get__ for name in ("__mro__", "__dict__"))


def names_of(params: Iterable[Param], spaces: Iterable[Space], most: int = MOST) -> dict[int, Name]:
    """The best name of each Param that can be reached, by its id; the nearest variables are given first."""
    found: dict[int, Name] = {}
    missing = {id(param) for param in params}
    looked: list[Space] = []
    for far, variables in spaces:  # most Params are variables, and no name is better
        looked.append((far, variables))
        direct = sorted([name for name, x in variables.items() if id(x) in missing and _fits(name, private=False)])
        for name in direct:
            found.setdefault(id(variables[name]), (False, 1, far, False, name))
        if len(found) == len(missing):
            return found
    for private in (False, True):
        missing -= found.keys()
        roots = [(far, False, *item) for far, variables in looked for item in variables.items() if _fits(item[0], private)]
        found |= _search(missing, roots, most)
    return found


def _fits(name: Any, private: bool) -> bool:
    """Whether this is the name of a variable of the user's, and begins with `_` as is asked for."""
    return type(name) is str and name.isidentifier() and name.startswith("_") == private and not name.startswith("__")


def _search(missing: set[int], level: list[_Way], most: int) -> dict[int, Name]:
    """The names of one step, then those of two, until there is one for each."""
    found: dict[int, Name] = {}
    seen: set[int] = set()
    if not missing:
        return found
    for steps in range(1, STEPS + 1):
        level.sort(key=lambda way: way[:3])
        for far, hidden, name, x in level:
            if id(x) in missing:
                found.setdefault(id(x), (name.startswith("_"), steps, far, hidden, name))
        if len(found) == len(missing) or steps == STEPS:
            break
        deeper: list[_Way] = []
        for far, hidden, name, x in level:
            if id(x) not in seen and id(type(x)) not in PLAIN and most > 0:
                seen.add(id(x))
                write, parts = _parts(x)
                most -= 1 + len(parts)
                for key, part in parts:
                    if id(part) in missing or id(type(part)) not in PLAIN:
                        deeper.append((far, hidden or (type(key) is str and key.startswith("_")), write(name, key), part))
        level = deeper
    return found


def _parts(x: Any) -> tuple[Callable[[str, Any], str], list[tuple[Any, Any]]]:
    """The key and value of each part of an object, and what writes the name of a part."""
    kind = type(x)
    if issubclass(kind, dict):
        return _item, [(key, part) for key, part in islice(dict.items(x), LONGEST) if type(key) in (str, int)]
    if issubclass(kind, list):
        return _item, list(enumerate(islice(list.__iter__(x), LONGEST)))
    if issubclass(kind, tuple):
        items = list(islice(tuple.__iter__(x), LONGEST))
        fields: Any = next((space["_fields"] for space in map(_namespace, _mro(kind)) if "_fields" in space), None)
        named = type(fields) is tuple and len(fields) == len(items) and all(type(field) is str for field in fields)
        return (_attribute, list(zip(fields, items, strict=True))) if named else (_item, list(enumerate(items)))
    return _attribute, [] if issubclass(kind, CLOSED) else list(islice(_attributes(x, kind), LONGEST))


def _item(name: str, key: Any) -> str:
    return f"{name}[{key!r}]"


def _attribute(name: str, key: str) -> str:
    return f"{name}.{key}" if key.isidentifier() else f"getattr({name}, {key!r})"


def _attributes(x: Any, kind: type) -> Iterator[tuple[str, Any]]:
    """What an object holds in its slots and its `__dict__`."""
    for space in map(_namespace, _mro(kind)):
        for name, held in space.items():
            if type(held) is types.MemberDescriptorType:
                with contextlib.suppress(AttributeError):  # of an empty slot
                    yield name, held.__get__(x)
            elif name == "__dict__" and type(held) is types.GetSetDescriptorType:
                yield from [item for item in islice(dict.items(held.__get__(x)), LONGEST) if type(item[0]) is str]
