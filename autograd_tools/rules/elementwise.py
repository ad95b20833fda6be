"""Functions of one number: exponentials, logarithms, trigonometry; and choices between numbers.

Where a choice has no derivative (a tie of `maximum`), the gradient is shared evenly between those that tie.
"""

from __future__ import annotations

import math

import numpy as np

from autograd_tools.engine.primitives import UNKNOWN
from autograd_tools.engine.registry import composite, rules
from autograd_tools.engine.values import unwrap

LN2, LN10 = math.log(2), math.log(10)  # of Python, which leave float32 as it is
DEGREE = np.pi / 180


def sinc_slope(dy, y, x):
    """(cos(pi x) - sinc(x)) / x, and its limit -pi^2 x / 3 close to 0, where the quotient loses its digits."""
    near = np.abs(unwrap(x)) < 1e-3
    safe = np.where(near, 1, x)
    t = np.pi * x
    return dy * np.where(
        near, np.pi * t * (-1 / 3 + t * t / 30), (np.cos(np.pi * safe) - np.sinc(safe)) / safe
    )


def other_leg(x):
    """`sqrt(1 - x * x)`; of complex numbers by two roots, which keep the sign of a zero imaginary part."""
    return np.sqrt(-(x - 1)) * np.sqrt(-(-x - 1)) if np.iscomplexobj(x) else np.sqrt(1 - x * x)


def tanh_x(dy, y, x):
    """`dy * (1 - y * y)`; of arrays in the memory of y^2, because a large new array takes as long as the arithmetic."""
    if type(dy) is not np.ndarray or type(y) is not np.ndarray:
        return dy * (1 - y * y)
    dx = y * y
    np.subtract(1, dx, dx)
    return np.multiply(dy, dx, dx)


def i0_slope(dy, y, x):
    """The Bessel function I1, as the mean of c sinh(c x) over the cosines c of a quarter circle.

    64 of them are enough for every x of which exp(x) is a number, and that I1 has derivatives of its own.
    """
    cosines = np.cos((np.arange(64) + 0.5) * np.pi / 128).astype(np.result_type(unwrap(y)))
    return dy * np.mean(cosines * np.sinh(np.expand_dims(x, -1) * cosines), axis=-1)


def turned(dy, a, b):
    """`dy * a / (a * a + b * b)`; zero where both are zero, as of the angle of a complex zero."""
    square = a * a + b * b
    return dy * a / np.where(unwrap(square) == 0, 1, square)


def picked(dy, y, x, other):
    """The share of `x` in the gradient of a maximum or minimum `y`: all where it was taken, half in a tie, 0 where the other was."""
    taken, tie = unwrap(x) == unwrap(y), unwrap(x) == unwrap(other)
    return dy * taken - 0.5 * dy * tie if np.any(tie) else dy * taken


def clip_x(dy, y, x, a_min=None, a_max=None, out=None, **kwargs):
    """`dy` where `x` was taken, be it at a limit."""
    return dy * (unwrap(x) == unwrap(y))


def clip_min(dy, y, x, a_min=None, a_max=None, out=None, **kwargs):
    """`dy` where the lower limit was taken: not where it is above the upper one, which is what NumPy gives there."""
    return dy * ((unwrap(x) < unwrap(a_min)) & (unwrap(y) == unwrap(a_min)))


def clip_max(dy, y, x, a_min=None, a_max=None, out=None, **kwargs):
    """`dy` where the upper limit was taken."""
    low, high = unwrap(a_min), unwrap(a_max)
    above = unwrap(x) > high
    return dy * (above if low is None or low is np._NoValue else above | (low > high))


def nan_to_num_x(dy, y, x, *args, **kwargs):
    return dy * np.isfinite(unwrap(x))


rules(np.exp, lambda dy, y, x: dy * y)
rules(np.exp2, lambda dy, y, x: dy * y * LN2)
rules(np.expm1, lambda dy, y, x: dy * (y + 1))
rules(np.log, lambda dy, y, x: dy / x)
rules(np.log2, lambda dy, y, x: dy / (x * LN2))
rules(np.log10, lambda dy, y, x: dy / (x * LN10))
rules(np.log1p, lambda dy, y, x: dy / (1 + x))
rules(np.logaddexp, lambda dy, y, a, b: dy * np.exp(a - y), lambda dy, y, a, b: dy * np.exp(b - y))
rules(
    np.logaddexp2, lambda dy, y, a, b: dy * np.exp2(a - y), lambda dy, y, a, b: dy * np.exp2(b - y)
)

rules(np.sin, lambda dy, y, x: dy * np.cos(x))
rules(np.cos, lambda dy, y, x: -dy * np.sin(x))
rules(np.tan, lambda dy, y, x: dy * (1 + y * y))
rules(np.arcsin, lambda dy, y, x: dy / other_leg(x))
rules(np.arccos, lambda dy, y, x: -dy / other_leg(x))
rules(np.arctan, lambda dy, y, x: dy / (1 + x * x))
rules(np.arctan2, lambda dy, y, a, b: turned(dy, b, a), lambda dy, y, a, b: turned(-dy, a, b))
rules(np.sinh, lambda dy, y, x: dy * np.cosh(x))
rules(np.cosh, lambda dy, y, x: dy * np.sinh(x))
rules(np.tanh, tanh_x)
rules(np.arcsinh, lambda dy, y, x: dy / np.sqrt(x * x + 1))
rules(
    np.arccosh, lambda dy, y, x: dy / (np.sqrt(x - 1) * np.sqrt(x + 1))
)  # one root has the wrong sign for some complex x
rules(np.arctanh, lambda dy, y, x: dy / (1 - x * x))
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
rules(np.clip, clip_x, a_min=clip_min, a_max=clip_max)
rules(np._core.umath.clip, clip_x, clip_min, clip_max, name="ndarray.clip")  # type: ignore[attr-defined]  # a.clip(x, y) for a plain a
rules(np.heaviside, None, lambda dy, y, a, b: dy * (unwrap(a) == 0))
rules(
    np.where,
    None,
    lambda dy, y, c, a, b: np.where(c, dy, 0),
    lambda dy, y, c, a, b: np.where(c, 0, dy),
)
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
    """A number without its length: of real ones a step, whose gradient is zero, and of complex ones the direction."""
    if np.iscomplexobj(x):
        return np.divide(x, np.where(unwrap(x) == 0, 1, np.absolute(x)), **kwargs)
    return np.sign(unwrap(x), **kwargs)


@composite(np.real_if_close)
def real_if_close(a, tol=100):
    return a if np.iscomplexobj(np.real_if_close(unwrap(a), tol)) else np.real(a)
