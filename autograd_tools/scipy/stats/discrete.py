"""The discrete distributions of scipy.stats: of whole numbers, which have no gradient themselves."""

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
from autograd_tools.scipy.arguments import constant
from autograd_tools.scipy.stats.support import bound, signature, within

INF = math.inf


@dataclass(frozen=True)
class Discrete:
    """A distribution of whole numbers from 0 up to `top(*shapes)`, moved by `loc`.

    The methods take what SciPy's take: the number k, the shape parameters and `loc`, by position or by name; they broadcast.
    The parameters named in `constants`, k and `loc` have no gradient: giving one that is recorded is a TypeError.
    A number that is not whole has the probability 0; a parameter that is not allowed makes nan, as in SciPy.
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
        """How each method is called."""
        return signature("k", self.shapes, {"loc": 0})

    def logpmf(self, *args: Any, **kwargs: Any) -> Any:
        """The logarithm of the probability of k."""
        k, shapes, valid, top = self._arguments("logpmf", args, kwargs)
        inside = (k >= 0) & (k <= top) & (k == np.floor(k))
        return within(self.log_mass, k, shapes, inside, valid, 0.0, 0.0, (-INF, -INF))

    def pmf(self, *args: Any, **kwargs: Any) -> Any:
        """The probability of k."""
        return np.exp(self.logpmf(*args, **kwargs))

    def cdf(self, *args: Any, **kwargs: Any) -> Any:
        """The probability of k or less."""
        return self._up_to("cdf", self.distribution, (0, 1), args, kwargs)

    def sf(self, *args: Any, **kwargs: Any) -> Any:
        """The probability of more than k."""
        return self._up_to("sf", self.survival, (1, 0), args, kwargs)

    def logcdf(self, *args: Any, **kwargs: Any) -> Any:
        """The logarithm of the probability of k or less."""
        return self._up_to(
            "logcdf",
            lambda *standard: np.log(self.distribution(*standard)),
            (-INF, 0),
            args,
            kwargs,
        )

    def logsf(self, *args: Any, **kwargs: Any) -> Any:
        """The logarithm of the probability of more than k."""
        return self._up_to(
            "logsf", lambda *standard: np.log(self.survival(*standard)), (0, -INF), args, kwargs
        )

    def _up_to(
        self,
        method: str,
        func: Callable[..., Any],
        fill: tuple[float, float],
        args: Any,
        kwargs: Any,
    ) -> Any:
        """`func` of the whole number at or below k, where some but not all of the probability is at or below it."""
        k, shapes, valid, top = self._arguments(method, args, kwargs)
        return within(func, np.floor(k), shapes, (k >= 0) & (k < top), valid, 0.0, 0.0, fill)

    def _arguments(self, method: str, args: Any, kwargs: Any) -> Any:
        """The number less `loc`, the shape parameters, whether they are allowed, and the largest number."""
        k, *shapes, loc = bound(self.signature, f"{self.name}.{method}", args, kwargs)
        k, loc = (
            np.asarray(constant(x, f"{self.name}.{method}: {name}"))
            for x, name in ((k, "k"), (loc, "loc"))
        )
        for i, name in enumerate(self.shapes):
            if name in self.constants:
                shapes[i] = np.asarray(constant(shapes[i], f"{self.name}.{method}: {name}"))
        plain = [unwrap(shape) for shape in shapes]
        return (k - loc) * 1.0, shapes, self.allowed(*plain), self.top(*plain)

    def __repr__(self) -> str:
        return f"<{self.name} of autograd_tools.scipy.stats>"


def binom_log_mass(k: Any, n: Any, p: Any) -> Any:
    """Of `k` successes in `n` trials."""
    ways = special.gammaln(n + 1.0) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
    return ways + special.xlogy(k, p) + special.xlog1py(n - k, -p)


def is_probability(p: Any) -> Any:
    """Whether a parameter is allowed."""
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
