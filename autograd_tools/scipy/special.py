"""Functions of scipy.special that are not ufuncs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import special

from autograd_tools.engine.registry import primitive
from autograd_tools.engine.values import unwrap
from autograd_tools.rules.arrays import restore_axes
from autograd_tools.scipy.arguments import array, constant
from autograd_tools.scipy.steps import Steps

__all__ = ["log_softmax", "logsumexp", "multigammaln", "polygamma", "softmax"]

steps = Steps(special)


def shares(y: Any, a: Any, axis: Any, b: Any, keepdims: bool) -> Any:
    """exp(a - y): the share of each element in the sum.

    Infinite elements share it evenly; it is 0 where all elements are -inf.
    """
    y = restore_axes(y, a, axis, keepdims)
    infinite = np.isinf(unwrap(y))
    if not np.any(infinite):
        return np.exp(a - y)
    highest = infinite & (unwrap(a) == math.inf)
    weights = highest if b is None else highest * unwrap(b)
    number = np.sum(weights, axis=axis, keepdims=True)
    even = highest / np.where(number == 0, 1, number).astype(np.result_type(unwrap(y)))
    return np.where(infinite, even, np.exp(np.where(infinite, 0, a) - np.where(infinite, 0, y)))


def logsumexp_a(
    dy: Any, y: Any, a: Any, axis: Any = None, b: Any = None, keepdims: bool = False
) -> Any:
    dx = restore_axes(dy, a, axis, keepdims) * shares(y, a, axis, b, keepdims)
    return dx if b is None else dx * b


def logsumexp_b(
    dy: Any, y: Any, a: Any, axis: Any = None, b: Any = None, keepdims: bool = False
) -> Any:
    return restore_axes(dy, a, axis, keepdims) * shares(y, a, axis, b, keepdims)


@primitive(logsumexp_a, None, logsumexp_b)
def _logsumexp(a: Any, axis: Any = None, b: Any = None, keepdims: bool = False) -> Any:
    return steps.logsumexp(a, axis=axis, b=b, keepdims=keepdims)


def logsumexp(
    a: Any, axis: Any = None, b: Any = None, keepdims: bool = False, return_sign: bool = False
) -> Any:
    """Return log(sum(b * exp(a))) without overflow.

    Parameters
    ----------
    a : array_like
    axis : int or tuple of ints, optional
        Default: all axes.
    b : array_like, optional
        Factors; they broadcast with `a` and have gradients.
    keepdims : bool
    return_sign : bool
        Also return the sign of the sum, and take the logarithm of its absolute value.

    Returns
    -------
    array or float
        nan where the sum is negative, without `return_sign`.
    sign : array or float
        With `return_sign`. It has no gradient.
    """
    a = array(a)
    if return_sign:
        given = (unwrap(a), axis, None if b is None else unwrap(array(b)))
        _, sign = steps.logsumexp(*given, keepdims=True, return_sign=True)
        b = np.conjugate(sign) * (1 if b is None else array(b))
        _, shown = steps.logsumexp(*given, keepdims=keepdims, return_sign=True)
        return logsumexp(a, axis, b, keepdims), shown
    if b is not None:
        b = array(b)
        shape = np.broadcast_shapes(np.shape(a), np.shape(b))
        a, b = np.broadcast_to(a, shape), np.broadcast_to(b, shape)
    return _logsumexp(a, axis, b, keepdims)


def softmax_x(dy: Any, y: Any, x: Any, axis: Any = None) -> Any:
    return y * (dy - np.sum(dy * y, axis=axis, keepdims=True))


@primitive(softmax_x)
def _softmax(x: Any, axis: Any) -> Any:
    return steps.softmax(x, axis=axis)


def softmax(x: Any, axis: Any = None) -> Any:
    """Return exp(x) divided by its sum.

    Parameters
    ----------
    x : array_like
    axis : int or tuple of ints, optional
        Default: all axes.

    Returns
    -------
    array, of the shape of `x`
    """
    return _softmax(array(x), axis)


def log_softmax_x(dy: Any, y: Any, x: Any, axis: Any = None) -> Any:
    return dy - np.exp(y) * np.sum(dy, axis=axis, keepdims=True)


@primitive(log_softmax_x)
def _log_softmax(x: Any, axis: Any) -> Any:
    return steps.log_softmax(x, axis=axis)


def log_softmax(x: Any, axis: Any = None) -> Any:
    """Return the logarithm of `softmax(x, axis)`.

    Parameters
    ----------
    x : array_like
    axis : int or tuple of ints, optional
        Default: all axes.

    Returns
    -------
    array, of the shape of `x`
    """
    return _log_softmax(array(x), axis)


def multigammaln(a: Any, d: int) -> Any:
    """Return the logarithm of the multivariate gamma function (DLMF 35.3.4).

    Parameters
    ----------
    a : array_like
        Numbers above (d - 1) / 2.
    d : int
        The dimension, 1 or more; constant.

    Returns
    -------
    array or float, of the shape of `a`

    Raises
    ------
    ValueError
        If `d` is not a positive integer or an `a` is too small.
    """
    a, d = array(a), constant(d, "multigammaln: the dimension d")
    if np.ndim(d) or d != int(d) or d < 1:
        raise ValueError(f"multigammaln: d must be an integer of 1 or more, got {d!r}")
    if np.any(unwrap(a) <= (d - 1) / 2):
        raise ValueError(f"multigammaln: a must be above (d - 1) / 2 = {(d - 1) / 2}")
    front = d * (d - 1) / 4 * math.log(math.pi)
    return sum((special.gammaln(a - j / 2) for j in range(1, int(d))), special.gammaln(a)) + front


def polygamma(n: Any, x: Any) -> Any:
    """Return the derivative of order `n` of the digamma function (DLMF 5.15.1).

    Parameters
    ----------
    n : array_like
        Orders, 0 or more; constant.
    x : array_like

    Returns
    -------
    array or float, of the broadcast shape of `n` and `x`
    """
    n, x = constant(n, "polygamma: the order n"), array(x)
    if np.ndim(n) == 0:
        n = float(n)
        if n == 0:
            return special.digamma(x)
        return (-1) ** (n + 1) * float(special.gamma(n + 1)) * special.zeta(n + 1, x)
    order = np.where(np.equal(n, 0), 1, n)
    higher = (-1.0) ** (order + 1) * special.gamma(order + 1) * special.zeta(order + 1.0, x)
    return np.where(np.equal(n, 0), special.digamma(x), higher)
