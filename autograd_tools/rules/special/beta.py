"""Gamma and beta functions, their logarithms, incomplete forms and inverses; digamma, zeta, binomial coefficients."""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from autograd_tools.engine.primitives import UNKNOWN
from autograd_tools.engine.registry import rules, zerograds
from autograd_tools.engine.values import unwrap
from autograd_tools.rules.special.incomplete import beta_shapes, gamma_shape
from autograd_tools.rules.special.parts import like

rules(special.gammaln, lambda dy, y, x: dy * special.digamma(x))
rules(special.loggamma, lambda dy, y, x: dy * special.digamma(x))
rules(special.gamma, lambda dy, y, x: dy * y * special.digamma(x))
rules(special.rgamma, lambda dy, y, x: -dy * y * special.digamma(x))
rules(special.digamma, lambda dy, y, x: dy * special.zeta(2.0, x))
# special.zeta is a function of Python around this ufunc, and the ufunc is what reaches us.
rules(
    special._ufuncs._zeta,
    UNKNOWN,
    lambda dy, y, s, x: -dy * s * special.zeta(s + 1.0, x),
    name="special.zeta",
)


def rise(a, b):
    """digamma(a) - digamma(b)."""
    return special.digamma(a) - special.digamma(b)


rules(
    special.beta,
    lambda dy, y, a, b: dy * y * rise(a, a + b),
    lambda dy, y, a, b: dy * y * rise(b, a + b),
)
rules(
    special.betaln, lambda dy, y, a, b: dy * rise(a, a + b), lambda dy, y, a, b: dy * rise(b, a + b)
)
rules(
    special.poch,
    lambda dy, y, a, m: dy * y * rise(a + m, a),
    lambda dy, y, a, m: dy * y * special.digamma(a + m),
)
rules(
    special.binom,
    lambda dy, y, n, k: dy * y * rise(n + 1, n - k + 1),
    lambda dy, y, n, k: dy * y * rise(n - k + 1, k + 1),
)


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
    front = np.exp(special.gammaln((df + 1) / 2) - special.gammaln(df / 2)) / np.sqrt(math.pi * df)
    return front * np.exp(-(df + 1) / 2 * np.log1p(t * t / df))


def gamma_a(dy, a, x):
    """Of gammainc(a, x)."""
    return dy * gamma_shape(like(a, x), like(x, a))


def beta_a(dy, a, b, x, i):
    """Of betainc(a, b, x) in `a` (i = 0) or `b` (i = 1)."""
    return dy * beta_shapes(like(a, x), like(b, x), x, 1 - x)[i]


def t_df(dy, df, t):
    """Of stdtr(df, t), which is 1/2 and sign(t) / 2 times betainc(1/2, df / 2, x), where x = t^2 / (df + t^2) moves with df, too."""
    t = like(t, df)
    t = t + np.where(unwrap(t) == 0, 1e-15, 0).astype(
        np.result_type(unwrap(t))
    )  # so that there is a slope on one side of 0
    df, square = like(df, t), t * t
    x, rest = square / (df + square), df / (df + square)
    half = like(0.5, rest)
    moved = beta_density(half, df / 2, x) * x / (df + square)
    return dy * np.sign(unwrap(t)) / 2 * (beta_shapes(half, df / 2, x, rest)[1] / 2 - moved)


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
rules(
    special.gammaincinv,
    lambda dy, y, a, p: gamma_a(-dy / gamma_density(a, y), a, y),
    lambda dy, y, a, p: dy / gamma_density(a, y),
)
rules(
    special.gammainccinv,
    lambda dy, y, a, p: gamma_a(-dy / gamma_density(a, y), a, y),
    lambda dy, y, a, p: -dy / gamma_density(a, y),
)
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
rules(
    special.betaincinv,
    lambda dy, y, a, b, p: beta_a(-dy / beta_density(a, b, y), a, b, y, 0),
    lambda dy, y, a, b, p: beta_a(-dy / beta_density(a, b, y), a, b, y, 1),
    lambda dy, y, a, b, p: dy / beta_density(a, b, y),
)
rules(
    special.betainccinv,
    lambda dy, y, a, b, p: beta_a(-dy / beta_density(a, b, y), a, b, y, 0),
    lambda dy, y, a, b, p: beta_a(-dy / beta_density(a, b, y), a, b, y, 1),
    lambda dy, y, a, b, p: -dy / beta_density(a, b, y),
)
rules(
    special.chdtr,
    lambda dy, y, v, x: gamma_a(dy / 2, v / 2, x / 2),
    lambda dy, y, v, x: dy * gamma_density(v / 2, x / 2) / 2,
)
rules(
    special.chdtrc,
    lambda dy, y, v, x: gamma_a(-dy / 2, v / 2, x / 2),
    lambda dy, y, v, x: -dy * gamma_density(v / 2, x / 2) / 2,
)
rules(
    special.stdtr, lambda dy, y, df, t: t_df(dy, df, t), lambda dy, y, df, t: dy * t_density(df, t)
)
rules(
    special.stdtrit,
    lambda dy, y, df, p: t_df(-dy / t_density(df, y), df, y),
    lambda dy, y, df, p: dy / t_density(df, y),
)
zerograds(special.gammasgn)
