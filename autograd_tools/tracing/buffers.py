"""The memory of arrays in a trace: which nodes share it, and which the backward pass needs."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_tools.base.plain_data import LARGEST, integers
from autograd_tools.engine.primitives import VALUE
from autograd_tools.engine.recording import Recording
from autograd_tools.engine.saved import arrays_in, memory_of
from autograd_tools.engine.values import unwrap

Rows = dict[int, tuple[int, ...]]
SCALARS = frozenset({float, np.float64, int, str, slice, type(None)})


@dataclass(frozen=True)
class Buffers:
    """The memory that a gradient allocates: a buffer for each array that owns its memory.

    A view has the buffer of the array that it views. Memory that exists anyway, of Params,
    arguments and the program's data, has none.

    Attributes
    ----------
    nbytes : list of int
        The bytes of each buffer.
    value, outgrad : dict of int to tuple of int
        By row, the buffers of the value of a node and of its gradient.
    saved : dict of int to tuple of (int, int)
        By row, the arrays that the VJP rules of a node need: the argument, from 1, and its buffer.
        The argument 0 is the value, or the operation.
    frees : bool
        The engine keeps neither nodes nor values that the backward pass does not need, as PyTorch.
    packed : int
        The number of operations whose saved arrays are unknown, as hooks pack them.
    """

    nbytes: list[int]
    value: Rows
    outgrad: Rows
    saved: dict[int, tuple[tuple[int, int], ...]]
    frees: bool = False
    packed: int = 0


def buffers_of(recording: Recording) -> Buffers:
    """Return the buffers of a recording that is complete; what was freed meanwhile has none."""
    entries, table = recording.entries, _Table()
    table.exclude(entry[1] for entry in entries if entry[0] is None)
    table.exclude(_data_of(recording))
    value: Rows = {}
    saved: dict[int, tuple[tuple[int, int], ...]] = {}
    reads: dict[tuple[int, int], list[int]] = {}  # by plan and number of arguments, those needed
    for row, (plan, y, args, _, _) in enumerate(entries):
        if plan is None:
            continue
        if type(y) not in SCALARS and (own := table.numbers(y)):
            value[row] = own
        key = id(plan), len(args)
        needed = reads.get(key)
        if needed is None:
            needed = reads[key] = [i for i in range(VALUE, len(args)) if plan.needs(i)]
        pairs = []
        for i in needed:
            x = y if i == VALUE else args[i]
            if type(x) not in SCALARS:
                pairs += [(i + 1, number) for number in table.numbers(x)]
        if pairs:
            saved[row] = tuple(pairs)
    outgrad = {
        row: own
        for row, dx in enumerate(recording.outgrads[: len(entries)])
        if type(dx) not in SCALARS and (own := table.numbers(dx))
    }
    return Buffers(table.nbytes, value, outgrad, saved)


class _Table:
    """The number of each buffer, by the id of the array that owns it; -1 for what is left out."""

    def __init__(self) -> None:
        self.nbytes: list[int] = []
        self._number: dict[int, int] = {}

    def exclude(self, items: Iterable[Any]) -> None:
        """Leave out the arrays in some values."""
        for x in items:
            self._number.update({id(memory_of(array)): -1 for array in arrays_in(unwrap(x))})

    def numbers(self, x: Any) -> tuple[int, ...]:
        """Return the numbers of the buffers in a value, each once."""
        if type(x) is np.ndarray and x.base is None:
            number = self._number.get(id(x))
            if number is None:
                number = self._number[id(x)] = len(self.nbytes)
                self.nbytes.append(x.nbytes)
            return (number,) if number >= 0 else ()
        found = map(self._number_of, arrays_in(unwrap(x)))
        return tuple(dict.fromkeys(number for number in found if number >= 0))

    def _number_of(self, array: np.ndarray) -> int:
        owner = array if array.base is None else memory_of(array)
        number = self._number.get(id(owner))
        if number is None:
            number = self._number[id(owner)] = len(self.nbytes)
            self.nbytes.append(owner.nbytes)
        return number


def _data_of(recording: Recording) -> list[np.ndarray]:
    """Return the constants that others than the recording refer to: the program's data."""
    held = Counter[int]()  # references of the recording, and of views to their base
    constants: dict[int, np.ndarray] = {}
    for plan, _, args, _, _ in recording.entries:
        if plan is not None and len(args) > len(plan.positions):
            if np.ndarray not in map(type, args):
                continue
            for position, x in enumerate(args):
                if type(x) is np.ndarray and position not in plan.positions:
                    constants[id(x)] = x
                    held[id(x)] += 1
    x = None
    held.update([id(noted[1]) for noted in recording.noted])
    held.update([id(array.base) for array in constants.values() if array.base is not None])
    owners = {id(owner): owner for owner in map(memory_of, constants.values())}
    held.update(owners.keys() & constants.keys())  # those in both dicts
    counts = {**_references(owners), **_references(constants)}
    alone = _references({0: np.empty(0)})[0]
    return [array for key, array in (owners | constants).items() if counts[key] > alone + held[key]]


def _references(arrays: dict[int, np.ndarray]) -> dict[int, int]:
    return {key: sys.getrefcount(array) for key, array in arrays.items()}


def plain_buffers(buffers: Buffers | None) -> dict[str, Any] | None:
    """Return buffers in plain data, ready for JSON."""
    if buffers is None:
        return None
    rows = {name: getattr(buffers, name).items() for name in ("value", "outgrad", "saved")}
    named = {name: {str(row): own for row, own in items} for name, items in rows.items()}
    facts = {"frees": buffers.frees, "packed": buffers.packed}
    return {"nbytes": buffers.nbytes, **named, **{key: x for key, x in facts.items() if x}}


def read_buffers(data: Any, n: int) -> Buffers | None:
    """Return the buffers in a file with `n` nodes; None for a file without."""
    if data is None:
        return None
    nbytes = integers(data["nbytes"], 0, LARGEST).tolist()
    value, outgrad = (_read_rows(data[name], n, len(nbytes)) for name in ("value", "outgrad"))
    pairs = {row: list(zip(*own, strict=True)) for row, own in data["saved"].items()}
    arguments = _read_rows({row: [*own[0]] for row, own in pairs.items()}, n, LARGEST)
    buffers = _read_rows({row: [*own[1]] for row, own in pairs.items()}, n, len(nbytes))
    saved = {row: tuple(zip(own, buffers[row], strict=True)) for row, own in arguments.items()}
    (packed,) = integers([data.get("packed", 0)], 0, n + 1).tolist()
    return Buffers(nbytes, value, outgrad, saved, data.get("frees") is True, packed)


def _read_rows(rows: dict[str, Any], n: int, most: int) -> Rows:
    found = {}
    for row, own in rows.items():
        (place,) = integers([int(row)], 0, n).tolist()
        found[place] = tuple(integers(list(own), 0, most).tolist())
    return found
