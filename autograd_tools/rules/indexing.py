"""Reading one element or part: `x[index]` of arrays, tuples, lists and dicts."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from autograd_tools.core import Value, value
from autograd_tools.outgrads import add_part, put_into
from autograd_tools.primitive import Primitive


def getitem_x(dy: Any, y: Any, x: Any, index: Any) -> Any:
    """Zero but for `dy` at `index`."""
    if not isinstance(value(x), (list, tuple, dict)):
        return ungetitem(dy, index, x) if isinstance(dy, Value) else put(dy, index, x)
    return getitem_into({} if isinstance(value(x), dict) else [None] * len(x), dy, x, index)


def getitem_into(total: Any, dy: Any, x: Any, index: Any) -> Any:
    """The same, added into `total`: a thousand reads of `x` cost one array of its size."""
    if type(total) is np.ndarray and not isinstance(dy, Value):
        put_into(total, index, dy)
    elif not isinstance(total, (list, dict)):
        return total + getitem_x(dy, None, x, index)
    elif isinstance(index, slice):
        for i, part in zip(range(*index.indices(len(total))), dy, strict=True):
            add_part(total, i, part)
    else:
        add_part(total, index, dy)
    return total


def put(dy: Any, index: Any, x: Any) -> Any:
    """An array like `x`, zero but for `dy` at `index`, added up where the index repeats."""
    total = np.zeros(np.shape(x), np.result_type(dy))
    put_into(total, index, dy)
    return total


getitem = Primitive(operator.getitem, (getitem_x, None), into=getitem_into, name="getitem", containers=True, read=frozenset({1}))
ungetitem = Primitive(put, (lambda ddx, dx, dy, index, x: ddx[index],), name="ungetitem")
