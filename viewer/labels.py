"""Short texts for nodes, values and groups, which views share."""

from __future__ import annotations

import re

from autograd_tools import Trace
from autograd_tools.tracing.columns import Argument, TraceNode
from autograd_tools.tracing.summaries import Summary
from viewer.graph import Group
from viewer.text.lines import shorten
from viewer.text.signs import infix

LONGEST_NAME = 24  # columns of the name of an operation or a Param in a list


def plural(n: int, noun: str) -> str:
    """Return `1 node`, `12,345 nodes`."""
    return f"{n:,} {noun}{'s' * (n != 1)}"


def heading(group: Group) -> str:
    """Return the name of a group: `steps 2-100` of a loop, `f, calling itself`."""
    if group.kind in ("step", "level"):
        return f"{group.kind}{'s' * bool(group.copies)} {group.name}"
    if group.kind == "recursion":
        return f"{group.name}, calling itself"
    return group.name or group.kind or "group"


def title(group: Group) -> str:
    """Return the heading of a label, with the number of copies of a folded group."""
    name = shorten(heading(group))
    return f"{name}  ×{group.times:,}" if group.copies else name


def carried(copies: int) -> str:
    """Return where a value goes that another copy of a folded group uses."""
    return {1: "to the next step", -1: "back to the level above"}.get(copies, f"{copies} steps on")


def carried_back(copies: int) -> str:
    """Return where the gradient of such a value goes."""
    return {1: "to the step before", -1: "to the level inside"}.get(copies, f"{copies} steps back")


def call(trace: Trace, node: TraceNode) -> str:
    """Return the operation with the numbers and options it was given, `1 / ·` or `sum(axis=0)`.

    A dot stands for another argument, unless that is a Param or an input with a name.
    """
    given = [arg for arg in node.args if arg.keyword is None]
    options = [f"{arg.keyword}={arg.text}" for arg in node.args if arg.keyword]
    if options:
        return f"{node.op}({', '.join(options)})"
    if not any(_is_constant(node, arg) for arg in given):
        return node.op
    args = [digits(arg.text) if _is_constant(node, arg) else _name(trace, arg) for arg in given]
    return infix(node.op, args) or f"{node.op}({', '.join(args[:4])}{', …' * (len(args) > 4)})"


def _is_constant(node: TraceNode, arg: Argument) -> bool:
    """Return whether an argument is shown: a number or an option, and an index of any kind."""
    return not arg.nodes and ("[" not in arg.text or node.op == "getitem")


def _name(trace: Trace, arg: Argument) -> str:
    name = trace.columns.name[arg.nodes[0] - 1] if len(arg.nodes) == 1 else ""
    return shorten(name, LONGEST_NAME) if name.strip() else "·"


def digits(text: str) -> str:
    """Return a long number in six digits, other text unchanged."""
    return f"{float(text):.6g}" if re.fullmatch(r"-?\d+\.\d{6,}(e[+-]\d+)?", text) else text


def number(value: Summary | None) -> str:
    """Return a value in a label: a scalar in six digits, an array as its type and shape."""
    if value is None:
        return "freed"
    return f"{value.mean:.6g}" if value.shape == () and value.mean is not None else value.text


def shape(value: Summary | None) -> str:
    """Return `64×32`, or `64×32 float32` for another type than float64; nothing for a scalar.

    A vector of 64 elements is `[64]`, which is no number.
    """
    if value is None or value.shape is None:
        return shorten(value.text, 20) if value else ""
    return shape_text(value.shape, value.dtype)


def shape_text(shape: tuple[int, ...], dtype: str | None) -> str:
    """Return the text of `shape` for a shape and dtype."""
    sizes = "×".join(map(str, shape)) if len(shape) != 1 else f"[{shape[0]}]"
    return sizes if not sizes or dtype == "float64" else f"{sizes} {dtype}"


def gradient(summary: Summary) -> str:
    """Return a gradient in a few characters.

    That is a scalar, or the norm of an array and how many elements are not finite.
    """
    size = summary.mean if summary.shape == () else summary.norm
    if size is None:  # such as a norm that overflows
        return summary.text
    return f"{size:.3g}{'' if summary.shape == () else counts(summary, '')}"


def counts(summary: Summary, separator: str, zeros: int = 0) -> str:
    """Return the numbers of special elements: ` 2 NaN 1 Inf`."""
    counts = ((zeros, "zeros"), (summary.nans, "NaN"), (summary.infs, "Inf"))
    return "".join(f"{separator} {n:,} {kind}" for n, kind in counts if n)
