"""The operation that produced the first NaN or Inf, in the forward or the backward pass."""

from __future__ import annotations

import re

import numpy as np

from autograd_tools import Trace
from autograd_tools.base.text import one_line
from autograd_tools.tracing.columns import Argument, TraceNode
from autograd_tools.tracing.summaries import Summary
from viewer.facts.search import not_finite
from viewer.text.places import source_text

OPERAND = re.compile(r"[PR]\([^()]*\)")  # a node in the text of an argument
NOT_FINITE = re.compile(r"(?<![\w.'\"])-?(?:nan|inf)(?![\w'\"])")
ARRAY = re.compile(r"\b(?:float|complex)\d+\[[\d,]*\]")


def first_nan(trace: Trace) -> str:
    """Return a line with the operation, its source and its input; empty if all is finite.

    The oldest value that is not finite comes first. If all values are finite, it is the newest
    gradient that is not: those of the nodes computed from it are finite, so that the rule of one
    of them produced it.
    """
    values = np.flatnonzero(not_finite(trace.columns.value))
    if len(values):
        return _in_value(trace, trace[int(values[0]) + 1])
    gradients = np.flatnonzero(not_finite(trace.columns.outgrad))
    return _in_gradient(trace, trace[int(gradients[-1]) + 1]) if len(gradients) else ""


def _in_value(trace: Trace, node: TraceNode) -> str:
    if node.kind != "result":
        return f"{_first(node.value)}: already in the {node.kind} {_leaf(node)}"
    constants, arrays = _constants(trace, node)
    given = [
        f"{one_line(f'{node.op}[{n}]')} is {_range(trace[id])}"
        for n, arg in enumerate(node.args, 1)
        for id in arg.nodes
    ]
    listed = ", ".join([*constants, *given, *arrays])
    verb = "given to" if constants else "produced by"
    return f"{_first(node.value)}: {verb} {_operation(node)}{f'; {listed}' if listed else ''}"


def _constants(trace: Trace, node: TraceNode) -> tuple[list[str], list[str]]:
    """Return the constant arguments that are not finite, and arrays whose elements are unknown."""
    signature = trace.columns.signatures[trace.columns.signature[node.id - 1]]
    known, arrays = [], []
    for n, arg in enumerate(signature.args, 1):
        if isinstance(arg, Argument):
            text = "" if arg.keyword else OPERAND.sub("", arg.text)
        else:
            text = arg if isinstance(arg, str) else " ".join(arg)
        name = one_line(f"{node.op}[{n}]")
        if found := NOT_FINITE.search(text):
            known.append(f"{name} is {found[0]}")
        elif found := ARRAY.search(text):
            arrays.append(f"{name} is the constant {found[0]}, whose elements are not known")
    return known, arrays


def _in_gradient(trace: Trace, node: TraceNode) -> str:
    uses = [
        (trace[id], n)
        for id in node.children
        for n, arg in enumerate(trace[id].args, 1)
        if node.id in arg.nodes
    ]
    if not uses:
        return f"{_first(node.outgrad)}: in the gradient of {_leaf(node)}; all values are finite"
    rules = " or ".join(_operation(user, f"[{n}]") for user, n in uses[:3])
    more = f" or {len(uses) - 3} more uses" if len(uses) > 3 else ""
    constants = [text for user, _ in uses[:3] for text in _constants(trace, user)[0]]
    finite = f"{', '.join(constants)}, all other" if constants else "all"
    return (
        f"{_first(node.outgrad)}: produced by the VJP rule of {rules}{more}, "
        f"which is {_range(node)}; {finite} values are finite"
    )


def _first(summary: Summary | None) -> str:
    return f"first {'NaN' if summary and summary.nans else 'Inf'}"


def _operation(node: TraceNode, argument: str = "") -> str:
    at = source_text(node.file, node.line)
    return one_line(f"{node.op}{argument} (node {node.id}{f', {at}' if at else ''})")


def _leaf(node: TraceNode) -> str:
    return one_line(f"{node.name} (node {node.id})" if node.name else f"node {node.id}")


def _range(node: TraceNode) -> str:
    value = node.value
    if value is None:
        return "a freed value"
    if value.min is None or value.max is None:
        return one_line(value.text)
    return f"{value.min:.3g}" if value.shape == () else f"{value.min:.3g} to {value.max:.3g}"
