"""What programs take from HIPS autograd's core."""

from collections.abc import Callable
from typing import Any

from autograd_tools.api import derivatives
from autograd_tools.compat.extend import (
    def_linear,
    defjvp,
    defjvp_argnum,
    defjvp_argnums,
    defvjp,
    defvjp_argnum,
    defvjp_argnums,
    primitive,
)


def make_vjp(f: Callable[..., Any], x: Any) -> Any:
    """Products of a vector and the Jacobian of a function of one argument at `x`: the pair of `vjp` and the value."""
    return derivatives.make_vjp(f)(x)


def make_jvp(f: Callable[..., Any], x: Any) -> Any:
    """Products of the Jacobian at `x` and a vector: `jvp(v)` is the pair of value and directional derivative."""
    return derivatives.make_jvp(f)(x)


__all__ = [
    "def_linear",
    "defjvp",
    "defjvp_argnum",
    "defjvp_argnums",
    "defvjp",
    "defvjp_argnum",
    "defvjp_argnums",
    "make_jvp",
    "make_vjp",
    "primitive",
]
