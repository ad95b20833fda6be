"""The fixed point of a function as a primitive; its gradient does not record the iteration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_tools.api.checkpointing import join
from autograd_tools.api.derivatives import make_vjp
from autograd_tools.compat.extend import defvjp, primitive
from autograd_tools.compat.insides import inside
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
    """Iterate x = f(a)(x) from the array `x0` until a step has a `distance` of at most `tol`.

    `a` has a gradient.
    """
    step = f(a)
    x, before = step(x0), x0
    while distance(unwrap(x), unwrap(before)) > tol:
        x, before = step(x), x
    return x


def _gradient(ans: Any, f: Any, a: Any, x0: Any, distance: Any, tol: float) -> Callable[[Any], Any]:
    """Solve the fixed point u = g + u df/dx; the gradient is u df/da."""
    vjp_a, _ = make_vjp(lambda a: f(a)(ans))(a)

    def adjoint(inputs: Any) -> Callable[[Any], Any]:
        a, x, g = inputs
        return lambda u: g + make_vjp(f(a))(x)[0](u)

    def gradient(g: Any) -> Any:
        inputs = call(join, ([a, ans, g],))
        return vjp_a(fixed_point(adjoint, inputs, np.zeros_like(unwrap(g)), distance, tol))

    return gradient


defvjp(fixed_point, None, _gradient, None, None, None)


def __getattr__(name: str) -> Any:
    return inside(__name__, name)
