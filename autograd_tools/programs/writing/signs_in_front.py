"""Minus signs and constant factors in front: `-(a * b)` for `-a * b`, and `a - b` for `a + -b`."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from autograd_tools.programs.steps.arithmetic import (
    DIFFERENCES,
    MATRIX_PRODUCTS,
    NEGATIVES,
    PRODUCTS,
    QUOTIENTS,
    SUMS,
)
from autograd_tools.programs.steps.loop import like
from autograd_tools.programs.steps.program import Call, Variable

FACTORS = (int, float, np.float64)

Made = dict[Variable, Call]


def signs_in_front(call: Call, made: Made, exact: bool) -> list[Any]:
    """Return calls that do what a call does, with its sign and its constant factor in front; the
    last one may be the variable that the output equals.
    """
    if not call.site.gradients or not _is_real(call.output) or call.kwargs:
        return [call]  # the user's own lines are as they are
    if call.output.root.written:
        return [call]
    if call.func in NEGATIVES:
        return _negated(call, made, exact)
    if call.func is np.sum and not exact:
        return _with_sign_in_front(call, made)
    if len(call.args) != 2:
        return [call]
    if call.func in SUMS | DIFFERENCES:
        return _added(call, made)
    if call.func in PRODUCTS | QUOTIENTS or (call.func in MATRIX_PRODUCTS and not exact):
        return _multiplied(call, made, exact)
    return [call]


def _multiplied(call: Call, made: Made, exact: bool) -> list[Call]:
    a, b = call.args
    if call.func in PRODUCTS and type(b) in FACTORS:
        a, b = b, a
    inner = _call_of(b, made, PRODUCTS)
    if not exact and call.func in PRODUCTS and _is_number(a) and inner is not None:
        factor, x = inner.args
        if _is_number(factor) and type(x) is Variable and _is_alike(x, b) and not b.called:
            a, b = a * factor, x
    spread = made.get(b) if type(b) is Variable else None
    if call.func in PRODUCTS and _is_number(a) and spread and spread.func is np.broadcast_to:
        return _spread(call, a, spread)
    if call.func in PRODUCTS and _is_number(a) and a == -1:
        return [call.calling(operator.neg, (b,))]
    return _with_sign_in_front(call.calling(call.func, (a, b)), made)


def _spread(call: Call, factor: Any, spread: Call) -> list[Call]:
    """Return a multiple of a value, and then its broadcast."""
    x = spread.args[0]
    if type(x) is not Variable or not _is_real(x):
        return [call]
    if x.dtype not in (None, call.output.dtype) or spread.args[1] != call.output.shape:
        return [call]
    inner = like(x)
    inner.root, inner.called = inner, ""
    scaled = Call(call.func, (factor, x), {}, inner, call.site)
    return [scaled, call.calling(np.broadcast_to, (inner, spread.args[1]))]


def _with_sign_in_front(call: Call, made: Made) -> list[Call]:
    """Return a call of values without their signs, and then the sign."""
    plain = [_without_sign(x, made) for x in call.args]
    if _is_number(plain[0]) and plain[0] < 0 and call.func in PRODUCTS:
        plain[0] = -plain[0]
    count = sum([x is not y for x, y in zip(plain, call.args, strict=True)])
    if count == 0:
        return [call]
    if count == 2:
        return [call.calling(call.func, tuple(plain))]
    positive = like(call.output)
    positive.root, positive.called = positive, ""
    inner = Call(call.func, tuple(plain), {}, positive, call.site)
    return [inner, call.calling(operator.neg, (positive,))]


def _added(call: Call, made: Made) -> list[Call]:
    a, b = call.args
    positive = _without_sign(b, made)
    if positive is not b:
        func = operator.sub if call.func in SUMS else operator.add
        return [call.calling(func, (a, positive))]
    first = _without_sign(a, made)
    if first is not a and call.func in SUMS:
        return [call.calling(operator.sub, (b, first))]
    return [call]


def _negated(call: Call, made: Made, exact: bool) -> list[Any]:
    x = call.args[0]
    if (positive := _without_sign(x, made)) is not x:
        return [positive]
    difference = _call_of(x, made, DIFFERENCES)
    if difference is not None and not exact and not x.called:
        return [call.calling(operator.sub, difference.args[::-1])]
    return [call]


def _without_sign(x: Any, made: Made) -> Any:
    """Return the value whose negative another one is; the other one if it is none."""
    negative = _call_of(x, made, NEGATIVES)
    return x if negative is None else negative.args[0]


def _call_of(x: Any, made: Made, funcs: frozenset[Any]) -> Call | None:
    """Return the call of one of some functions that makes a floating value."""
    call = made.get(x) if type(x) is Variable else None
    if call is None or call.func not in funcs or call.kwargs or not _is_real(x):
        return None
    is_fixed = not any([y.root.written for y in (x, *call.inputs())])
    return call if is_fixed and all([_is_real(y) for y in call.inputs()]) else None


def _is_real(x: Any) -> bool:
    """Return whether a value is of real numbers: the sign of a complex zero chooses a branch."""
    if type(x) is not Variable:
        return False
    return x.type is float if x.dtype is None else x.dtype.kind == "f"


def _is_number(x: Any) -> bool:
    return type(x) in FACTORS


def _is_alike(x: Variable, y: Variable) -> bool:
    return (x.type, x.shape, x.dtype) == (y.type, y.shape, y.dtype)
