"""The cost of a call by its shapes: operations on numbers, and bytes read and written.

Bytes are the least possible: each operand is read once, the result is written once, temporaries are
free. A cost that depends on numbers outside the record (an exponent, an axis) or on the outputs in
use is unknown.
"""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

from autograd_tools.timing import Operand, Record
from viewer.profiles.costs.call import Call
from viewer.profiles.costs.elementwise import COMPLEX, element
from viewer.profiles.costs.table import COSTS


class Work(NamedTuple):
    """Operations on real numbers and bytes moved in one call; None if unknown."""

    flops: float | None
    nbytes: float | None


UNKNOWN = Work(None, None)


def work(record: Record) -> Work:
    """Return the work of one call; unknown for the engine's steps or without operands."""
    if not record.operands or record.phase not in ("forward", "backward"):
        return UNKNOWN
    return _work(record.op, record.argument, record.operands)


@functools.lru_cache(maxsize=4096)
def _work(op: str, argument: int, operands: tuple[Operand, ...]) -> Work:
    call = Call(operands[:-1], operands[-1], argument)
    cost = COSTS.get(f"{op}[{argument}]" if argument else op)
    try:
        if cost is None:
            return _elementwise(op, call)
        count, moved = cost.formula(call), None if cost.moves is None else call.moved(cost.moves)
    except (IndexError, ValueError):  # no entry, or called in a way that the entry does not know
        return UNKNOWN
    complex_numbers = call.is_complex and not cost.real
    return Work(None if count is None else _real(*count, complex_numbers=complex_numbers), moved)


def _real(products: float, sums: float, *, complex_numbers: bool) -> float:
    """Operations on real numbers; n numbers have n - 1 sums, and an empty array has none."""
    sums = max(0, sums)
    return (
        COMPLEX["multiply"] * products + COMPLEX["add"] * sums
        if complex_numbers
        else products + sums
    )


def _elementwise(op: str, call: Call) -> Work:
    """Count each step once for each element of the output.

    A gradient is summed over the axes that broadcasting repeated.
    """
    one = element(op, call.argument, tuple(operand.dtype for operand in call.arguments))
    each = one.complex if call.is_complex else one.real
    if not call.argument:
        return Work(None if each is None else each * call.out, call.moved("*"))
    sums = max(0, call.out - math.prod(call.own))
    added = _real(0, sums, complex_numbers=call.is_complex)
    read = one.reads or ("d" if sums else "")
    return Work(
        None if each is None else each * call.out + added,
        call.moved(read + "abc"[call.argument - 1]) if read else 0,
    )
