"""Bessel functions and solutions of similar equations: Hankel, Airy and Struve functions."""

from __future__ import annotations

import math

import numpy as np
from scipy import special
from scipy.special import hankel1, hankel1e, hankel2, hankel2e, iv, ive, jv, kv, kve, yv

from autograd_tools.engine.primitives import UNKNOWN
from autograd_tools.engine.registry import rules
from autograd_tools.engine.values import unwrap
from autograd_tools.rules.special.parts import like, of_parts, real

ROOT_TWO_PI, ROOT_HALF_PI = math.sqrt(2 * math.pi), math.sqrt(math.pi / 2)

# DLMF 10.6.1 and 10.29.1: a derivative is half a sum or difference of the neighbouring orders.
rules(jv, UNKNOWN, lambda dy, y, v, x: dy * (jv(v - 1, x) - jv(v + 1, x)) / 2)
rules(yv, UNKNOWN, lambda dy, y, v, x: dy * (yv(v - 1, x) - yv(v + 1, x)) / 2)
rules(special.yn, UNKNOWN, lambda dy, y, n, x: dy * (yv(n - 1, x) - yv(n + 1, x)) / 2)
rules(iv, UNKNOWN, lambda dy, y, v, x: dy * (iv(v - 1, x) + iv(v + 1, x)) / 2)
rules(kv, UNKNOWN, lambda dy, y, v, x: -dy * (kv(v - 1, x) + kv(v + 1, x)) / 2)
rules(special.kn, UNKNOWN, lambda dy, y, n, x: -dy * (kv(n - 1, x) + kv(n + 1, x)) / 2)
rules(special.j0, lambda dy, y, x: -dy * special.j1(x))
rules(special.j1, lambda dy, y, x: dy * (special.j0(x) - jv(2, x)) / 2)
rules(special.y0, lambda dy, y, x: -dy * special.y1(x))
rules(special.y1, lambda dy, y, x: dy * (special.y0(x) - yv(2, x)) / 2)
rules(special.i0, lambda dy, y, x: dy * special.i1(x))
rules(special.i1, lambda dy, y, x: dy * (special.i0(x) + iv(2, x)) / 2)
rules(special.k0, lambda dy, y, x: -dy * special.k1(x))
rules(special.k1, lambda dy, y, x: -dy * (special.k0(x) + y / x))


# Scaled by exp(-|x|) or exp(x). The absolute value has no complex derivative.
def by_far_series(v, x, slope, sign):
    """Return `slope`, and for a far `x` the asymptotic series: DLMF 10.40.1 and 10.40.2.

    It is -x^(-3/2) times the sum of (k + 1/2) a_k(v) (sign / x)^k. `slope`, a small difference of
    large numbers, loses its digits there.
    """
    far = np.isrealobj(unwrap(x)) & (unwrap(x) > np.maximum(50, 8 * np.square(v)))
    if not np.any(far):
        return slope
    far_x = np.where(far, x, np.maximum(50, 8 * np.square(v))).astype(np.result_type(unwrap(x)))
    total, term = 0.5, 1.0
    for k in range(1, 15):
        term = term * (4 * np.square(v) - (2 * k - 1) ** 2) / (8 * k) * sign / far_x
        total = total + (k + 0.5) * term
    return np.where(far, -total * far_x**-1.5, np.where(far, 0, slope))


def i_beyond(v, x, slope):
    """The slope of exp(-x) I_v(x) for a far `x`."""
    return by_far_series(v, x, slope * ROOT_TWO_PI, -1) / ROOT_TWO_PI


def k_beyond(v, x, slope):
    """The slope of exp(x) K_v(x) for a far `x`."""
    return by_far_series(v, x, slope / ROOT_HALF_PI, 1) * ROOT_HALF_PI


def ive_x(dy, y, v, x):
    slope = (ive(v - 1, x) + ive(v + 1, x)) / 2 - np.sign(real(x)) * y
    return dy * i_beyond(unwrap(v), x, slope)


def i0e_x(dy, y, x):
    size, sign = np.abs(x), np.sign(unwrap(x))
    return dy * sign * i_beyond(0, size, sign * special.i1e(x) - y)


def i1e_x(dy, y, x):
    slope = (special.i0e(x) + ive(2, x)) / 2 - np.sign(x) * y
    return dy * i_beyond(1, np.abs(x), slope)


def kve_x(dy, y, v, x):
    return dy * k_beyond(unwrap(v), x, y - (kve(v - 1, x) + kve(v + 1, x)) / 2)


def k1e_x(dy, y, x):
    return dy * k_beyond(1, x, y - special.k0e(x) - y / x)


rules(ive, UNKNOWN, ive_x)
rules(kve, UNKNOWN, kve_x)
rules(special.i0e, i0e_x)
rules(special.i1e, i1e_x)
rules(special.k0e, lambda dy, y, x: dy * k_beyond(0, x, y - special.k1e(x)))
rules(special.k1e, k1e_x)


# The outputs are complex; the engine keeps the real part of the gradient of a real argument.
def hankel1e_x(dy, y, v, x):
    return dy * ((hankel1e(v - 1, x) - hankel1e(v + 1, x)) / 2 - 1j * y)


def hankel2e_x(dy, y, v, x):
    return dy * ((hankel2e(v - 1, x) - hankel2e(v + 1, x)) / 2 + 1j * y)


rules(hankel1, UNKNOWN, lambda dy, y, v, x: dy * (hankel1(v - 1, x) - hankel1(v + 1, x)) / 2)
rules(hankel2, UNKNOWN, lambda dy, y, v, x: dy * (hankel2(v - 1, x) - hankel2(v + 1, x)) / 2)
rules(hankel1e, UNKNOWN, hankel1e_x)
rules(hankel2e, UNKNOWN, hankel2e_x)


def struve_power(v, x):
    """Return the power that DLMF 11.4.25 and 11.4.26 add to the neighbouring orders."""
    return (x / 2) ** v / (math.sqrt(math.pi) * special.gamma(like(v, x) + 1.5))


def struve_x(dy, y, v, x):
    return dy * (special.struve(v - 1, x) - special.struve(v + 1, x) + struve_power(v, x)) / 2


def modstruve_x(dy, y, v, x):
    sums = special.modstruve(v - 1, x) + special.modstruve(v + 1, x)
    return dy * (sums + struve_power(v, x)) / 2


rules(special.struve, UNKNOWN, struve_x)
rules(special.modstruve, UNKNOWN, modstruve_x)


def airy_x(dy, y, x):
    """Ai, Ai', Bi and Bi': the second derivative of a solution f is x f."""
    return of_parts(dy, lambda: y[1], lambda: x * y[0], lambda: y[3], lambda: x * y[2])


rules(special.airy, airy_x)
rules(special.itj0y0, lambda dy, y, x: of_parts(dy, lambda: special.j0(x), lambda: special.y0(x)))
rules(special.iti0k0, lambda dy, y, x: of_parts(dy, lambda: special.i0(x), lambda: special.k0(x)))
