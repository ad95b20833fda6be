"""numpy.linalg, whose functions also take lists with recorded items."""

from typing import Any

import numpy

from autograd_tools.numpy.lists import replaced

globals().update(replaced(numpy.linalg, "linalg."))

__all__ = sorted(numpy.linalg.__all__)  # noqa: PLE0605  the names of the installed NumPy


def __getattr__(name: str) -> Any:
    return getattr(numpy.linalg, name)
