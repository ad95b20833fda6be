"""Derivatives of the incomplete gamma and beta functions in their shape parameters.

In the integral that defines a function, substitute t = x exp(-w / a) or t = x + w. The function
becomes a power times the integral of exp(-w) g(w) over w > 0; in the smaller tail, g is at most
1. The derivative of its logarithm is that of the power, plus the mean of the derivative of log g,
weighted with exp(-w) g(w). The relative error is below 1e-10 in double precision, in both tails,
for parameters from 0.01 to 1e5.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from autograd_tools.engine.values import unwrap

# The trapezoid rule in s, where w = exp(s - exp(-s)) comes close to 0 and to infinity: Takahasi and
# Mori (1974), Double exponential formulas for numerical integration.
S = np.arange(-3.75, 10, 1 / 16)
W = np.exp(S - np.exp(-S))
STEPS = W * (1 + np.exp(-S))


def mean(log_g, w, of):
    """Return the mean of `of` over the last axis, weighted with exp(-w) g(w)."""
    weights = np.exp(log_g - w) * STEPS.astype(np.result_type(unwrap(log_g)))
    return np.sum(weights * of, axis=-1) / np.sum(weights, axis=-1)


def safe(inside, *numbers):
    """Return each number with a new last axis, and 1 in place of those outside."""
    return [np.where(inside, x, 1)[..., None] for x in numbers]


def gamma_shape(a, x):
    """Return the derivative of gammainc(a, x) in `a`.

    It is 0 at the ends of the domain of x, and NaN outside of it.
    """
    inside = (unwrap(x) > 0) & (unwrap(x) < np.inf) & (unwrap(a) > 0) & (unwrap(a) < np.inf)
    below = unwrap(x) <= unwrap(a)
    above = np.logical_not(below)
    w = W.astype(np.result_type(unwrap(a), unwrap(x)))
    lower = gamma_lower(w, *safe(inside & below, a, x))
    upper = gamma_upper(w, *safe(inside & above, a, x))
    slope = np.where(below, special.gammainc(a, x) * lower, -special.gammaincc(a, x) * upper)
    return np.where(inside, slope, outside(special.gammainc(unwrap(a), unwrap(x))))


def outside(y):
    """Return the slope at the ends of the domain, 0, and NaN where the function is NaN."""
    return np.where(np.isnan(y), np.nan, 0).astype(np.result_type(y))


def gamma_lower(w, a, x):
    """Return the derivative of log gammainc(a, x) in `a`, for x <= a."""
    slope = -mean(-x * np.expm1(-w / a), w, x * np.exp(-w / a) * w / (a * a))
    return slope + (np.log(x) - special.digamma(a + 1))[..., 0]


def gamma_upper(w, a, x):
    """Return the derivative of log gammaincc(a, x) in `a`, for x >= a."""
    log = np.log1p(w / x)
    return mean((a - 1) * log, w, log) + (np.log(x) - special.digamma(a))[..., 0]


def beta_shapes(a, b, x, rest):
    """Return the derivatives of betainc(a, b, x) in `a` and `b`, where `rest` is 1 - x.

    They are 0 at the ends of the domain of x, and NaN outside of it.
    """
    inside = (unwrap(x) > 0) & (unwrap(rest) > 0) & (unwrap(a) > 0) & (unwrap(b) > 0)
    below = unwrap(x) * unwrap(b) <= unwrap(rest) * unwrap(a)
    above = np.logical_not(below)
    w = W.astype(np.result_type(unwrap(a), unwrap(b), unwrap(x)))
    left = beta_lower(w, *safe(inside & below, a, b, x, rest))
    right = beta_lower(w, *safe(inside & above, b, a, rest, x))
    y, tail = special.betainc(a, b, x), special.betaincc(a, b, x)
    ends = outside(unwrap(y))
    da, db = (
        np.where(inside, np.where(below, y * left[i], -tail * right[1 - i]), ends) for i in (0, 1)
    )
    return da, db


def beta_lower(w, a, b, x, rest):
    """Return the derivatives of log betainc(a, b, x) in `a` and `b`, for x / (1 - x) <= a / b."""
    ratio, sum_ = x / rest, special.digamma(a + b)
    log = np.log1p(-ratio * np.expm1(-w / a))
    down = x * np.exp(-w / a) * w / (a * a) / (-x * np.expm1(-w / a) + rest)
    of_power = (np.log(x) - special.digamma(a + 1) + sum_)[..., 0]
    da = of_power - mean((b - 1) * log, w, (b - 1) * down)
    db = mean((b - 1) * log, w, log) + (np.log(rest) - special.digamma(b) + sum_)[..., 0]
    return da, db
