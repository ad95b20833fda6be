"""Records: what is kept of an operation's time, by the place in the user's code and by the arrays that it had."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from operator import index
from types import MappingProxyType
from typing import Any, NamedTuple

from numpy import ndarray

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

    @property
    def label(self) -> str:
        """The operation, or the gradient of an argument: `matmul`, `matmul[2]`."""
        return f"{self.op}[{self.argument}]" if self.argument else self.op


class Counts(NamedTuple):
    """What a record adds up: calls, nanoseconds without those of what nests, and the bytes of the arrays made.

    `steps` is how many gradients it had a part in. `samples` are its nanoseconds in some of them, by the number of the
    gradient: of all up to 128 of them, of more every second, then every fourth, and so on; of all records the same. `kept` are
    the bytes of the arrays that were kept for the backward pass here, the most of any one gradient; as in `Tape.kept_bytes` an
    array counts once, for the oldest operation whose rules read it.
    """

    calls: int = 0
    ns: int = 0
    nbytes: int = 0
    steps: int = 0
    kept: int = 0
    samples: Mapping[int, int] = MappingProxyType({})

    def plus(self, other: Counts, later: int = 0) -> Counts:
        """Those of both, the gradients of `other` so much `later`; of the bytes kept the larger number."""
        calls, ns, nbytes, steps = (a + b for a, b in zip(self[:4], other[:4], strict=True))
        samples = dict(self.samples)
        for step, spent in other.samples.items():
            samples[step + later] = samples.get(step + later, 0) + spent
        return Counts(calls, ns, nbytes, steps, max(self.kept, other.kept), samples)


class Tally:
    """Counts that grow; the gradient that was last added to may go on."""

    __slots__ = ("kept", "last", "samples", "steps", "sums")

    def __init__(self) -> None:
        self.sums = [0, 0, 0]  # calls, nanoseconds, bytes
        self.steps = self.kept = 0
        self.last = -1
        self.samples: dict[int, int] = {}

    def counts(self, over: int) -> Counts:
        """What was added so far, with samples of the gradients that are over, which are so many."""
        calls, ns, nbytes = self.sums
        samples = {step: spent for step, spent in self.samples.items() if step < over}
        return Counts(calls, ns, nbytes, self.steps, self.kept, samples)

    def add(self, sums: Iterable[int], steps: int, first: int, last: int) -> None:
        """Add calls, nanoseconds and bytes in so many gradients, the first and last of which have these numbers."""
        self.sums = [a + b for a, b in zip(self.sums, sums, strict=True)]
        self.steps += steps - (self.last == first)
        self.last = last

    def sample(self, step: int, ns: int) -> None:
        """Add nanoseconds of a gradient that is among the samples."""
        self.samples[step] = self.samples.get(step, 0) + ns

    def thin(self, stride: int) -> None:
        """Keep the samples of every so many gradients."""
        self.samples = {step: ns for step, ns in self.samples.items() if step % stride == 0}

    def keep(self, nbytes: int) -> None:
        """Take note of the bytes that one gradient kept."""
        self.kept = max(self.kept, nbytes)


Signature = tuple[Any, ...]  # of the operands of a call, found in passing


def signature(args: Sequence[Any], y: Any) -> Signature:
    """What `operands_of` turns into operands."""
    return tuple(
        [
            (x.dtype, x.shape, x.strides)
            if type(x) is ndarray
            else x
            if type(x) is str
            else type(x)
            for x in (*args, y)
        ]
    )


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
    return [
        [*record_row(record), *counts[:5], [list(pair) for pair in counts.samples.items()]]
        for record, counts in records
    ]


def record_row(record: Record) -> list[Any]:
    """A record as plain data."""
    return [
        *record[:5],
        list(record.scope),
        record.phase,
        [list(operand) for operand in record.operands],
    ]


def from_row(row: list[Any]) -> tuple[Record, Counts]:
    """The record of a row, and its counts if it has them; in files before version 3 there were three, by place only."""
    op, argument, file, line, function, scope, *rest = row
    where = (
        _text(op),
        index(argument),
        _text(file),
        index(line),
        _text(function),
        tuple(map(_text, scope)),
    )
    if len(rest) == 3:
        calls, ns, nbytes = map(index, rest)
        return Record(*where, "backward" if argument else "forward"), Counts(calls, ns, nbytes)
    phase, operands, *sums = rest
    samples = {index(step): index(ns) for step, ns in sums.pop()} if sums else {}
    if phase not in PHASES:
        raise ValueError(f"no phase {phase!r}; there are: {', '.join(PHASES)}")
    found = tuple(
        [
            Operand(_text(kind), tuple(map(index, shape)), _text(order), _text(text))
            for kind, shape, order, text in operands
        ]
    )
    calls, ns, nbytes, steps, kept = map(index, sums) if sums else (0,) * 5
    return Record(*where, phase, found), Counts(calls, ns, nbytes, steps, kept, samples)


def _text(x: Any) -> str:
    if not isinstance(x, str):
        raise TypeError(f"a text was expected, and found {x!r:.100}")
    return x
