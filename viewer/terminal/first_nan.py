"""Which operation made the first NaN or Inf: in the forward pass, or else in a gradient."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autograd_tools import Trace
from autograd_tools.base.text import one_line
from autograd_tools.tracing.columns import TraceNode
from viewer.terminal.search import not_finite
from viewer.text.places import source_text


def first_nan(trace: Trace) -> str:
    """A line that names the operation, where it stands and what it was given; empty if all numbers are finite.

    The oldest value that is not finite comes first. Where all are finite, it is the newest gradient that is not: those of
    the nodes computed from it are finite, so one of their rules made it.
    """
    values = np.flatnonzero(not_finite(trace.columns.value))
    if len(values):
        return _value(trace, trace[int(values[0]) + 1])
    gradients = np.flatnonzero(not_finite(trace.columns.outgrad))
    return _gradient(trace, trace[int(gradients[-1]) + 1]) if len(gradients) else ""


def _value(trace: Trace, node: TraceNode) -> str:
    what = _what(node.value.nans if node.value else 0)
    if node.kind != "result":
        return f"first {what}: in the {node.kind} {_leaf(node)}, which was given with it"
    given = [
        f"argument {n} is {arg.text}"
        for n, arg in enumerate(node.args, 1)
        if arg.text in ("nan", "inf", "-inf")
    ]
    given += [
        f"argument {n} is {_range(trace[id])}"
        for n, arg in enumerate(node.args, 1)
        for id in arg.nodes
    ]
    return f"first {what}: made by {_where(node)}{_list(given)}"


def _gradient(trace: Trace, node: TraceNode) -> str:
    what = _what(node.outgrad.nans if node.outgrad else 0)
    uses = [
        (trace[id], n)
        for id in node.children
        for n, arg in enumerate(trace[id].args, 1)
        if node.id in arg.nodes
    ]
    if not uses:
        return f"first {what}: in the gradient of {_leaf(node)}, all values being finite"
    rules = " or ".join(f"argument {n} of {_where(user)}" for user, n in uses[:3])
    more = f" or of {len(uses) - 3} more uses of it" if len(uses) > 3 else ""
    return f"first {what}: made by the gradient for {rules}{more}, which is {_range(node)}; all values are finite"


def _what(nans: int) -> str:
    return "NaN" if nans else "Inf"


def _where(node: TraceNode) -> str:
    at = source_text(node.file, node.line)
    return one_line(f"{node.op} (node {node.id}{f', {at}' if at else ''})")


def _leaf(node: TraceNode) -> str:
    return one_line(f"{node.name} (node {node.id})" if node.name else f"node {node.id}")


def _range(node: TraceNode) -> str:
    value = node.value
    if value is None or value.min is None or value.max is None:
        return "a value without numbers" if value is None else one_line(value.text)
    return f"{value.min:.3g}" if value.shape == () else f"{value.min:.3g} to {value.max:.3g}"


def _list(parts: Sequence[str]) -> str:
    return f"; {', '.join(parts)}" if parts else ""
