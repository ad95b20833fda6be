"""The names of HIPS autograd's core."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

from autograd_tools.api import derivatives
from autograd_tools.compat import differential_operators
from autograd_tools.compat.boxes import Box, getval, isbox  # noqa: F401
from autograd_tools.compat.extend import *  # noqa: F403
from autograd_tools.compat.extend import SparseObject, VSpace, primitive, vspace
from autograd_tools.compat.insides import inside
from autograd_tools.compat.tracer import Node  # noqa: F401
from autograd_tools.compat.util import func, subval, toposort  # noqa: F401
from autograd_tools.compat.vector_spaces import dense

# Rules by function, for programs that remove or replace some; without effect.
primitive_vjps: dict[Any, Any] = {}
primitive_jvps: dict[Any, Any] = {}
primitive_with_deprecation_warnings = primitive


class SparseBox(Box):
    """A recorded gradient of few elements; there is none."""

    holds = SparseObject


sparse_object_types = {SparseObject, SparseBox}


def make_vjp(f: Callable[..., Any], x: Any) -> Any:
    """Return the function `vjp(v)`, v times the Jacobian at `x`, and the value f(x)."""
    return derivatives.make_vjp(f)(x)


def make_jvp(f: Callable[..., Any], x: Any) -> Any:
    """Return the function `jvp(v)` of the value and the directional derivative at `x`."""
    return differential_operators.make_jvp(f)(x)


def add_outgrads(total: tuple[Any, bool] | None, g: Any) -> tuple[Any, bool]:
    """Return the sum of gradients with another one, and whether it is a new value."""
    if not total:
        return dense(g), isinstance(g, SparseObject)
    return vspace(dense(g)).add(dense(total[0]), dense(g)), True


def sum_outgrads(gs: Iterable[Any]) -> Any:
    """Return the sum of gradients."""
    total: Any = functools.reduce(add_outgrads, gs, None)
    return total[0]


def sparse_add(vs: VSpace, x_prev: Any, x_new: SparseObject) -> Any:
    """Return a gradient, None for zero, plus one of few elements."""
    return x_new.mut_add(vs.zeros() if x_prev is None else x_prev)


def identity_vjp(argnums: Any, *args: Any) -> Callable[[Any], Any]:
    """Return the backward rule of the identity."""
    return lambda g: g


def identity_jvp(g: Any, *args: Any, **kwargs: Any) -> Any:
    """Return the tangent of the identity."""
    return g


def __getattr__(name: str) -> Any:
    return inside(__name__, name)
