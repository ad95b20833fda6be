"""What continuous and discrete distributions share: taking arguments, and what holds outside of the support."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd_tools.engine.values import Value, unwrap
from autograd_tools.scipy.arguments import array

NUMBERS = (int, float, bool)


def signature(first: str, shapes: Sequence[str], defaults: dict[str, float]) -> inspect.Signature:
    """The signature of a method: the place, the shape parameters, and those with defaults."""
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    required = [inspect.Parameter(name, kind) for name in (first, *shapes)]
    return inspect.Signature(
        [
            *required,
            *(inspect.Parameter(name, kind, default=default) for name, default in defaults.items()),
        ]
    )


def bound(signature: inspect.Signature, name: str, args: Any, kwargs: Any) -> list[Any]:
    """The arguments of a call in order, as arrays; a number of Python's gets the precision of the others, as in NumPy."""
    try:
        call = signature.bind(*args, **kwargs)
    except TypeError as error:
        raise TypeError(f"{name}{signature}: {error}") from None
    call.apply_defaults()
    given = [x if type(x) in NUMBERS else array(x) for x in call.arguments.values()]
    arrays = [unwrap(x) for x in given if type(unwrap(x)) not in NUMBERS]
    precision = np.result_type(np.float32 if arrays else float, *arrays).type
    return [precision(x) if type(x) in NUMBERS else x for x in given]


def settled(y: Any) -> Any:
    """A plain array without axes as a number."""
    return y if isinstance(y, Value) else y[()]


def within(
    func: Callable[..., Any],
    z: Any,
    shapes: Sequence[Any],
    inside: Any,
    valid: Any,
    safe: float,
    low: float,
    fill: Any,
) -> Any:
    """func(z, *shapes) where `z` is `inside` the support and the parameters are `valid`.

    Elsewhere it is computed of the number `safe` and parameters of 1/2, so that no nan flows back, and the result is fill[0] below `low`,
    fill[1] above, and nan where a parameter is not valid or `z` is nan.
    """
    if np.all(inside & valid):
        return settled(func(z, *shapes))
    plain = unwrap(z)
    y = func(np.where(inside & valid, z, safe), *(np.where(valid, shape, 0.5) for shape in shapes))
    other = np.where(np.isnan(plain) | ~valid, math.nan, np.where(plain < low, *fill))
    return settled(np.where(inside & valid, y, other.astype(np.result_type(unwrap(y)))))
