"""scipy.special, whose ufuncs dispatch to us: one table for each family, entered into the registry once SciPy is loaded.

The order of a function, and any other argument whose derivative has no formula at hand, is UNKNOWN.
"""

from __future__ import annotations

import functools
import importlib
import sys
import threading
from typing import Any

from autograd_tools.engine.registry import PRIMITIVES, ZEROGRADS, Primitive

FAMILIES = (
    "bessel",
    "beta",
    "elementary",
    "entropy",
    "errors",
    "hypergeometric",
    "integrals",
    "polynomials",
)
LOCK = threading.Lock()


@functools.cache
def enter_tables() -> None:
    """Enter the rules of scipy.special into the registry, but for functions that the user has given rules of their own."""
    given, constant = dict(PRIMITIVES), set(ZEROGRADS)
    for family in FAMILIES:
        importlib.import_module(f"{__name__}.{family}")
    PRIMITIVES.update(given)
    for func in constant:
        PRIMITIVES.pop(func, None)


def find(func: Any) -> Primitive | None:
    """The primitive of a function that became one only when SciPy was loaded."""
    if "scipy.special" in sys.modules:
        with LOCK:
            enter_tables()
    return PRIMITIVES.get(func)
