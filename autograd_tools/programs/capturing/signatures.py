"""Signatures of calls: the structure of the arguments, and the kinds of the numbers in them."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_tools.base.containers import children_of
from autograd_tools.programs.capturing.input_kinds import is_input

BY_VALUE = (str, bool, bytes, type(None))
MOST_COMPARED = 4096  # bytes of an array of no numbers that are compared
BUILT_IN = (tuple, list, dict)
KEYWORDS = "keywords"


def signature_of(
    x: Any, keywords: dict[str, Any] | None = None
) -> tuple[list[Any], tuple[Any, ...], Any]:
    """Return the inputs in arguments, what tells their signature apart, and their constants.

    Constants that are no text and no flag count by identity.
    """
    inputs: list[Any] = []
    key: list[Any] = []
    constants: list[Any] = []
    _describe(x, inputs, key, constants)
    if keywords:
        key.append(KEYWORDS)
        _describe(keywords, inputs, key, constants)
    if len(inputs) > 1 and len({*map(id, inputs)}) < len(inputs):
        key.append(_pattern(inputs))
    return inputs, tuple(key), constants


def _describe(x: Any, inputs: list[Any], key: list[Any], constants: list[Any]) -> None:
    kind = type(x)
    if kind is np.ndarray and (dtype := x.dtype).kind in "biufc":
        inputs.append(x)
        key.append((x.shape, dtype, x.strides))
        return
    if kind in (float, int, complex):
        inputs.append(x)
        key.append(kind)
        return
    parts = children_of(x)
    if parts is not None:
        names = (tuple(map(type, x)), tuple(x)) if isinstance(x, dict) else len(parts)
        key.append((kind, names))
        if kind not in BUILT_IN:
            constants.append(kind)  # has methods
        for part in parts:
            _describe(part, inputs, key, constants)
    elif is_input(x):
        inputs.append(x)
        key.append(x.dtype)
    elif kind in BY_VALUE:
        key.append((kind, x))
    else:
        key.append(id(x))
        constants.append(x)


def _pattern(inputs: list[Any]) -> tuple[int, ...]:
    """Return for each input the first one that is the same array."""
    first: dict[int, int] = {}
    return tuple(
        [first.setdefault(id(x), i) if type(x) is np.ndarray else i for i, x in enumerate(inputs)]
    )


def is_fixed(x: Any) -> bool:
    """Return whether a constant keeps its numbers, or shows when they change."""
    if isinstance(x, np.ndarray):
        return type(x) is np.ndarray and x.dtype != object and x.nbytes <= MOST_COMPARED
    return not hasattr(type(x), "__next__")  # such as a generator or a file


def kind_of(x: Any) -> tuple[Any, ...]:
    """Return the type, shape and dtype of a result."""
    return type(x), getattr(x, "shape", ()), getattr(x, "dtype", None)
