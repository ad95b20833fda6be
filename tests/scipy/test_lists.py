"""Lists of recorded numbers, also nested, as arguments of the functions of SciPy."""

import types

import numpy as np
import pytest
import scipy.integrate
import scipy.linalg
import scipy.signal
import scipy.special
import scipy.stats

import autograd_tools as ag
from autograd_tools.scipy import integrate, linalg, signal, special, stats

SCIPY = types.SimpleNamespace(
    integrate=scipy.integrate,
    linalg=scipy.linalg,
    signal=scipy.signal,
    special=scipy.special,
    stats=scipy.stats,
)
OURS = types.SimpleNamespace(
    integrate=integrate, linalg=linalg, signal=signal, special=special, stats=stats
)


def matrix(x):
    return [[x + 2, 1.0], (1.0, x)]


CALLS = {
    "odeint y0": lambda sp, x: sp.integrate.odeint(
        lambda y, t: [-y[0], y[0] * y[1]], [x, 1.0], [0.0, 0.5]
    ),
    "odeint t": lambda sp, x: sp.integrate.odeint(lambda y, t: -y, [1.0], [0.0, x]),
    "odeint args": lambda sp, x: sp.integrate.odeint(
        lambda y, t, a: [-a[0] * y[0]], [1.0], [0.0, 0.5], args=([x, 2.0],)
    ),
    "solve_ivp y0": lambda sp, x: (
        sp.integrate.solve_ivp(
            lambda t, y: [-y[0], y[0]], (0.0, 1.0), [x, 1.0], t_eval=[0.5, 1.0]
        ).y
    ),
    "multivariate_normal": lambda sp, x: sp.stats.multivariate_normal.logpdf(
        [0.5, -0.2], [x, 0.0], [[x, 0.1], [0.1, 1.0]]
    ),
    "dirichlet": lambda sp, x: sp.stats.dirichlet.logpdf([0.3, 0.7], [x, 2.0]),
    "norm": lambda sp, x: sp.stats.norm.logpdf([0.5, x], [x, 1.0], [1.0, x]),
    "poisson": lambda sp, x: sp.stats.poisson.logpmf([1, 2], [x, 2.0]),
    "logsumexp": lambda sp, x: sp.special.logsumexp([x, 1.0], b=[x, 2.0]),
    "softmax": lambda sp, x: sp.special.softmax([[x, 1.0], [2.0, x]], axis=1)[:, 0],
    "polygamma": lambda sp, x: sp.special.polygamma(1, [x, 2.0]),
    "solve": lambda sp, x: sp.linalg.solve(matrix(x), [x, 1.0]),
    "expm": lambda sp, x: sp.linalg.expm(matrix(x)),
    "block_diag": lambda sp, x: sp.linalg.block_diag([[x]], matrix(x)),
    "toeplitz": lambda sp, x: sp.linalg.toeplitz([x, 1.0], [x, 2.0]),
    "convolve": lambda sp, x: sp.signal.convolve([x, 1.0], [1.0, x]),
}


@pytest.mark.parametrize("f", CALLS.values(), ids=CALLS)
def test_a_list_of_recorded_numbers_is_an_array(f):
    y, dx = ag.value_and_grad(lambda x: np.sum(f(OURS, x)))(1.5)
    above, below = (np.sum(f(SCIPY, x)) for x in (1.5 + 1e-5, 1.5 - 1e-5))
    np.testing.assert_allclose(y, np.sum(f(SCIPY, 1.5)), rtol=1e-6)
    np.testing.assert_allclose(dx, (above - below) / 2e-5, rtol=1e-3, atol=1e-5)
