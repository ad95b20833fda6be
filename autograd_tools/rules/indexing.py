"""Reading one element or part: `x[index]` of arrays, tuples, lists and dicts."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from autograd_tools.core import Value, value
from autograd_tools.outgrads import Sparse, put_into
from autograd_tools.primitive import Primitive


def getitem_x(dy: Any, y: Any, x: Any, index: Any) -> Any:
    """Sparse, so that a thousand reads of `x` do not cost a thousand arrays of its size; dense where it is differentiated again."""
    if isinstance(dy, Value) and isinstance(value(x), np.ndarray):
        return ungetitem(dy, index, x)
    dx = Sparse()  # its class has no __init__, for speed
    dx.dy = dy
    dx.index = index
    return dx


def put(dy: Any, index: Any, x: Any) -> Any:
    """An array like `x`, zero but for `dy` at `index`, added up where the index repeats."""
    total = np.zeros(np.shape(x), np.result_type(dy))
    put_into(total, index, dy)
    return total


getitem = Primitive(operator.getitem, (getitem_x, None), name="getitem", containers=True, read=frozenset({1}))
ungetitem = Primitive(put, (lambda ddx, dx, dy, index, x: ddx[index],), name="ungetitem")
