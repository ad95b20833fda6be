"""The operation that produced the first NaN or Inf, in the forward or the backward pass."""

from __future__ import annotations

import numpy as np

from autograd_tools import Trace
from autograd_tools.base.text import one_line
from autograd_tools.tracing.columns import TraceNode
from autograd_tools.tracing.summaries import Summary
from viewer.facts.search import not_finite
from viewer.text.places import source_text


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
    arguments = [(one_line(f"{node.op}[{n}]"), arg) for n, arg in enumerate(node.args, 1)]
    given = [f"{name} is {a.text}" for name, a in arguments if a.text in ("nan", "inf", "-inf")]
    given += [f"{name} is {_range(trace[id])}" for name, a in arguments for id in a.nodes]
    listed = f"; {', '.join(given)}" if given else ""
    return f"{_first(node.value)}: produced by {_operation(node)}{listed}"


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
    return (
        f"{_first(node.outgrad)}: produced by the VJP rule of {rules}{more}, "
        f"which is {_range(node)}; all values are finite"
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
