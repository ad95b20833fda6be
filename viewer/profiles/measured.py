"""Records with their counts, from a timer, a tape, a trace or a saved one."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from typing import TypeAlias

from autograd_tools import Tape, Timer, Trace
from autograd_tools.base.documents import kind_of_file
from autograd_tools.timing import Counts, Operand, Record
from autograd_tools.timing.engine_cost import as_it_runs
from autograd_tools.timing.totals import Code
from autograd_tools.tracing.columns import Argument, TraceNode
from viewer.inputs import as_timer, as_trace

Timed: TypeAlias = Timer | Tape | Trace | str | os.PathLike[str]

SEQUENCES = {"(": "tuple", "[": "list"}  # by the beginning of their text
ARRAY = re.compile(r"(\w+)\[([\d,]*)\]")


def opened(x: Timed) -> Timer | Tape | Trace:
    """Return a timer, tape or trace itself, or a saved one; raise ValueError for another file."""
    if isinstance(x, (Tape, Trace)):
        return x
    if isinstance(x, (str, os.PathLike)) and kind_of_file(x) != "profile":
        return as_trace(x)  # it names the fault of a file that is neither
    return as_timer(x)


def records_of(x: Timed) -> dict[Record, Counts]:
    """Return records with their counts; those of a trace have forward and backward times only.

    Where the engine's own time is known, they are those of the program without the timer.

    Raise ValueError for a trace without times, and for a file that holds neither.
    """
    found = opened(x)
    if not isinstance(found, Timer):
        own = _of_trace(as_trace(found))
    elif found.engine is None:
        return found.records
    else:
        own = as_it_runs(found.records.items(), found.engine)
    records: dict[Record, Counts] = {}
    for record, counts in own:
        records[record] = records.get(record, Counts()).plus(counts)
    return records


def code_of(x: Timed) -> Code:
    """Return the code of lines as it was, as far as a profile or trace knows it."""
    found = opened(x)
    if isinstance(found, Timer):
        return found.code
    code: Code = {}
    for line in as_trace(found).columns.source_lines:
        if line.code:
            code.setdefault(line.file, {})[line.line] = line.code
    return code


def _of_trace(trace: Trace) -> Iterator[tuple[Record, Counts]]:
    timed = [node for node in trace if node.forward_ns is not None]
    if not timed and any(node.kind == "result" for node in trace):
        raise ValueError(
            "this trace has no times: set AUTOGRAD_TIMER=1 before autograd_tools is imported, "
            "or run `autograd-tools profile`"
        )
    for node in timed:
        where, operands = (node.file, node.line, node.function, node.scope), _operands(trace, node)
        yield Record(node.op, 0, *where, "forward", operands), Counts(1, node.forward_ns or 0)
        for argument, ns in (node.backward_ns or {}).items():
            yield Record(node.op, argument, *where, "backward", operands), Counts(1, ns)


def _operands(trace: Trace, node: TraceNode) -> tuple[Operand, ...]:
    """Return the arguments of a node and its value as operands, whose layout is unknown."""
    given = [argument for argument in node.args if argument.keyword is None]
    return (*(_operand(trace, argument) for argument in given), _of_value(node))


def _operand(trace: Trace, argument: Argument) -> Operand:
    if len(argument.nodes) == 1 and argument.text.startswith(("P(", "R(")):
        return _of_value(trace[argument.nodes[0]])
    array = ARRAY.fullmatch(argument.text)
    if array:
        return Operand(array[1], tuple(map(int, filter(None, array[2].split(",")))))
    try:
        constant = ast.literal_eval(argument.text)
    except (ValueError, SyntaxError):
        return Operand(
            SEQUENCES.get(argument.text[:1], "slice" if ":" in argument.text else argument.text)
        )
    return Operand(type(constant).__name__, text=constant if isinstance(constant, str) else "")


def _of_value(node: TraceNode) -> Operand:
    value = node.value
    return (
        Operand("?")
        if value is None or value.shape is None
        else Operand(value.dtype or "?", value.shape)
    )
