"""scipy.special, whose ufuncs dispatch to us; the rules are registered once SciPy is loaded."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np

from autograd_tools.primitive import PRIMITIVES, UNKNOWN, Primitive, rules

TWO_OVER_ROOT_PI = 2 / math.sqrt(math.pi)


def register(special: Any) -> None:
    """Enter the rules of scipy.special into the registry."""
    rules(special.expit, lambda dy, y, x: dy * y * (1 - y))
    rules(special.logit, lambda dy, y, x: dy / (x * (1 - x)))
    rules(special.log_expit, lambda dy, y, x: dy * special.expit(-x))
    rules(special.erf, lambda dy, y, x: dy * TWO_OVER_ROOT_PI * np.exp(-x * x))
    rules(special.erfc, lambda dy, y, x: -dy * TWO_OVER_ROOT_PI * np.exp(-x * x))
    rules(special.gammaln, lambda dy, y, x: dy * special.digamma(x))
    rules(special.gamma, lambda dy, y, x: dy * y * special.digamma(x))
    rules(special.digamma, lambda dy, y, x: dy * special.zeta(2.0, x))
    # special.zeta is a function of Python around this ufunc, and the ufunc is what reaches us.
    rules(special._ufuncs._zeta, UNKNOWN, lambda dy, y, s, x: -dy * s * special.zeta(s + 1.0, x), name="special.zeta")


def find(func: Any) -> Primitive | None:
    """The primitive of a function that became one only when SciPy was loaded."""
    special = sys.modules.get("scipy.special")
    if special is not None and special.expit not in PRIMITIVES:
        register(special)
    return PRIMITIVES.get(func)
