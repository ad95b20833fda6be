"""numpy.linalg, whose functions also take lists in which something is recorded."""

from typing import Any

import numpy

from autograd_tools.numpy.lists import of_arrays

_REPLACED = {
    name: of_arrays(getattr(numpy.linalg, name))
    for name in ("det", "inv", "norm", "pinv", "slogdet", "solve")
}
globals().update(_REPLACED)

__all__ = sorted(numpy.linalg.__all__)  # noqa: PLE0605  the names of NumPy that is installed


def __getattr__(name: str) -> Any:
    return getattr(numpy.linalg, name)
