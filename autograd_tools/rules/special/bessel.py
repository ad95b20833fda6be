"""Bessel functions, and what solves similar equations: Hankel, Airy and Struve functions."""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from autograd_tools.engine.primitives import UNKNOWN
from autograd_tools.engine.registry import rules
from autograd_tools.rules.special.parts import like, of_parts, real

# DLMF 10.6.1 and 10.29.1: the derivative is made of the neighbours by order.
rules(
    special.jv, UNKNOWN, lambda dy, y, v, x: dy * (special.jv(v - 1, x) - special.jv(v + 1, x)) / 2
)
rules(
    special.yv, UNKNOWN, lambda dy, y, v, x: dy * (special.yv(v - 1, x) - special.yv(v + 1, x)) / 2
)
rules(
    special.yn, UNKNOWN, lambda dy, y, n, x: dy * (special.yv(n - 1, x) - special.yv(n + 1, x)) / 2
)
rules(
    special.iv, UNKNOWN, lambda dy, y, v, x: dy * (special.iv(v - 1, x) + special.iv(v + 1, x)) / 2
)
rules(
    special.kv, UNKNOWN, lambda dy, y, v, x: -dy * (special.kv(v - 1, x) + special.kv(v + 1, x)) / 2
)
rules(
    special.kn, UNKNOWN, lambda dy, y, n, x: -dy * (special.kv(n - 1, x) + special.kv(n + 1, x)) / 2
)
rules(special.j0, lambda dy, y, x: -dy * special.j1(x))
rules(special.j1, lambda dy, y, x: dy * (special.j0(x) - special.jv(2, x)) / 2)
rules(special.y0, lambda dy, y, x: -dy * special.y1(x))
rules(special.y1, lambda dy, y, x: dy * (special.y0(x) - special.yv(2, x)) / 2)
rules(special.i0, lambda dy, y, x: dy * special.i1(x))
rules(special.i1, lambda dy, y, x: dy * (special.i0(x) + special.iv(2, x)) / 2)
rules(special.k0, lambda dy, y, x: -dy * special.k1(x))
rules(special.k1, lambda dy, y, x: -dy * (special.k0(x) + special.kv(2, x)) / 2)

# Scaled by exp(-|x|) or exp(x). The absolute value has no complex derivative.
rules(
    special.ive,
    UNKNOWN,
    lambda dy, y, v, x: (
        dy * ((special.ive(v - 1, x) + special.ive(v + 1, x)) / 2 - np.sign(real(x)) * y)
    ),
)
rules(
    special.kve,
    UNKNOWN,
    lambda dy, y, v, x: dy * (y - (special.kve(v - 1, x) + special.kve(v + 1, x)) / 2),
)
rules(special.i0e, lambda dy, y, x: dy * (special.i1e(x) - np.sign(x) * y))
rules(
    special.i1e, lambda dy, y, x: dy * ((special.i0e(x) + special.ive(2, x)) / 2 - np.sign(x) * y)
)
rules(special.k0e, lambda dy, y, x: dy * (y - special.k1e(x)))
rules(special.k1e, lambda dy, y, x: dy * (y - (special.k0e(x) + special.kve(2, x)) / 2))

# Complex: of a real x the engine keeps the real part of what flows back.
rules(
    special.hankel1,
    UNKNOWN,
    lambda dy, y, v, x: dy * (special.hankel1(v - 1, x) - special.hankel1(v + 1, x)) / 2,
)
rules(
    special.hankel2,
    UNKNOWN,
    lambda dy, y, v, x: dy * (special.hankel2(v - 1, x) - special.hankel2(v + 1, x)) / 2,
)
rules(
    special.hankel1e,
    UNKNOWN,
    lambda dy, y, v, x: (
        dy * ((special.hankel1e(v - 1, x) - special.hankel1e(v + 1, x)) / 2 - 1j * y)
    ),
)
rules(
    special.hankel2e,
    UNKNOWN,
    lambda dy, y, v, x: (
        dy * ((special.hankel2e(v - 1, x) - special.hankel2e(v + 1, x)) / 2 + 1j * y)
    ),
)


def struve_power(v, x):
    """What DLMF 11.4.25 and 11.4.26 add to the neighbours by order."""
    return (x / 2) ** v / (math.sqrt(math.pi) * special.gamma(like(v, x) + 1.5))


rules(
    special.struve,
    UNKNOWN,
    lambda dy, y, v, x: (
        dy * (special.struve(v - 1, x) - special.struve(v + 1, x) + struve_power(v, x)) / 2
    ),
)
rules(
    special.modstruve,
    UNKNOWN,
    lambda dy, y, v, x: (
        dy * (special.modstruve(v - 1, x) + special.modstruve(v + 1, x) + struve_power(v, x)) / 2
    ),
)


def airy_x(dy, y, x):
    """Ai, Ai', Bi and Bi': the second derivative of a solution is x times it."""
    return of_parts(dy, lambda: y[1], lambda: x * y[0], lambda: y[3], lambda: x * y[2])


rules(special.airy, airy_x)
rules(special.itj0y0, lambda dy, y, x: of_parts(dy, lambda: special.j0(x), lambda: special.y0(x)))
rules(special.iti0k0, lambda dy, y, x: of_parts(dy, lambda: special.i0(x), lambda: special.k0(x)))
