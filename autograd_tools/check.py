"""Numerical checks of gradients: central differences along random directions, to any order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograd_tools.core import Param, Value, value
from autograd_tools.differentiate import diff, value_and_grad
from autograd_tools.outgrads import conform
from autograd_tools.parameters import params
from autograd_tools.primitive import name_of


class GradientError(AssertionError):
    """A gradient that differs from finite differences."""


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

    `f` may return a number, an array, or a tuple or list of them: a random combination is checked. `argnums` are the
    arguments to check, by default all those of floating point; `order=2` checks the gradient of the gradient as well.
    A step is `delta` in float64, along random directions from `seed`; the tolerances are numpy.isclose's. The gradient
    for a complex number x + iy is df/dx - i df/dy, so that the real part of its product with a step is what `f` changes by.

    >>> import numpy as np, autograd_tools as ag
    >>> ag.gradcheck(np.sin, 0.5, order=3)
    True
    """
    rng = np.random.default_rng(seed)
    if argnums is None:
        argnums = tuple(n for n, arg in enumerate(args) if _is_floating(arg))
    elif isinstance(argnums, int):
        argnums = (argnums,)
    if not argnums:
        raise TypeError(f"{name_of(f)}: none of the arguments is of floating point, so there is no gradient to check")

    def scalar(*some: Any) -> Any:
        inputs = list(args)
        for n, arg in zip(argnums, some, strict=True):
            inputs[n] = arg
        return _combine(f(*inputs, **(kwargs or {})), weights)

    weights = random_like(value(f(*args, **(kwargs or {}))), rng)
    _check(scalar, tuple(args[n] for n in argnums), argnums, name_of(f), order, (rtol, atol, delta), rng)
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
        direction = random_like(arg, rng)
        ends = (f(*args[:n], _move(arg, direction, step), *args[n + 1 :]) for step in (delta, -delta))
        numeric = (next(ends) - next(ends)) / (2 * delta)
        analytic = _combine(dx, direction)
        if not np.isclose(numeric, analytic, rtol=rtol, atol=atol):
            raise GradientError(
                f"the gradient of {name} for argument {labels[n] + 1} differs from finite differences: "
                f"along a random direction it is {analytic!s}, and the differences give {numeric!s}"
            )
    if order > 1:
        weights = [random_like(arg, rng) for arg in args]
        _check(lambda *a: _combine(gradient(*a)[1], weights), args, labels, f"the gradient of {name}", order - 1, tolerance, rng)


def gcheck(f: Callable[..., Any], *args: Any, rtol: float = 1e-5, atol: float = 1e-6, delta: float = 1e-6, seed: int = 0) -> bool:
    """Check the gradients of the scalar `f(*args)` for all Params it uses; True, or a GradientError.

    The Params are moved in place and put back, whatever happens.
    """
    tape = diff(f, *args)
    found = params(tape)
    if not found:
        raise TypeError(f"{name_of(f)} returned {tape!r} without using any Param, so there is no gradient to check")
    rng = np.random.default_rng(seed)
    for p in found:
        direction, start = random_like(p.value, rng), p.value
        analytic = _combine(conform(tape.gradient(p), start, total=True), direction)
        try:
            p.value = _move(start, direction, delta)
            ahead = value(f(*args))
            p.value = _move(start, direction, -delta)
            numeric = (ahead - value(f(*args))) / (2 * delta)
        finally:
            p.value = start
        if not np.isclose(numeric, analytic, rtol=rtol, atol=atol):
            raise GradientError(f"the gradient for {p!r} is {analytic!s} along a random direction, and differences give {numeric!s}")
    return True


def _is_floating(x: Any) -> bool:
    if isinstance(x, Param):
        x = x.value
    if isinstance(x, Mapping):
        x = list(x.values())
    if isinstance(x, (tuple, list)):
        return bool(x) and all(_is_floating(item) for item in x)
    return isinstance(x, (float, complex)) or getattr(getattr(x, "dtype", None), "kind", "") in ("f", "c")


def random_like(x: Any, rng: np.random.Generator) -> Any:
    """Random numbers of the structure of `x`, complex where it is."""
    if isinstance(x, Mapping):
        return {key: random_like(item, rng) for key, item in x.items()}
    if isinstance(x, (tuple, list)):
        return [random_like(item, rng) for item in x]
    if np.iscomplexobj(x):
        return rng.standard_normal(np.shape(x)) + 1j * rng.standard_normal(np.shape(x))
    return rng.standard_normal(np.shape(x))


def _move(x: Any, direction: Any, step: float) -> Any:
    if isinstance(x, Mapping):
        return {key: _move(item, direction[key], step) for key, item in x.items()}
    if isinstance(x, (tuple, list)):
        items = [_move(item, d, step) for item, d in zip(x, direction, strict=True)]
        return type(x)(*items) if hasattr(x, "_fields") else type(x)(items)
    return x + step * direction


def _combine(y: Any, weights: Any) -> Any:
    """The sum of all numbers in `y`, each times its weight; of complex ones the real part. None counts as zero."""
    if y is None:
        return 0.0
    if isinstance(weights, dict):
        return sum(_combine(y[key], w) for key, w in weights.items())
    if isinstance(weights, list):
        return sum(_combine(y[i], w) for i, w in enumerate(weights))
    return np.real(np.sum(y * weights)) if np.iscomplexobj(weights) else np.sum(y * weights)


def _check_type(dx: Any, x: Any, name: str) -> None:
    """A gradient has the shape and type of its argument, also within containers."""
    if isinstance(x, (tuple, list, Mapping)) or isinstance(dx, Value):
        return
    expected, got = np.asarray(x), np.asarray(dx)
    if got.shape != expected.shape or (expected.dtype.kind in "fc" and got.dtype != expected.dtype):
        raise GradientError(f"the gradient {name} is {got.dtype}{list(got.shape)}, and its argument {expected.dtype}{list(expected.shape)}")
