"""autograd_tools.numpy under HIPS autograd's name: `import autograd_tools.compat.numpy as np`."""

from __future__ import annotations

import functools
import importlib
import sys
from typing import Any

import numpy

import autograd_tools.numpy
from autograd_tools.base.containers import tree_leaves
from autograd_tools.compat.insides import NAMES, inside
from autograd_tools.engine.values import Value
from autograd_tools.numpy.casting import NUMBERS, casting

INTEGERS = [kind for kind in NUMBERS if issubclass(kind, numpy.integer)]
__all__ = numpy.__all__
MODULES = ("numpy_boxes", "numpy_jvps", "numpy_vjps", "numpy_vspaces", "numpy_wrapper")
OF_WRAPPER = (
    "Box",
    "concatenate_args",
    "metadata",
    "notrace_primitive",
    "numpy_version",
    "primitive",
)
# From here on, `any`, `sum` and their kin are NumPy's.
globals().update({key: x for key, x in vars(autograd_tools.numpy).items() if key in __all__})


def make_diagonal(D: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """Return matrices with the last axis of `D` on their diagonals."""
    n = numpy.ndim(D)
    if offset != 0 or {axis1, axis2} not in ({-1, -2}, {n - 1, n}, {-1, n - 1}):
        raise NotImplementedError(
            "make_diagonal supports only the main diagonal of the last two axes"
        )
    return numpy.expand_dims(D, -1) * numpy.eye(numpy.shape(D)[-1])


@functools.wraps(numpy.where)
def where(condition: Any, *args: Any, **kwargs: Any) -> Any:
    """Return np.where, which takes `x` and `y` by keyword, too; of Python's values, these."""
    given = [*args, *(kwargs.pop(key) for key in ("x", "y") if key in kwargs)]
    y = autograd_tools.numpy.where(condition, *given, **kwargs)
    kinds = map(type, tree_leaves([condition, *given]))
    arrays = [kind for kind in kinds if issubclass(kind, (numpy.ndarray, numpy.generic, Value))]
    return y if arrays or not given else y.tolist()


for _name in ("fft", "random"):
    sys.modules[f"{__name__}.{_name}"] = getattr(autograd_tools.numpy, _name)
linalg = importlib.import_module(f"{__name__}.linalg")
# As in HIPS autograd, np.int64(x) of a recorded array has a zero gradient.
globals().update({_name: casting(kind) for _name, kind in vars(numpy).items() if kind in INTEGERS})
del _name


def __getattr__(name: str) -> Any:
    if name in MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name == "trapz":  # its name before NumPy 2
        return autograd_tools.numpy.trapezoid
    if name in OF_WRAPPER:
        return getattr(importlib.import_module(f"{__name__}.numpy_wrapper"), name)
    if name in NAMES["numpy"].split():
        return inside(__name__, name)
    return getattr(autograd_tools.numpy, name)
