"""Orthogonal polynomials in their last argument: the derivative is of the next lower order, DLMF 18.9.15 to 18.9.27."""

from __future__ import annotations

import numpy as np
from scipy import special

from autograd_tools.engine.primitives import UNKNOWN
from autograd_tools.engine.registry import rules


def lowered(func, n, *args):
    """`func` of order n - 1, and 0 where n is 0: the derivative of a constant."""
    if np.ndim(n) == 0:
        return func(n - 1, *args) if n != 0 else 0 * args[-1]
    return np.where(n == 0, 0, func(np.where(n == 0, 1, n - 1), *args))


def legendre_slope(n, x):
    return (n + 1) / 2 * lowered(special.eval_jacobi, n, 1.0, 1.0, x)


def chebyu_slope(n, x):
    return 2 * lowered(special.eval_gegenbauer, n, 2.0, x)


rules(
    special.eval_jacobi,
    *[UNKNOWN] * 3,
    lambda dy, y, n, a, b, x: (
        dy * (n + a + b + 1) / 2 * lowered(special.eval_jacobi, n, a + 1, b + 1, x)
    ),
)
rules(
    special.eval_sh_jacobi,
    *[UNKNOWN] * 3,
    lambda dy, y, n, p, q, x: dy * n * lowered(special.eval_sh_jacobi, n, p + 2, q + 1, x),
)
rules(
    special.eval_gegenbauer,
    *[UNKNOWN] * 2,
    lambda dy, y, n, a, x: dy * 2 * a * lowered(special.eval_gegenbauer, n, a + 1, x),
)
rules(special.eval_legendre, UNKNOWN, lambda dy, y, n, x: dy * legendre_slope(n, x))
rules(special.eval_sh_legendre, UNKNOWN, lambda dy, y, n, x: 2 * dy * legendre_slope(n, 2 * x - 1))
rules(special.eval_chebyt, UNKNOWN, lambda dy, y, n, x: dy * n * lowered(special.eval_chebyu, n, x))
rules(special.eval_chebyu, UNKNOWN, lambda dy, y, n, x: dy * chebyu_slope(n, x))
rules(special.eval_chebyc, UNKNOWN, lambda dy, y, n, x: dy * n * lowered(special.eval_chebys, n, x))
rules(special.eval_chebys, UNKNOWN, lambda dy, y, n, x: dy * chebyu_slope(n, x / 2) / 2)
rules(
    special.eval_sh_chebyt,
    UNKNOWN,
    lambda dy, y, n, x: 2 * dy * n * lowered(special.eval_sh_chebyu, n, x),
)
rules(special.eval_sh_chebyu, UNKNOWN, lambda dy, y, n, x: 2 * dy * chebyu_slope(n, 2 * x - 1))
rules(
    special.eval_hermite,
    UNKNOWN,
    lambda dy, y, n, x: 2 * dy * n * lowered(special.eval_hermite, n, x),
)
rules(
    special.eval_hermitenorm,
    UNKNOWN,
    lambda dy, y, n, x: dy * n * lowered(special.eval_hermitenorm, n, x),
)
rules(
    special.eval_laguerre,
    UNKNOWN,
    lambda dy, y, n, x: -dy * lowered(special.eval_genlaguerre, n, 1.0, x),
)
rules(
    special.eval_genlaguerre,
    UNKNOWN,
    UNKNOWN,
    lambda dy, y, n, a, x: -dy * lowered(special.eval_genlaguerre, n, a + 1, x),
)
