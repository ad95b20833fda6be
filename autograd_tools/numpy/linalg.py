"""numpy.linalg; some functions also take lists with recorded items."""

from typing import Any

import numpy

from autograd_tools.numpy.lists import of_arrays

_REPLACED = {
    name: of_arrays(getattr(numpy.linalg, name))
    for name in ("det", "inv", "norm", "pinv", "slogdet", "solve")
}
globals().update(_REPLACED)

__all__ = sorted(numpy.linalg.__all__)  # noqa: PLE0605  the names of the installed NumPy


def __getattr__(name: str) -> Any:
    return getattr(numpy.linalg, name)
