"""The engine's own time in a profile: the program as it runs without the timer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from autograd_tools.base.plain_data import LARGEST
from autograd_tools.timing.records import Counts, Operand, Record

# Operations that programs write as operators.
OPERATORS = (
    *("add", "subtract", "multiply", "divide", "power", "matmul", "negative", "positive"),
    *("remainder", "floor_divide"),
)


LATER = ("measure_operator_ns", "measure_item_ns", "measure_other_ns")  # which older files lack


class EngineCost(NamedTuple):
    """Nanoseconds of a call on the machine that measured.

    Attributes
    ----------
    record_ns, operator_ns, item_ns : float
        The engine's time for an operation that it records: a function of NumPy, which NumPy hands
        over; an operator such as `x * y`; and the reading of an item.
    pass_ns : float
        The engine's time for the gradient of an argument.
    forward_ns, backward_ns, accumulate_ns : float
        What the timer adds to the time of an operation, of a gradient, and of accumulation.
    measure_record_ns, measure_operator_ns, measure_item_ns, measure_other_ns : float
        What the marks of the timer and the search for lines take for an operation: a ufunc, an
        operator, the reading of an item, and any other function.
    measure_pass_ns : float
        The same for a gradient.
    """

    record_ns: float
    operator_ns: float
    item_ns: float
    pass_ns: float
    forward_ns: float
    backward_ns: float
    accumulate_ns: float
    measure_record_ns: float
    measure_pass_ns: float
    measure_operator_ns: float | None = None
    measure_item_ns: float | None = None
    measure_other_ns: float | None = None


def cost_from(data: dict[str, Any]) -> EngineCost:
    """Return the cost in a file; raise ValueError unless all are numbers of 0 or more."""
    known = [x for name, x in data.items() if x is not None or name not in LATER]
    for wrong in [x for x in known if type(x) not in (int, float) or not 0 <= x < LARGEST]:
        raise ValueError(f"expected nanoseconds of 0 or more, got {wrong!r:.100}")
    return EngineCost(**data)


def of_kinds(operator: float, item: float) -> dict[str, float]:
    """Return what differs for operators and for the reading of items, by operation."""
    return {**dict.fromkeys(OPERATORS, operator), "getitem": item}


def measuring_ns(
    records: Iterable[tuple[Record, Counts]], cost: EngineCost, own_ns: int = 0
) -> int:
    """Return the nanoseconds that the timer and the search for lines took: `own_ns`, and marks."""
    usual = cost.measure_record_ns
    operator, item, other = (usual if ns is None else ns for ns in cost[-3:])
    taken = of_kinds(operator, item)
    total = float(own_ns)
    for record, counts in records:
        if record.phase == "record":
            is_ufunc = isinstance(getattr(np, record.op, None), np.ufunc)
            own = taken.get(record.op, usual if is_ufunc else other)
            if record.op == "getitem" and record.operands[1:2] == (Operand("tuple"),):
                own = other  # as in `x[:, None]`, which NumPy hands over
            total += counts.calls * own
        elif record.phase == "backward":
            total += counts.calls * cost.measure_pass_ns
    return round(total)


def as_it_runs(
    records: Iterable[tuple[Record, Counts]], cost: EngineCost
) -> Iterator[tuple[Record, Counts]]:
    """Yield records without what the timer adds, and the engine's time as records of its own."""
    extra = {
        "forward": cost.forward_ns,
        "backward": cost.backward_ns,
        "sum_outgrads": cost.accumulate_ns,
    }
    recording = of_kinds(cost.operator_ns, cost.item_ns)
    for record, counts in records:
        own = max(counts.ns - round(counts.calls * extra.get(record.phase, 0.0)), 0)
        yield record, counts._replace(ns=own)
        if record.phase in ("record", "backward"):
            is_pass = record.phase == "backward"
            call = cost.pass_ns if is_pass else recording.get(record.op, cost.record_ns)
            spent = round(counts.calls * call)
            own_record = record._replace(argument=0, phase="engine")
            yield own_record, Counts(counts.calls, spent, 0, counts.steps)
