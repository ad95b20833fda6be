"""The name of HIPS autograd's numpy_boxes."""

import numpy

from autograd_tools.compat.boxes import Box


class ArrayBox(Box):
    """A recorded array or number."""

    holds = (numpy.ndarray, numpy.number, int, float, complex)


__all__ = ["ArrayBox"]
