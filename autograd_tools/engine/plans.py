"""Plans: how to go back over a call, and what must be kept of it for that."""

from __future__ import annotations

import dis
import inspect
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import FunctionType
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from autograd_tools.engine.primitives import Primitive

VALUE = -1  # the position that stands for the output `y` of a call
SHAPES = frozenset[int]()  # what rules read that look at shapes and dtypes only


@dataclass(frozen=True, slots=True)
class Plan:
    """How to go back over a call: its primitive, and the position and rule of each argument to differentiate.

    `read` are the positions of the arguments whose numbers these rules read, with VALUE for the output; None if they may
    read all. `trusted` rules return a new array, a view, or `dy`, never another array that is not theirs to give away.
    `fits` is the plan of a call whose shapes and types have been looked at when it was recorded: every gradient has those
    of its argument as it comes from the rule. `into` adds the gradient of the only argument into memory that is there.
    """

    primitive: Primitive
    positions: tuple[int, ...]
    rules: tuple[Callable[..., Any], ...]
    read: frozenset[int] | None
    trusted: bool
    fits: bool = False
    into: Callable[..., Any] | None = None
    sections: tuple[int, ...] = ()  # what the timer calls each gradient

    def reads(self, position: int) -> bool:
        """Whether a rule may read the numbers of an argument, or of the output under VALUE."""
        return self.read is None or position in self.read


class Absent:
    """Stands for an array whose numbers no rule reads, so that its memory can be used again."""

    __slots__ = ("dtype", "shape", "strides")

    def __init__(self, array: np.ndarray[Any, Any]) -> None:
        self.shape = array.shape
        self.dtype = array.dtype
        self.strides = array.strides

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
            yield part

    def __len__(self) -> int:
        return self.shape[0]


ARRAYS = frozenset({np.ndarray, Absent})
FLOATS = frozenset({float, np.float64})
WORTH_FREEING = 4096  # bytes; what is smaller costs less to keep than to replace


def absent(x: Any) -> Any:
    """What a recording keeps of an argument that no rule reads."""
    if type(x) is np.ndarray:
        return Absent(x) if x.nbytes > WORTH_FREEING else x
    return [absent(item) for item in x] if type(x) is list else x


def reads(rule: Callable[..., Any]) -> frozenset[int] | None:
    """The positions of the arguments that `rule(dy, y, *args, **kwargs)` reads, with VALUE for `y`; None if it may read all.

    >>> sorted(reads(lambda dy, y, a, b: dy * b)), sorted(reads(lambda dy, y, x: dy * y))
    ([1], [-1])
    """
    if not isinstance(rule, FunctionType) or rule.__code__.co_flags & inspect.CO_VARARGS:
        return None
    code = rule.__code__
    names = code.co_varnames[: code.co_argcount]
    loaded = set(code.co_cellvars)
    for instruction in dis.get_instructions(code):
        if "LOAD" in instruction.opname:
            loaded.update(
                instruction.argval
                if isinstance(instruction.argval, tuple)
                else (instruction.argval,)
            )
    return frozenset(
        VALUE if i == 1 else i - 2 for i, name in enumerate(names) if i > 0 and name in loaded
    )


def kept_bytes(entries: Iterable[Any]) -> dict[int, int]:
    """By index of an entry, the bytes of the arrays that are kept alive for its rules.

    Each array counts once, for the first entry that keeps it, a view as the whole array that it is of; those of leaves,
    which are there anyway, do not count.
    """
    entries = list(entries)
    seen = {
        id(_memory(array))
        for entry in entries
        if entry is not None and entry[0] is None
        for array in _arrays(entry[1])
    }
    found: dict[int, int] = {}
    for index, entry in enumerate(entries):
        if entry is None or entry[0] is None:
            continue
        plan, y, args, _, _ = entry
        for i, x in enumerate((y, *args), VALUE):
            if isinstance(x, HOLDERS) and plan.reads(i):
                for array in _arrays(x):
                    memory = _memory(array)
                    if id(memory) not in seen:
                        seen.add(id(memory))
                        found[index] = found.get(index, 0) + memory.nbytes
    return found


HOLDERS = (np.ndarray, list, tuple, dict)


def _arrays(x: Any) -> Iterator[np.ndarray[Any, Any]]:
    if isinstance(x, np.ndarray):
        yield x
    elif isinstance(x, (list, tuple, dict)):
        for item in x.values() if isinstance(x, dict) else x:
            yield from _arrays(item)


def _memory(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The array that owns the memory of this one."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array
