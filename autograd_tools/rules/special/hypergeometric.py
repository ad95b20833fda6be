"""Hypergeometric functions in their last argument, Lambert's W and Wright's omega."""

from __future__ import annotations

import numpy as np
from scipy import special

from autograd_tools.engine.primitives import UNKNOWN
from autograd_tools.engine.registry import rules

# DLMF 15.5.1, 13.3.15, 13.3.22 and 16.3.1: the derivative is the same function of parameters one higher.
rules(special.hyp0f1, UNKNOWN, lambda dy, y, b, x: dy * special.hyp0f1(b + 1, x) / b)
rules(
    special.hyp1f1,
    UNKNOWN,
    UNKNOWN,
    lambda dy, y, a, b, x: dy * (a / b) * special.hyp1f1(a + 1, b + 1, x),
)
rules(
    special.hyp2f1,
    UNKNOWN,
    UNKNOWN,
    UNKNOWN,
    lambda dy, y, a, b, c, x: dy * (a * b / c) * special.hyp2f1(a + 1, b + 1, c + 1, x),
)
rules(
    special.hyperu,
    UNKNOWN,
    UNKNOWN,
    lambda dy, y, a, b, x: -dy * a * special.hyperu(a + 1, b + 1, x),
)

# special.lambertw is a function of Python around this ufunc. exp(w) + x is exp(w) (1 + w), and not 0 where x is.
rules(
    special._ufuncs._lambertw,
    lambda dy, y, x, k, tol: dy / (x + np.exp(y)),
    UNKNOWN,
    UNKNOWN,
    name="special.lambertw",
)
rules(special.wrightomega, lambda dy, y, x: dy * y / (1 + y))
