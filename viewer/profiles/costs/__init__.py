"""What a call costs by its shapes: operations on numbers, and bytes that it has to read and write.

Bytes are those that nobody can save: each operand read once, the result written once, nothing of what is made in between. What
hangs on numbers that no record has, such as an exponent or an axis, or on which outputs were used, is not known.
"""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

from autograd_tools.timing import Operand, Record
from viewer.profiles.costs.call import Call
from viewer.profiles.costs.elementwise import COMPLEX, STEPS, operations
from viewer.profiles.costs.table import COSTS


class Work(NamedTuple):
    """Operations on real numbers and bytes moved, of one call; None for what is not known."""

    flops: float | None
    nbytes: float | None


UNKNOWN = Work(None, None)


def work(record: Record) -> Work:
    """The work of one call of a record: nothing is known of the engine's own steps, nor without operands or a formula."""
    if not record.operands or record.phase not in ("forward", "backward"):
        return UNKNOWN
    return _work(record.op, record.argument, record.operands)


@functools.lru_cache(maxsize=4096)
def _work(op: str, argument: int, operands: tuple[Operand, ...]) -> Work:
    call = Call(operands[:-1], operands[-1], argument)
    try:
        if op in STEPS:
            return _elementwise(op, call)
        cost = COSTS[f"{op}[{argument}]" if argument else op]
        count, moved = cost.formula(call), None if cost.moves is None else call.moved(cost.moves)
        return Work(
            None
            if count is None
            else _real(*count, complex_numbers=call.is_complex and not cost.real),
            moved,
        )
    except (
        KeyError,
        IndexError,
        ValueError,
    ):  # an operation without an entry, or called in a way that the entry does not know
        return UNKNOWN


def _real(products: float, sums: float, *, complex_numbers: bool) -> float:
    """How many operations on real numbers these are."""
    sums = max(0, sums)  # n numbers have n - 1, and none has none
    return COMPLEX["*"] * products + COMPLEX["+"] * sums if complex_numbers else products + sums


def _elementwise(op: str, call: Call) -> Work:
    """Every step once for each element of the output; in a gradient, what broadcasting repeated is added up."""
    forward, *gradients = STEPS[op]
    if not call.argument:
        each = operations(forward, complex_numbers=call.is_complex)
        return Work(None if each is None else each * call.out, call.moved("*"))
    steps, moves = gradients[call.argument - 1]
    each = None if steps is None else operations(steps, complex_numbers=call.is_complex)
    sums = max(0, call.out - math.prod(call.own))  # of an empty array a number is the sum
    read = moves or ("d" if sums else "")
    moved = call.moved(read + "abc"[call.argument - 1]) if read else 0
    return Work(
        None if each is None else each * call.out + _real(0, sums, complex_numbers=call.is_complex),
        moved,
    )
