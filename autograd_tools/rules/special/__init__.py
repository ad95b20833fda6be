"""The VJP rules of scipy.special, one table for each family, registered once SciPy is loaded.

To add a rule, write `rules(special.function, rule, ...)` in the table of its family, and a case
in tests/rules/cases_special.py. UNKNOWN marks an argument whose derivative has no closed form,
such as the order of a Bessel function: its gradient is an error.
"""

from __future__ import annotations

import functools
import importlib
import sys
import threading
from typing import Any

from autograd_tools.engine.registry import PRIMITIVES, ZEROGRADS, Primitive

FAMILIES = ("bessel", "beta", "elementary", "errors", "integrals", "polynomials")
LOCK = threading.Lock()


@functools.cache
def enter_tables() -> None:
    """Register the rules of scipy.special, except for functions whose rules the user has set."""
    given, constant = dict(PRIMITIVES), set(ZEROGRADS)
    for family in FAMILIES:
        importlib.import_module(f"{__name__}.{family}")
    PRIMITIVES.update(given)
    for func in constant:
        PRIMITIVES.pop(func, None)


def find(func: Any) -> Primitive | None:
    """Return the primitive of a function; that of scipy.special appears once SciPy is loaded."""
    if "scipy.special" in sys.modules:
        with LOCK:
            enter_tables()
    return PRIMITIVES.get(func)
