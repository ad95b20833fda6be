"""The operators + - * / ** % and NumPy's functions of the same meaning.

Conventions: the gradient of |x| is 0 at 0, as is that of an angle or a length where all
components are 0. The gradient of x ** p in p is 0 where x is 0. For a complex x, a rule of a
holomorphic function multiplies `dy` by the derivative, without a conjugate, as the rules of HIPS
autograd do.
"""

from __future__ import annotations

import operator

import numpy as np

from autograd_tools.base.traced import numpys_float, python_number
from autograd_tools.engine.registry import composite, rules
from autograd_tools.engine.values import Value, unwrap


def raised(x, p):
    """`x ** p`, with NumPy's result also for Python numbers: 0 ** -1 is inf, (-8) ** (1/3) nan."""
    if type(x) is float or (python_number(x) and isinstance(x, float)):
        return numpys_float(x) ** p if isinstance(p, (int, float)) else x**p
    return x**p


def divide(a, b):
    """`a / b` with NumPy's result also for Python numbers: 1 / 0 is inf."""
    try:
        return a / b
    except ZeroDivisionError:
        return np.divide(a, b)


def remainder(a, b):
    """`a % b` with NumPy's result also for Python numbers: 1 % 0 is nan."""
    try:
        return a % b
    except ZeroDivisionError:
        return np.remainder(a, b)


def overflows(dy, x, p):
    """Return whether dy p x^(p-1) may leave the range of an array of integers."""
    if not isinstance(x, np.ndarray) or x.dtype.kind not in "iu" or not x.size:
        return False
    size = np.max(np.abs(x.astype(float)))
    with np.errstate(all="ignore"):
        factor = np.max(np.abs(unwrap(dy))) * float(np.max(np.abs(p)))
        largest = factor * size ** float(np.max(p) - 1)
    return not largest < 2**62


def power_base(dy, y, x, p):
    """dy p x^(p-1), where p = 0 avoids 0 * x^-1; a constant p of 1 or 2 needs no power."""
    if isinstance(p, Value):  # p needs its gradient, too: keep it in the formula except at 0 ** -1
        return dy * p * np.where((unwrap(x) == 0) & (unwrap(p) == 0), 1, x) ** (p - 1)
    if type(p) is int and p == 2:
        return 2 * dy * x
    if overflows(dy, x, p):
        return power_base(dy * 1.0, y, x.astype(float), p)
    if isinstance(p, (int, float)):
        if p == 2:
            return 2 * dy * x
        return dy * 0 if p == 0 else dy if p == 1 else dy * (p * raised(x, p - 1))
    return dy * p * x ** np.where(p == 0, 1, p - 1)


def power_exponent(dy, y, x, p):
    """dy y log x; 0 where the base is 0, because y is 0 there for every p > 0."""
    turns = 0j if np.iscomplexobj(y) else 0  # the logarithm of a negative number is complex
    if type(x) in (int, float):
        return dy * y * np.log((x or 1) + turns).item()  # a Python number keeps float32
    return dy * y * np.log(np.where(unwrap(x) == 0, 1, x) + turns)


def absolute_x(dy, y, x):
    """dy sign(x); for complex numbers, dy times the conjugate direction."""
    if np.iscomplexobj(x):
        return dy * np.conjugate(x) / np.where(unwrap(y) == 0, 1, y)
    return dy * np.sign(x)


def remainder_divisor(dy, y, a, b):
    return -dy * np.floor_divide(a, b)


def fmod_divisor(dy, y, a, b):
    # trunc(a / b) may be one too many where a / b is almost an integer
    return -dy * np.rint((unwrap(a) - unwrap(y)) / unwrap(b))


def hypot_leg(dy, y, leg, other):
    """dy times the cosine of the angle beside `leg`; zero where both legs are zero."""
    if not np.all((unwrap(y) > 0) & (unwrap(y) < np.inf)):
        leg, other = bounded(leg, other), bounded(other, leg)
        y = np.hypot(leg, other)
        y = np.where(unwrap(y) == 0, 1, y)
    return dy * (leg / y)


def bounded(leg, other):
    """A quarter of `leg`; where one of the two is infinite, the sign of an infinite `leg`, or 0."""
    infinite = np.isinf(unwrap(leg)) | np.isinf(unwrap(other))
    signs = np.where(np.isinf(unwrap(leg)), np.sign(unwrap(leg)), 0)
    return np.where(infinite, signs, np.where(infinite, 0, leg) / 4)


# To add one, see rules/__init__.py; its cases go to tests/rules/cases.py.
# Python's operator computes the forward pass: NumPy takes ten times as long for Python numbers.
rules(np.add, lambda dy, y, a, b: dy, lambda dy, y, a, b: dy, forward=operator.add)
rules(np.subtract, lambda dy, y, a, b: dy, lambda dy, y, a, b: -dy, forward=operator.sub)
rules(np.multiply, lambda dy, y, a, b: dy * b, lambda dy, y, a, b: dy * a, forward=operator.mul)
rules(np.divide, lambda dy, y, a, b: dy / b, lambda dy, y, a, b: -dy * (y / b), forward=divide)
rules(np.power, power_base, power_exponent, forward=raised)
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
# These return a tuple; the gradient of an unused part is None.
rules(np.modf, lambda dy, y, x: dy[0])
rules(np.frexp, lambda dy, y, x: None if dy[0] is None else np.ldexp(dy[0], -unwrap(y[1])))


@composite(np.divmod)
def divmod_(a, b, /, **kwargs):
    return np.floor_divide(unwrap(a), unwrap(b)), np.remainder(a, b, **kwargs)
