"""The texts of a drawing: a few lines for each box, and the full record for its tooltip."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from autograd_tools import Trace
from autograd_tools.base.formats import memory_text, time_text
from autograd_tools.base.text import one_line
from autograd_tools.tracing.columns import Argument, TraceNode
from autograd_tools.tracing.summaries import Summary
from viewer.graph import Box, Group
from viewer.text.lines import LONGEST, shorten
from viewer.text.signs import infix

NAMED = 4  # operations that a collapsed group names
LONGEST_NAME = 24  # columns of one of them
STATISTICS = ("min", "mean", "max", "norm")


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


def node_lines(trace: Trace, box: Box, *, gradients: bool, shapes: bool = True) -> list[str]:
    """Return the lines in the box of a node: its call or name, its value, its gradient.

    A folded box shows the first and the last of its nodes.
    """
    nodes = [trace[id] for id in dict.fromkeys((box.nodes[0], box.nodes[-1]))]
    node, is_result = nodes[0], nodes[0].kind == "result"
    names = [call(trace, n) if is_result else n.name for n in nodes]
    lines = names[:1] if names[0] else []
    if lines and names[0] != names[-1]:
        lines = [f"{shorten(names[0], LONGEST - 2)} …"]
    is_scalar = node.value is not None and node.value.shape == ()
    if shapes or not is_result or not node.children or is_scalar:
        lines.append(_range([number(n.value) for n in nodes]))
    found = [gradient(n.outgrad) for n in nodes if n.outgrad]
    if gradients and len(found) == len(nodes):
        lines.append(f"∇ {_range(found).replace('… norm ', '… ')}")
    return lines


def _range(texts: list[str]) -> str:
    return " … ".join(dict.fromkeys(texts))


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
    args = [_digits(arg.text) if _is_constant(node, arg) else _name(trace, arg) for arg in given]
    return infix(node.op, args) or f"{node.op}({', '.join(args[:4])}{', …' * (len(args) > 4)})"


def _is_constant(node: TraceNode, arg: Argument) -> bool:
    """Return whether an argument is shown: a number or an option, and an index of any kind."""
    return not arg.nodes and ("[" not in arg.text or node.op == "getitem")


def _name(trace: Trace, arg: Argument) -> str:
    name = trace.columns.name[arg.nodes[0] - 1] if len(arg.nodes) == 1 else ""
    return shorten(name, LONGEST_NAME) if name.strip() else "·"


def _digits(text: str) -> str:
    """Return a long number in six digits, other text unchanged."""
    return f"{float(text):.6g}" if re.fullmatch(r"-?\d+\.\d{6,}(e[+-]\d+)?", text) else text


def group_lines(trace: Trace, box: Box) -> list[str]:
    """Return the lines in the box of a collapsed group: its name and its operations."""
    assert box.group is not None
    kind, op = trace.columns.kind, trace.columns.op
    ops = Counter(op[id - 1] for id in box.nodes if kind[id - 1] == "result")
    kinds = Counter(kind[id - 1] for id in box.nodes)
    lines = [title(box.group), plural(ops.total(), "operation")]
    if ops:
        names = ", ".join(shorten(name, LONGEST_NAME) for name, _ in ops.most_common(NAMED))
        lines.append(shorten(names + " …" * (len(ops) > NAMED)))
    nouns = (("param", "Param"), ("input", "input"))
    leaves = [plural(kinds[kind], noun) for kind, noun in nouns if kinds[kind]]
    return [*lines, " and ".join(leaves)] if leaves else lines


def number(value: Summary | None) -> str:
    """Return a value in a label: a scalar in six digits, an array as its type and shape."""
    if value is None:
        return "freed"
    return f"{value.mean:.6g}" if value.shape == () and value.mean is not None else value.text


def shape(value: Summary | None) -> str:
    """Return `64×32`, or `64×32 float32` for another type than float64; nothing for a scalar."""
    if value is None or value.shape is None:
        return shorten(value.text, 20) if value else ""
    sizes = "×".join(map(str, value.shape))
    return sizes if not sizes or value.dtype == "float64" else f"{sizes} {value.dtype}"


def gradient(summary: Summary) -> str:
    """Return a gradient in a few characters: its norm, and how many elements are not finite."""
    size = summary.mean if summary.shape == () else summary.norm
    if size is None:  # such as a norm that overflows
        return summary.text
    return f"{size:.3g}" if summary.shape == () else f"norm {size:.3g}{_counts(summary, '')}"


def _counts(summary: Summary, separator: str, zeros: int = 0) -> str:
    """Return the numbers of special elements: ` 2 NaN 1 Inf`."""
    counts = ((zeros, "zeros"), (summary.nans, "NaN"), (summary.infs, "Inf"))
    return "".join(f"{separator} {n:,} {kind}" for n, kind in counts if n)


def node_tooltip(trace: Trace, box: Box) -> str:
    """Return the full record of a node, or of the first node of a folded box."""
    node = trace[box.nodes[0]]
    lines = [f"{node.id}. {node.listing}"]
    for part, summary in (("value", node.value), ("gradient", node.outgrad)):
        if summary is not None and summary.min is not None:
            found = ((name, getattr(summary, name)) for name in STATISTICS)
            known = ", ".join(f"{name} {x:.4g}" for name, x in found if x is not None)
            lines.append(f"{part}: {known}{_counts(summary, ',', summary.zeros or 0)}")
    lines += _times(trace, box.nodes)
    if node.file:
        lines.append(f"{Path(node.file).name}:{node.line} in {node.function}")
    if node.scope:
        scope = (shorten(name, LONGEST_NAME) for name in node.scope[-6:])
        lines.append(f"scope {' / '.join(scope)}")
    if len(box.nodes) > 1:
        lines.append(f"the first of {plural(len(box.nodes), 'equal node')}: {_some(box.nodes)}")
    return "\n".join(map(one_line, lines))


def group_tooltip(trace: Trace, group: Group, nodes: tuple[int, ...]) -> str:
    """Return the full record of a group."""
    nbytes = sum(int(trace.columns.value.nbytes[id - 1]) for id in nodes)
    count = f"{plural(len(nodes), 'node')}: {_some(nodes)}"
    lines = [title(group), count, f"{memory_text(nbytes)} of values", *_times(trace, nodes)]
    if group.file:
        lines.append(f"{Path(group.file).name}:{group.line}")
    return "\n".join(map(one_line, lines))


def _some(ids: tuple[int, ...]) -> str:
    shown = [*map(str, ids)]
    return ", ".join(shown) if len(ids) < 7 else f"{', '.join(shown[:3])} … {shown[-1]}"


def _times(trace: Trace, ids: tuple[int, ...]) -> list[str]:
    """Return a line with the forward and backward times, if they are known."""
    columns = trace.columns
    forward = [ns for id in ids if (ns := columns.forward_ns[id - 1]) is not None]
    backward = [ns for id in ids for ns in (columns.backward_ns[id - 1] or {}).values()]
    taken = (("forward", forward), ("backward", backward))
    parts = [f"{part} {time_text(sum(ns))}" for part, ns in taken if ns]
    return [", ".join(parts)] if parts else []
