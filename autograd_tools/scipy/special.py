"""scipy.special: the functions that are no ufuncs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import special

from autograd_tools.engine.registry import primitive
from autograd_tools.engine.values import unwrap
from autograd_tools.rules.arrays import restore_axes
from autograd_tools.scipy.arguments import array, constant

__all__ = ["log_softmax", "logsumexp", "multigammaln", "polygamma", "softmax"]


def shares(y: Any, a: Any, axis: Any, keepdims: bool) -> Any:
    """exp(a - y): what each element has of the sum, and 0 where all elements are -inf."""
    y = restore_axes(y, a, axis, keepdims)
    return np.exp(a - np.where(unwrap(y) == -math.inf, 0, y))


def logsumexp_a(
    dy: Any, y: Any, a: Any, axis: Any = None, b: Any = None, keepdims: bool = False
) -> Any:
    dx = restore_axes(dy, a, axis, keepdims) * shares(y, a, axis, keepdims)
    return dx if b is None else dx * b


def logsumexp_b(
    dy: Any, y: Any, a: Any, axis: Any = None, b: Any = None, keepdims: bool = False
) -> Any:
    return restore_axes(dy, a, axis, keepdims) * shares(y, a, axis, keepdims)


@primitive(logsumexp_a, None, logsumexp_b)
def _logsumexp(a: Any, axis: Any = None, b: Any = None, keepdims: bool = False) -> Any:
    return special.logsumexp(a, axis=axis, b=b, keepdims=keepdims)


def logsumexp(a: Any, axis: Any = None, b: Any = None, keepdims: bool = False) -> Any:
    """log(sum(b * exp(a))) along the axis or axes `axis`, by default all of them.

    `b` are factors that broadcast with `a`; a sum below zero is nan, as SciPy has it. `return_sign` is not supported.
    """
    a = array(a)
    if b is not None:
        b = array(b)
        shape = np.broadcast_shapes(np.shape(a), np.shape(b))
        a, b = np.broadcast_to(a, shape), np.broadcast_to(b, shape)
    return _logsumexp(a, axis, b, keepdims)


def softmax_x(dy: Any, y: Any, x: Any, axis: Any = None) -> Any:
    return y * (dy - np.sum(dy * y, axis=axis, keepdims=True))


@primitive(softmax_x)
def _softmax(x: Any, axis: Any) -> Any:
    return special.softmax(x, axis=axis)


def softmax(x: Any, axis: Any = None) -> Any:
    """exp(x) divided by its sum along the axis or axes `axis`, by default all of them; of the shape of `x`."""
    return _softmax(array(x), axis)


def log_softmax_x(dy: Any, y: Any, x: Any, axis: Any = None) -> Any:
    return dy - np.exp(y) * np.sum(dy, axis=axis, keepdims=True)


@primitive(log_softmax_x)
def _log_softmax(x: Any, axis: Any) -> Any:
    return special.log_softmax(x, axis=axis)


def log_softmax(x: Any, axis: Any = None) -> Any:
    """The logarithm of `softmax`, of the shape of `x`."""
    return _log_softmax(array(x), axis)


def multigammaln(a: Any, d: int) -> Any:
    """The logarithm of the multivariate gamma function of dimension `d`, for each number in `a`; DLMF 35.3.4.

    A ValueError unless `d` is a whole number and every `a` above (d - 1) / 2.
    """
    a, d = array(a), constant(d, "multigammaln: the dimension d")
    if np.ndim(d) or d != int(d) or d < 1:
        raise ValueError(f"multigammaln: the dimension d is a whole number from 1, not {d!r}")
    if np.any(unwrap(a) <= (d - 1) / 2):
        raise ValueError(f"multigammaln: a must be above (d - 1) / 2 = {(d - 1) / 2}")
    return sum((special.gammaln(a - j / 2) for j in range(1, int(d))), special.gammaln(a)) + d * (
        d - 1
    ) / 4 * math.log(math.pi)


def polygamma(n: Any, x: Any) -> Any:
    """The derivative of order `n` of the digamma function; `n` and `x` broadcast, and `n` has no gradient. DLMF 5.15.1."""
    n, x = constant(n, "polygamma: the order n"), array(x)
    if np.ndim(n) == 0:
        n = float(n)
        return (
            special.digamma(x)
            if n == 0
            else (-1) ** (n + 1) * float(special.gamma(n + 1)) * special.zeta(n + 1, x)
        )
    order = np.where(np.equal(n, 0), 1, n)
    higher = (-1.0) ** (order + 1) * special.gamma(order + 1) * special.zeta(order + 1.0, x)
    return np.where(np.equal(n, 0), special.digamma(x), higher)
