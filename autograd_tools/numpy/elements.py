"""np.r_ and np.c_, which join the items in brackets, and np.vectorize, for recorded values."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_tools.base.traced import plain_array
from autograd_tools.engine.calls import plain
from autograd_tools.engine.values import unwrap
from autograd_tools.numpy.arrays import arange, is_recorded, joined
from autograd_tools.rules.arrays import as_type


def spelled_out(item: Any) -> Any:
    """Return the numbers of a slice in np.r_, and other items unchanged."""
    if not isinstance(item, slice):
        return item
    if isinstance(item.step, complex):
        return np.linspace(item.start, item.stop, int(abs(item.step)))
    return arange(0 if item.start is None else item.start, item.stop, item.step)


def ends_recorded(item: Any) -> bool:
    """Return True if an item of np.r_ is recorded, or an end of a slice."""
    if isinstance(item, slice):
        return is_recorded(item.start, item.stop, item.step)
    return is_recorded(item)


class Joiner:
    """np.r_ or np.c_ for recorded items.

    NumPy joins positions, which then index the concatenated items.
    """

    def __init__(self, joiner: Any) -> None:
        self.joiner = joiner
        self.__doc__ = joiner.__doc__

    def __getitem__(self, key: Any) -> Any:
        items: Any = key if isinstance(key, tuple) else (key,)
        if not any(map(ends_recorded, items)):
            return self.joiner[plain(key)]
        first = [item for item in items[:1] if isinstance(item, str)]
        if first and first[0] in ("r", "c"):
            raise TypeError(
                f"np.r_[{first[0]!r}, ...] returns a matrix, which cannot be recorded; "
                f"remove {first[0]!r}"
            )
        items = [spelled_out(item) for item in items[len(first) :]]
        held = [
            x if type(x) in (int, float, complex) else plain_array(x) for x in map(plain, items)
        ]
        dtype = np.result_type(*held)
        arrays = [as_type(joined(item), dtype) for item in items]
        ends = np.cumsum([0, *map(np.size, arrays)])
        places = tuple(
            np.reshape(start + np.arange(np.size(a)), np.shape(a))
            for start, a in zip(ends, arrays, strict=False)
        )
        return np.concatenate([np.ravel(a) for a in arrays])[self.joiner[(*first, *places)]]

    def __len__(self) -> int:
        return 0


r_, c_ = Joiner(np.r_), Joiner(np.c_)


class vectorize(np.vectorize):  # noqa: N801  NumPy's name
    """numpy.vectorize, whose function may also be called with recorded arguments.

    The function runs once for each element. Recorded arguments are positional; `excluded` and
    `signature` are a TypeError with them, and empty arrays a ValueError.
    """

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function on each element of the broadcast arguments."""
        if not is_recorded(*args, *kwargs.values()):
            return super().__call__(*plain(args), **plain(kwargs))
        if kwargs or self.excluded or self.signature is not None:
            raise TypeError(
                "np.vectorize expects recorded values by position, without excluded= and signature="
            )
        arrays = np.broadcast_arrays(*map(joined, args))
        shape = np.shape(arrays[0])
        if 0 in shape:
            raise ValueError("np.vectorize: the arrays have no elements to call the function on")
        rows = [self.pyfunc(*(a[index] for a in arrays)) for index in np.ndindex(shape)]
        if not isinstance(unwrap(rows[0]), tuple):
            return self._made(rows, shape, 0)
        columns = enumerate(zip(*rows, strict=True))
        return tuple(self._made(column, shape, i) for i, column in columns)

    def _made(self, numbers: Any, shape: tuple[int, ...], i: int) -> Any:
        y = np.reshape(joined(list(numbers)), shape)
        return as_type(y, np.dtype(self.otypes[i])) if self.otypes else y
