"""Discrete distributions of scipy.stats; the integers themselves have no gradient."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy import special

from autograd_tools.base.traced import plain_array
from autograd_tools.engine.values import unwrap
from autograd_tools.scipy.arguments import constant
from autograd_tools.scipy.stats.support import bound, signature, within

INF = math.inf


@dataclass(frozen=True)
class Discrete:
    """A distribution of the integers from 0 to `top(*shapes)`, shifted by `loc`.

    The methods take the arguments of SciPy's: `k`, the shape parameters and `loc`, by position or
    by name; they broadcast. `k`, `loc` and the parameters named in `constants` have no gradient: a
    recorded one is a TypeError. A `k` that is no integer has probability 0; an invalid parameter
    gives nan.
    """

    name: str
    shapes: tuple[str, ...]
    log_mass: Callable[..., Any]
    distribution: Callable[..., Any]
    survival: Callable[..., Any]
    allowed: Callable[..., Any]
    top: Callable[..., Any]
    constants: tuple[str, ...] = ()

    @cached_property
    def signature(self) -> inspect.Signature:
        """The signature of each method."""
        return signature("k", self.shapes, {"loc": 0})

    def logpmf(self, *args: Any, **kwargs: Any) -> Any:
        """Return the logarithm of the probability of k.

        Parameters
        ----------
        k, *shapes, loc : array_like
            As in SciPy, by position or by name; they broadcast. `k` and `loc` are constant.

        Returns
        -------
        array or float, of the broadcast shape of the arguments
        """
        k, shapes, valid, top = self._arguments("logpmf", args, kwargs)
        inside = (k >= 0) & (k <= top) & (k == np.floor(k))
        return within(self.log_mass, k, shapes, inside, valid, 0.0, 0.0, (-INF, -INF))

    def pmf(self, *args: Any, **kwargs: Any) -> Any:
        """Return the probability of k.

        Parameters
        ----------
        k, *shapes, loc : array_like
            As in SciPy, by position or by name; they broadcast. `k` and `loc` are constant.

        Returns
        -------
        array or float, of the broadcast shape of the arguments
        """
        return np.exp(self.logpmf(*args, **kwargs))

    def cdf(self, *args: Any, **kwargs: Any) -> Any:
        """Return the probability of values up to k.

        Parameters
        ----------
        k, *shapes, loc : array_like
            As in SciPy, by position or by name; they broadcast. `k` and `loc` are constant.

        Returns
        -------
        array or float, of the broadcast shape of the arguments
        """
        return self._up_to("cdf", self.distribution, (0, 1), args, kwargs)

    def sf(self, *args: Any, **kwargs: Any) -> Any:
        """Return the probability of values above k.

        Parameters
        ----------
        k, *shapes, loc : array_like
            As in SciPy, by position or by name; they broadcast. `k` and `loc` are constant.

        Returns
        -------
        array or float, of the broadcast shape of the arguments
        """
        return self._up_to("sf", self.survival, (1, 0), args, kwargs)

    def logcdf(self, *args: Any, **kwargs: Any) -> Any:
        """Return the logarithm of `cdf`.

        Parameters
        ----------
        k, *shapes, loc : array_like
            As in SciPy, by position or by name; they broadcast. `k` and `loc` are constant.

        Returns
        -------
        array or float, of the broadcast shape of the arguments
        """
        func = lambda *standard: np.log(self.distribution(*standard))  # noqa: E731
        return self._up_to("logcdf", func, (-INF, 0), args, kwargs)

    def logsf(self, *args: Any, **kwargs: Any) -> Any:
        """Return the logarithm of `sf`.

        Parameters
        ----------
        k, *shapes, loc : array_like
            As in SciPy, by position or by name; they broadcast. `k` and `loc` are constant.

        Returns
        -------
        array or float, of the broadcast shape of the arguments
        """
        func = lambda *standard: np.log(self.survival(*standard))  # noqa: E731
        return self._up_to("logsf", func, (0, -INF), args, kwargs)

    def _up_to(
        self,
        method: str,
        func: Callable[..., Any],
        fill: tuple[float, float],
        args: Any,
        kwargs: Any,
    ) -> Any:
        """Return `func` of floor(k), and `fill` below 0 and from the top on."""
        k, shapes, valid, top = self._arguments(method, args, kwargs)
        return within(func, np.floor(k), shapes, (k >= 0) & (k < top), valid, 0.0, 0.0, fill)

    def _arguments(self, method: str, args: Any, kwargs: Any) -> Any:
        """Return k - loc, the shape parameters, a mask of valid ones, and the largest value."""
        k, *shapes, loc = bound(self.signature, f"{self.name}.{method}", args, kwargs)
        k, loc = (
            plain_array(constant(x, f"{self.name}.{method}: {name}"))
            for x, name in ((k, "k"), (loc, "loc"))
        )
        for i, name in enumerate(self.shapes):
            if name in self.constants:
                shapes[i] = plain_array(constant(shapes[i], f"{self.name}.{method}: {name}"))
        plain = [unwrap(shape) for shape in shapes]
        return (k - loc) * 1.0, shapes, self.allowed(*plain), self.top(*plain)

    def __repr__(self) -> str:
        return f"<{self.name} of autograd_tools.scipy.stats>"


def binom_log_mass(k: Any, n: Any, p: Any) -> Any:
    """The log probability of `k` successes in `n` trials."""
    ways = special.gammaln(n + 1.0) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
    return ways + special.xlogy(k, p) + special.xlog1py(n - k, -p)


def is_probability(p: Any) -> Any:
    """Return True where `p` is a probability."""
    return (p >= 0) & (p <= 1)


poisson = Discrete(
    "poisson",
    ("mu",),
    lambda k, mu: special.xlogy(k, mu) - special.gammaln(k + 1) - mu,
    lambda k, mu: special.gammaincc(k + 1, mu),
    lambda k, mu: special.gammainc(k + 1, mu),
    allowed=lambda mu: mu >= 0,
    top=lambda mu: INF,
)
binom = Discrete(
    "binom",
    ("n", "p"),
    binom_log_mass,
    lambda k, n, p: special.betaincc(k + 1, n - k, p),
    lambda k, n, p: special.betainc(k + 1, n - k, p),
    allowed=lambda n, p: (n >= 0) & (n == np.floor(n)) & is_probability(p),
    top=lambda n, p: n,
    constants=("n",),
)
bernoulli = Discrete(
    "bernoulli",
    ("p",),
    lambda k, p: special.xlogy(k, p) + special.xlog1py(1 - k, -p),
    lambda k, p: 1 - p,
    lambda k, p: p,
    allowed=is_probability,
    top=lambda p: 1,
)
