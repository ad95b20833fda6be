"""Functions of SciPy that NumPy cannot dispatch, under SciPy's names.

They take recorded and plain values.

>>> import numpy as np, autograd_tools as ag
>>> from autograd_tools.scipy.stats import norm
>>> ag.grad(lambda mean: norm.logpdf(1.0, mean, 2.0))(3.0)
-0.5

The ufuncs of `scipy.special` need no replacement. A keyword argument of SciPy that is missing from
a signature here is a TypeError that names it.
"""

import importlib
from typing import Any

try:
    import scipy  # noqa: F401  everything here needs it
except ImportError as error:
    raise ImportError(
        "autograd_tools.scipy needs SciPy: pip install autograd-tools[scipy]"
    ) from error

__all__ = ["integrate", "linalg", "optimize", "signal", "sparse", "spatial", "special", "stats"]


def __getattr__(name: str) -> Any:
    """Load a module at its first use, as SciPy does."""
    if name in __all__:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(
        f"module {__name__!r} has no attribute {name!r}; it has {', '.join(__all__)}"
    )
