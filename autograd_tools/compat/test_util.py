"""Numerical checks in HIPS autograd's form: `check_grads(f, modes=["rev"], order=2)(*args)`."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from autograd_tools.api.derivatives import make_jvp, make_vjp
from autograd_tools.api.gradient_check import gradcheck, random_leaves
from autograd_tools.base.containers import tree_replace
from autograd_tools.compat.vector_spaces import vspace
from autograd_tools.compat.wrap_util import get_name, unary_to_nary
from autograd_tools.engine.calls import plain
from autograd_tools.engine.values import unwrap

TOL = RTOL = EPS = 1e-6


def scalar_close(a: Any, b: Any) -> bool:
    """Return True if two numbers agree to 1e-6, absolute or relative."""
    return bool(abs(a - b) < TOL or abs(a - b) < RTOL * abs(a + b))


def check_equivalent(x: Any, y: Any) -> None:
    """Raise an AssertionError unless two pytrees agree in shapes, types and numbers."""
    if isinstance(x, dict):
        x, y = [x[key] for key in x], [y[key] for key in x]
    if isinstance(x, (tuple, list)):
        assert len(x) == len(y)
        for a, b in zip(x, y, strict=True):
            check_equivalent(a, b)
        return
    assert np.shape(x) == np.shape(y), f"shapes {np.shape(x)} and {np.shape(y)}"
    assert np.iscomplexobj(x) == np.iscomplexobj(y), "one is complex and the other is not"
    assert np.allclose(x, y, rtol=RTOL, atol=TOL), f"{x} differs from {y}"


def make_numerical_jvp(f: Callable[..., Any], x: Any) -> Callable[[Any], Any]:
    """Return the function `jvp(v)`, the directional derivative at `x` by central differences."""
    inputs, outputs = vspace(x), vspace(f(x))

    def jvp(v: Any) -> Any:
        ahead, behind = (
            f(inputs.add(x, inputs.scalar_mul(v, step))) for step in (EPS / 2, -EPS / 2)
        )
        return outputs.scalar_mul(outputs.add(ahead, outputs.scalar_mul(behind, -1.0)), 1 / EPS)

    return jvp


def check_vjp(f: Callable[..., Any], x: Any) -> None:
    """Compare the gradient with finite differences."""
    gradcheck(f, x, argnums=0)


def check_jvp(f: Callable[..., Any], x: Any) -> None:
    """Compare the directional derivative along ones with finite differences."""
    gradcheck(lambda x: make_jvp(f)(x)(_ones(x))[1], x, argnums=0)


def _ones(x: Any) -> Any:
    return np.ones_like(unwrap(x))


@unary_to_nary
def check_grads(f: Any, x: Any, modes: Iterable[str] = ("fwd", "rev"), order: int = 2) -> None:
    """Compare gradients with finite differences along random directions, to second order.

    Directional derivatives use the rules of gradients, so one check covers both modes.
    """
    if not set(modes) <= {"fwd", "rev"}:
        raise ValueError(f"modes must be 'fwd' or 'rev', got {modes}")
    gradcheck(f, x, argnums=0)
    if order > 1:  # v times the Jacobian depends on v, too
        y = plain(f(x))
        v = tree_replace(y, iter(random_leaves(y, np.random.default_rng(0))))
        check_grads(lambda pair: make_vjp(f)(pair[0])[0](pair[1]), order=order - 1)((x, v))


def combo_check(
    f: Callable[..., Any], *check_args: Any, **check_kwargs: Any
) -> Callable[..., None]:
    """Run `check_grads` for each combination of the arguments in the given lists."""
    check = check_grads(f, *check_args, **check_kwargs)

    def checked(*args: Iterable[Any], **kwargs: Iterable[Any]) -> None:
        for chosen in itertools.product(*args, *kwargs.values()):
            check(*chosen[: len(args)], **dict(zip(kwargs, chosen[len(args) :], strict=True)))

    return checked


__all__ = [
    "EPS",
    "RTOL",
    "TOL",
    "check_equivalent",
    "check_grads",
    "check_jvp",
    "check_vjp",
    "combo_check",
    "get_name",
    "make_numerical_jvp",
    "scalar_close",
    "vspace",
]
