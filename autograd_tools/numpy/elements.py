"""np.r_ and np.c_, which join what stands in brackets, and np.vectorize."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_tools.engine.calls import plain
from autograd_tools.engine.values import unwrap
from autograd_tools.numpy.arrays import arange, is_recorded, joined
from autograd_tools.rules.arrays import as_type


def spelled_out(item: Any) -> Any:
    """A slice as the numbers that it stands for in np.r_."""
    if not isinstance(item, slice):
        return item
    if isinstance(item.step, complex):
        return np.linspace(item.start, item.stop, int(abs(item.step)))
    return arange(0 if item.start is None else item.start, item.stop, item.step)


def ends_recorded(item: Any) -> bool:
    """Whether a gradient is to flow back through an item of np.r_."""
    return (
        is_recorded(item.start, item.stop, item.step)
        if isinstance(item, slice)
        else is_recorded(item)
    )


class Joiner:
    """np.r_ or np.c_: NumPy joins the numbers of the places, which are then read from all items in a row."""

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
                f"np.r_[{first[0]!r}, ...] makes a matrix, which cannot be recorded: leave {first[0]!r} away"
            )
        items = [spelled_out(item) for item in items[len(first) :]]
        dtype = np.result_type(
            *(
                item if type(item) in (int, float, complex) else np.asarray(item)
                for item in map(plain, items)
            )
        )
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
    """numpy.vectorize, whose function may also be called on recorded numbers: as many times as there are elements."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function on each element."""
        if not is_recorded(*args, *kwargs.values()):
            return super().__call__(*plain(args), **plain(kwargs))
        if kwargs or self.excluded or self.signature is not None:
            raise TypeError(
                "np.vectorize: recorded values are given by position, without excluded= and signature="
            )
        arrays = np.broadcast_arrays(*map(joined, args))
        shape = np.shape(arrays[0])
        if 0 in shape:
            raise ValueError("np.vectorize: there are no elements to call the function on")
        rows = [self.pyfunc(*(a[index] for a in arrays)) for index in np.ndindex(shape)]
        if not isinstance(unwrap(rows[0]), tuple):
            return self._made(rows, shape, 0)
        return tuple(
            self._made(column, shape, i) for i, column in enumerate(zip(*rows, strict=True))
        )

    def _made(self, numbers: Any, shape: tuple[int, ...], i: int) -> Any:
        y = np.reshape(joined(list(numbers)), shape)
        return as_type(y, np.dtype(self.otypes[i])) if self.otypes else y
