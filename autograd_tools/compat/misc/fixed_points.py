"""The fixed point of a function as a primitive, differentiated without going back over the iteration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_tools.api.checkpointing import join
from autograd_tools.api.derivatives import make_vjp
from autograd_tools.compat.extend import defvjp, primitive
from autograd_tools.engine.calls import call
from autograd_tools.engine.values import unwrap


@primitive
def fixed_point(
    f: Callable[[Any], Callable[[Any], Any]],
    a: Any,
    x0: Any,
    distance: Callable[[Any, Any], Any],
    tol: float,
) -> Any:
    """The x with f(a)(x) = x that iteration from the array `x0` comes to, until a step is of a `distance` of at most `tol`."""
    step = f(a)
    x, before = step(x0), x0
    while distance(unwrap(x), unwrap(before)) > tol:
        x, before = step(x), x
    return x


def _gradient(ans: Any, f: Any, a: Any, x0: Any, distance: Any, tol: float) -> Callable[[Any], Any]:
    """From x = f(a)(x): u = g + u df/dx is a fixed point too, and u df/da the gradient."""
    vjp_a, _ = make_vjp(lambda a: f(a)(ans))(a)

    def adjoint(inputs: Any) -> Callable[[Any], Any]:
        a, x, g = inputs
        return lambda u: g + make_vjp(f(a))(x)[0](u)

    return lambda g: vjp_a(
        fixed_point(adjoint, call(join, ([a, ans, g],)), np.zeros_like(unwrap(g)), distance, tol)
    )


defvjp(fixed_point, None, _gradient, None, None, None)
