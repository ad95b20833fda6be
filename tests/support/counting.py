"""Numbers that count the arithmetic done with them, to check cost formulas."""

import numpy as np

from viewer.profiles.costs.elementwise import Counting


class Number:
    """A number that adds each operation with it to `counts`: [products, sums]."""

    def __init__(self, x, counts):
        self.x, self.counts = x, counts

    def _do(self, column, f, other):
        self.counts[column] += 1
        return Number(f(self.x, getattr(other, "x", other)), self.counts)

    def __mul__(self, other):
        return self._do(0, lambda a, b: a * b, other)

    def __truediv__(self, other):
        return self._do(0, lambda a, b: a / b, other)

    def __add__(self, other):
        return self._do(1, lambda a, b: a + b, other)

    def __sub__(self, other):
        return self._do(1, lambda a, b: a - b, other)

    def __rmul__(self, other):
        return self._do(0, lambda a, b: b * a, other)

    def __rtruediv__(self, other):
        return self._do(0, lambda a, b: b / a, other)

    __radd__ = __add__

    def __rsub__(self, other):
        return self._do(1, lambda a, b: b - a, other)

    def __neg__(self):
        return self._do(1, lambda a, b: -a, None)

    def sqrt(self):
        return self._do(0, lambda a, b: a**0.5, None)


def numbers(array, counts):
    """An array as nested lists of numbers that count."""
    return [numbers(row, counts) for row in array] if np.ndim(array) else Number(array, counts)


class Matrix(Counting):
    """An array that counts its products, too, in `steps`."""

    shape = property(lambda self: self.x.shape)
    ndim = property(lambda self: self.x.ndim)
    mT = property(lambda self: Matrix(self.x.mT, self.steps))

    def __getitem__(self, index):
        return Matrix(self.x[index], self.steps)

    def __array_ufunc__(self, ufunc, method, a, b):
        y = super().__array_ufunc__(ufunc, method, a, b)
        if ufunc is np.matmul:
            self.steps[-1] = ("matmul", 2 * np.size(y.x) * a.shape[-1], "")
        return y

    def __array_function__(self, func, types, args, kwargs):
        y = func(*[getattr(arg, "x", arg) for arg in args], **kwargs)
        return Matrix(y, self.steps) if np.ndim(y) else y
