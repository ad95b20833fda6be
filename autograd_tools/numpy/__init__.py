"""NumPy under another name, with replacements for what NumPy cannot dispatch: `import autograd_tools.numpy as np`.

>>> import autograd_tools as ag, autograd_tools.numpy as np
>>> ag.grad(lambda x: np.sum(np.array([[x, 1.0], [x * x, 2.0]]) ** 2))(3.0)
114.0

Plain `import numpy as np` is enough for all that works with one call on recorded values. Here, in addition, nested lists of
recorded and plain numbers become arrays, and what makes an array from a number takes a recorded one. All other names
are the very objects of NumPy. So are its types: to cast a recorded x, write `x.astype(np.float32)`.
"""

import sys
from typing import Any

import numpy

from autograd_tools.numpy import linalg
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

# So that `import autograd_tools.numpy.random` finds NumPy's own module.
for _name in ("fft", "random"):
    sys.modules[f"{__name__}.{_name}"] = getattr(numpy, _name)
del _name


def __getattr__(name: str) -> Any:
    """What is not replaced, from NumPy."""
    try:
        return getattr(numpy, name)
    except AttributeError:
        raise AttributeError(
            f"module {__name__!r} has no attribute {name!r}, and NumPy has none either"
        ) from None


def __dir__() -> list[str]:
    return sorted({*dir(numpy), *__all__})


_REPLACED = {
    **{
        "arange": arange,
        "array": array,
        "asanyarray": asanyarray,
        "asarray": asarray,
        "ascontiguousarray": ascontiguousarray,
    },
    **{
        "asfortranarray": asfortranarray,
        "full": full,
        "full_like": full_like,
        "c_": c_,
        "r_": r_,
        "vectorize": vectorize,
    },
    "linalg": linalg,
    **OVERRIDES,
}
globals().update(_REPLACED)

__all__ = sorted({*numpy.__all__, *_REPLACED})  # noqa: PLE0605  the names of NumPy that is installed
