"""What the boxes of a drawing say: a few lines in the box, and the full record for the pointer that rests on it."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from autograd_tools import Trace
from autograd_tools.base.formats import memory_text, time_text
from autograd_tools.base.text import one_line
from autograd_tools.tracing.columns import TraceNode
from autograd_tools.tracing.summaries import Summary
from viewer.graph import Box, Group

LONGEST_LABEL = 60  # characters
NAMED = 4  # operations that a closed group names
STATISTICS = ("min", "mean", "max", "norm")


def short(text: str, longest: int = LONGEST_LABEL) -> str:
    """One line of a label."""
    text = one_line(text[: 10 * longest])
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def plural(n: int, noun: str) -> str:
    """`1 node`, `12,345 nodes`."""
    return f"{n:,} {noun}{'s' * (n != 1)}"


def heading(group: Group) -> str:
    """The name of a group: `steps 2-100` of a loop, `f, calling itself`."""
    if group.kind in ("step", "level"):
        return f"{group.kind}{'s' * bool(group.copies)} {group.name}"
    return (
        f"{group.name}, calling itself"
        if group.kind == "recursion"
        else group.name or group.kind or "group"
    )


def title(group: Group) -> str:
    """The heading in a label, and how many groups it stands for."""
    name = short(heading(group))
    return f"{name}  ×{group.times:,}" if group.copies else name


def carried(copies: int) -> str:
    """Where a value goes that folded copies use of each other: so many copies further."""
    return {1: "to the next step", -1: "back to the level above"}.get(copies, f"{copies} steps on")


def carried_back(copies: int) -> str:
    """Where the gradient of such a value goes."""
    return {1: "to the step before", -1: "to the level inside"}.get(copies, f"{copies} steps back")


def node_lines(trace: Trace, box: Box, *, gradients: bool, shapes: bool = True) -> list[str]:
    """The lines of text in the box of a node: what it is, its value, its gradient."""
    nodes = (
        [trace[box.nodes[0]], trace[box.nodes[-1]]] if len(box.nodes) > 1 else [trace[box.nodes[0]]]
    )
    node = nodes[0]
    lines = [call(node)] if node.kind == "result" else [node.name] if node.name else []
    if lines and lines[0] != (call(nodes[-1]) if node.kind == "result" else nodes[-1].name):
        lines[0] = f"{short(lines[0], LONGEST_LABEL - 2)} …"  # a folded box stands for others, too
    value = _range([number(n.value) for n in nodes])
    if (
        shapes
        or node.kind != "result"
        or not node.children
        or (node.value and node.value.shape == ())
    ):
        lines.append(value)
    if gradients and all(n.outgrad for n in nodes):
        lines.append(
            _range([f"∇ {gradient(n.outgrad)}" for n in nodes if n.outgrad])
            .replace("… ∇ norm ", "… ")
            .replace("… ∇ ", "… ")
        )
    return lines


def _range(texts: list[str]) -> str:
    """The first and the last of what a folded box stands for."""
    return " … ".join(dict.fromkeys(texts))


def call(node: TraceNode) -> str:
    """The operation with the numbers and options it was given."""
    numbers = [_digits(a.text) for a in node.args if not a.nodes and "[" not in a.text]
    options = [f"{a.keyword}={a.text}" for a in node.args if a.keyword]
    given = [*numbers[: 3 if not options else 0], *options]
    return f"{node.op}({', '.join(given)})" if given else node.op


def _digits(text: str) -> str:
    """A number of many digits in six; other text as it is."""
    return f"{float(text):.6g}" if re.fullmatch(r"-?\d+\.\d{6,}(e[+-]\d+)?", text) else text


def group_lines(trace: Trace, box: Box) -> list[str]:
    """The lines of text in the box of a closed group: its name and what its nodes do."""
    assert box.group is not None
    ops, params, inputs = _contents(trace, box)
    lines = [title(box.group), plural(ops.total(), "operation")]
    if ops:
        names = [name for name, _ in ops.most_common(NAMED)]
        lines.append(
            short(", ".join(short(name, 24) for name in names) + (" …" if len(ops) > NAMED else ""))
        )
    leaves = [plural(n, noun) for n, noun in ((params, "Param"), (inputs, "input")) if n]
    return [*lines, *([" and ".join(leaves)] if leaves else [])]


def _contents(trace: Trace, box: Box) -> tuple[Counter[str], int, int]:
    """The operations in a box by name, and how many Params and inputs."""
    kind, op = trace.columns.kind, trace.columns.op
    ops = Counter(op[id - 1] for id in box.nodes if kind[id - 1] == "result")
    leaves = Counter(kind[id - 1] for id in box.nodes)
    return ops, leaves["param"], leaves["input"]


def number(value: Summary | None) -> str:
    """A value as a label shows it: six digits of a number are enough to see."""
    if value is None:
        return "freed"
    return f"{value.mean:.6g}" if value.shape == () and value.mean is not None else value.text


def shape(value: Summary | None) -> str:
    """What flows along an arrow: `64×32`, `64×32 float32` if it is not of float64, and nothing for a number."""
    if value is None or value.shape is None:
        return short(value.text, 20) if value else ""
    sizes = "×".join(map(str, value.shape))
    return sizes if not sizes or value.dtype == "float64" else f"{sizes} {value.dtype}"


def gradient(summary: Summary) -> str:
    """A gradient in a few characters: its norm, and what is wrong with it."""
    size = summary.mean if summary.shape == () else summary.norm
    if size is None:  # too large for a number, among others
        return summary.text
    lost = "".join(
        f" {n:,} {what}" for n, what in ((summary.nans, "NaN"), (summary.infs, "Inf")) if n
    )
    return f"{size:.3g}" if summary.shape == () else f"norm {size:.3g}{lost}"


def node_tooltip(trace: Trace, box: Box) -> str:
    """All that is known about a node; of a folded box, about the first, and how many there are."""
    node = trace[box.nodes[0]]
    lines = [f"{node.id}. {node.listing}"]
    for what, summary in (("value", node.value), ("gradient", node.outgrad)):
        if summary is not None and summary.min is not None:
            known = [
                f"{name} {x:.4g}"
                for name in STATISTICS
                if (x := getattr(summary, name)) is not None
            ]
            lines.append(f"{what}: {', '.join(known)}")
            lines[-1] += "".join(
                f", {n:,} {kind}"
                for n, kind in (
                    (summary.zeros, "zeros"),
                    (summary.nans, "NaN"),
                    (summary.infs, "Inf"),
                )
                if n
            )
    lines += _times(trace, box.nodes)
    if node.file:
        lines.append(f"{Path(node.file).name}:{node.line} in {node.function}")
    if node.scope:
        lines.append(f"scope {' / '.join(short(name, 24) for name in node.scope[-6:])}")
    if len(box.nodes) > 1:
        lines.append(f"the first of {plural(len(box.nodes), 'equal node')}: {_some(box.nodes)}")
    return "\n".join(one_line(line) for line in lines)


def group_tooltip(trace: Trace, group: Group, nodes: tuple[int, ...]) -> str:
    """What is known about a group."""
    nbytes = sum(int(trace.columns.value.nbytes[id - 1]) for id in nodes)
    lines = [
        title(group),
        f"{plural(len(nodes), 'node')}: {_some(nodes)}",
        f"{memory_text(nbytes)} of values",
    ]
    lines += _times(trace, nodes)
    if group.file:
        lines.append(f"{Path(group.file).name}:{group.line}")
    return "\n".join(one_line(line) for line in lines)


def _some(ids: tuple[int, ...]) -> str:
    return (
        ", ".join(map(str, ids)) if len(ids) < 7 else f"{', '.join(map(str, ids[:3]))} … {ids[-1]}"
    )


def _times(trace: Trace, ids: tuple[int, ...]) -> list[str]:
    """Time forward and backward, if it was taken."""
    columns = trace.columns
    forward = [ns for id in ids if (ns := columns.forward_ns[id - 1]) is not None]
    backward = [ns for id in ids for ns in (columns.backward_ns[id - 1] or {}).values()]
    parts = [
        f"{what} {time_text(sum(ns))}"
        for what, ns in (("forward", forward), ("backward", backward))
        if ns
    ]
    return [", ".join(parts)] if parts else []
