"""NumPy's types of floating point, which also cast recorded values: `np.float64(x)`.

Each is equal to NumPy's type, and stands for it: as a dtype, and to `isinstance` and `issubclass`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_tools.calls import plain
from autograd_tools.numpy.arrays import is_recorded, joined


class Cast(type):
    """The class of a type that casts recorded values, and otherwise makes what NumPy's type of that name makes."""

    real: type

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        """Cast."""
        if args and is_recorded(args[0]):
            return np.astype(joined(args[0]), cls.real)
        return cls.real(*plain(args), **kwargs)

    def __instancecheck__(cls, x: Any) -> bool:
        return isinstance(x, cls.real)

    def __subclasscheck__(cls, other: type) -> bool:
        return issubclass(other, cls.real)

    def __eq__(cls, other: object) -> bool:
        return other is cls or other is cls.real

    def __hash__(cls) -> int:
        return hash(cls.real)

    def __repr__(cls) -> str:
        return repr(cls.real)


def cast(real: Any) -> Any:
    """The type that stands for `real`."""
    return Cast(real.__name__, (real,), {"real": real, "__doc__": real.__doc__, "__module__": "numpy", "__slots__": ()})


float16, float32, float64, longdouble = cast(np.float16), cast(np.float32), cast(np.float64), cast(np.longdouble)
complex64, complex128 = cast(np.complex64), cast(np.complex128)
