"""Pytrees of arrays as one vector, and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_tools.engine.values import unwrap


def flatten(x: Any) -> tuple[Any, Callable[[Any], Any]]:
    """Return the numbers in a pytree as a vector, and a function that restores the pytree.

    Dicts are read in the order of their sorted keys. Both directions have gradients.

    >>> import numpy as np
    >>> vector, unflatten = flatten({"b": 1.0, "a": [np.ones(2), 3.0]})
    >>> vector
    array([1., 1., 3., 1.])
    >>> unflatten(2 * vector)["a"]
    [array([2., 2.]), np.float64(6.0)]
    """
    vectors: list[Any] = []
    restore = _collect(x, vectors, 0)[0]
    return (np.concatenate(vectors) if vectors else np.array([])), restore


def flatten_func(
    f: Callable[..., Any], example: Any
) -> tuple[Callable[..., Any], Callable[[Any], Any], Any]:
    """Return `f` on vectors, the function that restores its argument, and a vector."""
    vector, unflatten = flatten(example)
    return (lambda x, *args: flatten(f(unflatten(x), *args))[0]), unflatten, vector


def _collect(x: Any, vectors: list[Any], start: int) -> tuple[Callable[[Any], Any], int]:
    """Append the numbers in `x` to `vectors`.

    Return a function that reads `x` from position `start` of a vector, and the position of the
    next one.
    """
    plain = unwrap(x)
    if isinstance(plain, (dict, tuple, list)):
        keys = sorted(plain) if isinstance(plain, dict) else range(len(plain))
        parts = []
        for key in keys:
            part, start = _collect(x[key], vectors, start)
            parts.append(part)
        return (lambda v: _rebuilt(plain, keys, [part(v) for part in parts])), start
    vectors.append(np.ravel(x))
    shape, end = np.shape(x), start + np.size(x)
    return (lambda v: np.reshape(v[start:end], shape) if shape else v[start]), end


def _rebuilt(x: Any, keys: Any, items: list[Any]) -> Any:
    if isinstance(x, dict):
        made = dict(zip(keys, items, strict=True))
        return {key: made[key] for key in x}
    return type(x)(*items) if hasattr(x, "_fields") else type(x)(items)
