"""Elementary functions of scipy.special and functions of them: exponentials, logarithms, entropies,
Box-Cox and Huber functions; hypergeometric functions in their last argument.
"""

from __future__ import annotations

import numpy as np
from scipy import special
from scipy.special import hyp0f1, hyp1f1, hyp2f1, hyperu

from autograd_tools.engine.primitives import UNKNOWN
from autograd_tools.engine.registry import rules
from autograd_tools.engine.values import unwrap
from autograd_tools.rules.arithmetic import power_base, power_exponent
from autograd_tools.rules.elementwise import DEGREE, LN2, LN10
from autograd_tools.rules.special.parts import like


def powm1_exponent(dy, y, x, p):
    return power_exponent(dy, y + 1, x, p)


rules(special.expit, lambda dy, y, x: dy * y * special.expit(-x))
rules(special.logit, lambda dy, y, x: dy / (x * (1 - x)))
rules(special.log_expit, lambda dy, y, x: dy * special.expit(-x))
rules(special.exp2, lambda dy, y, x: dy * y * LN2)
rules(special.exp10, lambda dy, y, x: dy * y * LN10)
rules(special.expm1, lambda dy, y, x: dy * np.exp(x))
rules(special.log1p, lambda dy, y, x: dy / (1 + x))
rules(special.cosm1, lambda dy, y, x: -dy * np.sin(x))
rules(special.cbrt, lambda dy, y, x: dy / (3 * y * y))
rules(special.powm1, lambda dy, y, x, p: power_base(dy, y + 1, x, p), powm1_exponent)
rules(special.sindg, lambda dy, y, x: dy * DEGREE * special.cosdg(x))
rules(special.cosdg, lambda dy, y, x: -dy * DEGREE * special.sindg(x))
rules(special.tandg, lambda dy, y, x: dy * DEGREE * (1 + y * y))
rules(special.cotdg, lambda dy, y, x: -dy * DEGREE * (1 + y * y))


def exprel_slope(x):
    """The derivative of (exp(x) - 1) / x, in a form that keeps its digits on either side of 0.

    SciPy's hyp1f1 does not return for infinity.
    """
    plain = unwrap(x)
    near = hyp1f1(2.0, 3.0, np.where(np.abs(plain) < 1, x, 0)) / 2
    above, below = np.where(plain >= 1, x, 1), np.where(plain <= -1, x, -1)
    power = np.where(plain > -1000, below, -1000)  # of exp; below, the product is -inf * 0
    high = special.exprel(above) * (1 - 1 / above) + 1 / above
    low = (1 + (power - 1) * np.exp(power)) / below / below
    slope = np.where(plain >= 1, high, np.where(plain <= -1, low, near))
    return np.where(np.isnan(plain), x, slope)


def boxcox_slope(log, p):
    """The derivative of (x^p - 1) / p in `p`, where `log` is the logarithm of x."""
    return log * log * exprel_slope(p * log)


def boxcox_p(dy, y, x, p):
    return dy * boxcox_slope(np.log(like(x, p)), p)


def boxcox1p_p(dy, y, x, p):
    return dy * boxcox_slope(np.log1p(like(x, p)), p)


def inv_boxcox_p(dy, y, x, p):
    return -dy * y ** (1 - p) * boxcox_slope(np.log(y), p)


def inv_boxcox1p_p(dy, y, x, p):
    return -dy * (1 + y) ** (1 - p) * boxcox_slope(np.log1p(y), p)


rules(special.exprel, lambda dy, y, x: dy * exprel_slope(x))
rules(special.boxcox, lambda dy, y, x, p: dy * x ** (p - 1), boxcox_p)
rules(special.boxcox1p, lambda dy, y, x, p: dy * (1 + x) ** (p - 1), boxcox1p_p)
rules(special.inv_boxcox, lambda dy, y, x, p: dy * y ** (1 - p), inv_boxcox_p)
rules(special.inv_boxcox1p, lambda dy, y, x, p: dy * (1 + y) ** (1 - p), inv_boxcox1p_p)


def quotient(x, y):
    """x / y with 0 / 0 = 0: x log y is 0 for every y where x is 0."""
    return x / np.where((unwrap(x) == 0) & (unwrap(y) == 0), 1, y)


def xlog1py_b(dy, y, a, b):
    return dy * quotient(a, 1 + b)


def log_ratio(a, b):
    """log(a / b), also where the quotient underflows or overflows."""
    with np.errstate(all="ignore"):
        ratio = np.divide(unwrap(a), unwrap(b))
    if np.all((ratio > np.finfo(ratio.dtype).tiny) & (ratio < np.inf)):
        return np.log(a / b)
    return np.log(a) - np.log(b)


def rel_entr_a(dy, y, a, b):
    return dy * (log_ratio(a, b) + 1)


def kl_div_b(dy, y, a, b):
    return dy * (1 - quotient(a, b))


rules(special.xlogy, lambda dy, y, a, b: dy * np.log(b), lambda dy, y, a, b: dy * quotient(a, b))
rules(special.xlog1py, lambda dy, y, a, b: dy * np.log1p(b), xlog1py_b)
rules(special.entr, lambda dy, y, x: -dy * (np.log(x) + 1))
rules(special.rel_entr, rel_entr_a, lambda dy, y, a, b: -dy * quotient(a, b))
rules(special.kl_div, lambda dy, y, a, b: dy * log_ratio(a, b), kl_div_b)


def huber_delta(dy, y, delta, r):
    return dy * np.maximum(np.abs(r) - delta, 0)


def pseudo_huber_root(delta, r):
    return np.sqrt(1 + (r / delta) ** 2)


def pseudo_huber_delta(dy, y, delta, r):
    return dy * (2 * y / delta - r * r / (delta * pseudo_huber_root(delta, r)))


def pseudo_huber_r(dy, y, delta, r):
    return dy * r / pseudo_huber_root(delta, r)


rules(special.huber, huber_delta, lambda dy, y, delta, r: dy * np.clip(r, -delta, delta))
rules(special.pseudo_huber, pseudo_huber_delta, pseudo_huber_r)


# DLMF 15.5.1, 13.3.15, 13.3.22 and 16.3.1: the derivative raises each parameter by one.
def hyp1f1_x(dy, y, a, b, x):
    return dy * (a / b) * hyp1f1(a + 1, b + 1, x)


def hyp2f1_x(dy, y, a, b, c, x):
    return dy * (a * b / c) * hyp2f1(a + 1, b + 1, c + 1, x)


def lambertw_x(dy, y, x, k, tol):
    """exp(w) + x equals exp(w) (1 + w), and is not 0 where x is."""
    return dy / (x + np.exp(y))


rules(hyp0f1, UNKNOWN, lambda dy, y, b, x: dy * hyp0f1(b + 1, x) / b)
rules(hyp1f1, UNKNOWN, UNKNOWN, hyp1f1_x)
rules(hyp2f1, UNKNOWN, UNKNOWN, UNKNOWN, hyp2f1_x)
rules(hyperu, UNKNOWN, UNKNOWN, lambda dy, y, a, b, x: -dy * a * hyperu(a + 1, b + 1, x))
# special.lambertw is a Python function that calls this ufunc.
rules(special._ufuncs._lambertw, lambertw_x, UNKNOWN, UNKNOWN, name="special.lambertw")
rules(special.wrightomega, lambda dy, y, x: dy * y / (1 + y))
