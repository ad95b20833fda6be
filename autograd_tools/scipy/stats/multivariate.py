"""Distributions of vectors of scipy.stats: the normal distribution and Dirichlet's."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import linalg, special

from autograd_tools.base.traced import plain_array
from autograd_tools.engine.calls import call
from autograd_tools.engine.registry import Primitive
from autograd_tools.engine.values import unwrap
from autograd_tools.scipy.arguments import array
from autograd_tools.scipy.steps import Steps

steps = Steps(linalg)

LOG_2PI = math.log(2 * math.pi)
# Rows of a matrix up to which its inverse is faster than a solver, which starts threads that wait.
SMALL = 32


def mean_and_covariance(mean: Any, cov: Any) -> tuple[Any, Any]:
    """Return the mean as a vector, and the covariance as a symmetric matrix.

    Both triangles of a covariance matrix count equally, so its gradient is symmetric.
    """
    cov, mean = array(cov), None if mean is None else array(mean)
    n = np.size(mean) if mean is not None else np.shape(cov)[0] if np.ndim(cov) else 1
    if np.ndim(cov) < 2:
        cov = cov * np.eye(n, dtype=np.result_type(plain_array(unwrap(cov)), np.float32))
    if np.shape(cov) != (n, n):
        raise ValueError(
            f"multivariate_normal: a mean of length {n} needs cov of shape {(n, n)}, "
            f"got {np.shape(cov)}"
        )
    return 0 if mean is None else np.reshape(mean, (n,)), (cov + cov.T) / 2


def log_density(away: Any, cov: Any) -> Any:
    """Return the log density at some distances from the mean."""
    factor = np.linalg.cholesky(cov)
    n = len(factor)
    if n <= SMALL:
        standard = away @ np.linalg.inv(factor).T
    else:
        standard = steps.solve_triangular(factor, away.T, lower=True).T
    squares = np.einsum("ij,ij->i", standard, standard)
    return -(n * LOG_2PI + log_determinant(factor) + squares) / 2


def log_density_away(dy: Any, y: Any, away: Any, cov: Any) -> Any:
    scaled = away * -dy[:, None]
    if np.shape(cov)[0] <= SMALL:
        return scaled @ np.linalg.inv(cov)
    return np.linalg.solve(cov, scaled.T).T


def log_density_cov(dy: Any, y: Any, away: Any, cov: Any) -> Any:
    """The outer products of the solutions, less the inverse: Petersen and Pedersen (2012), The
    matrix cookbook, 8.1.
    """
    inverse = np.linalg.inv(cov)
    solved = away @ inverse
    return ((solved * dy[:, None]).T @ solved - np.sum(dy) * inverse) / 2


LOGPDF = Primitive(
    log_density, (log_density_away, log_density_cov), name="multivariate_normal.logpdf"
)


def log_density_on_support(away: Any, cov: Any) -> Any:
    """Return the log density at some distances from the mean, -inf outside of the support.

    The support is spanned by the eigenvectors of the covariance whose eigenvalues are not zero up
    to rounding, with the tolerance of SciPy: 1e6 times the spacing of the largest, in single
    precision 1e3 times.
    """
    w, v = np.linalg.eigh(unwrap(cov))
    least = {"f": 1e3}.get(w.dtype.char, 1e6) * np.finfo(w.dtype).eps
    kept = w > least * np.max(np.abs(w))
    if np.min(w) < -least * np.max(np.abs(w)):
        raise np.linalg.LinAlgError("multivariate_normal: cov is not positive semidefinite")
    logdet = np.sum(np.log(np.linalg.eigvalsh(cov)[kept]))
    inverse = np.linalg.pinv(cov, least, hermitian=True)
    y = -(np.sum(kept) * LOG_2PI + logdet + np.sum(away @ inverse * away, axis=1)) / 2
    outside = np.linalg.norm(unwrap(away) @ v[:, ~kept], axis=1) >= least
    return np.where(outside, -np.inf, y) if np.any(outside) else y


def log_determinant(factor: Any) -> Any:
    """Return the log determinant of a matrix from its Cholesky factor."""
    return 2 * np.sum(np.log(np.diagonal(factor)))


class MultivariateNormal:
    """The multivariate normal distribution.

    `mean` has shape (n,), by default zeros; `cov` has shape (n, n), or (n,) for a diagonal, or is
    a number.
    """

    def logpdf(self, x: Any, mean: Any = None, cov: Any = 1.0, allow_singular: bool = False) -> Any:
        """Return the logarithm of the density.

        Parameters
        ----------
        x : array_like, shape (..., n)
            Vectors along the last axis.
        mean : array_like, shape (n,), optional
        cov : array_like, shape (n, n) or (n,), or float
        allow_singular : bool
            Allow a singular covariance: the density is that on its support, zero outside.

        Returns
        -------
        array, of the shape of `x` without its last axis and axes of length 1, or float

        Raises
        ------
        numpy.linalg.LinAlgError
            If `cov` is not positive definite, without `allow_singular`.
        """
        mean, cov = mean_and_covariance(mean, cov)
        n, x = np.shape(cov)[0], array(x)
        if np.ndim(x) < 2:
            x = np.reshape(x, (-1, 1) if n == 1 else (1, -1))
        if np.shape(x)[-1] != n:
            raise ValueError(
                f"multivariate_normal expected vectors of length {n}, got {np.shape(x)[-1]}"
            )
        away = np.reshape(x - mean, (-1, n))
        y = log_density_on_support(away, cov) if allow_singular else call(LOGPDF, (away, cov))
        shape = tuple(m for m in np.shape(x)[:-1] if m != 1)
        return np.reshape(y, shape) if shape else y[0]

    def pdf(self, x: Any, mean: Any = None, cov: Any = 1.0, allow_singular: bool = False) -> Any:
        """Return the density; see `logpdf` for the arguments."""
        return np.exp(self.logpdf(x, mean, cov, allow_singular))

    def entropy(self, mean: Any = None, cov: Any = 1.0) -> Any:
        """Return the differential entropy, a number; see `logpdf` for the arguments."""
        factor = np.linalg.cholesky(mean_and_covariance(mean, cov)[1])
        n = np.shape(factor)[0]
        return (n * (LOG_2PI + 1) + log_determinant(factor)) / 2


class Dirichlet:
    """Dirichlet's distribution of vectors of n positive numbers with sum 1."""

    def logpdf(self, x: Any, alpha: Any) -> Any:
        """Return the logarithm of the density.

        Parameters
        ----------
        x : array_like, shape (n,) or (n, N)
            Vectors along the first axis with sum 1. The last element of each may be left out.
        alpha : array_like, shape (n,)
            Positive parameters.

        Returns
        -------
        float or array, shape (N,)

        Raises
        ------
        ValueError
            If `alpha` is not a vector of positive numbers or a sum is not 1.
        """
        x, alpha = array(x), array(alpha)
        if np.ndim(alpha) != 1 or np.any(unwrap(alpha) <= 0):
            raise ValueError("dirichlet: alpha must be a vector of positive numbers")
        n = np.shape(alpha)[0]
        if np.shape(x)[0] == n - 1:
            x = np.concatenate([x, 1 - np.sum(x, axis=0, keepdims=True)], 0)
        plain = unwrap(x)
        error = 1e-5 if plain.dtype == np.float32 else 1e-9
        off = np.any(plain < 0) or np.any(np.abs(np.sum(plain, 0) - 1) > error)
        if np.shape(x)[0] != n or off:
            raise ValueError(
                f"dirichlet: the first axis of x must hold {n} non-negative numbers with sum 1"
            )
        weights = np.reshape(alpha - 1, (n,) + (1,) * (np.ndim(x) - 1))
        front = special.gammaln(np.sum(alpha)) - np.sum(special.gammaln(alpha))
        return front + np.sum(special.xlogy(weights, x), axis=0)

    def pdf(self, x: Any, alpha: Any) -> Any:
        """Return the density; see `logpdf` for the arguments."""
        return np.exp(self.logpdf(x, alpha))


multivariate_normal = MultivariateNormal()
dirichlet = Dirichlet()
