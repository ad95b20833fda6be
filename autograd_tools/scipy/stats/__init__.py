"""scipy.stats: densities, probabilities and distribution functions."""

from autograd_tools.scipy.stats.continuous import (
    beta,
    chi2,
    expon,
    gamma,
    laplace,
    lognorm,
    norm,
    t,
    uniform,
)
from autograd_tools.scipy.stats.discrete import bernoulli, binom, poisson
from autograd_tools.scipy.stats.multivariate import dirichlet, multivariate_normal

__all__ = [
    "bernoulli",
    "beta",
    "binom",
    "chi2",
    "dirichlet",
    "expon",
    "gamma",
    "laplace",
    "lognorm",
    "multivariate_normal",
    "norm",
    "poisson",
    "t",
    "uniform",
]
