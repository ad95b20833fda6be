"""The names of HIPS autograd's core."""

from collections.abc import Callable
from typing import Any

from autograd_tools.api import derivatives
from autograd_tools.compat import differential_operators
from autograd_tools.compat.extend import *  # noqa: F403

# Rules by function, for programs that remove or replace some; without effect.
primitive_vjps: dict[Any, Any] = {}
primitive_jvps: dict[Any, Any] = {}


def make_vjp(f: Callable[..., Any], x: Any) -> Any:
    """Return the function `vjp(v)`, v times the Jacobian at `x`, and the value f(x)."""
    return derivatives.make_vjp(f)(x)


def make_jvp(f: Callable[..., Any], x: Any) -> Any:
    """Return the function `jvp(v)` of the value and the directional derivative at `x`."""
    return differential_operators.make_jvp(f)(x)
