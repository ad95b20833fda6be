"""The engine's own time in a profile: the program as it runs without the timer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from autograd_tools.base.plain_data import LARGEST
from autograd_tools.timing.records import Counts, Record

# Operations that programs write as operators.
OPERATORS = (
    *("add", "subtract", "multiply", "divide", "power", "matmul", "negative", "positive"),
    *("remainder", "floor_divide"),
)


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
    measure_record_ns, measure_pass_ns : float
        All that the timer and the search for lines take for an operation, and for a gradient.
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


def cost_from(data: dict[str, Any]) -> EngineCost:
    """Return the cost in a file; raise ValueError unless all are numbers of 0 or more."""
    for wrong in [x for x in data.values() if type(x) not in (int, float) or not 0 <= x < LARGEST]:
        raise ValueError(f"expected nanoseconds of 0 or more, got {wrong!r:.100}")
    return EngineCost(**data)


def as_it_runs(
    records: Iterable[tuple[Record, Counts]], cost: EngineCost
) -> Iterator[tuple[Record, Counts]]:
    """Yield records without what the timer adds, and the engine's time as records of its own."""
    extra = {
        "forward": cost.forward_ns,
        "backward": cost.backward_ns,
        "sum_outgrads": cost.accumulate_ns,
    }
    recording = {**dict.fromkeys(OPERATORS, cost.operator_ns), "getitem": cost.item_ns}
    for record, counts in records:
        own = max(counts.ns - round(counts.calls * extra.get(record.phase, 0.0)), 0)
        yield record, counts._replace(ns=own)
        if record.phase in ("record", "backward"):
            is_pass = record.phase == "backward"
            call = cost.pass_ns if is_pass else recording.get(record.op, cost.record_ns)
            spent = round(counts.calls * call)
            own_record = record._replace(argument=0, phase="engine")
            yield own_record, Counts(counts.calls, spent, 0, counts.steps)
