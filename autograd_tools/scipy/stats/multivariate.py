"""The distributions of vectors of scipy.stats: the normal one and Dirichlet's."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import special

from autograd_tools.engine.values import unwrap
from autograd_tools.scipy.arguments import array
from autograd_tools.scipy.linalg import solve_triangular

LOG_2PI = math.log(2 * math.pi)


def mean_and_factor(mean: Any, cov: Any) -> tuple[Any, Any]:
    """The mean as a vector, and the lower Cholesky factor of the covariance, given as a matrix, a diagonal or one number for all.

    Of a matrix both triangles count the same, so that its gradient is symmetric.
    """
    cov, mean = array(cov), None if mean is None else array(mean)
    n = np.size(mean) if mean is not None else np.shape(cov)[0] if np.ndim(cov) else 1
    if np.ndim(cov) < 2:
        cov = cov * np.eye(n, dtype=np.result_type(np.asarray(unwrap(cov)), np.float32))
    if np.shape(cov) != (n, n):
        raise ValueError(
            f"multivariate_normal: for a mean of {n} numbers cov is of shape {(n, n)}, and not {np.shape(cov)}"
        )
    return 0 if mean is None else np.reshape(mean, (n,)), np.linalg.cholesky((cov + cov.T) / 2)


def log_determinant(factor: Any) -> Any:
    """Of the covariance with the Cholesky factor `factor`."""
    return 2 * np.sum(np.log(np.diagonal(factor)))


class MultivariateNormal:
    """The normal distribution of vectors, of a `mean` (n,), by default 0, and a `cov` (n, n), (n,) or a number, by default 1.

    A LinAlgError unless the covariance is positive definite: `allow_singular` is not supported.
    """

    def logpdf(self, x: Any, mean: Any = None, cov: Any = 1.0) -> Any:
        """The logarithm of the density at the vectors along the last axis of `x`, of shape (..., n)."""
        mean, factor = mean_and_factor(mean, cov)
        n, x = np.shape(factor)[0], array(x)
        if np.ndim(x) < 2:
            x = np.reshape(x, (-1, 1) if n == 1 else (1, -1))
        if np.shape(x)[-1] != n:
            raise ValueError(
                f"multivariate_normal: the vectors in x have {np.shape(x)[-1]} numbers, and the covariance is of {n}"
            )
        standard = solve_triangular(factor, np.reshape(x - mean, (-1, n)).T, lower=True)
        y = -(n * LOG_2PI + log_determinant(factor) + np.sum(standard * standard, axis=0)) / 2
        shape = tuple(m for m in np.shape(x)[:-1] if m != 1)
        return np.reshape(y, shape) if shape else y[0]

    def pdf(self, x: Any, mean: Any = None, cov: Any = 1.0) -> Any:
        """The density at the vectors along the last axis of `x`, of shape (..., n)."""
        return np.exp(self.logpdf(x, mean, cov))

    def entropy(self, mean: Any = None, cov: Any = 1.0) -> Any:
        """The differential entropy, a number."""
        _, factor = mean_and_factor(mean, cov)
        n = np.shape(factor)[0]
        return (n * (LOG_2PI + 1) + log_determinant(factor)) / 2


class Dirichlet:
    """Dirichlet's distribution, of vectors of n numbers above 0 that add up to 1, with parameters `alpha` (n,) above 0."""

    def logpdf(self, x: Any, alpha: Any) -> Any:
        """The logarithm of the density at the vectors along the first axis of `x`, of shape (n,) or (n, N).

        The last number of each may be left out. A ValueError where they do not add up to 1.
        """
        x, alpha = array(x), array(alpha)
        if np.ndim(alpha) != 1 or np.any(unwrap(alpha) <= 0):
            raise ValueError("dirichlet: alpha is a vector of numbers above 0")
        n = np.shape(alpha)[0]
        if np.shape(x)[0] == n - 1:
            x = np.concatenate([x, 1 - np.sum(x, axis=0, keepdims=True)], 0)
        plain = unwrap(x)
        if (
            np.shape(x)[0] != n
            or np.any(plain < 0)
            or np.any(np.abs(np.sum(plain, 0) - 1) > (1e-5 if plain.dtype == np.float32 else 1e-9))
        ):
            raise ValueError(
                f"dirichlet: x holds vectors of {n} numbers from 0 that add up to 1, along its first axis"
            )
        weights = np.reshape(alpha - 1, (n,) + (1,) * (np.ndim(x) - 1))
        return (
            special.gammaln(np.sum(alpha))
            - np.sum(special.gammaln(alpha))
            + np.sum(special.xlogy(weights, x), axis=0)
        )

    def pdf(self, x: Any, alpha: Any) -> Any:
        """The density at the vectors along the first axis of `x`."""
        return np.exp(self.logpdf(x, alpha))


multivariate_normal = MultivariateNormal()
dirichlet = Dirichlet()
