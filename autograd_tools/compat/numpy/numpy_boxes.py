"""The name of HIPS autograd's numpy_boxes."""

import numpy

from autograd_tools.compat.boxes import Box
from autograd_tools.compat.builtins import SequenceBox, type_
from autograd_tools.compat.extend import primitive
from autograd_tools.compat.tracer import trace_primitives_map


class ArrayBox(Box):
    """A recorded array or number."""

    holds = (numpy.ndarray, numpy.number, int, float, complex)


__all__ = ["ArrayBox", "SequenceBox", "primitive", "trace_primitives_map", "type_"]
