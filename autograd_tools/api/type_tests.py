"""Type tests that treat a recorded value like its plain value: `type(x)`, `hasattr`, containers."""

from __future__ import annotations

import copyreg
from collections import abc
from collections.abc import Callable
from typing import Any

from autograd_tools.engine.stand_ins import StandIn
from autograd_tools.engine.values import unwrap

# Abstract classes whose instances recorded numbers are, because recorded arrays are.
CONTAINERS = (abc.Sized, abc.Iterable, abc.Container, abc.Collection)


def plain_hasattr(x: Any, name: str, /) -> bool:
    """Return whether the plain value has an attribute: a number has no `__iter__`."""
    return hasattr(unwrap(x), name)


def of_plain(kind: Any) -> Any:
    """Return a class of the values that are instances of `kind` when plain."""
    members = {"_kind": kind, "__class_getitem__": staticmethod(lambda item: kind[item])}
    return StandIn(kind.__name__, (), members)


class TypeOfPlain:
    """A stand-in for `type`: called with a value, it returns the type of the plain value.

    `seen` returns the stand-in of a type that the package sees, such as that of `float`, or None:
    so `type(x) is float` holds there.
    """

    def __init__(self, seen: Callable[[Any], Any]) -> None:
        vars(self)["seen"] = seen

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return the type of a value, or make a class."""
        if len(args) != 1:
            return type(*args, **kwargs)
        kind = type(unwrap(args[0]))
        if issubclass(kind, StandIn | TypeOfPlain):
            kind = type
        return vars(self)["seen"](kind) or kind

    def __getattribute__(self, name: str) -> Any:
        own = name in ("__dict__", "__mro_entries__")
        return object.__getattribute__(self, name) if own else getattr(type, name)

    def __instancecheck__(self, x: Any) -> bool:
        return isinstance(x, type)

    def __subclasscheck__(self, other: type) -> bool:
        return issubclass(other, type)

    def __mro_entries__(self, bases: Any) -> tuple[type, ...]:
        return (type,)

    def __eq__(self, other: object) -> bool:
        return other is self or other is type

    def __hash__(self) -> int:
        return hash(type)

    def __getitem__(self, item: Any) -> Any:
        return type[item]

    def __repr__(self) -> str:
        return repr(type)

    def __or__(self, other: Any) -> Any:
        return type | other

    def __ror__(self, other: Any) -> Any:
        return other | type


copyreg.pickle(TypeOfPlain, lambda _: (type, (type,)))  # type: ignore[return-value, arg-type]
