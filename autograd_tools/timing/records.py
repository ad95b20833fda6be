"""Records: what is kept of an operation's time, by the place in the user's code and by the arrays that it had."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from operator import index
from typing import Any, NamedTuple

from numpy import ndarray

from autograd_tools.timing.log import Spread

PHASES = ("forward", "record", "backward", "sum_outgrads")


class Operand(NamedTuple):
    """An argument of an operation, or its output.

    `order` is how an array lies in memory: "C" row by row, "F" column by column, "strided" neither. Of what is no array
    `dtype` is its type in Python and `order` is empty; of a string, such as the subscripts of einsum, `text` is the string.
    """

    dtype: str
    shape: tuple[int, ...] = ()
    order: str = ""
    text: str = ""


class Record(NamedTuple):
    """What time is kept under: an operation, what was done for it, where the user called it, and on what.

    The phase is "forward", "record" for the engine's note of the call, "backward" for the gradient of the argument of number
    `argument`, and "sum_outgrads" for adding that gradient to others; forward and record have the argument 0. `operands` are
    the arguments in the order of the call and last the output, where AUTOGRAD_TIMER says `shapes`.
    """

    op: str
    argument: int
    file: str
    line: int
    function: str
    scope: tuple[str, ...]
    phase: str = "forward"
    operands: tuple[Operand, ...] = ()


class Counts(NamedTuple):
    """What a record adds up: calls, nanoseconds without those of what nests, and the bytes of the arrays made.

    `steps` is how many gradients it had a part in, and `squares` the sum of the squares of its nanoseconds in each, from
    which the spread from step to step follows. `kept` are the bytes that the backward pass needed of what was made here: the
    most of any one gradient.
    """

    calls: int = 0
    ns: int = 0
    nbytes: int = 0
    steps: int = 0
    squares: int = 0
    kept: int = 0

    def plus(self, other: Counts) -> Counts:
        """Those of both; of the bytes kept the larger number."""
        calls, ns, nbytes, steps, squares, _ = (a + b for a, b in zip(self, other, strict=True))
        return Counts(calls, ns, nbytes, steps, squares, max(self.kept, other.kept))


class Tally:
    """Counts that grow; the gradient that was last added to may go on."""

    __slots__ = ("counts", "step", "step_ns")

    def __init__(self) -> None:
        self.counts = Counts()
        self.step = -1
        self.step_ns = 0

    def add(self, calls: int, ns: int, nbytes: int, spread: Spread, first: int, last: int) -> None:
        """Add what happened in the gradients of the numbers `first` to `last`."""
        steps, squares, first_ns, last_ns = spread
        if first_ns and self.step == first:
            steps -= 1
            squares += 2 * self.step_ns * first_ns
        if last_ns:
            self.step_ns = last_ns + (self.step_ns if self.step == last else 0)
            self.step = last
        self.counts = self.counts.plus(Counts(calls, ns, nbytes, steps, squares))


Signature = tuple[Any, ...]  # of the operands of a call, found in passing


def signature(args: Sequence[Any], y: Any) -> Signature:
    """What `operands_of` turns into operands."""
    return tuple([(x.dtype, x.shape, x.strides) if type(x) is ndarray else x if type(x) is str else type(x) for x in (*args, y)])


@functools.lru_cache(maxsize=4096)
def operands_of(found: Signature) -> tuple[Operand, ...]:
    """The operands of a signature."""
    return tuple([_operand(x) for x in found])


def _operand(x: Any) -> Operand:
    if type(x) is str:
        return Operand("str", text=x)
    if isinstance(x, type):
        return Operand(x.__name__)
    kind, shape, strides = x
    return Operand(str(kind), shape, _order(shape, strides, kind.itemsize))


def _order(shape: tuple[int, ...], strides: tuple[int, ...], itemsize: int) -> str:
    """How an array lies in memory; one that is both, such as a vector, lies row by row."""
    if _is_row_by_row(shape, strides, itemsize):
        return "C"
    return "F" if _is_row_by_row(shape[::-1], strides[::-1], itemsize) else "strided"


def _is_row_by_row(shape: tuple[int, ...], strides: tuple[int, ...], step: int) -> bool:
    for n, stride in zip(reversed(shape), reversed(strides), strict=True):
        if n > 1 and stride != step:
            return False
        step *= n
    return True


def to_rows(records: Iterable[tuple[Record, Counts]]) -> list[list[Any]]:
    """Records as plain data."""
    return [[*record[:5], list(record.scope), record.phase, [list(o) for o in record.operands], *counts] for record, counts in records]


def from_row(row: list[Any]) -> tuple[Record, Counts]:
    """The record of a row; in files before version 3 there were calls, nanoseconds and bytes by place only."""
    op, argument, file, line, function, scope, *rest = row
    where = (op, index(argument), file, index(line), function, tuple(scope))
    if len(rest) == 3:
        return Record(*where, "backward" if argument else "forward"), Counts(*map(index, rest))
    phase, operands, *counts = rest
    if phase not in PHASES:
        raise ValueError(f"no phase {phase!r}; there are: {', '.join(PHASES)}")
    found = tuple([Operand(kind, tuple(map(index, shape)), order, text) for kind, shape, order, text in operands])
    return Record(*where, phase, found), Counts(*map(index, counts))
