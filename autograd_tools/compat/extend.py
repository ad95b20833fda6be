"""Functions with rules of your own, in HIPS autograd's form: `primitive`, then `defvjp`.

>>> import numpy as np, autograd_tools as ag
>>> from autograd_tools.compat.extend import defvjp, primitive
>>> @primitive
... def log(x):
...     return np.log(x)
>>> defvjp(log, lambda ans, x: lambda g: g / x)
>>> ag.grad(log)(4.0)
0.25

Rules may also be given to functions of NumPy and of `autograd_tools.compat.scipy`, with or without
rules of ours; for another plain function they have no effect, as in HIPS autograd.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable
from typing import Any

from autograd_tools.compat.boxes import Box
from autograd_tools.compat.insides import Internal
from autograd_tools.compat.joint import JointPrimitive
from autograd_tools.compat.util import subval
from autograd_tools.compat.vector_spaces import SparseObject, VSpace, dense, vspace
from autograd_tools.engine.calls import call
from autograd_tools.engine.primitives import UNKNOWN, NoRuleError, dispatches, name_of
from autograd_tools.engine.registry import Primitive
from autograd_tools.engine.registry import primitive as registered
from autograd_tools.engine.registry import zerograd as notrace_primitive
from autograd_tools.rules.special import find

Maker = Callable[..., Any]  # (ans, *args, **kwargs) -> (g -> gradient)
ForwardRule = Callable[[Any, Any, tuple[Any, ...], dict[str, Any]], Any]  # (g, ans, args, kwargs)


class Definition:
    """A function with the rules given to it: a primitive once there is one."""

    def __init__(self, f: Callable[..., Any]) -> None:
        self.f = f
        self.primitive: Primitive | None = None
        self.backward: Callable[[int], Any] = _unknown
        self.forward: Callable[[int], ForwardRule | None] = _none
        self.joint: Callable[..., Any] | None = None

    def define(self) -> None:
        """Make the primitive anew, with all rules given so far."""
        options: Any = {"rest": self.rule, "push": self.forward, "containers": True, "fresh": False}
        if self.joint is not None:
            self.primitive = JointPrimitive(self.f, self.joint, **options)
        else:
            self.primitive = Primitive(self.f, (), **options)

    def rule(self, n: int) -> Any:
        """Return the backward rule of an argument, which a forward rule makes optional."""
        backward = self.backward(n)
        if backward is not UNKNOWN or self.forward(n) is None:
            return backward

        def missing(*args: Any, **kwargs: Any) -> Any:
            name = f"{name_of(self.f)}[{n + 1}]"
            raise NoRuleError(f"{name} has a forward rule only; use make_jvp")

        return missing


def _unknown(n: int) -> Any:
    return UNKNOWN


def _none(n: int) -> None:
    return None


def primitive(f: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function a primitive, whose rules `defvjp` and `defjvp` give."""
    made = definable(f)
    made.definition.define()
    return made


def definable(f: Callable[..., Any]) -> Any:
    """Return a function that can be given rules; without any it is `f`."""
    definition = Definition(f)

    @functools.wraps(f)
    def recorded(*args: Any, **kwargs: Any) -> Any:
        made = definition.primitive
        return f(*args, **kwargs) if made is None else call(made, args, kwargs)

    recorded.definition = definition  # type: ignore[attr-defined]
    return recorded


def _known(f: Any) -> Any:
    """Return the registered function behind `f`, which may wrap it; None if there is none."""
    while find(f) is None and not dispatches(f):
        if not hasattr(f, "__wrapped__"):
            return None
        f = f.__wrapped__
    return f


def _rule(maker: Maker | None) -> Any:
    if maker is None:
        return None
    return lambda dy, y, *args, **kwargs: dense(maker(y, *args, **kwargs)(dy))


def _by_number(rules: Iterable[Any], argnums: Iterable[int] | None) -> dict[int, Any]:
    return dict(zip(itertools.count() if argnums is None else argnums, rules, strict=False))


def defvjp(f: Any, *makers: Maker | None, argnums: Iterable[int] | None = None) -> None:
    """Give a function a rule for each argument: `(ans, *args, **kwargs) -> (g -> gradient)`.

    None stands for a zero gradient. `argnums` are the arguments of the rules, by default 0, 1 and
    so on.
    """
    by_number = {n: _rule(maker) for n, maker in _by_number(makers, argnums).items()}
    if hasattr(f, "definition"):
        f.definition.backward, f.definition.joint = lambda n: by_number.get(n, UNKNOWN), None
        f.definition.define()
    elif (known := _known(f)) is not None:
        count = max(by_number, default=-1) + 1
        registered(*(by_number.get(n, UNKNOWN) for n in range(count)))(known)


def defvjp_argnum(f: Any, maker: Callable[..., Any]) -> None:
    """Give a function one maker of all rules, `(argnum, ans, args, kwargs) -> (g -> gradient)`."""
    if hasattr(f, "definition"):
        f.definition.backward, f.definition.joint = (
            (lambda n: lambda dy, y, *args, **kwargs: dense(maker(n, y, args, kwargs)(dy))),
            None,
        )
        f.definition.define()


def defvjp_argnums(f: Any, maker: Callable[..., Any]) -> None:
    """Give a function one maker of all rules, `(argnums, ans, args, kwargs) -> (g -> gradients)`.

    It runs once for all arguments that a gradient reaches.
    """
    if hasattr(f, "definition"):
        f.definition.joint = maker
        f.definition.backward = lambda n: (
            lambda dy, y, *args, **kwargs: next(iter(maker((n,), y, args, kwargs)(dy)))
        )
        f.definition.define()


def _define_forward(f: Any, forward: Callable[[int], ForwardRule | None]) -> None:
    """Give forward rules to a function; those with rules of ours keep these, which are as good."""
    if hasattr(f, "definition"):
        f.definition.forward = forward
        if f.definition.primitive is not None:
            f.definition.define()


def defjvp(f: Any, *rules: Any, argnums: Iterable[int] | None = None) -> None:
    """Give a function a forward rule for each argument: `(g, ans, *args, **kwargs) -> tangent`.

    "same" calls the function with `g` in place of the argument, None is a zero tangent. `make_jvp`
    uses these rules; for functions that have backward rules of ours it uses those.
    """
    by_number = _by_number(rules, argnums)

    def forward(n: int) -> ForwardRule | None:
        rule = by_number.get(n)
        if rule == "same":
            return lambda g, ans, args, kwargs: f(*subval(args, n, g), **kwargs)
        if rule is None:
            return (lambda g, ans, args, kwargs: vspace(ans).zeros()) if n in by_number else None
        return lambda g, ans, args, kwargs: rule(g, ans, *args, **kwargs)

    _define_forward(f, forward)


def defjvp_argnum(f: Any, maker: Callable[..., Any]) -> None:
    """Give a function one forward rule, `(argnum, g, ans, args, kwargs) -> tangent`."""
    _define_forward(f, lambda n: functools.partial(maker, n))


def defjvp_argnums(f: Any, maker: Callable[..., Any]) -> None:
    """Give a function one forward rule, `(argnums, gs, ans, args, kwargs) -> tangent`."""
    _define_forward(f, lambda n: lambda g, *facts: maker((n,), (g,), *facts))


def def_linear(f: Any) -> None:
    """Declare a function linear in each argument, for forward rules."""
    defjvp_argnum(f, lambda n, g, ans, args, kwargs: f(*subval(args, n, g), **kwargs))


def register_notrace(trace_type: Any, f: Any) -> None:
    """Do nothing: `notrace_primitive` declares a function of zero gradient."""


class VJPNode(Internal):
    """A node of HIPS autograd's backward pass."""


class JVPNode(Internal):
    """A node of HIPS autograd's forward mode."""


__all__ = [
    "Box",
    "JVPNode",
    "NoRuleError",
    "SparseObject",
    "VJPNode",
    "VSpace",
    "def_linear",
    "defjvp",
    "defjvp_argnum",
    "defjvp_argnums",
    "defvjp",
    "defvjp_argnum",
    "defvjp_argnums",
    "notrace_primitive",
    "primitive",
    "register_notrace",
    "vspace",
]
