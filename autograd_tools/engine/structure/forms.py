"""Powers, inverses that only multiply, and what broadcasting enlarges before a sum."""

from __future__ import annotations

from collections import Counter

import numpy as np

from autograd_tools.engine.saved import Absent
from autograd_tools.engine.structure.operations import Operations, shape_of
from autograd_tools.timing.facts import Fact, Facts

PRODUCTS = ("matmul", "dot")
SQUARES = ("square", "power", "multiply", "absolute")
SUMS = ("sum", "mean")


def exponents(ops: Operations) -> Facts:
    """Find the constant exponents of powers."""
    found = Counter[Fact]()
    for index in ops.of("power"):
        exponent = ops.argument(index, 1)
        is_constant = ops.entries[index][0].positions == (0,)
        if is_constant and np.ndim(exponent) == 0 and not isinstance(exponent, Absent):
            found[Fact("exponent", *ops.places[index], f"{float(np.real(exponent)):g}")] += 1
    return ops.counted(found)


def inverses(ops: Operations) -> Facts:
    """Find inverses that only multiply one array, with the side that they are on."""
    found = Counter[Fact]()
    for index in ops.of("linalg.inv"):
        at = multiplied(ops, index)
        if at is None:
            continue
        (product,) = ops.children[index]
        shapes = [shape_of(ops.argument(product, i)) for i in (at, 1 - at)]
        if None not in shapes:
            side = "left" if at == 0 else "right"
            found[Fact("inverse", *ops.places[index], f"{side} {shapes[0]} {shapes[1]}")] += 1
    return ops.counted(found)


def multiplied(ops: Operations, index: int) -> int | None:
    """Return the position of a value in the one product that uses it; None if it has other uses."""
    own = ops.children[index]
    if len(own) != 1 or ops.op(own[0]) not in PRODUCTS:
        return None
    return 0 if ops.parent(own[0], 0) == index else 1


def summed(ops: Operations) -> Facts:
    """Find products that the same line sums, and that nothing else uses, with their shape."""
    found = Counter[Fact]()
    for index in ops.of("multiply", "divide"):
        own = ops.children[index]
        is_here = [ops.places[child][1:] for child in own] == [ops.places[index][1:]]
        if is_here and ops.op(own[0]) in (*SUMS, *PRODUCTS):
            at = 0 if ops.parent(own[0], 0) == index else 1
            shape = shape_of(ops.argument(own[0], at))
            found[Fact("summed", *ops.places[index], f"{shape}")] += 1
    return ops.counted(found)


def strided(ops: Operations) -> Facts:
    """Find products of stacks of matrices that are not contiguous.

    The detail has the shape of each argument, and its axes in the order of memory.
    """
    found = Counter[Fact]()
    for index in ops.of("matmul"):
        arrays = [ops.argument(index, i) for i in (0, 1)]
        known = all(isinstance(x, np.ndarray) and x.ndim > 1 for x in arrays)
        if known and any(x.ndim > 2 and not x.flags.c_contiguous for x in arrays):
            orders = [np.argsort([-n for n in x.strides], kind="stable").tolist() for x in arrays]
            pairs = zip(arrays, orders, strict=True)
            detail = " ".join([f"{x.shape} {tuple(order)}" for x, order in pairs])
            found[Fact("strided", *ops.places[index], detail)] += 1
    return ops.counted(found)


def differences(ops: Operations) -> Facts:
    """Find differences of two arrays that are larger than both, and summed."""
    found = Counter[Fact]()
    for index in ops.of("subtract"):
        a, b = (shape_of(ops.argument(index, i)) for i in (0, 1))
        fact = None if a is None or b is None else _difference(ops, index, a, b)
        if fact is not None:
            found[fact] += 1
    return ops.counted(found)


def _difference(ops: Operations, index: int, a: tuple[int, ...], b: tuple[int, ...]) -> Fact | None:
    """Return the fact that a difference of two arrays is larger than both, squared and summed."""
    whole = np.broadcast_shapes(a, b)
    if whole in (a, b):
        return None
    reached, op, squared = index, "", False
    for _ in range(2):  # the square, and the sum
        own = set(ops.children[reached])
        if len(own) != 1:
            return None
        (reached,) = own
        op = ops.op(reached)
        if op in SUMS:
            break
        if op not in SQUARES:
            return None
        squared = _is_square(ops, reached, ops.children[index].count(reached))
    if op not in SUMS:
        return None
    place = ops.places[index]
    _, _, args, kwargs, _ = ops.entries[reached]
    total = (kwargs.get("axis") if len(args) < 2 else args[1]) is None
    vectors = sorted((a, b), key=len)
    if len(vectors[0]) == 1 and len(vectors[1]) == 2 and vectors[1] == (*vectors[0], 1) and total:
        return Fact("outer", *place, f"{a} - {b}")
    if squared and op == "sum" and len(whole) == 3 and whole[-1] == a[-1] == b[-1] and not total:
        return Fact("pairwise", *place, f"{a} {b}")
    return None


def _is_square(ops: Operations, index: int, times: int) -> bool:
    """Return whether an operation squares its argument, which it takes so many times."""
    op = ops.op(index)
    if op == "power":
        exponent = ops.argument(index, 1)
        return np.ndim(exponent) == 0 and not isinstance(exponent, Absent) and exponent == 2
    return op == "square" or (op == "multiply" and times == 2)
