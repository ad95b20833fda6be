"""Continuous distributions of scipy.stats: standard forms that `loc` and `scale` transform."""

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
    """A continuous distribution, given by the functions of its standard form.

    The methods take the arguments of SciPy's: `x`, the shape parameters, `loc` and `scale`, by
    position or by name. All broadcast and have gradients. Outside the support, a density and its
    gradient are 0; an invalid parameter gives nan. Single precision stays single, unlike in SciPy.
    """

    name: str
    shapes: tuple[str, ...]
    log_density: Callable[..., Any]
    distribution: Callable[..., Any]
    survival: Callable[..., Any]
    support: tuple[float, float] = (-INF, INF)
    safe: float = 0.0  # a number inside the support
    log_distribution: Callable[..., Any] | None = None
    log_survival: Callable[..., Any] | None = None

    @cached_property
    def signature(self) -> inspect.Signature:
        """The signature of each method."""
        return signature("x", self.shapes, {"loc": 0.0, "scale": 1.0})

    def logpdf(self, *args: Any, **kwargs: Any) -> Any:
        """Return the logarithm of the density at x.

        Parameters
        ----------
        x, *shapes, loc, scale : array_like
            As in SciPy, by position or by name; they broadcast. All have gradients.

        Returns
        -------
        array or float, of the broadcast shape of the arguments
        """
        return self._at("logpdf", self._log_density, (-INF, -INF), args, kwargs)

    def pdf(self, *args: Any, **kwargs: Any) -> Any:
        """Return the density at x.

        Parameters
        ----------
        x, *shapes, loc, scale : array_like
            As in SciPy, by position or by name; they broadcast. All have gradients.

        Returns
        -------
        array or float, of the broadcast shape of the arguments
        """
        return np.exp(self._at("pdf", self._log_density, (-INF, -INF), args, kwargs))

    def cdf(self, *args: Any, **kwargs: Any) -> Any:
        """Return the probability of values up to x.

        Parameters
        ----------
        x, *shapes, loc, scale : array_like
            As in SciPy, by position or by name; they broadcast. All have gradients.

        Returns
        -------
        array or float, of the broadcast shape of the arguments
        """
        return self._at("cdf", self._without_scale(self.distribution), (0, 1), args, kwargs)

    def sf(self, *args: Any, **kwargs: Any) -> Any:
        """Return the probability of values above x.

        Parameters
        ----------
        x, *shapes, loc, scale : array_like
            As in SciPy, by position or by name; they broadcast. All have gradients.

        Returns
        -------
        array or float, of the broadcast shape of the arguments
        """
        return self._at("sf", self._without_scale(self.survival), (1, 0), args, kwargs)

    def logcdf(self, *args: Any, **kwargs: Any) -> Any:
        """Return the logarithm of `cdf`.

        Parameters
        ----------
        x, *shapes, loc, scale : array_like
            As in SciPy, by position or by name; they broadcast. All have gradients.

        Returns
        -------
        array or float, of the broadcast shape of the arguments
        """
        func = self.log_distribution or (lambda *standard: np.log(self.distribution(*standard)))
        return self._at("logcdf", self._without_scale(func), (-INF, 0), args, kwargs)

    def logsf(self, *args: Any, **kwargs: Any) -> Any:
        """Return the logarithm of `sf`.

        Parameters
        ----------
        x, *shapes, loc, scale : array_like
            As in SciPy, by position or by name; they broadcast. All have gradients.

        Returns
        -------
        array or float, of the broadcast shape of the arguments
        """
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
        """Return `func` of the standardized x, the scale and the shape parameters."""
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
    """The log density of Student's t distribution."""
    front = special.gammaln((df + 1) / 2) - special.gammaln(df / 2) - np.log(math.pi * df) / 2
    return front - (df + 1) / 2 * np.log1p(z * z / df)


def chi2_log_density(z: Any, df: Any) -> Any:
    """The log density of a sum of `df` squared standard normal numbers."""
    return special.xlogy(df / 2 - 1, z) - z / 2 - special.gammaln(df / 2) - df * (math.log(2) / 2)


def beta_log_density(z: Any, a: Any, b: Any) -> Any:
    """The log density of the beta distribution."""
    return special.xlogy(a - 1, z) + special.xlog1py(b - 1, -z) - special.betaln(a, b)


def lognorm_log_density(z: Any, s: Any) -> Any:
    """The log density of a number with a normal logarithm of standard deviation `s`."""
    log = np.log(z)
    return -(log * log) / (2 * s * s) - log - np.log(s) - LOG_ROOT_2PI


def laplace_distribution(z: Any) -> Any:
    """The distribution function of the double exponential distribution."""
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
    support=(math.nextafter(0, 1), INF),  # the density at 0 is 0
    safe=1.0,
    log_distribution=lambda z, s: special.log_ndtr(np.log(z) / s),
    log_survival=lambda z, s: special.log_ndtr(-np.log(z) / s),
)
