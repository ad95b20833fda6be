"""Entropies, and products with a logarithm that are 0 where their factor is."""

from __future__ import annotations

import numpy as np
from scipy import special

from autograd_tools.engine.registry import rules
from autograd_tools.engine.values import unwrap


def quotient(x, y):
    """x / y, and 0 / 0 = 0: x log y is 0 for every y where x is."""
    return x / np.where((unwrap(x) == 0) & (unwrap(y) == 0), 1, y)


rules(special.xlogy, lambda dy, y, a, b: dy * np.log(b), lambda dy, y, a, b: dy * quotient(a, b))
rules(
    special.xlog1py,
    lambda dy, y, a, b: dy * np.log1p(b),
    lambda dy, y, a, b: dy * quotient(a, 1 + b),
)
rules(special.entr, lambda dy, y, x: -dy * (np.log(x) + 1))
rules(
    special.rel_entr,
    lambda dy, y, a, b: dy * (np.log(a / b) + 1),
    lambda dy, y, a, b: -dy * quotient(a, b),
)
rules(
    special.kl_div,
    lambda dy, y, a, b: dy * np.log(a / b),
    lambda dy, y, a, b: dy * (1 - quotient(a, b)),
)
