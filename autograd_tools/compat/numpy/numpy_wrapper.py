"""The name of HIPS autograd's numpy_wrapper."""

from typing import Any

import numpy

from autograd_tools.compat import numpy as _wrapped
from autograd_tools.compat.boxes import Box  # noqa: F401
from autograd_tools.compat.builtins import isinstance, type  # noqa: F401
from autograd_tools.compat.extend import notrace_primitive, primitive  # noqa: F401

numpy_version = numpy.__version__
make_diagonal = _wrapped.make_diagonal


def metadata(A: Any) -> tuple[tuple[int, ...], int, Any, bool]:
    """Return the shape, number of axes and dtype of an array, and whether it is complex."""
    return numpy.shape(A), numpy.ndim(A), numpy.result_type(A), numpy.iscomplexobj(A)


def concatenate_args(axis: Any, *arrays: Any) -> Any:
    """Return arrays joined along an axis."""
    return numpy.concatenate(arrays, axis)


def _astype(A: Any, dtype: Any, *args: Any, **kwargs: Any) -> Any:
    return numpy.astype(A, dtype)


def __getattr__(name: str) -> Any:
    return getattr(_wrapped, name)
