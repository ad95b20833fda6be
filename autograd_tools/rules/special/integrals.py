"""Exponential, trigonometric and elliptic integrals, and the dilogarithm."""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from autograd_tools.base.traced import plain_array
from autograd_tools.engine.primitives import UNKNOWN
from autograd_tools.engine.registry import rules
from autograd_tools.engine.values import unwrap
from autograd_tools.rules.special.parts import of_parts


def hyp2f1(a, b, c, x):
    """`special.hyp2f1(a, b, c, x)`, in the precision of `x` even for Python numbers a, b, c."""
    return special.hyp2f1(a, b, c, x, dtype=np.result_type(plain_array(unwrap(x)), np.float32))


rules(special.expi, lambda dy, y, x: dy * np.exp(x) / x)
rules(special.exp1, lambda dy, y, x: -dy * np.exp(-x) / x)


def expn_x(dy, y, n, x):
    """-dy times the integral of order n - 1; order -1 by the recurrence DLMF 8.19.12."""
    lowest = np.less_equal(n, 0)
    if not np.any(lowest):
        return -dy * special.expn(n - 1, x)
    of_minus_1 = (np.exp(-x) + y) / np.where(lowest, x, 1)
    return -dy * np.where(lowest, of_minus_1, special.expn(np.maximum(n - 1, 0), x))


def sinh_over(x):
    """sinh(x) / x, also at 0. It is even; the positive one of x and -x overflows last."""
    x = np.where(unwrap(x) < 0, -x, x)
    return np.exp(x) * special.exprel(-2 * x)


def sici_x(dy, y, x):
    return of_parts(dy, lambda: np.sinc(x / math.pi), lambda: np.cos(x) / x)


rules(special.expn, UNKNOWN, expn_x)
rules(special.sici, sici_x)
rules(special.shichi, lambda dy, y, x: of_parts(dy, lambda: sinh_over(x), lambda: np.cosh(x) / x))


def spence_x(dy, y, x):
    """dy log(x) / (1 - x); near 1, where both are 0, by DLMF 15.4.1."""
    near = np.abs(unwrap(x) - 1) < 0.5
    far = np.where(near, 2, x)
    series = hyp2f1(1.0, 1.0, 2.0, np.where(near, 1 - x, 0))
    return dy * np.where(near, -series, np.log(far) / (1 - far))


rules(special.spence, spence_x)


def ellipk_slope(m, rest):
    """The derivative of K(m) = pi/2 F(1/2, 1/2; 1; m), with `rest` = 1 - m: DLMF 19.5.1, 15.8.1.

    SciPy's F overflows for far numbers below 0: there the derivative is that of DLMF 19.4.1.
    """
    far = unwrap(m) < -2
    below, above = np.where(far, m, -2), np.where(far, 0, m)
    slope = math.pi / 8 / np.where(far, 1, rest) * hyp2f1(0.5, 0.5, 2.0, above)
    by_integrals = (special.ellipe(below) / (1 - below) - special.ellipk(below)) / (2 * below)
    return np.where(far, by_integrals, slope)


rules(special.ellipk, lambda dy, y, m: dy * ellipk_slope(m, 1 - m))
rules(special.ellipkm1, lambda dy, y, p: -dy * ellipk_slope(1 - p, p))
rules(special.ellipe, lambda dy, y, m: -dy * math.pi / 8 * hyp2f1(0.5, 1.5, 2.0, m))
rules(special.ellipkinc, lambda dy, y, phi, m: dy / np.sqrt(1 - m * np.sin(phi) ** 2), UNKNOWN)
rules(special.ellipeinc, lambda dy, y, phi, m: dy * np.sqrt(1 - m * np.sin(phi) ** 2), UNKNOWN)
