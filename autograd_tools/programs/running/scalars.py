"""Scalars of a program that run as Python floats, through `math`.

Sums, products, quotients and square roots are the same bit for bit; each other function of `math`
differs from NumPy's by at most 1e-15 relative. Where Python raises an error and NumPy warns (a
division by zero, an overflow, a logarithm of zero), the program runs again without such floats.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable
from typing import Any

import numpy as np

from autograd_tools.base.traced import Method
from autograd_tools.programs.running.uses import result_variables
from autograd_tools.programs.steps.loop import CARRIED, ELEMENT, SAME, Loop
from autograd_tools.programs.steps.program import Call, Check, Program, Variable

# How to write a call; {0} and {1} are floats.
TEXTS: dict[Any, str] = {
    **dict.fromkeys((operator.add, np.add), "{0} + {1}"),
    **dict.fromkeys((operator.sub, np.subtract), "{0} - {1}"),
    **dict.fromkeys((operator.mul, np.multiply), "{0} * {1}"),
    **dict.fromkeys((operator.truediv, np.divide), "{0} / {1}"),
    **dict.fromkeys((operator.neg, np.negative), "-{0}"),
    **dict.fromkeys((operator.abs, np.absolute, np.fabs), "fabs({0})"),
    **dict.fromkeys((operator.pos, np.positive, np.float64, Method("item")), "{0}"),
    np.square: "{0} * {0}",
    np.reciprocal: "1.0 / {0}",
    **dict.fromkeys((operator.pow, np.power), "math_pow({0}, {1})"),
    np.maximum: "({0} if {0} > {1} or {0} != {0} else {1})",
    np.minimum: "({0} if {0} < {1} or {0} != {0} else {1})",
}
COMPARISONS: dict[Any, str] = {
    **dict.fromkeys((operator.lt, np.less), "{0} < {1}"),
    **dict.fromkeys((operator.le, np.less_equal), "{0} <= {1}"),
    **dict.fromkeys((operator.gt, np.greater), "{0} > {1}"),
    **dict.fromkeys((operator.ge, np.greater_equal), "{0} >= {1}"),
    **dict.fromkeys((operator.eq, np.equal), "{0} == {1}"),
    **dict.fromkeys((operator.ne, np.not_equal), "{0} != {1}"),
    np.isnan: "{0} != {0}",
}
FUNCTIONS: dict[np.ufunc, str] = {
    np.sin: "sin", np.cos: "cos", np.tan: "tan", np.arcsin: "asin", np.arccos: "acos",
    np.arctan: "atan", np.sinh: "sinh", np.cosh: "cosh", np.tanh: "tanh", np.arcsinh: "asinh",
    np.arccosh: "acosh", np.arctanh: "atanh", np.exp: "exp", np.expm1: "expm1", np.log: "log",
    np.log1p: "log1p", np.log2: "log2", np.log10: "log10", np.sqrt: "sqrt", np.arctan2: "atan2",
}  # fmt: skip
TEXTS |= {
    func: f"{name}({{0}}, {{1}})" if func.nin == 2 else f"{name}({{0}})"
    for func, name in FUNCTIONS.items()
}
# Functions that are no smooth ones: another last digit may give another number.
STEPS = {
    *(np.floor, np.ceil, np.rint, np.trunc, np.round, np.sign, np.floor_divide, np.remainder),
    *(operator.floordiv, operator.mod, np.heaviside, round, *COMPARISONS),
} - {np.isnan}
ROUNDED = {*FUNCTIONS, operator.pow, np.power} - {np.sqrt}  # in another way than NumPy
FUNCTIONS_BY_NAME: dict[str, Any] = {
    **{name: getattr(math, name) for name in [*FUNCTIONS.values(), "fabs"]},
    "math_pow": math.pow,
    "as_float64": np.float64,
    "as_bool": np.bool_,
}
FAILURES = (ValueError, OverflowError, ZeroDivisionError)  # of Python's arithmetic
MOVED = 3  # what it takes to make a float of a number and a number of a float, in operations


def float_variables(steps: Iterable[Any], program: Program) -> set[Variable]:
    """Return the variables that run as floats of Python's, and comparisons of them as its bools."""
    steps = [*steps]
    if any([isinstance(step, Loop) for step in steps]):
        return set() if _reads_numbers(steps) else _floats_in_loops(steps)
    exact = _read_by_python(steps)
    found: set[Variable] = set()
    groups = _Groups()
    moved: dict[Variable, set[Variable]] = {}  # numbers from elsewhere, by group
    for step in steps:
        if isinstance(step, Check):
            continue
        if (
            not isinstance(step, Call)
            or not is_float_call(step)
            or (step.func in ROUNDED and step.output in exact)
        ):
            moves = [x for x in step.inputs() if x in found]
        else:
            y = step.output
            found.add(y)
            for x in step.inputs():
                if x in found:
                    groups.join(x, y)
            moves = []
            others = [x for x in step.inputs() if x not in found and x.type is not float]
            moved.setdefault(groups.of(y), set()).update(others)
        for x in moves:
            moved.setdefault(groups.of(x), set()).add(x)
    for x in result_variables(program):
        if x in found and x.type is not float:
            moved.setdefault(groups.of(x), set()).add(x)
    return found - groups.members_of_unworthy(found, moved)


def _read_by_python(steps: Iterable[Any]) -> set[Variable]:
    """Return the variables behind numbers that Python reads: these have to be exact."""
    found: set[Variable] = set()
    for step in reversed([*steps]):
        if (
            isinstance(step, Check)
            or not isinstance(step, Call)
            or step.func in STEPS
            or any([x in found for x in step.outputs()])
        ):
            found.update(step.inputs())
    return found


def _reads_numbers(steps: Iterable[Any]) -> bool:
    """Return whether Python reads a number somewhere, and no mere condition."""
    return any(
        [
            _reads_numbers(step.body)
            if isinstance(step, Loop)
            else isinstance(step, Check) and step.convert is not bool
            for step in steps
        ]
    )


def _floats_in_loops(steps: Iterable[Any]) -> set[Variable]:
    """Return the variables that run as floats, where loops hand them on."""
    found: set[Variable] = set()  # and sequences of such

    def scan(steps: Iterable[Any]) -> None:
        for step in steps:
            if isinstance(step, Loop):
                for entry in step.entries:
                    source = entry.next if entry.kind == CARRIED else entry.values[0]
                    if entry.kind in (CARRIED, SAME, ELEMENT) and source in found:
                        found.add(entry.variable)
                scan(step.body)
                found.update([x.sequence for x in step.stored if x.variable in found])
            elif isinstance(step, Call) and (step.read in found or is_float_call(step)):
                found.add(step.output)

    size = -1
    while size < len(found):
        size = len(found)
        scan(steps)
    return found


def is_float_call(call: Call) -> bool:
    """Return whether a call is arithmetic of float64 scalars."""
    y, func = call.output, call.func
    if type(y) is not Variable or y.is_array or call.kwargs or call.writes or call.checks_shape:
        return False
    if func in TEXTS:
        fits = y.type in (float, np.float64)
    else:
        fits = func in COMPARISONS and y.type in (bool, np.bool_)
    return fits and len(call.args) <= 2 and all(map(_is_float, call.args))


def _is_float(x: Any) -> bool:
    kind = x.type if type(x) is Variable else type(x)
    if kind is np.ndarray:  # a constant of a rule
        return type(x) is np.ndarray and x.shape == () and x.dtype == np.float64
    if kind is int:
        return type(x) is int and abs(x) <= 2**53
    return kind in (float, np.float64) or (type(x) is Variable and kind in (bool, np.bool_))


class _Groups:
    """Variables that are connected by arithmetic (a union-find)."""

    def __init__(self) -> None:
        self.parent: dict[Variable, Variable] = {}

    def of(self, x: Variable) -> Variable:
        top = x
        while (up := self.parent.get(top, top)) is not top:
            top = up
        while (up := self.parent.get(x, x)) is not top:
            self.parent[x] = top
            x = up
        return top

    def join(self, x: Variable, y: Variable) -> None:
        self.parent[self.of(y)] = self.of(x)

    def members_of_unworthy(
        self, found: set[Variable], moved: dict[Variable, set[Variable]]
    ) -> set[Variable]:
        """Return the members of groups with more conversions than arithmetic."""
        sizes: dict[Variable, int] = {}
        costs: dict[Variable, set[Variable]] = {}
        for x in found:
            sizes[self.of(x)] = sizes.get(self.of(x), 0) + 1
        for x, numbers in moved.items():
            costs.setdefault(self.of(x), set()).update(numbers)
        return {x for x in found if sizes[self.of(x)] < MOVED * len(costs.get(self.of(x), ()))}
