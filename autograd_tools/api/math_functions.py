"""The functions of `math` and `cmath` for recorded numbers: their values and errors, with a
gradient.
"""

from __future__ import annotations

import cmath
import functools
import importlib
import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_tools.api.dispatch import with_value
from autograd_tools.engine.calls import plain
from autograd_tools.engine.values import Value

Function = Callable[..., Any]


def _special(name: str) -> Function:
    """Return a function of SciPy, which its call loads."""

    def call(x: Any) -> Any:
        return getattr(importlib.import_module("scipy.special"), name)(x)

    return call


def _hypot(*sides: Any) -> Any:
    return functools.reduce(np.hypot, sides) if len(sides) > 1 else np.abs(*sides)


def _remainder(x: Any, y: Any) -> Any:
    a, b = plain(x), plain(y)
    return x - round((a - math.remainder(a, b)) / b) * y


def _log(x: Any, *base: Any) -> Any:
    return np.log(x) / np.log(*base) if base else np.log(x)


# The functions that have a gradient, with what records it.
OF_ONE: dict[str, Function] = {
    **{name: getattr(np, name) for name in ("cbrt", "cos", "cosh", "exp", "exp2", "expm1")},
    **{name: getattr(np, name) for name in ("fabs", "degrees", "log10", "log1p", "log2")},
    **{name: getattr(np, name) for name in ("radians", "sin", "sinh", "sqrt", "tan", "tanh")},
    **{name: getattr(np, name) for name in ("modf", "frexp")},
    **{
        f"a{name}": getattr(np, f"arc{name}")
        for name in ("sin", "sinh", "cos", "cosh", "tan", "tanh")
    },
    "gamma": _special("gamma"),
    "lgamma": _special("gammaln"),
    "erf": _special("erf"),
    "erfc": _special("erfc"),
}
OF_TWO: dict[str, Function] = {
    **{name: getattr(np, name) for name in ("copysign", "fmod", "ldexp")},
    "atan2": np.arctan2,
    "pow": np.power,
    "remainder": _remainder,
}
OF_SEVERAL: dict[str, Function] = {
    "nextafter": np.nextafter,
    "fma": lambda x, y, z: x * y + z,
    "hypot": _hypot,
    "log": _log,
}
# Those of `cmath`.
OF_COMPLEX: dict[str, Function] = {
    **{name: getattr(np, name) for name in ("cos", "cosh", "exp", "log10", "sin", "sinh")},
    **{name: getattr(np, name) for name in ("sqrt", "tan", "tanh")},
    **{
        f"a{name}": getattr(np, f"arc{name}")
        for name in ("sin", "sinh", "cos", "cosh", "tan", "tanh")
    },
    "log": _log,
    "phase": np.angle,
}
# Those of iterables.
ITEMS: dict[str, Function] = {
    "fsum": np.sum,
    "prod": lambda items, start=1: start * np.prod(items),
    "sumprod": np.dot,
    "dist": lambda p, q: np.linalg.norm(p - q),
}
# Those whose result is plain.
STEPS = ("ceil", "floor", "trunc", "isnan", "isinf", "isfinite")


def replacements() -> dict[str, Function]:
    """Return functions for those of `math`, by name."""
    made = {name: _of_one(name, f) for name, f in OF_ONE.items()}
    made |= {name: _of_two(name, f) for name, f in OF_TWO.items()}
    made |= {name: _of_several(name, f) for name, f in OF_SEVERAL.items() if hasattr(math, name)}
    made |= {name: _of_items(name, f) for name, f in ITEMS.items() if hasattr(math, name)}
    made |= {name: _plain(getattr(math, name)) for name in STEPS}
    return made | {"isclose": _isclose}


def complex_replacements() -> dict[str, Function]:
    """Return functions for those of `cmath`, by name."""
    return {name: _of_complex(getattr(cmath, name), f) for name, f in OF_COMPLEX.items()}


def _of_complex(function: Function, record: Function) -> Function:
    @functools.wraps(function)
    def call(*args: Any) -> Any:
        if not any([isinstance(x, Value) for x in args]):
            return function(*args)
        y = function(*plain(args))  # raises as `cmath` does
        numbers = [x if np.iscomplexobj(x) else x + 0j for x in args]
        return with_value(record(*numbers), y)

    return call


def _number(x: Any) -> Any:
    """Return an argument as the number that `math` sees: of an array, its only element."""
    if not isinstance(x, Value) or type(x.value) is float:
        return x
    return np.reshape(x, ()).astype(float)


def _recorded(function: Function, record: Function, args: Any, kwargs: Any) -> Any:
    y = function(*plain(args), **plain(kwargs))  # raises as `math` does
    return with_value(record(*map(_number, args)), y)


def _of_one(name: str, record: Function) -> Function:
    function = getattr(math, name)

    @functools.wraps(function)
    def call(x: Any, /) -> Any:
        if type(x) is float or not isinstance(x, Value):
            return function(x)
        return _recorded(function, record, (x,), {})

    return call


def _of_two(name: str, record: Function) -> Function:
    function = getattr(math, name)

    @functools.wraps(function)
    def call(x: Any, y: Any, /) -> Any:
        if isinstance(x, Value) or isinstance(y, Value):
            return _recorded(function, record, (x, y), {})
        return function(x, y)

    return call


def _of_several(name: str, record: Function) -> Function:
    function = getattr(math, name)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        for x in args:
            if type(x) is not float and isinstance(x, Value):
                return _recorded(function, record, args, kwargs)
        return function(*args, **kwargs)

    return call


def _of_items(name: str, combine: Function) -> Function:
    """Return a function of iterables, whose items may be recorded."""
    function = getattr(math, name)

    @functools.wraps(function)
    def call(*given: Any, **kwargs: Any) -> Any:
        lists = [list(items) for items in given]
        if not any([isinstance(x, Value) for x in itertools.chain(kwargs.values(), *lists)]):
            return function(*lists, **kwargs)
        y = function(*map(plain, lists), **plain(kwargs))
        stacks = [np.stack(list(map(_number, items))) for items in lists if items]
        return with_value(combine(*stacks, **kwargs), y) if stacks else kwargs.get("start", y)

    return call


def _plain(function: Function) -> Function:
    @functools.wraps(function)
    def call(x: Any, /) -> Any:
        return function(plain(x) if type(x) is not float else x)

    return call


@functools.wraps(math.isclose)
def _isclose(*args: Any, **kwargs: Any) -> Any:
    return math.isclose(*map(plain, args), **{name: plain(x) for name, x in kwargs.items()})
