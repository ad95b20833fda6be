"""Numerical checks of gradients: central differences along random directions, to any order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograd_tools.api.differentiate import checked, diff, value_and_grad
from autograd_tools.api.parameters import params
from autograd_tools.base.containers import is_floating, leaves_of, parts_of, with_leaves
from autograd_tools.engine.calls import plain
from autograd_tools.engine.cotangents import to_user_type
from autograd_tools.engine.primitives import name_of
from autograd_tools.engine.values import Param, Value, unwrap
from autograd_tools.rules.indexing import unpack


class GradientError(AssertionError):
    """A gradient that differs from finite differences."""

    __module__ = "autograd_tools"


def gradcheck(
    f: Callable[..., Any],
    *args: Any,
    argnums: int | tuple[int, ...] | None = None,
    kwargs: Mapping[str, Any] | None = None,
    order: int = 1,
    rtol: float = 1e-5,
    atol: float = 1e-6,
    delta: float = 1e-6,
    seed: int = 0,
) -> bool:
    """Compare the gradient of `f` at `args` with finite differences; True, or a GradientError that shows both.

    `f` may return a number, an array, or a container of them: a random combination is checked. `argnums` are the
    arguments to check, by default all those of floating point, and containers with floating point in them, whose whole
    numbers stay as they are; `order=2` checks the gradient of the gradient as well.
    A step is `delta` in float64, along random directions from `seed`; the tolerances are numpy.isclose's. The gradient
    for a complex number x + iy is df/dx - i df/dy, so that the real part of its product with a step is what `f` changes by.

    >>> import numpy as np, autograd_tools as ag
    >>> ag.gradcheck(np.sin, 0.5, order=3)
    True
    """
    rng = np.random.default_rng(seed)
    floating = tuple(n for n, arg in enumerate(args) if _is_floating(arg))
    argnums = checked(f, floating if argnums is None else argnums)
    if argnums and max(argnums) >= len(args):
        raise TypeError(
            f"{name_of(f)}: argument {max(argnums)} is to be checked, counted from 0, and got {len(args)}"
        )
    if not isinstance(order, int) or order < 1:
        raise ValueError(
            f"order is the order of the derivatives to check, 1 or more, not {order!r}"
        )
    if not argnums:
        raise TypeError(
            f"{name_of(f)}: none of the arguments is of floating point, so there is no gradient to check"
        )

    def scalar(*some: Any) -> Any:
        inputs = list(args)
        for n, arg in zip(argnums, some, strict=True):
            inputs[n] = arg
        return _combine(f(*inputs, **(kwargs or {})), weights)

    weights = random_leaves(plain(f(*args, **(kwargs or {}))), rng)
    _check(
        scalar,
        tuple(args[n] for n in argnums),
        argnums,
        name_of(f),
        order,
        (rtol, atol, delta),
        rng,
    )
    return True


def _check(
    f: Callable[..., Any],
    args: tuple[Any, ...],
    labels: tuple[int, ...],
    name: str,
    order: int,
    tolerance: tuple[float, float, float],
    rng: np.random.Generator,
) -> None:
    """Check all gradients of the scalar `f`, then those of a random combination of them."""
    rtol, atol, delta = tolerance
    gradient = value_and_grad(f, tuple(range(len(args))))
    _, found = gradient(*args)
    for n, (arg, dx) in enumerate(zip(args, found, strict=True)):
        _check_type(dx, arg, f"{name}[{labels[n] + 1}]")
        direction = random_leaves(arg, rng)
        ends = (
            f(*args[:n], _move(arg, direction, step), *args[n + 1 :]) for step in (delta, -delta)
        )
        numeric = (next(ends) - next(ends)) / (2 * delta)
        analytic = _combine(dx, direction)
        if not np.isclose(numeric, analytic, rtol=rtol, atol=atol):
            raise GradientError(
                f"the gradient of {name} for argument {labels[n] + 1} differs from finite differences: "
                f"along a random direction it is {analytic!s}, and the differences give {numeric!s}"
            )
    if order > 1:
        weights = [w for arg in args for w in random_leaves(arg, rng)]
        _check(
            lambda *a: _combine(gradient(*a)[1], weights),
            args,
            labels,
            f"the gradient of {name}",
            order - 1,
            tolerance,
            rng,
        )


def gcheck(
    f: Callable[..., Any],
    *args: Any,
    rtol: float = 1e-5,
    atol: float = 1e-6,
    delta: float = 1e-6,
    seed: int = 0,
) -> bool:
    """Check the gradients of the scalar `f(*args)` for all Params it uses; True, or a GradientError.

    The Params are moved in place and put back, whatever happens.
    """
    tape = diff(f, *args)
    found = params(tape)
    if not found:
        raise TypeError(
            f"{name_of(f)} returned {tape!r} without using any Param, so there is no gradient to check"
        )
    rng = np.random.default_rng(seed)
    for p in found:
        direction, start = random_leaves(p.value, rng), p.value
        analytic = _combine(to_user_type(tape.gradient(p), start, total=True), direction)
        try:
            p.value = _move(start, direction, delta)
            ahead = unwrap(f(*args))
            p.value = _move(start, direction, -delta)
            numeric = (ahead - unwrap(f(*args))) / (2 * delta)
        finally:
            p.value = start
        if not np.isclose(numeric, analytic, rtol=rtol, atol=atol):
            raise GradientError(
                f"the gradient for {p!r} is {analytic!s} along a random direction, and differences give {numeric!s}"
            )
    return True


def _is_floating(x: Any) -> bool:
    """Whether it is of floating point; a container where one of its numbers is."""
    return any(map(is_floating, leaves_of(x.value if isinstance(x, Param) else x)))


def random_leaves(x: Any, rng: np.random.Generator) -> list[Any]:
    """Random numbers for each leaf of `x`, complex where it is. In containers whole numbers and constants stay as they are: None."""
    alone = parts_of(x) is None
    return [_random(leaf, rng) if alone or is_floating(leaf) else None for leaf in leaves_of(x)]


def _random(x: Any, rng: np.random.Generator) -> Any:
    if np.iscomplexobj(x):
        return rng.standard_normal(np.shape(x)) + 1j * rng.standard_normal(np.shape(x))
    return rng.standard_normal(np.shape(x))


def _move(x: Any, direction: list[Any], step: float) -> Any:
    moved = [
        leaf if d is None else leaf + step * d
        for leaf, d in zip(leaves_of(x), direction, strict=True)
    ]
    return with_leaves(x, iter(moved))


def _combine(y: Any, weights: list[Any]) -> Any:
    """The sum of all numbers in `y`, each times its weight; of complex ones the real part."""
    products = [
        (leaf * w, w)
        for leaf, w in zip(leaves_of(unpack(y)), weights, strict=True)
        if w is not None
    ]
    return sum([np.real(np.sum(p)) if np.iscomplexobj(w) else np.sum(p) for p, w in products])


def _check_type(dx: Any, x: Any, name: str) -> None:
    """A gradient has the shape and type of its argument, also within containers."""
    if parts_of(x) is not None or isinstance(dx, Value):
        return
    expected, got = np.asarray(x), np.asarray(dx)
    if got.shape != expected.shape or (expected.dtype.kind in "fc" and got.dtype != expected.dtype):
        raise GradientError(
            f"the gradient {name} is {got.dtype}{list(got.shape)}, and its argument {expected.dtype}{list(expected.shape)}"
        )
