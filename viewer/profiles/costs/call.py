"""A call as cost formulas see it: the shapes and dtypes of its operands."""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

import numpy as np

from autograd_tools.timing import Operand

Shape = tuple[int, ...]
Count = tuple[float, float]  # products and steps of the same cost, and sums


class Call(NamedTuple):
    """The arguments of a call, its output, and the number of the gradient; 0 for forward."""

    arguments: tuple[Operand, ...]
    y: Operand
    argument: int

    @property
    def a(self) -> Shape:
        """The shape of the first argument."""
        return shape_of(self.arguments[0])

    @property
    def b(self) -> Shape:
        """The shape of the second argument."""
        return shape_of(self.arguments[1])

    @property
    def n(self) -> int:
        """The number of elements in the first argument."""
        return math.prod(self.a)

    @property
    def out(self) -> int:
        """The number of elements in the output."""
        return math.prod(self.y.shape)

    @property
    def own(self) -> Shape:
        """The shape of the argument of the gradient."""
        return self.arguments[self.argument - 1].shape

    @property
    def is_complex(self) -> bool:
        """True if an argument or the output is complex."""
        return any("complex" in operand.dtype for operand in (*self.arguments, self.y))

    def moved(self, letters: str) -> float:
        """Sum the bytes of operands: abc for arguments, y for the output, d for dy, * for all."""
        if letters == "*":
            return sum(map(nbytes, (*self.arguments, self.y)))
        return sum(
            nbytes(self.y if letter in "dy" else self.arguments["abc".index(letter)])
            for letter in letters
        )


def shape_of(operand: Operand) -> Shape:
    """Return the shape of an array or number; ValueError for a list: its shape is not recorded."""
    if operand.dtype in ("list", "tuple"):
        raise ValueError(f"a {operand.dtype} has no shape")
    return operand.shape


def nbytes(operand: Operand) -> int:
    """Return the bytes of an array; 0 for other objects."""
    return math.prod(operand.shape) * itemsize(operand.dtype)


@functools.cache
def itemsize(dtype: str) -> int:
    """Return the bytes of an element in an array; 0 for the types of other objects."""
    if dtype in ("int", "float", "complex", "str"):
        return 0
    try:
        return np.dtype(dtype).itemsize
    except TypeError:
        return 0
