"""Gamma and beta functions, their logarithms, incomplete forms and inverses; digamma, zeta, binomial coefficients."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import special

from autograd_tools.primitive import UNKNOWN, rules
from autograd_tools.rules.special.parts import like

rules(special.gammaln, lambda dy, y, x: dy * special.digamma(x))
rules(special.loggamma, lambda dy, y, x: dy * special.digamma(x))
rules(special.gamma, lambda dy, y, x: dy * y * special.digamma(x))
rules(special.rgamma, lambda dy, y, x: -dy * y * special.digamma(x))
rules(special.digamma, lambda dy, y, x: dy * special.zeta(2.0, x))
# special.zeta is a function of Python around this ufunc, and the ufunc is what reaches us.
rules(special._ufuncs._zeta, UNKNOWN, lambda dy, y, s, x: -dy * s * special.zeta(s + 1.0, x), name="special.zeta")


def rise(a: Any, b: Any) -> Any:
    """digamma(a) - digamma(b)."""
    return special.digamma(a) - special.digamma(b)


rules(special.beta, lambda dy, y, a, b: dy * y * rise(a, a + b), lambda dy, y, a, b: dy * y * rise(b, a + b))
rules(special.betaln, lambda dy, y, a, b: dy * rise(a, a + b), lambda dy, y, a, b: dy * rise(b, a + b))
rules(special.poch, lambda dy, y, a, m: dy * y * rise(a + m, a), lambda dy, y, a, m: dy * y * special.digamma(a + m))
rules(special.binom, lambda dy, y, n, k: dy * y * rise(n + 1, n - k + 1), lambda dy, y, n, k: dy * y * rise(n - k + 1, k + 1))


def gamma_density(a: Any, x: Any) -> Any:
    """x^(a-1) exp(-x) / gamma(a)."""
    a = like(a, x)
    return np.exp(special.xlogy(a - 1, x) - x - special.gammaln(a))


def beta_density(a: Any, b: Any, x: Any) -> Any:
    """x^(a-1) (1-x)^(b-1) / beta(a, b)."""
    a, b = like(a, x), like(b, x)
    return np.exp(special.xlogy(a - 1, x) + special.xlog1py(b - 1, -x) - special.betaln(a, b))


def t_density(df: Any, t: Any) -> Any:
    """The density of Student's t distribution."""
    df = like(df, t)
    front = np.exp(special.gammaln((df + 1) / 2) - special.gammaln(df / 2)) / np.sqrt(math.pi * df)
    return front * np.exp(-(df + 1) / 2 * np.log1p(t * t / df))


rules(special.gammainc, UNKNOWN, lambda dy, y, a, x: dy * gamma_density(a, x))
rules(special.gammaincc, UNKNOWN, lambda dy, y, a, x: -dy * gamma_density(a, x))
rules(special.gammaincinv, UNKNOWN, lambda dy, y, a, p: dy / gamma_density(a, y))
rules(special.gammainccinv, UNKNOWN, lambda dy, y, a, p: -dy / gamma_density(a, y))
rules(special.betainc, UNKNOWN, UNKNOWN, lambda dy, y, a, b, x: dy * beta_density(a, b, x))
rules(special.betaincc, UNKNOWN, UNKNOWN, lambda dy, y, a, b, x: -dy * beta_density(a, b, x))
rules(special.betaincinv, UNKNOWN, UNKNOWN, lambda dy, y, a, b, p: dy / beta_density(a, b, y))
rules(special.betainccinv, UNKNOWN, UNKNOWN, lambda dy, y, a, b, p: -dy / beta_density(a, b, y))
rules(special.chdtr, UNKNOWN, lambda dy, y, v, x: dy * gamma_density(v / 2, x / 2) / 2)
rules(special.chdtrc, UNKNOWN, lambda dy, y, v, x: -dy * gamma_density(v / 2, x / 2) / 2)
rules(special.stdtr, UNKNOWN, lambda dy, y, df, t: dy * t_density(df, t))
rules(special.stdtrit, UNKNOWN, lambda dy, y, df, p: dy / t_density(df, y))
