"""Elementwise functions: exponentials, logarithms, trigonometry, and choices between two values.

Conventions: in a tie of maximum or minimum, both arguments get half the gradient, as in HIPS
autograd; clip passes the whole gradient to `x` at a limit. Where the result of a choice is NaN, so
is the gradient of each argument. sinc and i0 have their limits at 0.
"""

from __future__ import annotations

import math

import numpy as np

from autograd_tools.engine.primitives import UNKNOWN
from autograd_tools.engine.registry import composite, rules
from autograd_tools.engine.values import unwrap
from autograd_tools.rules.nans import nan_for_unknown

LN2, LN10 = math.log(2), math.log(10)  # Python numbers keep float32
DEGREE = np.pi / 180


def sinc_slope(dy, y, x):
    """dy (cos(pi x) - sinc(x)) / x; near 0, where that loses its digits, the Taylor series."""
    near = np.abs(unwrap(x)) < 1e-3
    safe = np.where(near, 1, x)
    t = np.pi * x
    series = np.pi * t * (-1 / 3 + t * t / 30)
    return dy * np.where(near, series, (np.cos(np.pi * safe) - np.sinc(safe)) / safe)


def other_leg(x):
    """`sqrt(1 - x * x)`; two roots keep the sign of a zero imaginary part."""
    if np.iscomplexobj(x):
        return np.sqrt(-(x - 1)) * np.sqrt(-(-x - 1))
    return np.sqrt((1 - x) * (1 + x))  # has all digits near 1


def tanh_x(dy, y, x):
    """`dy * (1 - y * y)`, in one array: allocating a large one takes as long as the arithmetic."""
    if type(dy) is not np.ndarray or type(y) is not np.ndarray:
        return dy * (1 - y * y)
    dx = y * y
    np.subtract(1, dx, dx)
    return np.multiply(dy, dx, dx)


def i0_slope(dy, y, x):
    """dy times the Bessel function I1: the mean of c sinh(c x) over cosines c of a quarter circle.

    64 cosines suffice for every x with a finite exp(x). This form has derivatives of every order.
    """
    cosines = np.cos((np.arange(64) + 0.5) * np.pi / 128).astype(np.result_type(unwrap(y)))
    return dy * np.mean(cosines * np.sinh(np.expand_dims(x, -1) * cosines), axis=-1)


def angle_slope(dy, y, a, b):
    """`dy * a / (a * a + b * b)`, without the squares, which overflow for far numbers.

    Zero where both are zero, as for the angle of 0, and where one is infinite.
    """
    with np.errstate(over="ignore"):
        length = np.hypot(a, b)
    inside = (unwrap(length) > 0) & (unwrap(length) < np.inf)
    if not np.all(inside):
        a, length = np.where(inside, a, 0), np.where(inside, length, 1)
    return nan_for_unknown(dy * (a / length) / length, dy, y)


def picked(dy, y, x, other):
    """The share of `x` in the gradient of an extreme `y`: all where `x` is taken, half in a tie."""
    taken, tie = unwrap(x) == unwrap(y), unwrap(x) == unwrap(other)
    dx = dy * taken - 0.5 * dy * tie if np.count_nonzero(tie) else dy * taken
    return nan_for_unknown(dx, dy, y)


def clip_x(dy, y, x, a_min=None, a_max=None, out=None, **kwargs):
    """`dy` where `x` is taken, also at a limit."""
    return nan_for_unknown(dy * (unwrap(x) == unwrap(y)), dy, y)


def clip_min(dy, y, x, a_min=None, a_max=None, out=None, **kwargs):
    """`dy` where the lower limit is taken; NumPy takes the upper one where the limits cross."""
    taken = (unwrap(x) < unwrap(a_min)) & (unwrap(y) == unwrap(a_min))
    return nan_for_unknown(dy * taken, dy, y)


def clip_max(dy, y, x, a_min=None, a_max=None, out=None, **kwargs):
    """`dy` where the upper limit is taken."""
    low, high = unwrap(a_min), unwrap(a_max)
    above = unwrap(x) > high
    taken = above if low is None or low is np._NoValue else above | (low > high)
    return nan_for_unknown(dy * taken, dy, y)


def heaviside_height(dy, y, a, b):
    return nan_for_unknown(dy * (unwrap(a) == 0), dy, a)


def nan_to_num_x(dy, y, x, *args, **kwargs):
    return dy * np.isfinite(unwrap(x))


def share_of(exp, logaddexp, y, x, other):
    """`exp(x - y)`: the share of `x` in a sum; even for two infinities, zero for two of -inf."""
    if np.all(np.abs(unwrap(y)) < 100):
        return exp(x - y)
    same = np.isinf(unwrap(x)) & (unwrap(x) == unwrap(other))
    gap = np.where(same, 0, other) - np.where(same, 0, x)  # keeps the digits that x - y loses
    with np.errstate(invalid="ignore"):  # the forward pass warns of NaN
        return exp(-logaddexp(0, gap)) * (unwrap(y) != -np.inf)


def arcsinh_x(dy, y, x):
    return dy / (np.sqrt(x * x + 1) if np.iscomplexobj(x) else np.hypot(x, 1))


def arccosh_x(dy, y, x):
    # one root has the wrong sign for some complex x
    return dy / (np.sqrt(x - 1) * np.sqrt(x + 1))


def where_x(dy, y, condition, x, other):
    return np.where(condition, dy, 0)


def where_other(dy, y, condition, x, other):
    return np.where(condition, 0, dy)


# To add one, see rules/__init__.py; its cases go to tests/rules/cases.py.
rules(np.exp, lambda dy, y, x: dy * y)
rules(np.exp2, lambda dy, y, x: dy * y * LN2)
rules(np.expm1, lambda dy, y, x: dy * np.exp(x))
rules(np.log, lambda dy, y, x: dy / x)
rules(np.log2, lambda dy, y, x: dy / (x * LN2))
rules(np.log10, lambda dy, y, x: dy / (x * LN10))
rules(np.log1p, lambda dy, y, x: dy / (1 + x))
rules(
    np.logaddexp,
    lambda dy, y, a, b: dy * share_of(np.exp, np.logaddexp, y, a, b),
    lambda dy, y, a, b: dy * share_of(np.exp, np.logaddexp, y, b, a),
)
rules(
    np.logaddexp2,
    lambda dy, y, a, b: dy * share_of(np.exp2, np.logaddexp2, y, a, b),
    lambda dy, y, a, b: dy * share_of(np.exp2, np.logaddexp2, y, b, a),
)

rules(np.sin, lambda dy, y, x: dy * np.cos(x))
rules(np.cos, lambda dy, y, x: -dy * np.sin(x))
rules(np.tan, lambda dy, y, x: dy * (1 + y * y))
rules(np.arcsin, lambda dy, y, x: dy / other_leg(x))
rules(np.arccos, lambda dy, y, x: -dy / other_leg(x))
rules(np.arctan, lambda dy, y, x: dy / (1 + x * x))
rules(
    np.arctan2,
    lambda dy, y, a, b: angle_slope(dy, y, b, a),
    lambda dy, y, a, b: angle_slope(-dy, y, a, b),
)
rules(np.sinh, lambda dy, y, x: dy * np.cosh(x))
rules(np.cosh, lambda dy, y, x: dy * np.sinh(x))
rules(np.tanh, tanh_x)
rules(np.arcsinh, arcsinh_x)
rules(np.arccosh, arccosh_x)
rules(np.arctanh, lambda dy, y, x: dy / ((1 - x) * (1 + x)))
rules(np.sinc, sinc_slope)
rules(np.i0, i0_slope)
rules(np.deg2rad, lambda dy, y, x: dy * DEGREE)
rules(np.radians, lambda dy, y, x: dy * DEGREE)
rules(np.rad2deg, lambda dy, y, x: dy / DEGREE)
rules(np.degrees, lambda dy, y, x: dy / DEGREE)

rules(np.maximum, picked, lambda dy, y, a, b: picked(dy, y, b, a))
rules(np.minimum, picked, lambda dy, y, a, b: picked(dy, y, b, a))
rules(np.fmax, picked, lambda dy, y, a, b: picked(dy, y, b, a))
rules(np.fmin, picked, lambda dy, y, a, b: picked(dy, y, b, a))
CLIP_NAMES = {"min": "a_min", "max": "a_max"}
rules(np.clip, clip_x, a_min=clip_min, a_max=clip_max, aliases=CLIP_NAMES)
umath_clip = np._core.umath.clip  # type: ignore[attr-defined]  # a.clip(x, y) of a plain array a
rules(umath_clip, clip_x, clip_min, clip_max, name="ndarray.clip")
rules(np.heaviside, None, heaviside_height)
rules(np.where, None, where_x, where_other)
rules(np.real, lambda dy, y, x: dy)
rules(np.imag, lambda dy, y, x: -1j * dy)
rules(np.conjugate, lambda dy, y, x: np.conjugate(dy))
rules(np.nan_to_num, nan_to_num_x, nan=UNKNOWN, posinf=UNKNOWN, neginf=UNKNOWN)


@composite(np.angle)
def angle(z, deg=False):
    turned = np.arctan2(np.imag(z), np.real(z))
    return np.degrees(turned) if deg else turned


@composite(np.sign)
def sign(x, out=None, **kwargs):
    """The direction of a complex number; for real numbers a step, whose gradient is zero."""
    if np.iscomplexobj(x):
        return np.divide(x, np.where(unwrap(x) == 0, 1, np.absolute(x)), **kwargs)
    return np.sign(unwrap(x), **kwargs)


@composite(np.real_if_close, exact=True)
def real_if_close(a, tol=100):
    return a if np.iscomplexobj(np.real_if_close(unwrap(a), tol)) else np.real(a)
