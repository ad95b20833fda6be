"""Arrays that a recording saves for the backward pass, and their bytes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from autograd_tools.base.traced import Traced
from autograd_tools.engine.primitives import VALUE
from autograd_tools.engine.values import held


class Absent:
    """A placeholder for an array whose numbers no rule reads, so that its memory can be freed."""

    __slots__ = ("dtype", "offset", "owner", "shape", "strides")

    def __init__(self, array: np.ndarray[Any, Any]) -> None:
        self.shape = array.shape
        self.dtype = array.dtype
        self.strides = array.strides
        memory = array if array.base is None else memory_of(array)
        self.owner = id(memory)  # whose memory it was
        self.offset: int | None = 0 if memory is array else address(array) - address(memory)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)

    def __iter__(self) -> Iterator[Absent]:
        for _ in range(self.shape[0]):
            part = Absent.__new__(Absent)
            part.shape, part.dtype, part.strides = self.shape[1:], self.dtype, self.strides[1:]
            part.owner, part.offset = self.owner, None  # unknown
            yield part

    def __len__(self) -> int:
        return self.shape[0]


ARRAYS = frozenset({np.ndarray, Absent})
FLOATS = frozenset({float, np.float64})
WORTH_FREEING = 4096  # bytes; a smaller array costs less to keep than to replace


def alike(x: Any, y: Any) -> bool:
    """Return whether `x`, also recorded or absent, has the shape and type of the float or array
    `y`.
    """
    x, y = held(x), held(y)
    if type(y) is Traced:
        y = y.plain
        x = x.plain if type(x) is Traced else x
    if type(y) in FLOATS:
        return type(x) in FLOATS
    return type(y) is np.ndarray and type(x) in ARRAYS and x.dtype is y.dtype and x.shape == y.shape


def absent(x: Any) -> Any:
    """Return what a recording saves of an argument that no rule reads."""
    if type(x) is np.ndarray:
        return Absent(x) if x.nbytes > WORTH_FREEING else x
    return [absent(item) for item in x] if type(x) is list else x


def tape_bytes(tape: Any) -> int:
    """Return the bytes of the arrays that a tape holds."""
    return sum(kept_bytes(tape.entries, everything=True).values())


def kept_bytes(entries: Iterable[Any], *, everything: bool = False) -> dict[int, int]:
    """Return the bytes of the arrays saved for backward, by the index of an entry.

    Each array counts once, for the first entry that saves it; a view counts as the array that it
    views. Arrays of leaves do not count: they exist anyway. With `everything`, arrays that only
    inspection needs count, too.
    """
    entries = list(entries)
    seen = {
        id(memory_of(array))
        for entry in entries
        if entry is not None and entry[0] is None
        for array in arrays_in(entry[1])
    }
    found: dict[int, int] = {}
    for index, entry in enumerate(entries):
        if entry is None or entry[0] is None:
            continue
        plan, y, args, _, _ = entry
        reads, nbytes = None if everything else plan.reads, 0
        for i, x in enumerate((y, *args), VALUE):
            if reads is not None and i not in reads:
                continue
            if type(x) is np.ndarray and x.base is None:  # most
                if id(x) not in seen:
                    seen.add(id(x))
                    nbytes += x.nbytes
            elif isinstance(x, HOLDERS):
                for array in arrays_in(x):
                    memory = memory_of(array)
                    if id(memory) not in seen:
                        seen.add(id(memory))
                        nbytes += memory.nbytes
        if nbytes:
            found[index] = nbytes
    return found


HOLDERS = (np.ndarray, list, tuple, dict)


def arrays_in(x: Any) -> Iterator[np.ndarray[Any, Any]]:
    """Yield the arrays in a value, also in lists, tuples and dicts of it."""
    if isinstance(x, np.ndarray):
        yield x
    elif isinstance(x, (list, tuple, dict)):
        for item in x.values() if isinstance(x, dict) else x:
            yield from arrays_in(item)


def memory_of(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return the array that owns the memory of this one."""
    if isinstance(array, Traced):
        array = array.plain
    while (base := array.base) is not None:
        if not isinstance(base, np.ndarray):
            base = getattr(base, "base", None)  # a view that NumPy made with other strides
            if not isinstance(base, np.ndarray):
                break
        array = base
    return array


def address(array: np.ndarray[Any, Any]) -> int:
    """Return where the first element of an array lies."""
    return interface(array)["data"][0]


def interface(array: np.ndarray[Any, Any]) -> dict[str, Any]:
    """Return where the memory of an array lies, as NumPy tells it."""
    return (array.plain if isinstance(array, Traced) else array).__array_interface__
