"""What was measured, as records with their counts, from whatever holds them: a timer, a tape, a trace, or the path of a saved one."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

from autograd_tools import Tape, Timer, Trace
from autograd_tools.timing import Counts, Operand, Record
from autograd_tools.tracing.columns import Argument, TraceNode
from viewer.inputs import as_timer, as_trace, kind_of

Timed: TypeAlias = Timer | Tape | Trace | str | os.PathLike[str]

KINDS = {"(": "tuple", "[": "list"}  # by how their text begins
_ARRAY = re.compile(r"(\w+)\[([\d,]*)\]")


def records_of(x: Timed) -> dict[Record, Counts]:
    """Records with their counts; those of a trace have forward and backward only, because it knows no more.

    ValueError for a trace without times and for a file that holds neither.
    """
    if isinstance(x, (str, os.PathLike)) and not _is_timer(Path(x)):
        x = as_trace(x)
    if not isinstance(x, (Tape, Trace)):
        return as_timer(x).records
    records: dict[Record, Counts] = {}
    for record, counts in _of_trace(as_trace(x)):
        records[record] = records.get(record, Counts()).plus(counts)
    return records


def _is_timer(path: Path) -> bool:
    try:
        return kind_of(path) == "profile"
    except ValueError:  # it is neither, and the trace that it is not says why
        return False


def _of_trace(trace: Trace) -> Iterator[tuple[Record, Counts]]:
    timed = [node for node in trace if node.forward_ns is not None]
    if not timed and any(node.kind == "result" for node in trace):
        raise ValueError(
            "this trace has no times: set AUTOGRAD_TIMER=1 before autograd_tools is imported, or run `autograd-tools profile`"
        )
    for node in timed:
        where, operands = (node.file, node.line, node.function, node.scope), _operands(trace, node)
        yield Record(node.op, 0, *where, "forward", operands), Counts(1, node.forward_ns or 0)
        for argument, ns in (node.backward_ns or {}).items():
            yield Record(node.op, argument, *where, "backward", operands), Counts(1, ns)


def _operands(trace: Trace, node: TraceNode) -> tuple[Operand, ...]:
    """What is known of the arguments of a node and of its value; how arrays lie in memory is not."""
    given = [argument for argument in node.args if argument.keyword is None]
    return (*(_operand(trace, argument) for argument in given), _of_value(node))


def _operand(trace: Trace, argument: Argument) -> Operand:
    if len(argument.nodes) == 1 and argument.text.startswith(("P(", "R(")):
        return _of_value(trace[argument.nodes[0]])
    array = _ARRAY.fullmatch(argument.text)
    if array:
        return Operand(array[1], tuple(map(int, filter(None, array[2].split(",")))))
    try:
        constant = ast.literal_eval(argument.text)
    except (ValueError, SyntaxError):
        return Operand(
            KINDS.get(argument.text[:1], "slice" if ":" in argument.text else argument.text)
        )
    return Operand(type(constant).__name__, text=constant if isinstance(constant, str) else "")


def _of_value(node: TraceNode) -> Operand:
    value = node.value
    return (
        Operand("?")
        if value is None or value.shape is None
        else Operand(value.dtype or "?", value.shape)
    )
