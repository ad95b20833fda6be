"""Gamma and beta functions, their logarithms, incomplete forms and inverses; digamma and zeta."""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from autograd_tools.engine.primitives import UNKNOWN
from autograd_tools.engine.registry import rules, zerograds
from autograd_tools.engine.values import unwrap
from autograd_tools.rules.special.incomplete import beta_shapes, gamma_shape
from autograd_tools.rules.special.parts import like


def zeta_x(dy, y, s, x):
    return -dy * s * special.zeta(s + 1.0, x)


def digamma(x):
    """digamma(x); below 0 by reflection, DLMF 5.5.4, which keeps the digits near the poles."""
    if np.iscomplexobj(x) or not np.any(unwrap(x) < 0):
        return special.digamma(x)
    below = (unwrap(x) < 0) & (np.rint(unwrap(x)) != unwrap(x))
    part = np.where(below, x - np.rint(unwrap(x)), 0.25)  # from the nearest integer
    return special.digamma(np.where(below, 1 - x, x)) - below * math.pi / np.tan(math.pi * part)


def rgamma_x(dy, y, x):
    """Below 1/2 by reflection, DLMF 5.5.3: the slope at 0, -1, -2 and so on is finite."""
    if np.iscomplexobj(x):
        return -dy * y * special.digamma(x)
    below = unwrap(x) < 0.5
    nearest = np.rint(unwrap(x))
    angle = math.pi * np.where(below, x - nearest, 0)
    other = np.where(below, 1 - x, 1)
    turned = np.cos(angle) - special.digamma(other) * np.sin(angle) / math.pi
    reflected = special.gamma(other) * turned * (1 - 2 * np.mod(nearest, 2))
    above = np.where(below, 1, x)
    return dy * np.where(below, reflected, -special.rgamma(above) * special.digamma(above))


rules(special.gammaln, lambda dy, y, x: dy * digamma(x))
rules(special.loggamma, lambda dy, y, x: dy * digamma(x))
rules(special.gamma, lambda dy, y, x: dy * y * digamma(x))
rules(special.rgamma, rgamma_x)
rules(special.digamma, lambda dy, y, x: dy * special.zeta(2.0, x))
# special.zeta is a Python function that calls this ufunc.
rules(special._ufuncs._zeta, UNKNOWN, zeta_x, name="special.zeta")


def rise(a, gap):
    """digamma(a + gap) - digamma(a); a small one by its Taylor series, which keeps the digits."""
    near = (np.abs(unwrap(gap)) < 0.01 * unwrap(a)) & (unwrap(a) < 1e30)
    if np.iscomplexobj(a) or not np.any(near):
        return special.digamma(a + gap) - special.digamma(a)
    base, step = np.where(near, a, 1), np.where(near, gap, 0)
    a, gap = np.where(near, 1, a), np.where(near, 1, gap)
    series = sum(-((-step) ** k) * special.zeta(k + 1.0, base) for k in range(1, 9))
    return np.where(near, series, special.digamma(a + gap) - special.digamma(a))


def beta_arg(dy, y, a, b):
    return -dy * y * rise(a, b)


def betaln_arg(dy, y, a, b):
    return -dy * rise(a, b)


def poch_m(dy, y, a, m):
    return dy * y * digamma(a + m)


def binom_n(dy, y, n, k):
    return dy * y * rise(n - k + 1, k)


def binom_k(dy, y, n, k):
    return dy * y * rise(k + 1, n - 2 * k)


rules(special.beta, beta_arg, lambda dy, y, a, b: beta_arg(dy, y, b, a))
rules(special.betaln, betaln_arg, lambda dy, y, a, b: betaln_arg(dy, y, b, a))
rules(special.poch, lambda dy, y, a, m: dy * y * rise(a, m), poch_m)
rules(special.binom, binom_n, binom_k)


def gamma_density(a, x):
    """x^(a-1) exp(-x) / gamma(a)."""
    a = like(a, x)
    return np.exp(special.xlogy(a - 1, x) - x - special.gammaln(a))


def beta_density(a, b, x):
    """x^(a-1) (1-x)^(b-1) / beta(a, b)."""
    a, b = like(a, x), like(b, x)
    return np.exp(special.xlogy(a - 1, x) + special.xlog1py(b - 1, -x) - special.betaln(a, b))


def t_density(df, t):
    """The density of Student's t distribution."""
    df = like(df, t)
    front = 1 / (special.beta(df / 2, like(0.5, df)) * np.sqrt(df))
    return front * np.exp(-(df + 1) / 2 * np.log1p(t * t / df))


def gamma_a(dy, a, x):
    """dy times the derivative of gammainc(a, x) in `a`."""
    return dy * gamma_shape(like(a, x), like(x, a))


def beta_a(dy, a, b, x, i):
    """dy times the derivative of betainc(a, b, x) in `a` (i = 0) or `b` (i = 1)."""
    return dy * beta_shapes(like(a, x), like(b, x), x, 1 - x)[i]


def t_df(dy, df, t):
    """dy times the derivative of stdtr(df, t) in `df`.

    stdtr is 1/2 + sign(t) / 2 * betainc(1/2, df / 2, x), where x = t^2 / (df + t^2) depends on df.
    """
    t = like(t, df)
    tiny = np.where(unwrap(t) == 0, 1e-15, 0)  # gives a slope on one side of 0
    t = t + tiny.astype(np.result_type(unwrap(t)))
    df, square = like(df, t), t * t
    x, rest = square / (df + square), df / (df + square)
    half = like(0.5, rest)
    moved = beta_density(half, df / 2, x) * x / (df + square)
    return dy * np.sign(unwrap(t)) / 2 * (beta_shapes(half, df / 2, x, rest)[1] / 2 - moved)


# In a shape parameter, an inverse function moves against the function that it inverts.
def gammainv_a(dy, y, a, p):
    return gamma_a(-dy / gamma_density(a, y), a, y)


def betainv_a(dy, y, a, b, p):
    return beta_a(-dy / beta_density(a, b, y), a, b, y, 0)


def betainv_b(dy, y, a, b, p):
    return beta_a(-dy / beta_density(a, b, y), a, b, y, 1)


def stdtrit_df(dy, y, df, p):
    return t_df(-dy / t_density(df, y), df, y)


def chdtr_v(dy, y, v, x):
    return gamma_a(dy / 2, v / 2, x / 2)


def chdtr_x(dy, y, v, x):
    return dy * gamma_density(v / 2, x / 2) / 2


rules(
    special.gammainc,
    lambda dy, y, a, x: gamma_a(dy, a, x),
    lambda dy, y, a, x: dy * gamma_density(a, x),
)
rules(
    special.gammaincc,
    lambda dy, y, a, x: gamma_a(-dy, a, x),
    lambda dy, y, a, x: -dy * gamma_density(a, x),
)
rules(special.gammaincinv, gammainv_a, lambda dy, y, a, p: dy / gamma_density(a, y))
rules(special.gammainccinv, gammainv_a, lambda dy, y, a, p: -dy / gamma_density(a, y))
rules(
    special.betainc,
    lambda dy, y, a, b, x: beta_a(dy, a, b, x, 0),
    lambda dy, y, a, b, x: beta_a(dy, a, b, x, 1),
    lambda dy, y, a, b, x: dy * beta_density(a, b, x),
)
rules(
    special.betaincc,
    lambda dy, y, a, b, x: beta_a(-dy, a, b, x, 0),
    lambda dy, y, a, b, x: beta_a(-dy, a, b, x, 1),
    lambda dy, y, a, b, x: -dy * beta_density(a, b, x),
)
rules(special.betaincinv, betainv_a, betainv_b, lambda dy, y, a, b, p: dy / beta_density(a, b, y))
rules(special.betainccinv, betainv_a, betainv_b, lambda dy, y, a, b, p: -dy / beta_density(a, b, y))
rules(special.chdtr, chdtr_v, chdtr_x)
rules(
    special.chdtrc,
    lambda dy, y, v, x: chdtr_v(-dy, y, v, x),
    lambda dy, y, v, x: chdtr_x(-dy, y, v, x),
)
rules(
    special.stdtr, lambda dy, y, df, t: t_df(dy, df, t), lambda dy, y, df, t: dy * t_density(df, t)
)
rules(special.stdtrit, stdtrit_df, lambda dy, y, df, p: dy / t_density(df, y))
zerograds(special.gammasgn)
