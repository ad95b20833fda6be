"""A call by its shapes, as formulas look at it."""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

import numpy as np

from autograd_tools.timing import Operand

Shape = tuple[int, ...]
Count = tuple[float, float]  # products and what costs as much, and sums


class Call(NamedTuple):
    """The arguments of a call in order, its output, and the number of the argument that a gradient is for; 0 forward."""

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
        """How many numbers are in the first argument."""
        return math.prod(self.a)

    @property
    def out(self) -> int:
        """How many numbers are in the output."""
        return math.prod(self.y.shape)

    @property
    def own(self) -> Shape:
        """The shape of the argument that the gradient is for."""
        return self.arguments[self.argument - 1].shape

    @property
    def is_complex(self) -> bool:
        """Whether the output is of complex numbers, or an argument is."""
        return any("complex" in operand.dtype for operand in (*self.arguments, self.y))

    def moved(self, letters: str) -> float:
        """The bytes of what the letters stand for: a, b and c for arguments, y for the output, d for its gradient, * for all."""
        if letters == "*":
            return sum(map(nbytes, (*self.arguments, self.y)))
        return sum(
            nbytes(self.y if letter in "dy" else self.arguments["abc".index(letter)])
            for letter in letters
        )


def shape_of(operand: Operand) -> Shape:
    """The shape of an array or number; ValueError for a list, of which nobody has noted what is in it."""
    if operand.dtype in ("list", "tuple"):
        raise ValueError(f"a {operand.dtype} has no shape")
    return operand.shape


def nbytes(operand: Operand) -> int:
    """The bytes of an array; 0 of what is none."""
    return math.prod(operand.shape) * itemsize(operand.dtype)


@functools.cache
def itemsize(dtype: str) -> int:
    """The bytes of a number of this type in an array; 0 of what is in none, such as Python's own numbers."""
    if dtype in ("int", "float", "complex", "str"):
        return 0
    try:
        return np.dtype(dtype).itemsize
    except TypeError:
        return 0
