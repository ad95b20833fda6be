"""Types of numbers that, when called, cast recorded values: `np.float32(x)`, `float(x)`."""

from __future__ import annotations

import copyreg
import functools
from typing import Any

import numpy as np

from autograd_tools.engine.calls import holds_tracked, plain
from autograd_tools.engine.stand_ins import StandIn
from autograd_tools.engine.state import recordings
from autograd_tools.engine.values import unwrap
from autograd_tools.numpy.arrays import joined, unnested

last, of_generators = recordings.last, recordings.of_generators  # of the open recordings
# The types of numbers that can be called; several names stand for one.
NUMBERS = tuple({x for x in np.sctypeDict.values() if issubclass(x, (np.inexact, np.integer))})


class CastingType(StandIn):
    """The class of types that stand for a type of numbers, and cast recorded values."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Cast recorded values; integers have no gradient."""
        kind = self._kind
        if (last() is None and not of_generators) or not holds_tracked(args):
            return kind(*args, **kwargs)
        if not issubclass(kind, (float, np.inexact)):
            return kind(*plain(args), **kwargs)
        x: Any = unnested(args[0])
        if kind is float and np.ndim(x):
            float(unwrap(x))  # an error in NumPy 2.4, and with more elements than one
            x = np.reshape(x, ())
        if np.shape(x) != () or np.result_type(unwrap(x)) != kind:
            x = joined(x).astype(kind)
        return x[()] if isinstance(unwrap(x), np.ndarray) and x.ndim == 0 else x


def _reduce(cls: Any) -> Any:
    return type, (cls._kind(),)


copyreg.pickle(CastingType, _reduce)


@functools.cache
def casting(kind: Any) -> Any:
    """Return a type that stands for `kind`, one of NumPy or `float`; it is a dtype, too."""
    base = np.dtype(kind).type
    return CastingType(
        kind.__name__,
        (base,),
        {"_kind": kind, "__module__": kind.__module__, "__doc__": kind.__doc__},
    )
