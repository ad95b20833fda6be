"""What numbers stand in: tuples, lists, dicts, named tuples and dataclasses, in one another."""

from __future__ import annotations

import copy
import dataclasses
import enum
import functools
import types
from collections.abc import Iterator
from typing import Any

import numpy as np

# What may stand beside numbers in a container, and has no gradient: no type of these holds numbers of the user's.
CONSTANT_LEAVES = (
    *(
        str,
        bytes,
        bool,
        type(None),
        slice,
        range,
        type(...),
        type,
        enum.Enum,
        np.dtype,
        np.bool,
        np.character,
        np.datetime64,
        np.ufunc,
    ),
    *(
        types.FunctionType,
        types.BuiltinFunctionType,
        types.MethodType,
        functools.partial,
        type(np.sum),
        np.random.Generator,
    ),
)


LEAVES = frozenset(
    {np.ndarray, float, int, complex, np.float64, np.float32, np.int64}
)  # most of what is no container, known at one look


def is_number(x: Any) -> bool:
    """Whether `x` is a number or an array of numbers, for which there are gradients; True and False are none."""
    if isinstance(x, np.ndarray):
        return x.dtype.kind in "iufc"
    return isinstance(x, (int, float, complex, np.number)) and not isinstance(
        x, (bool, np.timedelta64)
    )


def is_floating(x: Any) -> bool:
    """Whether `x` is a number or an array of floating point, real or complex."""
    return isinstance(x, (float, complex)) or getattr(getattr(x, "dtype", None), "kind", "") in (
        "f",
        "c",
    )


def is_constant_leaf(x: Any) -> bool:
    """Whether `x` may stand beside numbers: a name, a switch, a function, or an array of those."""
    return x.dtype.kind in "bUSMm" if isinstance(x, np.ndarray) else isinstance(x, CONSTANT_LEAVES)


def is_dataclass(x: Any) -> bool:
    """Whether `x` is an instance of a dataclass."""
    return hasattr(type(x), "__dataclass_fields__")


def is_container(x: Any) -> bool:
    """Whether `x` is a tuple, list, dict or dataclass."""
    return type(x) not in LEAVES and (isinstance(x, (tuple, list, dict)) or is_dataclass(x))


def has_fields(x: Any) -> bool:
    """Whether `x` is a named tuple or an instance of a dataclass, whose parts are read as attributes."""
    return type(x) not in LEAVES and (
        (isinstance(x, tuple) and hasattr(x, "_fields")) or is_dataclass(x)
    )


def field_names(x: Any) -> tuple[str, ...]:
    """The fields of a named tuple, or those of a dataclass that have a value."""
    if isinstance(x, tuple):
        return tuple(x._fields)  # type: ignore[attr-defined]
    return tuple([field.name for field in dataclasses.fields(x) if hasattr(x, field.name)])


def parts_of(x: Any) -> list[Any] | None:
    """The parts of a container, in order; None of anything else."""
    if type(x) in LEAVES:
        return None
    if isinstance(x, (tuple, list)):
        return list(x)
    if isinstance(x, dict):
        return list(x.values())
    return [getattr(x, name) for name in field_names(x)] if is_dataclass(x) else None


def with_parts(x: Any, parts: list[Any]) -> Any:
    """A container of the type of `x` with other parts.

    A dataclass is made without its `__init__`, which may compute or refuse what gradients and recorded values are no case
    of. It has its fields and nothing else: what was computed from the old ones does not come along.
    """
    if isinstance(x, dict):
        items = dict(zip(x, parts, strict=True))
        if type(x) is dict:
            return items
        made = copy.copy(x)
        made.update(items)
        return made
    if isinstance(x, (tuple, list)):
        return type(x)._make(parts) if hasattr(x, "_fields") else type(x)(parts)  # type: ignore[union-attr]
    made = object.__new__(type(x))
    for name, part in zip(field_names(x), parts, strict=True):
        object.__setattr__(made, name, part)
    return made


def leaves_of(x: Any) -> list[Any]:
    """What stands in nested containers, in order."""
    parts = parts_of(x)
    return [x] if parts is None else [leaf for part in parts for leaf in leaves_of(part)]


def with_leaves(x: Any, leaves: Iterator[Any]) -> Any:
    """The same nested containers with other leaves."""
    parts = parts_of(x)
    return (
        next(leaves)
        if parts is None
        else with_parts(x, [with_leaves(part, leaves) for part in parts])
    )


def matching_leaves(x: Any, like: Any, what: str) -> list[Any]:
    """The leaves of `x` beside those of `like`: None for each where `x` is None. A ValueError naming `what` unless they match."""
    parts = parts_of(like)
    if parts is None:
        return [x]
    if x is None:
        return [None] * len(leaves_of(like))
    own = parts_of(x)
    same = (
        own is not None and len(own) == len(parts) and isinstance(x, dict) == isinstance(like, dict)
    )
    if not same or (isinstance(like, dict) and set(x) != set(like)):
        expected, got = (f"a {type(tree).__name__} {_names(tree)}" for tree in (like, x))
        raise ValueError(f"{what} has to be {expected}, and is {got}")
    if isinstance(like, dict):
        own = [x[key] for key in like]
    return [
        leaf for a, b in zip(own or [], parts, strict=True) for leaf in matching_leaves(a, b, what)
    ]


def _names(x: Any) -> str:
    """The keys, fields or number of parts of a container, for a message."""
    if isinstance(x, dict):
        return f"of the keys {list(x)}"
    if has_fields(x):
        return f"of the fields {list(field_names(x))}"
    parts = parts_of(x)
    return "without parts" if parts is None else f"of length {len(parts)}"
