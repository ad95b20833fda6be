"""Records: time of operations by place in the user's code and by the arrays involved."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from numpy import ndarray

from autograd_tools.base.plain_data import text, whole
from autograd_tools.base.text import unknown

PHASES = ("forward", "record", "backward", "sum_outgrads", "engine")


class Operand(NamedTuple):
    """An argument of an operation, or its output.

    Attributes
    ----------
    dtype : str
        The dtype of an array, or the Python type of anything else.
    shape : tuple of int
        The shape of an array.
    order : {"C", "F", "strided", ""}
        The memory layout of an array: by rows, by columns, or neither.
    text : str
        A string argument, such as the subscripts of einsum.
    """

    dtype: str
    shape: tuple[int, ...] = ()
    order: str = ""
    text: str = ""


class Record(NamedTuple):
    """The key of a measured time: an operation, its phase, the user's call site and the operands.

    Attributes
    ----------
    op : str
        The NumPy name of the operation.
    argument : int
        The number of the argument whose gradient it is, from 1; 0 for "forward" and "record".
    file, line, function : str, int, str
        The user's call; empty and 0 without lines.
    scope : tuple of str
        The path of scopes, the outermost first.
    phase : {"forward", "record", "backward", "sum_outgrads", "engine"}
        The forward pass, the engine's record of the call, the VJP rule of one argument, the
        accumulation of its gradient, or the engine's own time without the timer, as estimated.
    operands : tuple of Operand
        The arguments and, last, the output; empty unless AUTOGRAD_TIMER says `shapes`.

    Examples
    --------
    >>> Record("matmul", 2, "model.py", 7, "layer", ("loss", "layer"), "backward").label
    'matmul[2]'
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
        """Name the operation, or the gradient of an argument: `matmul`, `matmul[2]`."""
        return f"{self.op}[{self.argument}]" if self.argument else self.op


class Counts(NamedTuple):
    """Sums of a record.

    Attributes
    ----------
    calls, ns : int
        The number of calls, and their self time in nanoseconds.
    nbytes : int
        Bytes of the arrays allocated.
    steps : int
        The number of gradients in which the record occurs.
    kept : int
        The most bytes that any gradient saves for the backward pass. As in `Tape.kept_bytes`, an
        array counts once, for the oldest operation whose rules read it.
    samples : mapping of int to int
        Nanoseconds by number of the gradient: at most 128 evenly spaced gradients, the same ones
        for every record.
    """

    calls: int = 0
    ns: int = 0
    nbytes: int = 0
    steps: int = 0
    kept: int = 0
    samples: Mapping[int, int] = MappingProxyType({})

    def plus(self, other: Counts, later: int = 0) -> Counts:
        """Return the sum of both; gradients of `other` come `later`, the larger `kept` stays."""
        calls, ns, nbytes, steps = (a + b for a, b in zip(self[:4], other[:4], strict=True))
        samples = dict(self.samples)
        for step, spent in other.samples.items():
            samples[step + later] = samples.get(step + later, 0) + spent
        return Counts(calls, ns, nbytes, steps, max(self.kept, other.kept), samples)


class Tally:
    """Counts that grow; the last gradient may continue."""

    __slots__ = ("kept", "last", "samples", "steps", "sums")

    def __init__(self) -> None:
        self.sums = [0, 0, 0]  # calls, nanoseconds, bytes
        self.steps = self.kept = 0
        self.last = -1
        self.samples: dict[int, int] = {}

    def counts(self, over: int) -> Counts:
        """Return the counts so far, with samples of the `over` complete gradients."""
        calls, ns, nbytes = self.sums
        samples = {step: spent for step, spent in list(self.samples.items()) if step < over}
        return Counts(calls, ns, nbytes, self.steps, self.kept, samples)

    def add(self, sums: Iterable[int], steps: int, first: int, last: int) -> None:
        """Add calls, nanoseconds and bytes of gradients: their number, the first and the last."""
        self.sums = [a + b for a, b in zip(self.sums, sums, strict=True)]
        self.steps += steps - (self.last == first)
        self.last = last

    def sample(self, step: int, ns: int) -> None:
        """Add nanoseconds of a gradient that is a sample."""
        self.samples[step] = self.samples.get(step, 0) + ns

    def thin(self, stride: int) -> None:
        """Keep every `stride`-th sample."""
        self.samples = {step: ns for step, ns in self.samples.items() if step % stride == 0}

    def keep(self, nbytes: int) -> None:
        """Note the bytes that one gradient saved."""
        self.kept = max(self.kept, nbytes)


class Site(NamedTuple):
    """The place of a call as records have it: the user's line, its function and scopes."""

    file: str
    line: int
    function: str
    scope: tuple[str, ...]


class Called:
    """The operands of calls, one object for all equal ones."""

    __slots__ = ("operands",)

    def __init__(self, operands: tuple[Operand, ...]) -> None:
        self.operands = operands


MOST_SITES = 2**16
_sites: dict[Any, Any] = {}
_called: dict[tuple[Operand, ...], Called] = {}


def called_with(args: Sequence[Any], y: Any) -> Called:
    """Return the operands of a call."""
    if len(_called) >= MOST_SITES:
        _called.clear()
    operands = operands_of(signature((*args, y)))
    return _called.setdefault(operands, Called(operands))


def site_of(found: Any, called: Called | None = None) -> Any:
    """Return the site at a call site, with the operands of the call if known; equal ones are one.

    So gradients have the same sites, whatever calls of their functions.
    """
    if len(_sites) >= MOST_SITES:
        _sites.clear()
    site = Site(found.file, found.line, found.function, found.scope)
    key = site if called is None else (site, called)
    return _sites.setdefault(key, key)


Signature = tuple[Any, ...]  # types, shapes and strides of a call, found in passing


def signature(operands: Sequence[Any]) -> Signature:
    """Return the signature of operands, for `operands_of`."""
    found = [
        (x.dtype, x.shape, x.strides) if type(x) is ndarray else x if type(x) is str else type(x)
        for x in operands
    ]
    return tuple(found)


@functools.lru_cache(maxsize=4096)
def operands_of(found: Signature) -> tuple[Operand, ...]:
    """Return the operands of a signature."""
    return tuple([_operand(x) for x in found])


def _operand(x: Any) -> Operand:
    if type(x) is str:
        return Operand("str", text=x)
    if isinstance(x, type):
        return Operand(x.__name__)
    kind, shape, strides = x
    return Operand(str(kind), shape, _order(shape, strides, kind.itemsize))


def _order(shape: tuple[int, ...], strides: tuple[int, ...], itemsize: int) -> str:
    """Return the memory layout of an array; one that is both, such as a vector, is "C"."""
    if _is_row_by_row(shape, strides, itemsize):
        return "C"
    return "F" if _is_row_by_row(shape[::-1], strides[::-1], itemsize) else "strided"


def _is_row_by_row(shape: tuple[int, ...], strides: tuple[int, ...], step: int) -> bool:
    for n, stride in zip(reversed(shape), reversed(strides), strict=True):
        if n > 1 and stride != step:
            return False
        step *= n
    return True


def record_row(record: Record) -> list[Any]:
    """Return a record as plain data."""
    return [*record[:5], list(record.scope), record.phase, list(map(list, record.operands))]


def from_row(row: list[Any]) -> tuple[Record, Counts]:
    """Return the record of a row, and its counts if any; before version 3 there were only three."""
    op, argument, file, line, function, scope, *rest = row
    where = text(op), whole(argument), text(file), whole(line), text(function)
    path = tuple(map(text, scope))
    if len(rest) == 3:
        rest = ["backward" if argument else "forward", (), *rest, 0, 0, ()]
    phase, operands, *sums = rest
    samples = {whole(step): whole(ns) for step, ns in sums.pop()} if sums else {}
    if phase not in PHASES:
        raise unknown("phase", phase, PHASES)
    found = tuple(
        [
            Operand(text(dtype), tuple(map(whole, shape)), text(order), text(string))
            for dtype, shape, order, string in operands
        ]
    )
    calls, ns, nbytes, steps, kept = map(whole, sums) if sums else (0,) * 5
    return Record(*where, path, phase, found), Counts(calls, ns, nbytes, steps, kept, samples)
