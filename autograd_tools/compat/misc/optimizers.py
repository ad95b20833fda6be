"""Gradient descent with momentum, RMSprop and Adam, for parameters in pytrees.

`grad(x, i)` returns the gradient at the parameters `x` in iteration `i`, counted from 0;
`callback(x, i, g)` runs before each step.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_tools.compat.misc.flatten import flatten

Step = Callable[[Any, int], Any]  # (gradient, iteration) -> the change of the parameters


def minimize(
    grad: Callable[..., Any],
    x0: Any,
    callback: Callable[..., Any] | None,
    num_iters: int,
    step: Step,
) -> Any:
    """Take `num_iters` steps from `x0`."""
    x, unflatten = flatten(x0)
    for i in range(num_iters):
        g, _ = flatten(grad(unflatten(x), i))
        if callback:
            callback(unflatten(x), i, unflatten(g))
        x = x + step(g, i)
    return unflatten(x)


def unflatten_optimizer(optimize: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap an optimizer of vectors, `optimize(grad, x0, callback, ...)`, to take pytrees."""

    @functools.wraps(optimize)
    def of_pytrees(
        grad: Callable[..., Any],
        x0: Any,
        callback: Callable[..., Any] | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        x, unflatten = flatten(x0)

        def gradient(x: Any, i: int) -> Any:
            return flatten(grad(unflatten(x), i))[0]

        def call(x: Any, i: int, g: Any) -> Any:
            return callback and callback(unflatten(x), i, unflatten(g))

        return unflatten(optimize(gradient, x, call if callback else None, *args, **kwargs))

    return of_pytrees


def sgd(
    grad: Callable[..., Any],
    x0: Any,
    callback: Callable[..., Any] | None = None,
    num_iters: int = 200,
    step_size: float = 0.1,
    mass: float = 0.9,
) -> Any:
    """Minimize by gradient descent with momentum, the heavy ball of Polyak (1964).

    The velocity is a running mean of gradients.
    """
    velocity: Any = 0.0

    def step(g: Any, i: int) -> Any:
        nonlocal velocity
        velocity = mass * velocity - (1 - mass) * g
        return step_size * velocity

    return minimize(grad, x0, callback, num_iters, step)


def rmsprop(
    grad: Callable[..., Any],
    x0: Any,
    callback: Callable[..., Any] | None = None,
    num_iters: int = 100,
    step_size: float = 0.1,
    gamma: float = 0.9,
    eps: float = 1e-8,
) -> Any:
    """Minimize by RMSprop: Tieleman and Hinton (2012), lecture 6.5.

    Each gradient is divided by the root of a running mean of squares, which starts at 1.
    """
    square: Any = 1.0

    def step(g: Any, i: int) -> Any:
        nonlocal square
        square = gamma * square + (1 - gamma) * g * g
        return -step_size * g / (np.sqrt(square) + eps)

    return minimize(grad, x0, callback, num_iters, step)


def adam(
    grad: Callable[..., Any],
    x0: Any,
    callback: Callable[..., Any] | None = None,
    num_iters: int = 100,
    step_size: float = 0.001,
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
) -> Any:
    """Minimize by Adam, algorithm 1 of Kingma and Ba (2015).

    A step is the running mean of gradients over the root of that of squares, both without bias.
    """
    mean: Any = 0.0
    square: Any = 0.0

    def step(g: Any, i: int) -> Any:
        nonlocal mean, square
        mean = b1 * mean + (1 - b1) * g
        square = b2 * square + (1 - b2) * g * g
        size = np.sqrt(square / (1 - b2 ** (i + 1))) + eps
        return -step_size * (mean / (1 - b1 ** (i + 1))) / size

    return minimize(grad, x0, callback, num_iters, step)
