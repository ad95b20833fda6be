"""The names of HIPS autograd's util."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def subvals(x: Iterable[Any], replacements: Iterable[tuple[int, Any]]) -> tuple[Any, ...]:
    """Return `x` as a tuple with other items at some positions."""
    items = list(x)
    for i, item in replacements:
        items[i] = item
    return tuple(items)


def subval(x: Iterable[Any], i: int, item: Any) -> tuple[Any, ...]:
    """Return `x` as a tuple with another item at position `i`."""
    return subvals(x, [(i, item)])


def func(f: Any) -> Any:
    """Return `f`."""
    return f
