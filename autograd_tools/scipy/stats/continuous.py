"""The continuous distributions of scipy.stats, each of a standard form that `loc` and `scale` move and stretch."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy import special

from autograd_tools.engine.values import unwrap
from autograd_tools.scipy.stats.support import bound, signature, within

INF = math.inf
LOG_ROOT_2PI = math.log(2 * math.pi) / 2


@dataclass(frozen=True)
class Continuous:
    """A continuous distribution: its name, and of its standard form the shape parameters, logarithm of the density and so on.

    The methods take what SciPy's take: the place x, the shape parameters, `loc` and `scale`, by position or by name; all of
    them broadcast and have gradients.
    Outside of the support a density is 0 and its gradient too; a parameter that is not allowed makes nan, as in SciPy.
    Numbers of single precision stay so, while SciPy goes on in double precision.
    """

    name: str
    shapes: tuple[str, ...]
    log_density: Callable[..., Any]
    distribution: Callable[..., Any]
    survival: Callable[..., Any]
    support: tuple[float, float] = (-INF, INF)
    safe: float = 0.0  # a number inside of the support
    log_distribution: Callable[..., Any] | None = None
    log_survival: Callable[..., Any] | None = None

    @cached_property
    def signature(self) -> inspect.Signature:
        """How each method is called."""
        return signature("x", self.shapes, {"loc": 0.0, "scale": 1.0})

    def logpdf(self, *args: Any, **kwargs: Any) -> Any:
        """The logarithm of the density."""
        return self._at("logpdf", self._log_density, (-INF, -INF), args, kwargs)

    def pdf(self, *args: Any, **kwargs: Any) -> Any:
        """The density."""
        return np.exp(self._at("pdf", self._log_density, (-INF, -INF), args, kwargs))

    def cdf(self, *args: Any, **kwargs: Any) -> Any:
        """The probability of x or less."""
        return self._at("cdf", self._without_scale(self.distribution), (0, 1), args, kwargs)

    def sf(self, *args: Any, **kwargs: Any) -> Any:
        """The probability of more than x."""
        return self._at("sf", self._without_scale(self.survival), (1, 0), args, kwargs)

    def logcdf(self, *args: Any, **kwargs: Any) -> Any:
        """The logarithm of the probability of x or less."""
        func = self.log_distribution or (lambda *standard: np.log(self.distribution(*standard)))
        return self._at("logcdf", self._without_scale(func), (-INF, 0), args, kwargs)

    def logsf(self, *args: Any, **kwargs: Any) -> Any:
        """The logarithm of the probability of more than x."""
        func = self.log_survival or (lambda *standard: np.log(self.survival(*standard)))
        return self._at("logsf", self._without_scale(func), (0, -INF), args, kwargs)

    def _log_density(self, z: Any, scale: Any, *shapes: Any) -> Any:
        return self.log_density(z, *shapes) - np.log(scale)

    def _without_scale(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return lambda z, scale, *shapes: func(z, *shapes)

    def _at(
        self,
        method: str,
        func: Callable[..., Any],
        fill: tuple[float, float],
        args: Any,
        kwargs: Any,
    ) -> Any:
        """`func` of the standard place, the scale and the shape parameters."""
        x, *shapes, loc, scale = bound(self.signature, f"{self.name}.{method}", args, kwargs)
        valid = unwrap(scale) > 0
        for shape in shapes:
            valid = valid & (unwrap(shape) > 0)
        z = (x - loc) / np.where(unwrap(scale) > 0, scale, 1)
        inside = (unwrap(z) >= self.support[0]) & (unwrap(z) <= self.support[1])
        return within(func, z, (scale, *shapes), inside, valid, self.safe, self.support[0], fill)

    def __repr__(self) -> str:
        return f"<{self.name} of autograd_tools.scipy.stats>"


def t_log_density(z: Any, df: Any) -> Any:
    """Of Student's t distribution."""
    front = special.gammaln((df + 1) / 2) - special.gammaln(df / 2) - np.log(math.pi * df) / 2
    return front - (df + 1) / 2 * np.log1p(z * z / df)


def chi2_log_density(z: Any, df: Any) -> Any:
    """Of the sum of the squares of `df` normal numbers."""
    return special.xlogy(df / 2 - 1, z) - z / 2 - special.gammaln(df / 2) - df * (math.log(2) / 2)


def beta_log_density(z: Any, a: Any, b: Any) -> Any:
    """Of the beta distribution."""
    return special.xlogy(a - 1, z) + special.xlog1py(b - 1, -z) - special.betaln(a, b)


def lognorm_log_density(z: Any, s: Any) -> Any:
    """Of a number whose logarithm is normal, of standard deviation `s`."""
    log = np.log(z)
    return -(log * log) / (2 * s * s) - log - np.log(s) - LOG_ROOT_2PI


def laplace_distribution(z: Any) -> Any:
    """Of the double exponential distribution."""
    tail = np.exp(-np.abs(z)) / 2
    return np.where(unwrap(z) > 0, 1 - tail, tail)


norm = Continuous(
    "norm",
    (),
    log_density=lambda z: -(z * z) / 2 - LOG_ROOT_2PI,
    distribution=special.ndtr,
    survival=lambda z: special.ndtr(-z),
    log_distribution=special.log_ndtr,
    log_survival=lambda z: special.log_ndtr(-z),
)
t = Continuous(
    "t",
    ("df",),
    t_log_density,
    lambda z, df: special.stdtr(df, z),
    lambda z, df: special.stdtr(df, -z),
)
laplace = Continuous(
    "laplace",
    (),
    lambda z: -np.abs(z) - math.log(2),
    laplace_distribution,
    lambda z: laplace_distribution(-z),
    safe=1.0,
)
uniform = Continuous(
    "uniform", (), lambda z: 0 * z, lambda z: z, lambda z: 1 - z, support=(0.0, 1.0), safe=0.5
)
beta = Continuous(
    "beta",
    ("a", "b"),
    beta_log_density,
    lambda z, a, b: special.betainc(a, b, z),
    lambda z, a, b: special.betaincc(a, b, z),
    support=(0.0, 1.0),
    safe=0.5,
)
gamma = Continuous(
    "gamma",
    ("a",),
    lambda z, a: special.xlogy(a - 1, z) - z - special.gammaln(a),
    lambda z, a: special.gammainc(a, z),
    lambda z, a: special.gammaincc(a, z),
    support=(0.0, INF),
    safe=1.0,
)
chi2 = Continuous(
    "chi2",
    ("df",),
    chi2_log_density,
    lambda z, df: special.chdtr(df, z),
    lambda z, df: special.chdtrc(df, z),
    support=(0.0, INF),
    safe=1.0,
)
expon = Continuous(
    "expon",
    (),
    log_density=lambda z: -z,
    distribution=lambda z: -np.expm1(-z),
    survival=lambda z: np.exp(-z),
    support=(0.0, INF),
    safe=1.0,
    log_survival=lambda z: -z,
)
lognorm = Continuous(
    "lognorm",
    ("s",),
    lognorm_log_density,
    distribution=lambda z, s: special.ndtr(np.log(z) / s),
    survival=lambda z, s: special.ndtr(-np.log(z) / s),
    support=(
        math.nextafter(0, 1),
        INF,
    ),  # 0 is outside: the density there is 0, and its logarithm -inf
    safe=1.0,
    log_distribution=lambda z, s: special.log_ndtr(np.log(z) / s),
    log_survival=lambda z, s: special.log_ndtr(-np.log(z) / s),
)
