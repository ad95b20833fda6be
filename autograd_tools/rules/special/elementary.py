"""Exponentials, logarithms, roots and trigonometry as scipy.special has them, and the transforms made of them."""

from __future__ import annotations

import numpy as np
from scipy import special

from autograd_tools.engine.registry import rules
from autograd_tools.rules.arithmetic import power_base, power_exponent
from autograd_tools.rules.elementwise import DEGREE, LN2, LN10
from autograd_tools.rules.special.parts import like

rules(special.expit, lambda dy, y, x: dy * y * (1 - y))
rules(special.logit, lambda dy, y, x: dy / (x * (1 - x)))
rules(special.log_expit, lambda dy, y, x: dy * special.expit(-x))
rules(special.exp2, lambda dy, y, x: dy * y * LN2)
rules(special.exp10, lambda dy, y, x: dy * y * LN10)
rules(special.expm1, lambda dy, y, x: dy * (y + 1))
rules(special.log1p, lambda dy, y, x: dy / (1 + x))
rules(special.cosm1, lambda dy, y, x: -dy * np.sin(x))
rules(special.cbrt, lambda dy, y, x: dy / (3 * y * y))
rules(
    special.powm1,
    lambda dy, y, x, p: power_base(dy, y + 1, x, p),
    lambda dy, y, x, p: power_exponent(dy, y + 1, x, p),
)
rules(special.sindg, lambda dy, y, x: dy * DEGREE * special.cosdg(x))
rules(special.cosdg, lambda dy, y, x: -dy * DEGREE * special.sindg(x))
rules(special.tandg, lambda dy, y, x: dy * DEGREE * (1 + y * y))
rules(special.cotdg, lambda dy, y, x: -dy * DEGREE * (1 + y * y))


def exprel_slope(x):
    """The derivative of (exp(x) - 1) / x, without the difference that loses its digits close to 0."""
    return special.hyp1f1(2.0, 3.0, x) / 2


def boxcox_slope(log, p):
    """The derivative with respect to `p` of (x^p - 1) / p = log exprel(p log), where `log` is the logarithm of x."""
    return log * log * exprel_slope(p * log)


rules(special.exprel, lambda dy, y, x: dy * exprel_slope(x))
rules(
    special.boxcox,
    lambda dy, y, x, p: dy * x ** (p - 1),
    lambda dy, y, x, p: dy * boxcox_slope(np.log(like(x, p)), p),
)
rules(
    special.boxcox1p,
    lambda dy, y, x, p: dy * (1 + x) ** (p - 1),
    lambda dy, y, x, p: dy * boxcox_slope(np.log1p(like(x, p)), p),
)
rules(
    special.inv_boxcox,
    lambda dy, y, x, p: dy * y ** (1 - p),
    lambda dy, y, x, p: -dy * y ** (1 - p) * boxcox_slope(np.log(y), p),
)
rules(
    special.inv_boxcox1p,
    lambda dy, y, x, p: dy * (1 + y) ** (1 - p),
    lambda dy, y, x, p: -dy * (1 + y) ** (1 - p) * boxcox_slope(np.log1p(y), p),
)


def pseudo_huber_root(delta, r):
    return np.sqrt(1 + (r / delta) ** 2)


def huber_delta(dy, y, delta, r):
    return dy * np.maximum(np.abs(r) - delta, 0)


def pseudo_huber_delta(dy, y, delta, r):
    return dy * (2 * y / delta - r * r / (delta * pseudo_huber_root(delta, r)))


rules(special.huber, huber_delta, lambda dy, y, delta, r: dy * np.clip(r, -delta, delta))
rules(
    special.pseudo_huber,
    pseudo_huber_delta,
    lambda dy, y, delta, r: dy * r / pseudo_huber_root(delta, r),
)
