"""Matrices that a program factors more than once: in a determinant, an inverse, a solution."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_tools.engine.saved import Absent
from autograd_tools.engine.structure.forms import multiplied
from autograd_tools.engine.structure.operations import Operations, shape_of
from autograd_tools.timing.facts import Fact, Facts

FACTORING = ("linalg.cholesky", "linalg.det", "linalg.inv", "linalg.slogdet", "linalg.solve")
MOST_COMPARED = 1 << 22  # bytes of a constant matrix that is compared


def factored(ops: Operations, same: Sequence[int]) -> Facts:
    """Find matrices that more than one call of a file factorizes.

    The detail has the shape, where the matrix is from, and the calls: `(9, 9) computed; slogdet at
    7; solve (9,) x2 at 8`. An inverse with a shape only multiplies an array. A second call on all
    equal arguments does not count.
    """
    groups: dict[Any, dict[int, int]] = defaultdict(dict)
    for index in ops.of(*FACTORING):
        matrix = _matrix(ops, same, index)
        if matrix is not None:
            groups[ops.places[index][1], matrix].setdefault(same[index], index)
    found = Counter[Fact]()
    for calls in groups.values():
        if len(calls) > 1:
            detail = _detail(ops, sorted(calls.values()))
            places = {ops.places[index] for index in calls.values()}
            found.update([Fact("factored", *place, detail) for place in places])
    return ops.counted(found)


def _matrix(ops: Operations, same: Sequence[int], index: int) -> Any:
    """Return what tells the matrix that a call factors; None if there are several, or options."""
    shape = shape_of(ops.argument(index, 0))
    if ops.entries[index][3] or shape is None or len(shape) != 2 or shape[0] != shape[1]:
        return None
    parent = ops.parent(index, 0)
    if parent is not None:
        return same[parent]
    x = ops.argument(index, 0)
    if isinstance(x, Absent):
        return None
    return x.tobytes() if isinstance(x, np.ndarray) and x.nbytes <= MOST_COMPARED else id(x)


def _detail(ops: Operations, calls: Sequence[int]) -> str:
    first = ops.parent(calls[0], 0)
    origin = "constant" if first is None else "computed" if ops.op(first) else "given"
    counts = Counter[tuple[str, int]]()
    for index in calls:
        op, _, line = ops.places[index]
        counts[op.removeprefix("linalg.") + _right_side(ops, index), line] += 1
    listed = [f"{call} x{n} at {line}" for (call, line), n in counts.items()]
    return "; ".join([f"{shape_of(ops.argument(calls[0], 0))} {origin}", *listed])


def _right_side(ops: Operations, index: int) -> str:
    """Return the array to which a call applies the inverse of its matrix, if it is one array."""
    op, at = ops.op(index), 1
    if op == "linalg.inv" and (side := multiplied(ops, index)) is not None:
        (index,) = ops.children[index]
        at = 1 - side
    elif op != "linalg.solve":
        return ""
    shape = shape_of(ops.argument(index, at)) or ()
    tracked = " tracked" if ops.parent(index, at) is not None else ""
    return f" {shape if at else shape[::-1]}{tracked}"
