"""Exponential, trigonometric and elliptic integrals, and the dilogarithm."""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from autograd_tools.engine.primitives import UNKNOWN
from autograd_tools.engine.registry import rules
from autograd_tools.engine.values import unwrap
from autograd_tools.rules.special.parts import of_parts


def hyp2f1(a, b, c, x):
    """`special.hyp2f1(a, b, c, x)`, which left to itself takes every `x` to double precision when the others are numbers of Python's."""
    return special.hyp2f1(a, b, c, x, dtype=np.result_type(np.asarray(unwrap(x)), np.float32))


rules(special.expi, lambda dy, y, x: dy * np.exp(x) / x)
rules(special.exp1, lambda dy, y, x: -dy * np.exp(-x) / x)


def expn_x(dy, y, n, x):
    """The one of order n - 1, which SciPy does not have below 0: there, of order -1, by recurrence (DLMF 8.19.12)."""
    lowest = np.less_equal(n, 0)
    if not np.any(lowest):
        return -dy * special.expn(n - 1, x)
    return -dy * np.where(
        lowest, (np.exp(-x) + y) / np.where(lowest, x, 1), special.expn(np.maximum(n - 1, 0), x)
    )


def sinh_over(x):
    """sinh(x) / x, also at 0; it is even, and computed of the positive of x and -x, where nothing overflows before it does."""
    x = np.where(unwrap(x) < 0, -x, x)
    return np.exp(x) * special.exprel(-2 * x)


rules(special.expn, UNKNOWN, expn_x)
rules(
    special.sici, lambda dy, y, x: of_parts(dy, lambda: np.sinc(x / math.pi), lambda: np.cos(x) / x)
)
rules(special.shichi, lambda dy, y, x: of_parts(dy, lambda: sinh_over(x), lambda: np.cosh(x) / x))
# log(x) / (1 - x), also at 1: DLMF 15.4.1.
rules(special.spence, lambda dy, y, x: -dy * hyp2f1(1.0, 1.0, 2.0, 1 - x))


def ellipk_slope(m, rest):
    """The derivative of K at m, where `rest` is 1 - m: K is pi/2 F(1/2, 1/2; 1; m), DLMF 19.5.1, and then 15.8.1."""
    return math.pi / 8 / rest * hyp2f1(0.5, 0.5, 2.0, m)


rules(special.ellipk, lambda dy, y, m: dy * ellipk_slope(m, 1 - m))
rules(special.ellipkm1, lambda dy, y, p: -dy * ellipk_slope(1 - p, p))
rules(special.ellipe, lambda dy, y, m: -dy * math.pi / 8 * hyp2f1(0.5, 1.5, 2.0, m))
rules(special.ellipkinc, lambda dy, y, phi, m: dy / np.sqrt(1 - m * np.sin(phi) ** 2), UNKNOWN)
rules(special.ellipeinc, lambda dy, y, phi, m: dy * np.sqrt(1 - m * np.sin(phi) ** 2), UNKNOWN)
