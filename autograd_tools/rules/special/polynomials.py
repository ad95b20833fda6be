"""Orthogonal polynomials in their last argument: DLMF 18.9.15 to 18.9.27 lower the order by one."""

from __future__ import annotations

import numpy as np
from scipy.special import (
    eval_chebyc,
    eval_chebys,
    eval_chebyt,
    eval_chebyu,
    eval_gegenbauer,
    eval_genlaguerre,
    eval_hermite,
    eval_hermitenorm,
    eval_jacobi,
    eval_laguerre,
    eval_legendre,
    eval_sh_chebyt,
    eval_sh_chebyu,
    eval_sh_jacobi,
    eval_sh_legendre,
)

from autograd_tools.engine.primitives import UNKNOWN
from autograd_tools.engine.registry import rules


def lowered(func, n, *args):
    """`func` of order n - 1; 0 where n is 0, as the derivative of a constant."""
    if np.ndim(n) == 0:
        return func(n - 1, *args) if n != 0 else 0 * args[-1]
    return np.where(n == 0, 0, func(np.where(n == 0, 1, n - 1), *args))


def legendre_slope(n, x):
    return (n + 1) / 2 * lowered(eval_jacobi, n, 1.0, 1.0, x)


def chebyu_slope(n, x):
    return 2 * lowered(eval_gegenbauer, n, 2.0, x)


def jacobi_x(dy, y, n, a, b, x):
    return dy * (n + a + b + 1) / 2 * lowered(eval_jacobi, n, a + 1, b + 1, x)


def sh_jacobi_x(dy, y, n, p, q, x):
    return dy * n * lowered(eval_sh_jacobi, n, p + 2, q + 1, x)


def gegenbauer_x(dy, y, n, a, x):
    return dy * 2 * a * lowered(eval_gegenbauer, n, a + 1, x)


def genlaguerre_x(dy, y, n, a, x):
    return -dy * lowered(eval_genlaguerre, n, a + 1, x)


def laguerre_x(dy, y, n, x):
    return -dy * lowered(eval_genlaguerre, n, 1.0, x)


rules(eval_jacobi, UNKNOWN, UNKNOWN, UNKNOWN, jacobi_x)
rules(eval_sh_jacobi, UNKNOWN, UNKNOWN, UNKNOWN, sh_jacobi_x)
rules(eval_gegenbauer, UNKNOWN, UNKNOWN, gegenbauer_x)
rules(eval_legendre, UNKNOWN, lambda dy, y, n, x: dy * legendre_slope(n, x))
rules(eval_sh_legendre, UNKNOWN, lambda dy, y, n, x: 2 * dy * legendre_slope(n, 2 * x - 1))
rules(eval_chebyt, UNKNOWN, lambda dy, y, n, x: dy * n * lowered(eval_chebyu, n, x))
rules(eval_chebyu, UNKNOWN, lambda dy, y, n, x: dy * chebyu_slope(n, x))
rules(eval_chebyc, UNKNOWN, lambda dy, y, n, x: dy * n * lowered(eval_chebys, n, x))
rules(eval_chebys, UNKNOWN, lambda dy, y, n, x: dy * chebyu_slope(n, x / 2) / 2)
rules(eval_sh_chebyt, UNKNOWN, lambda dy, y, n, x: 2 * dy * n * lowered(eval_sh_chebyu, n, x))
rules(eval_sh_chebyu, UNKNOWN, lambda dy, y, n, x: 2 * dy * chebyu_slope(n, 2 * x - 1))
rules(eval_hermite, UNKNOWN, lambda dy, y, n, x: 2 * dy * n * lowered(eval_hermite, n, x))
rules(eval_hermitenorm, UNKNOWN, lambda dy, y, n, x: dy * n * lowered(eval_hermitenorm, n, x))
rules(eval_laguerre, UNKNOWN, laguerre_x)
rules(eval_genlaguerre, UNKNOWN, UNKNOWN, genlaguerre_x)
