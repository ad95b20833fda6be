"""Operators: + - * / ** % and what NumPy calls them."""

from __future__ import annotations

import operator

import numpy as np

from autograd_tools.engine.registry import composite, rules
from autograd_tools.engine.values import Value, unwrap


def power(x, p):
    """`x ** p`, of Python's numbers as of NumPy's: 0 ** -1 is inf, and (-8) ** (1/3) is nan and no complex number."""
    return np.float64(x) ** p if type(x) is float and isinstance(p, (int, float)) else x**p


def divide(a, b):
    """a / b, of Python's numbers as of NumPy's: 1 / 0 is inf."""
    try:
        return a / b
    except ZeroDivisionError:
        return np.divide(a, b)


def remainder(a, b):
    """a % b, of Python's numbers as of NumPy's: 1 % 0 is nan."""
    try:
        return a % b
    except ZeroDivisionError:
        return np.remainder(a, b)


def power_base(dy, y, x, p):
    """dy p x^(p-1), without the 0 * x^-1 of p = 0 and, for one constant p, without a power where p is 1 or 2."""
    if isinstance(
        p, Value
    ):  # its own gradient is wanted too: p stands in the formula wherever it does not divide by 0
        return dy * p * np.where((unwrap(x) == 0) & (unwrap(p) == 0), 1, x) ** (p - 1)
    if isinstance(p, (int, float)):
        if p == 2:
            return 2 * dy * x
        return dy * 0 if p == 0 else dy if p == 1 else dy * (p * power(x, p - 1))
    return dy * p * x ** np.where(p == 0, 1, p - 1)


def power_exponent(dy, y, x, p):
    """dy y log x, taken as 0 where the base is 0: there y is 0 for every p > 0."""
    turns = 0j if np.iscomplexobj(y) else 0  # the logarithm of a negative number is complex
    if type(x) in (int, float):
        return dy * y * np.log((x or 1) + turns).item()  # of Python, which leaves float32 as it is
    return dy * y * np.log(np.where(unwrap(x) == 0, 1, x) + turns)


def absolute_x(dy, y, x):
    """dy sign(x); of complex numbers, dy times their direction, turned back."""
    if np.iscomplexobj(x):
        return dy * np.conjugate(x) / np.where(unwrap(y) == 0, 1, y)
    return dy * np.sign(x)


def remainder_divisor(dy, y, a, b):
    return -dy * np.floor_divide(a, b)


def fmod_divisor(dy, y, a, b):
    return -dy * np.rint(
        (unwrap(a) - unwrap(y)) / unwrap(b)
    )  # a / b, cut off, may be one too many where it is almost whole


def hypot_leg(dy, y, leg, other):
    """The cosine of the angle beside `leg`; zero where both are zero."""
    return dy * (leg / np.where(unwrap(y) == 0, 1, y))


# Python's operator is what runs forward: it keeps Python's numbers out of NumPy, which takes ten times as long for them.
rules(np.add, lambda dy, y, a, b: dy, lambda dy, y, a, b: dy, forward=operator.add)
rules(np.subtract, lambda dy, y, a, b: dy, lambda dy, y, a, b: -dy, forward=operator.sub)
rules(np.multiply, lambda dy, y, a, b: dy * b, lambda dy, y, a, b: dy * a, forward=operator.mul)
rules(np.divide, lambda dy, y, a, b: dy / b, lambda dy, y, a, b: -dy * (y / b), forward=divide)
rules(np.power, power_base, power_exponent, forward=power)
rules(np.float_power, power_base, power_exponent)
rules(np.remainder, lambda dy, y, a, b: dy, remainder_divisor, forward=remainder)
rules(np.fmod, lambda dy, y, a, b: dy, fmod_divisor)
rules(np.negative, lambda dy, y, x: -dy, forward=operator.neg)
rules(np.positive, lambda dy, y, x: dy, forward=operator.pos)
rules(np.absolute, absolute_x, forward=operator.abs)
rules(np.copysign, lambda dy, y, a, b: dy * np.sign(a) * np.copysign(1, unwrap(b)), None)
rules(np.fabs, lambda dy, y, x: dy * np.sign(x))
rules(np.reciprocal, lambda dy, y, x: -dy * y * y)
rules(np.square, lambda dy, y, x: 2 * dy * x)
rules(np.sqrt, lambda dy, y, x: dy / (2 * y))
rules(np.cbrt, lambda dy, y, x: dy / (3 * y * y))
rules(np.hypot, hypot_leg, lambda dy, y, a, b: hypot_leg(dy, y, b, a))
rules(np.ldexp, lambda dy, y, x, n: np.ldexp(dy, n), None)
rules(np.nextafter, lambda dy, y, a, b: dy, None)
# What these return is a tuple; the gradient of a part that was not used is None.
rules(np.modf, lambda dy, y, x: dy[0])
rules(np.frexp, lambda dy, y, x: None if dy[0] is None else np.ldexp(dy[0], -unwrap(y[1])))


@composite(np.divmod)
def divmod_(a, b, /, **kwargs):
    return np.floor_divide(unwrap(a), unwrap(b)), np.remainder(a, b, **kwargs)
