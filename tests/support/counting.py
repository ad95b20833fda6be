"""Numbers and arrays that count what is done with them: the hand that the formulas of `viewer/costs` are checked by."""

import numpy as np

STEP = {
    "add": "+",
    "subtract": "-",
    "multiply": "*",
    "divide": "/",
    "power": "^",
    "float_power": "^",
    "negative": "~",
}
COMPARISONS = {"equal", "not_equal", "less", "less_equal", "greater", "greater_equal"}
UNCOUNTED = {"logical_and", "logical_or", "bitwise_and", "bitwise_or", "isfinite"}


class Number:
    """A number that adds every operation with it to `counts`: [products, sums]."""

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

    def sqrt(self):
        return self._do(0, lambda a, b: a**0.5, None)


def numbers(array, counts):
    """An array as nested lists of numbers that count."""
    return [numbers(row, counts) for row in array] if np.ndim(array) else Number(array, counts)


class Array(np.lib.mixins.NDArrayOperatorsMixin):
    """An array that notes the steps done with it and which of the named ones took part in them."""

    def __init__(self, x, log, name=""):
        self.x, self.log, self.name = x, log, name

    shape = property(lambda self: np.shape(self.x))
    ndim = property(lambda self: np.ndim(self.x))
    dtype = property(lambda self: self.x.dtype)
    mT = property(lambda self: Array(self.x.mT, self.log, self.name))

    def __getitem__(self, index):
        return Array(self.x[index], self.log, self.name)

    def __array_ufunc__(self, ufunc, method, *args, **kwargs):
        plain = [getattr(arg, "x", arg) for arg in args]
        y = getattr(ufunc, method)(*plain, **kwargs)
        step = "=" if ufunc.__name__ in COMPARISONS else STEP.get(ufunc.__name__, "f")
        if ufunc.__name__ == "matmul":
            n = np.size(y) * np.shape(plain[0])[-1]
            self.log.append(("*+", n, ""))
        elif ufunc.__name__ not in UNCOUNTED and any(np.ndim(x) for x in plain):
            self.log.append((step, np.size(y), "".join(getattr(arg, "name", "") for arg in args)))
        return Array(y, self.log) if np.ndim(y) else y

    def __array_function__(self, func, types, args, kwargs):
        y = func(*[getattr(arg, "x", arg) for arg in args], **kwargs)
        names = "".join(getattr(arg, "name", "") for arg in args)
        self.log.append(("", 0, names if func is np.where else ""))
        return Array(y, self.log) if np.ndim(y) else y
