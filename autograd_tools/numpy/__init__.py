"""NumPy with replacements for what it cannot dispatch: `import autograd_tools.numpy as np`.

>>> import autograd_tools as ag, autograd_tools.numpy as np
>>> ag.grad(lambda x: np.sum(np.array([[x, 1.0], [x * x, 2.0]]) ** 2))(3.0)
114.0

Plain `import numpy as np` is enough for any single call on recorded values. In addition, nested
lists of recorded and plain numbers become arrays here. Functions that create an array from a number
accept a recorded one, and so do arguments on which NumPy does not dispatch, such as `initial=`. All
other names are NumPy's own objects, including its types: to cast a recorded x, write
`x.astype(np.float32)`.
"""

import sys
from typing import Any

import numpy

# ruff: noqa: F401 - the public names
from autograd_tools.numpy import fft, linalg
from autograd_tools.numpy.arrays import (
    arange,
    array,
    asanyarray,
    asarray,
    ascontiguousarray,
    asfortranarray,
    full,
    full_like,
)
from autograd_tools.numpy.elements import c_, r_, vectorize
from autograd_tools.numpy.lists import OVERRIDES

# `import autograd_tools.numpy.random` finds NumPy's own module.
sys.modules[f"{__name__}.random"] = numpy.random


def __getattr__(name: str) -> Any:
    """Return a name that is not replaced from NumPy."""
    try:
        return getattr(numpy, name)
    except AttributeError:
        raise AttributeError(
            f"module {__name__!r} has no attribute {name!r}, and NumPy has none either"
        ) from None


def __dir__() -> list[str]:
    return sorted({*dir(numpy), *__all__})


# What is not loaded yet, as numpy.testing, is found by `__getattr__`.
_theirs = {name: x for name, x in vars(numpy).items() if name in numpy.__all__}
globals().update({**_theirs, **OVERRIDES, **globals()})
__all__ = numpy.__all__  # those of the installed NumPy
