"""Pytrees of numbers: nested tuples, lists, dicts, named tuples and dataclasses."""

from __future__ import annotations

import copy
import dataclasses
import enum
import functools
import types
from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd_tools.base.traced import Traced

# Types of leaves without a gradient: none of them holds numbers of the user.
CONSTANT_LEAVES = (
    *(str, bytes, bool, type(None), slice, range, type(...), type, enum.Enum, functools.partial),
    *(types.FunctionType, types.BuiltinFunctionType, types.MethodType, type(np.sum)),
    *(np.dtype, np.bool, np.character, np.datetime64, np.ufunc),
)
# The most frequent types of leaves, for a fast test.
LEAVES = frozenset({np.ndarray, float, int, complex, np.float64, np.float32, np.int64, Traced})
PLAIN_NUMBERS = LEAVES - {np.ndarray, Traced}
DOUBLE = np.dtype(np.float64)


def is_plain(x: Any, kind: Any) -> bool:
    """Return True for an instance of `kind`, and False for a tracked value that passes for one."""
    own = type(x)
    return issubclass(type(x.plain) if own is Traced else own, kind)


def is_number(x: Any) -> bool:
    """Return True if `x` is a plain number or array of numbers; True and False are not."""
    kind = type(x)
    if kind in PLAIN_NUMBERS:
        return True
    if issubclass(kind, np.ndarray):
        return x.dtype.kind in "iufc"
    if kind is Traced:
        return is_number(x.plain)
    return issubclass(kind, (int, float, complex, np.number)) and not issubclass(
        kind, (bool, np.timedelta64)
    )


def is_double(x: Any) -> bool:
    """Return True if `x` is certainly a number or array of double precision: a cheap test."""
    kind = type(x)
    return (kind is np.ndarray and x.dtype is DOUBLE) or kind is np.float64 or kind is float


def is_floating(x: Any) -> bool:
    """Return True if `x` is a number or an array of floating point, real or complex."""
    kind = getattr(getattr(x, "dtype", None), "kind", "")
    return isinstance(x, (float, complex)) or kind in ("f", "c")


def is_constant_leaf(x: Any) -> bool:
    """Return True for a leaf without a gradient: a name, a flag, a function, an array of names."""
    if isinstance(x, np.ndarray):
        return x.dtype.kind in "bUSMm"
    # By its name, a generator of random numbers: numpy.random takes long to load.
    return isinstance(x, CONSTANT_LEAVES) or type(x).__module__ == "numpy.random._generator"


def is_dataclass(x: Any) -> bool:
    """Return True if `x` is an instance of a dataclass."""
    return hasattr(type(x), "__dataclass_fields__")


def is_dict(x: Any) -> bool:
    """Return True for a dict that is no sparse matrix (SciPy's `dok_array` is a dict)."""
    return isinstance(x, dict) and (type(x) is dict or not hasattr(type(x), "tocoo"))


def is_container(x: Any) -> bool:
    """Return True if `x` is a tuple, list, dict or dataclass."""
    return type(x) not in LEAVES and (isinstance(x, (tuple, list)) or is_dict(x) or is_dataclass(x))


def has_fields(x: Any) -> bool:
    """Return True if `x` is a named tuple or an instance of a dataclass."""
    return type(x) not in LEAVES and (
        (isinstance(x, tuple) and hasattr(x, "_fields")) or is_dataclass(x)
    )


def field_names(x: Any) -> tuple[str, ...]:
    """Return the fields of a named tuple, or those of a dataclass that have a value."""
    if isinstance(x, tuple):
        return tuple(x._fields)  # type: ignore[attr-defined]
    return tuple([field.name for field in dataclasses.fields(x) if hasattr(x, field.name)])


def children_of(x: Any) -> list[Any] | None:
    """Return the children of a container in order; None for a leaf."""
    kind = type(x)
    if kind in LEAVES:
        return None
    if issubclass(kind, (tuple, list)):
        return list(x)
    if issubclass(kind, dict) and is_dict(x):
        return list(x.values())
    return [getattr(x, name) for name in field_names(x)] if is_dataclass(x) else None


def with_children(x: Any, parts: list[Any]) -> Any:
    """Return a container of the type of `x` with other children.

    A dataclass is created without its `__init__`, which may compute from the fields or refuse
    gradients and recorded values. It has its fields and nothing else.
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


def tree_leaves(x: Any) -> list[Any]:
    """Return the leaves of a pytree in order."""
    if type(x) in LEAVES:
        return [x]
    found, todo = [], [x]
    while todo:
        x = todo.pop()
        parts = children_of(x)
        if parts is None:
            found.append(x)
        else:
            todo += reversed(parts)
    return found


def tree_replace(x: Any, leaves: Iterator[Any]) -> Any:
    """Return the same pytree with other leaves."""
    if type(x) in LEAVES:
        return next(leaves)
    parts = children_of(x)
    return (
        next(leaves)
        if parts is None
        else with_children(x, [tree_replace(part, leaves) for part in parts])
    )


def copied(x: Any) -> Any:
    """Return a pytree with copies of its arrays."""
    if type(x) is np.ndarray:
        return x.copy("K")
    if type(x) in PLAIN_NUMBERS:
        return x
    leaves = [leaf.copy("K") if is_plain(leaf, np.ndarray) else leaf for leaf in tree_leaves(x)]
    return tree_replace(x, iter(leaves))


def matching_leaves(x: Any, like: Any, what: str) -> list[Any]:
    """Return the leaves of `x` in the order of those of `like`; None in `x` fills all below.

    Raise a ValueError that names `what` if the pytrees differ.
    """
    parts = children_of(like)
    if parts is None:
        return [x]
    if x is None:
        return [None] * len(tree_leaves(like))
    own = children_of(x)
    same = (
        own is not None and len(own) == len(parts) and isinstance(x, dict) == isinstance(like, dict)
    )
    if not same or (isinstance(like, dict) and set(x) != set(like)):
        expected, got = (f"a {type(tree).__name__}{_names(tree)}" for tree in (like, x))
        raise ValueError(f"{what} must be {expected}, got {got}")
    if isinstance(like, dict):
        own = [x[key] for key in like]
    return [
        leaf for a, b in zip(own or [], parts, strict=True) for leaf in matching_leaves(a, b, what)
    ]


def _names(x: Any) -> str:
    """Return the keys, fields or length of a container for a message."""
    if isinstance(x, dict):
        return f" with keys {list(x)}"
    if has_fields(x):
        return f" with fields {list(field_names(x))}"
    parts = children_of(x)
    return "" if parts is None else f" of length {len(parts)}"
