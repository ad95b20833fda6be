"""Arguments and supports, shared by continuous and discrete distributions."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd_tools.engine.values import Value, unwrap
from autograd_tools.rules.nans import nan_of
from autograd_tools.scipy.arguments import array

NUMBERS = (int, float, bool)


def signature(first: str, shapes: Sequence[str], defaults: dict[str, float]) -> inspect.Signature:
    """Return the signature of a method: the argument `first`, shape parameters, and defaults."""
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    required = [inspect.Parameter(name, kind) for name in (first, *shapes)]
    optional = [inspect.Parameter(name, kind, default=x) for name, x in defaults.items()]
    return inspect.Signature([*required, *optional])


def bound(signature: inspect.Signature, name: str, args: Any, kwargs: Any) -> list[Any]:
    """Return the arguments of a call as arrays; Python numbers get the precision of the others."""
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
    """Return a plain array without axes as a number."""
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
    """Return func(z, *shapes) where `z` is `inside` the support and the parameters are `valid`.

    Elsewhere `func` gets `safe` and parameters of 1/2, so that no nan flows back. The result is
    fill[0] below `low`, fill[1] above, and nan, also as gradient, for an invalid parameter or a nan
    in `z`.
    """
    if np.all(inside & valid):
        return settled(func(z, *shapes))
    plain = unwrap(z)
    y = func(np.where(inside & valid, z, safe), *(np.where(valid, shape, 0.5) for shape in shapes))
    unknown = np.isnan(plain) | np.logical_not(valid)  # not ~valid, as `valid` may be a Python bool
    other = np.where(unknown, math.nan, np.where(plain < low, *fill))
    y = np.where(inside & valid, y, other.astype(np.result_type(unwrap(y))))
    return settled(nan_of(y, z, *shapes))  # type: ignore[no-untyped-call]
