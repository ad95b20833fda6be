"""The cost of one element in an elementwise operation, counted by running its own VJP rule.

A rule runs on arrays that note each step done with them. A new rule needs no entry here.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd_tools.debug.rule_formulas import primitives_named

# Every other step counts one operation, also a function such as exp, whose work depends on the
# library and on the number.
REAL = {"positive": 0, "conjugate": 0, "where": 0, "clip": 2, "isfinite": 0}
REAL |= dict.fromkeys(("logical_and", "logical_or", "bitwise_and", "bitwise_or"), 0)
# The real operations in one of complex numbers. (a + bi)(c + di) has 4 products and 2 sums; a
# division adds c^2 + d^2 and two quotients. The work of every other step is unknown.
COMPLEX = {"add": 2, "subtract": 2, "negative": 2, "multiply": 6, "square": 6, "divide": 11}
COMPLEX |= {"reciprocal": 11, "positive": 0, "conjugate": 1, "where": 0}
# Functions by which a rule chooses a formula.
INSPECT = {"all", "any", "count_nonzero", "iscomplexobj", "size", "vdot"}
N = 3
# Operands a, b and c, and the value of an operand that is a Python number.
EXAMPLES = (
    (([5.2, 7.3, 9.4], [4.5, 6.7, 8.9], [10.6, 12.8, 11.9]), 2),
    (([6.1, 9.6, 8.3], [12.4, 4.8, 10.2], [7.7, 13.1, 5.5]), 3),
)
NUMBERS: dict[str, Callable[[int], Any]] = {"int": int, "float": float, "complex": complex}
Step = tuple[str, int, str]  # a NumPy name, the elements of the output, the letters of the operands


class Element(NamedTuple):
    """Operations on real and complex numbers, and the operands read, as `Call.moved` names them."""

    real: float | None
    complex: float | None
    reads: str


class Counting(np.lib.mixins.NDArrayOperatorsMixin):
    """An array that notes each step done with it."""

    def __init__(self, x: Any, steps: list[Step], letter: str = "") -> None:
        self.x, self.steps, self.letter = x, steps, letter
        self.dtype = x.dtype

    def __array_ufunc__(self, ufunc: Any, method: str, *args: Any, **kwargs: Any) -> Any:
        return self._noted(ufunc.__name__, getattr(ufunc, method), args, kwargs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if func is not np.where and func.__name__ not in INSPECT:
            raise TypeError(f"the steps of {func.__name__} are unknown")
        return self._noted(func.__name__, func, args, kwargs)

    def _noted(self, name: str, func: Any, args: Sequence[Any], kwargs: Any) -> Any:
        y = func(*[getattr(arg, "x", arg) for arg in args], **kwargs)
        if name not in INSPECT:
            letters = "".join(getattr(arg, "letter", "") for arg in args)
            self.steps.append((name, np.size(y), letters))
        return type(self)(y, self.steps) if np.ndim(y) else y


@functools.lru_cache(maxsize=1024)
def element(op: str, argument: int, dtypes: tuple[str, ...]) -> Element:
    """Count one element of `op`, or of its gradient; ValueError if `op` is not elementwise.

    The steps of some rules depend on a Python number: x ** 2 has fewer than x ** 3. Such operations
    are unknown.
    """
    known = [p for p in primitives_named(op) if p.elementwise or p.func in (np.where, np.clip)]
    if len(known) != 1 or getattr(known[0].func, "nout", 1) > 1:
        raise ValueError(f"{op} is not elementwise")
    if not argument:
        return _counted([(op.removeprefix("ndarray."), N, "*")])
    rule = known[0].rule(argument - 1)
    found, other = (_counted(_run(known[0].func, rule, argument, dtypes, *x)) for x in EXAMPLES)
    return found if found == other else Element(None, None, found.reads)


def _run(
    func: Any, rule: Any, argument: int, dtypes: Sequence[str], arrays: Sequence[Any], number: int
) -> list[Step]:
    """Run a rule on arrays that count; an operand that is a Python number stays one."""
    steps: list[Step] = []
    args = [
        NUMBERS[dtype](number)
        if dtype in NUMBERS and i != argument
        else _array(dtype, arrays[i - 1])
        for i, dtype in enumerate(dtypes, 1)
    ]
    try:
        with np.errstate(all="ignore"):
            y = func(*args)
            counting = [
                Counting(x, steps, letter) if isinstance(x, np.ndarray) else x
                for letter, x in zip("dyabc", (np.ones(N, y.dtype), y, *args), strict=False)
            ]
            dx = rule(*counting)
    except Exception as error:  # a rule may do anything with its arrays
        raise ValueError("the rule does not run on arrays that count") from error
    if dx is None:
        raise ValueError("the rule is unknown")
    return steps


def _array(dtype: str, x: Sequence[float]) -> Any:
    """Elements of a type, or of float64 if `dtype` names no type of NumPy's, such as `list`."""
    if dtype in ("NoneType", "_NoValueType"):
        return None
    try:
        return np.array(x).astype(dtype)
    except TypeError:
        return np.array(x)


def _counted(steps: Sequence[Step]) -> Element:
    real = sum(REAL.get(name, 1) * n for name, n, _ in steps) / N
    known = all(name in COMPLEX for name, _, _ in steps)
    total = sum(COMPLEX[name] * n for name, n, _ in steps) / N if known else None
    return Element(real, total, "".join(sorted({c for _, _, letters in steps for c in letters})))
