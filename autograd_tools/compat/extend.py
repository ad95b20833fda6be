"""Functions with VJP rules of your own, in HIPS autograd's form: `primitive`, then `defvjp`.

>>> import numpy as np, autograd_tools as ag
>>> from autograd_tools.compat.extend import defvjp, primitive
>>> @primitive
... def log(x):
...     return np.log(x)
>>> defvjp(log, lambda ans, x: lambda g: g / x)
>>> ag.grad(log)(4.0)
0.25
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable
from typing import Any

from autograd_tools.engine.calls import call
from autograd_tools.engine.primitives import UNKNOWN, name_of
from autograd_tools.engine.registry import Primitive
from autograd_tools.engine.registry import primitive as registered
from autograd_tools.engine.registry import zerograd as notrace_primitive
from autograd_tools.rules.special import find

Maker = Callable[..., Any]  # (ans, *args, **kwargs) -> (g -> gradient)


def primitive(f: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function a primitive, whose rules `defvjp` gives."""

    @functools.wraps(f)
    def recorded(*args: Any, **kwargs: Any) -> Any:
        return call(recorded.primitive, args, kwargs)  # type: ignore[attr-defined]

    recorded.primitive = _defined(f, ())  # type: ignore[attr-defined]
    return recorded


def _unknown(position: int) -> Any:
    return UNKNOWN


def _defined(f: Any, rules: Iterable[Any], rest: Callable[[int], Any] = _unknown) -> Primitive:
    return Primitive(f, tuple(rules), rest=rest, containers=True, fresh=False)


def _define(f: Any, rules: Iterable[Any], rest: Callable[[int], Any] = _unknown) -> None:
    """Give rules to the result of `primitive`, or to a function of NumPy."""
    made = getattr(f, "primitive", None)
    if isinstance(made, Primitive):
        f.primitive = _defined(made.func, rules, rest)
    else:
        rules = tuple(rules)
        registered(*rules)(_known(f))


def _known(f: Any) -> Any:
    """Return the registered function behind `f`: `f`, or what it wraps."""
    inner = f
    while find(inner) is None:
        if not hasattr(inner, "__wrapped__"):
            raise TypeError(
                f"{name_of(f)} is not a primitive; write f = primitive({name_of(f)}), "
                "and give rules to f"
            )
        inner = inner.__wrapped__
    return inner


def _rule(maker: Maker | None) -> Any:
    return None if maker is None else lambda dy, y, *args, **kwargs: maker(y, *args, **kwargs)(dy)


def defvjp(f: Any, *makers: Maker | None, argnums: Iterable[int] | None = None) -> None:
    """Give a primitive a rule for each argument: `(ans, *args, **kwargs) -> (g -> gradient)`.

    None stands for a zero gradient. `argnums` are the arguments of the rules, by default 0, 1 and
    so on.
    """
    by_number = dict(zip(itertools.count() if argnums is None else argnums, makers, strict=False))
    rules = [
        _rule(by_number[n]) if n in by_number else UNKNOWN
        for n in range(max(by_number, default=-1) + 1)
    ]
    _define(f, rules)


def defvjp_argnum(f: Any, maker: Callable[..., Any]) -> None:
    """Give a primitive one function for all rules, `(argnum, ans, args, kwargs) -> (g -> dx)`."""
    _define(f, (), lambda n: lambda dy, y, *args, **kwargs: maker(n, y, args, kwargs)(dy))


def defvjp_argnums(f: Any, maker: Callable[..., Any]) -> None:
    """Give a primitive one function for all rules, `(argnums, ans, args, kwargs) -> (g -> dxs)`."""

    def rule_of(n: int) -> Any:
        return lambda dy, y, *args, **kwargs: next(iter(maker((n,), y, args, kwargs)(dy)))

    _define(f, (), rule_of)


def defjvp(f: Any, *rules: Any, argnums: Iterable[int] | None = None) -> None:
    """Accept JVP rules without effect: directional derivatives use the rules of `defvjp`."""
    if not isinstance(getattr(f, "primitive", None), Primitive):
        _known(f)


defjvp_argnum = defjvp_argnums = def_linear = defjvp

__all__ = [
    "def_linear",
    "defjvp",
    "defjvp_argnum",
    "defjvp_argnums",
    "defvjp",
    "defvjp_argnum",
    "defvjp_argnums",
    "notrace_primitive",
    "primitive",
]


INTERNAL = {"Box", "JVPNode", "SparseObject", "VJPNode", "VSpace", "register_notrace", "vspace"}


def __getattr__(name: str) -> Any:
    if name in INTERNAL:
        raise AttributeError(
            f"{name} is internal to HIPS autograd and has no equivalent; "
            f"choose {', '.join(__all__)}"
        )
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
