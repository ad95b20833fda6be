"""Calls in the form that runs fastest: ufuncs in place of operators, no work that changes nothing.

Each change gives the same numbers bit for bit, and the same kinds of values.
"""

from __future__ import annotations

import operator
from collections.abc import Container, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from autograd_tools.base.traced import Method, UfuncMethod
from autograd_tools.engine.saved import memory_of
from autograd_tools.programs.running.uses import result_variables
from autograd_tools.programs.steps.loop import SAME, AnyStep, Loop
from autograd_tools.programs.steps.program import Call, Check, Program, Variable, mapped

UFUNCS: dict[Any, np.ufunc] = {
    operator.add: np.add, operator.sub: np.subtract, operator.mul: np.multiply,
    operator.truediv: np.divide, operator.floordiv: np.floor_divide, operator.mod: np.remainder,
    operator.matmul: np.matmul, operator.and_: np.bitwise_and, operator.or_: np.bitwise_or,
    operator.xor: np.bitwise_xor, operator.lshift: np.left_shift, operator.rshift: np.right_shift,
    operator.lt: np.less, operator.le: np.less_equal, operator.gt: np.greater,
    operator.ge: np.greater_equal, operator.eq: np.equal, operator.ne: np.not_equal,
    operator.neg: np.negative, operator.abs: np.absolute, operator.invert: np.invert,
}  # fmt: skip
IN_PLACE: dict[Any, np.ufunc] = {
    operator.iadd: np.add, operator.isub: np.subtract, operator.imul: np.multiply,
    operator.itruediv: np.divide, operator.ifloordiv: np.floor_divide, operator.imod: np.remainder,
    operator.iand: np.bitwise_and, operator.ior: np.bitwise_or, operator.ixor: np.bitwise_xor,
    operator.ilshift: np.left_shift, operator.irshift: np.right_shift,
}  # fmt: skip
REDUCTIONS: dict[Any, np.ufunc] = {
    np.sum: np.add, np.prod: np.multiply, np.max: np.maximum, np.min: np.minimum,
    Method("sum"): np.add, Method("prod"): np.multiply, Method("max"): np.maximum,
    Method("min"): np.minimum,
}  # fmt: skip
DOT = Method("dot")  # the same product of matrices and vectors as matmul, with less around it
MEANS = (np.mean, Method("mean"))
BITS = {np.dtype(np.float64): np.uint64, np.dtype(np.float32): np.uint32}
# Ufuncs whose loop does not change when a number of Python's becomes an array of the same dtype.
ARITHMETIC = frozenset({np.add, np.subtract, np.multiply, np.divide, np.maximum, np.minimum})


def lowered(program: Program, outside: Container[int] = ()) -> list[AnyStep]:
    """Return the steps of a program in the form that runs fastest.

    `outside` has the ids of arrays that somebody else may change.
    """
    lowering = _Lowering(program, outside)
    return [made for step in program.steps for made in lowering.step(step)]


class _Lowering:
    def __init__(self, program: Program, outside: Container[int]) -> None:
        self.outside = outside
        self.results = set(result_variables(program))
        viewed = [x.root for step in program.steps for x in step.outputs() if x.root is not x]
        self.seen = self.results | {x.root for x in self.results} | set(viewed)
        self.same: dict[Variable, Any] = {}  # what equals a variable
        self.depth = 0  # of loops

    def step(self, step: AnyStep) -> Iterator[AnyStep]:
        """Yield what runs in place of a step."""
        if isinstance(step, Loop):
            yield self.loop(step)
            return
        if isinstance(step, Check):
            variable = self.rename(step.variable)
            if type(variable) is Variable:  # and no constant
                yield Check(variable, step.convert, step.expected, step.site)
            return
        args, kwargs = mapped(step.args, self.rename), mapped(step.kwargs, self.rename)
        func, args, kwargs = _faster(step.func, args, kwargs, step.output)
        y = step.output
        if type(y) is Variable and not step.writes:
            if func in ARITHMETIC and not kwargs and y.is_array and len(args) == 2:
                args = tuple([_uniform(x, args, y, self.outside) for x in args])
                if (same := _unchanged(func, args, y)) is not None and self._may_stand_for(same, y):
                    self.same[y] = same
                    return
            elif func in MEANS and (mean := _mean(args, kwargs, y)) is not None:
                func, args, kwargs, total, count = mean
                yield Call(func, args, kwargs, total, step.site)
                divide = np.divide if y.is_array else operator.truediv
                yield Call(divide, (total, count), {}, y, step.site)
                return
        yield Call(func, args, kwargs, y, step.site, step.writes, step.checks_shape)

    def loop(self, loop: Loop) -> Loop:
        """Return a loop with a faster body, which names the constants from outside."""
        entries = []
        for entry in loop.entries:
            values = mapped(entry.values, self.rename)
            if entry.kind == SAME and type(values[0]) is not Variable:
                self.same[entry.variable] = values[0]
            else:
                entries.append(replace(entry, values=values))
        stored = tuple([replace(x, before=mapped(x.before, self.rename)) for x in loop.stored])
        self.depth += 1
        body = tuple([made for step in loop.body for made in self.step(step)])
        self.depth -= 1
        return Loop(loop.count, tuple(entries), body, stored)

    def rename(self, x: Any) -> Any:
        """Return the variable that stands for `x`."""
        return self.same.get(x, x) if type(x) is Variable else x

    def _may_stand_for(self, x: Variable, y: Variable) -> bool:
        """Return whether nobody sees that `y` is `x` itself and no copy."""
        return not (self.depth or y in self.seen or x.root.written or y.written)


def _faster(func: Any, args: Any, kwargs: Any, output: Any) -> tuple[Any, Any, Any]:
    """Return the function and arguments that do what a call does with less around it."""
    arrays = any([_is_array(x) for x in args])
    if func in (operator.matmul, np.matmul) and not kwargs and _is_product(args):
        return DOT, args, kwargs
    is_dense = arrays and all(map(_is_operand, args))
    if type(output) is Variable and output.is_array and is_dense and not kwargs:
        if func in UFUNCS:
            return UFUNCS[func], args, kwargs
        if func is operator.pow and _is_square(args):
            return np.square, args[:1], kwargs
    if output is None and func in IN_PLACE and args[0].is_array:
        return IN_PLACE[func], (*args, args[0]), kwargs
    if func in REDUCTIONS and _is_array(args[0]):
        names = dict(zip(("axis",), args[1:], strict=False)) | kwargs
        if len(args) <= 2 and names.keys() <= {"axis", "keepdims"}:
            reduce = UfuncMethod(REDUCTIONS[func], "reduce")
            keep = {"keepdims": True} if names.get("keepdims") is True else {}
            if keep or names.get("keepdims") in (None, False):
                return reduce, (args[0], names.get("axis")), keep
    return func, args, kwargs


def _is_array(x: Any) -> bool:
    return x.is_array if type(x) is Variable else type(x) is np.ndarray


def _is_operand(x: Any) -> bool:
    """Return whether an argument is dense, and no sparse array of SciPy."""
    return isinstance(x, (Variable, np.ndarray, np.generic, int, float, complex))


def _is_product(args: tuple[Any, ...]) -> bool:
    """Return whether matrices and vectors of floats, dense in memory, are multiplied."""
    if len(args) != 2 or not all(map(_is_array, args)):
        return False
    a, b = [x if type(x) is Variable else Variable(0, x) for x in args]
    dims = (len(a.shape), len(b.shape))
    same = a.dtype == b.dtype and a.dtype in BITS and bool(a.order and b.order)
    return same and dims in ((2, 2), (2, 1), (1, 2)) and bool(a.size and b.size)


def _is_square(args: tuple[Any, ...]) -> bool:
    x, exponent = args
    return type(exponent) is int and exponent == 2 and type(x) is Variable and x.dtype in BITS


def _uniform(x: Any, args: tuple[Any, ...], y: Variable, outside: Container[int]) -> Any:
    """Return a constant whose elements are all the same as a 0-d array.

    NumPy takes such an array faster than a number of Python's, which it converts at each call.
    """
    arrays = [z for z in args if z is not x and _is_array(z)]
    if not arrays or any([z.dtype != arrays[0].dtype for z in arrays]):
        return x
    kind, dtype = type(x), arrays[0].dtype
    if kind is np.ndarray:
        alone = x.ndim == 0 or not any([z.shape == y.shape for z in arrays])
        if alone or x.dtype not in BITS or not x.size or id(memory_of(x)) in outside:
            return x
        bits = x.view(BITS[x.dtype])[(slice(0, 1) if not any(x.strides) else slice(None),) * x.ndim]
        return np.array(x.flat[0]) if (bits == bits.flat[0]).all() else x
    if kind is np.float64 and dtype == np.float64:
        return np.array(x)
    if kind in (int, float) and dtype in BITS and abs(x) <= 2**24:
        return np.array(x, dtype)
    return x


def _unchanged(func: np.ufunc, args: tuple[Any, ...], y: Variable) -> Variable | None:
    """Return the argument that the output equals bit for bit."""
    if func in (np.multiply, np.divide):
        pairs = [args] if func is np.divide else [args, args[::-1]]
        for x, one in pairs:
            if type(x) is Variable and type(one) in (float, np.ndarray) and np.ndim(one) == 0:
                same_kind = x.is_array and x.shape == y.shape and x.dtype == y.dtype
                if same_kind and x.order == y.order and one == 1:
                    return x
    return None


def _mean(args: Any, kwargs: Any, y: Variable) -> tuple[Any, Any, Any, Variable, int] | None:
    """Return the sum behind a mean of float64, and the number to divide it by."""
    func, args, kwargs = _faster(np.sum, args, kwargs, y)
    x = args[0]
    if type(func) is not UfuncMethod or type(x) is not Variable or x.dtype != np.float64:
        return None
    count = x.size // max(y.size, 1)
    if not count or not y.size:
        return None
    return func, args, kwargs, y.twin(), count
