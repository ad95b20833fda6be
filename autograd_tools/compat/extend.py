"""Functions with gradient rules of one's own, in HIPS autograd's form: `primitive`, then `defvjp`.

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
    """Make a function a primitive; its rules are to be given with `defvjp`, and to differentiate it without one is a TypeError."""

    @functools.wraps(f)
    def recorded(*args: Any, **kwargs: Any) -> Any:
        return call(recorded.primitive, args, kwargs)  # type: ignore[attr-defined]

    recorded.primitive = _defined(f, ())  # type: ignore[attr-defined]
    return recorded


def _defined(
    f: Any, rules: Iterable[Any], rest: Callable[[int], Any] = lambda position: UNKNOWN
) -> Primitive:
    return Primitive(f, tuple(rules), rest=rest, containers=True, fresh=False)


def _define(
    f: Any, rules: Iterable[Any], rest: Callable[[int], Any] = lambda position: UNKNOWN
) -> None:
    """Give rules to what `primitive` returned, or to a function of NumPy's."""
    made = getattr(f, "primitive", None)
    if isinstance(made, Primitive):
        f.primitive = _defined(made.func, rules, rest)
    else:
        rules = tuple(rules)
        registered(*rules)(_known(f))


def _known(f: Any) -> Any:
    """`f`, which has rules in the registry, or what `f` puts in front of, such as numpy.where of a function that takes lists, too."""
    inner = f
    while find(inner) is None:
        if not hasattr(inner, "__wrapped__"):
            raise TypeError(
                f"{name_of(f)} is no primitive: write primitive({name_of(f)}) first, and give rules to what it returns"
            )
        inner = inner.__wrapped__
    return inner


def _rule(maker: Maker | None) -> Any:
    return None if maker is None else lambda dy, y, *args, **kwargs: maker(y, *args, **kwargs)(dy)


def defvjp(f: Any, *makers: Maker | None, argnums: Iterable[int] | None = None) -> None:
    """Give the gradient rules of a primitive: for each argument, `(ans, *args, **kwargs) -> (g -> gradient)`; None for a zero gradient.

    `argnums` are the numbers of the arguments that the rules are for, by default 0, 1 and so on.
    """
    by_number = dict(zip(itertools.count() if argnums is None else argnums, makers, strict=False))
    rules = [
        _rule(by_number[n]) if n in by_number else UNKNOWN
        for n in range(max(by_number, default=-1) + 1)
    ]
    _define(f, rules)


def defvjp_argnum(f: Any, maker: Callable[..., Any]) -> None:
    """Give the gradient rules of a primitive by one function, `(argnum, ans, args, kwargs) -> (g -> gradient)`."""
    _define(f, (), lambda n: lambda dy, y, *args, **kwargs: maker(n, y, args, kwargs)(dy))


def defvjp_argnums(f: Any, maker: Callable[..., Any]) -> None:
    """Give the gradient rules of a primitive by one function, `(argnums, ans, args, kwargs) -> (g -> gradients)`."""
    _define(
        f, (), lambda n: lambda dy, y, *args, **kwargs: next(iter(maker((n,), y, args, kwargs)(dy)))
    )


def defjvp(f: Any, *rules: Any, argnums: Iterable[int] | None = None) -> None:
    """Accepted and not used: directional derivatives are computed from the rules of `defvjp`, which have to be there."""
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


def __getattr__(name: str) -> Any:
    if name in (
        "Box",
        "JVPNode",
        "SparseObject",
        "VJPNode",
        "VSpace",
        "register_notrace",
        "vspace",
    ):
        raise AttributeError(
            f"{name} is of the insides of HIPS autograd, which are not here; there are {', '.join(__all__)}"
        )
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
