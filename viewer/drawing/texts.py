"""The texts of a drawing: a few lines for each box, the full record for its tooltip, a heading."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from itertools import takewhile
from pathlib import Path

from autograd_tools import Trace
from autograd_tools.base.formats import memory_text, time_text
from autograd_tools.base.text import one_line
from autograd_tools.tracing.columns import TraceNode
from autograd_tools.tracing.summaries import Summary
from viewer.graph import Box, Graph
from viewer.groups import Group
from viewer.labels import (
    LONGEST_NAME,
    call,
    counts,
    gradient,
    is_method,
    number,
    plural,
    shape,
    title,
)
from viewer.text.lines import LONGEST, shorten
from viewer.text.strips import strip

NAMED = 4  # operations that a collapsed group without a name of the program's names
SHOWN_LEAVES = 2  # Params of a collapsed group that are shown one by one
LONGEST_LINE = 44  # columns of the code of a source line
STATISTICS = ("min", "mean", "max", "norm")
OF_PASSES = ("repeat", "stretch", "leaves", "")  # kinds of groups that passes make


def node_lines(graph: Graph, box: Box, *, gradients: bool, shapes: bool = True) -> list[str]:
    """Return the lines in the box of a node: its call or name, and its value and gradient.

    A folded box shows the first and the last of its nodes.
    """
    trace, arrays = graph.trace, graph.constants
    nodes = [trace[id] for id in dict.fromkeys((box.nodes[0], box.nodes[-1]))]
    node, is_result = nodes[0], nodes[0].kind == "result"
    names = [call(trace, n, arrays=arrays) if is_result else n.name or n.kind for n in nodes]
    name = names[0] if names[0] == names[-1] else f"{shorten(names[0], LONGEST - 2)} …"
    if len(_parents(nodes[0])) != len(_parents(nodes[-1])):  # it starts from a constant
        name = names[-1]
    is_scalar = node.value is not None and node.value.shape == ()
    facts = []
    if shapes or not is_result or not node.children or is_scalar:
        facts = [_range([_value(n.value) for n in nodes])]
    return [name, *_facts(trace, facts, box.nodes if gradients else ())]


def _parents(node: TraceNode) -> list[int]:
    return [id for arg in node.args for id in arg.nodes]


def copies_of(box: Box) -> int:
    """Return the number of equal operations or groups that a box represents."""
    if box.group is None:
        return len(box.nodes)
    return len(box.nodes) // len(box.group.copies[0] if box.group.copies else [*box.group.ids()])


def group_lines(graph: Graph, box: Box, *, gradients: bool, without: str = "") -> list[str]:
    """Return the lines in the box of a collapsed group.

    They are its name, its size and time, its newest value that is used outside with the gradient,
    and its Params. Equal groups have their size and their mean time, `without` one of "bytes" and
    "time", and the first and the last value.
    """
    group = box.group
    assert group is not None
    trace = graph.trace
    kind, op = trace.columns.kind, trace.columns.op
    own = group.copies[0] if group.copies else tuple(group.ids())
    results = [id for id in own if kind[id - 1] == "result"]
    lines = [line_title(group) if group.kind == "line" else title(group)]
    instance = instance_of(trace, group)
    lines += [instance] if instance else []
    if group.kind != "line" and results:
        copies = copies_of(box)
        nbytes = sum(int(trace.columns.value.nbytes[id - 1]) for id in results)
        memory = [memory_text(nbytes)] if nbytes and without != "bytes" else []
        times = _mean_time(trace, box.nodes, copies) if without != "time" else []
        parts = [plural(len(results), "operation"), *memory, *times]
        lines.append("  ".join(parts) + " each" * (copies > 1))
    if group.kind in OF_PASSES and results:
        ops = Counter(op[id - 1] for id in results)
        names = ", ".join(shorten(name, LONGEST_NAME) for name, _ in ops.most_common(NAMED))
        lines.append(names + " …" * (len(ops) > NAMED))
    if outputs := _outputs(graph, group):
        value = _range([_value(trace[id].value) for id in (outputs[0], outputs[-1])])
        lines += _facts(trace, [value], outputs if gradients else ())
    if not results and group.copies:
        return lines + _row_lines(trace, group, gradients=gradients)
    leaves = [id for id in own if kind[id - 1] != "result"]
    return lines + _leaf_lines(graph, leaves, gradients=gradients)


def line_title(group: Group) -> str:
    """Return a source line with its number, `12  h = np.tanh(h @ w)`."""
    code = group.name.partition("  ")[2]
    return shorten(f"{group.line}  {code}", LONGEST_LINE) if code else title(group)


def instance_of(trace: Trace, group: Group) -> str:
    """Return the object whose method a group is, by the names of its own Params: `model.ln1`.

    Nothing for a function whose name is no class. Copies have the first and the last one.
    """
    if not is_method(group):
        return ""
    name, kind = trace.columns.name, trace.columns.kind
    copies = (group.copies[0], group.copies[-1]) if group.copies else (tuple(group.ids()),)
    found = []
    for copy in copies:
        names = [name[id - 1] for id in copy if kind[id - 1] == "param" and name[id - 1]]
        found.append(_common(names))
    return " … ".join(dict.fromkeys(filter(None, found)))


def _common(names: list[str]) -> str:
    """Return the path that names share: `model.ln1` for `model.ln1.g` and `model.ln1.b`."""
    paths = [name.split(".")[:-1] for name in names]
    levels = takewhile(lambda parts: len(set(parts)) == 1, zip(*paths, strict=False))
    return ".".join(parts[0] for parts in levels)


def _outputs(graph: Graph, group: Group) -> list[int]:
    """Return the newest node of a group that is used outside of it, in each of its copies."""
    alike, children = graph.alike, graph.trace.columns.children
    own = frozenset(group.copies[0] if group.copies else group.ids())
    every = {other for id in own for other in alike.get(id, ())}

    def is_used(id: int, inside: Collection[int]) -> bool:
        uses = children[id - 1]
        return not uses or any(use not in inside for use in uses)

    kind = graph.trace.columns.kind
    results = (id for id in own if kind[id - 1] == "result" and id in alike)
    found = (id for id in results if is_used(id, own) or is_used(alike[id][-1], every))
    return alike.get(max(found, default=0), [])


def _value(value: Summary | None) -> str:
    """Return a scalar in six digits, an array as its shape."""
    if value is None:
        return "freed"
    return number(value) if value.shape in ((), None) else shape(value)


def _facts(trace: Trace, facts: list[str], ids: Sequence[int]) -> list[str]:
    """Return a line of facts with the gradients of some nodes, and a strip of their norms."""
    outgrad = trace.columns.outgrad
    if not any(outgrad.there[id - 1] for id in ids):
        return [text for text in ("  ".join(filter(None, facts)),) if text]
    line = "  ".join([*filter(None, facts), f"∇ {gradients_of(trace, (ids[0], ids[-1]))}"])
    norms = [float(outgrad.norm[id - 1]) if outgrad.there[id - 1] else None for id in ids]
    return [line, strip(norms)] if len(norms) > 2 and len(set(norms)) > 1 else [line]


def gradients_of(trace: Trace, ids: Iterable[int]) -> str:
    """Return the gradients of the first and the last of some nodes; nothing if none has any."""
    outgrads = [trace[id].outgrad for id in ids]
    if not any(outgrads):
        return ""
    return _range([gradient(outgrad) if outgrad else "none" for outgrad in outgrads])


def _norms(trace: Trace, ids: Iterable[int]) -> list[float]:
    return [float(trace.columns.outgrad.norm[id - 1]) for id in ids]


def _row_lines(trace: Trace, row: Group, *, gradients: bool) -> list[str]:
    """Return the lines of a row of Params or inputs: their values and their gradients."""
    ids = [*row.all_ids()]  # in the order of the copies, as in the name
    values = [_range([_value(trace[id].value) for id in (ids[0], ids[-1])])]
    return _facts(trace, values, ids if gradients else ())


def _leaf_lines(graph: Graph, leaves: list[int], *, gradients: bool) -> list[str]:
    """Return a line for each of a few Params and inputs with its gradient, or one for many.

    A leaf of a folded group has the names and the gradients of the first and the last copy.
    """
    trace = graph.trace
    if len(leaves) <= SHOWN_LEAVES:
        rows = [(row[0], row[-1]) for row in map(graph.alike.__getitem__, leaves)]
        return [_leaf_line(trace, row, gradients=gradients) for row in rows]
    kinds = Counter(trace.columns.kind[id - 1] for id in leaves)
    nouns = (("param", "Param"), ("input", "input"))
    text = " and ".join(plural(kinds[kind], noun) for kind, noun in nouns if kinds[kind])
    every = (id for leaf in leaves for id in graph.alike[leaf])
    norms = [norm for norm in _norms(trace, every) if not math.isnan(norm)]
    ends = f"  ∇ {min(norms):.3g} to {max(norms):.3g}" if norms and gradients else ""
    return [text + ends]


def _leaf_line(trace: Trace, ids: Sequence[int], *, gradients: bool) -> str:
    name = " … ".join(dict.fromkeys(trace[id].name or trace[id].kind for id in ids))
    found = gradients_of(trace, ids) if gradients else ""
    return f"{name}  ∇ {found}" if found else name


def _range(texts: list[str]) -> str:
    return " → ".join(dict.fromkeys(texts))


def heading_of(graph: Graph) -> str:
    """Return what a graph is, for its heading: operations, Params, memory and the result."""
    trace, columns = graph.trace, graph.trace.columns
    ids = sorted(graph.root.all_ids())
    if not ids:
        return "nothing"
    kinds = Counter(columns.kind[id - 1] for id in ids)
    parts = [plural(kinds["result"], "operation")]
    for kind, noun in (("param", "Param"), ("input", "input")):
        if kinds[kind]:
            shapes = [columns.value.shape[id - 1] for id in ids if columns.kind[id - 1] == kind]
            elements = sum(math.prod(shape) for shape in shapes if shape is not None)
            parts.append(f"{plural(kinds[kind], noun)} of {plural(elements, 'element')}")
    nbytes = sum(int(columns.value.nbytes[id - 1]) for id in ids)
    parts += [f"{memory_text(nbytes)} of values"] if nbytes else []
    parts += [f"result {number(trace[trace.result].value)}"] if trace.result else []
    return " · ".join(parts)


def node_tooltip(trace: Trace, box: Box) -> str:
    """Return the full record of a node, or of the first node of a folded box."""
    node = trace[box.nodes[0]]
    lines = [f"{node.id}. {node.listing}"]
    for part, summary in (("value", node.value), ("gradient", node.outgrad)):
        if summary is not None and summary.min is not None:
            found = ((name, getattr(summary, name)) for name in STATISTICS)
            known = ", ".join(f"{name} {x:.4g}" for name, x in found if x is not None)
            lines.append(f"{part}: {known}{counts(summary, ',', summary.zeros or 0)}")
    lines += _times(trace, box.nodes)
    if node.file:
        rule = f", in the gradient of {node.gradient}" if node.gradient else ""
        lines.append(f"{Path(node.file).name}:{node.line} in {node.function}{rule}")
    if node.scope:
        scope = (shorten(name, LONGEST_NAME) for name in node.scope[-6:])
        lines.append(f"scope {' / '.join(scope)}")
    if len(box.nodes) > 1:
        lines += _extremes(trace, box.nodes)
        lines.append(f"the first of {plural(len(box.nodes), 'equal node')}: {_some(box.nodes)}")
    return "\n".join(map(one_line, lines))


def _extremes(trace: Trace, ids: Sequence[int]) -> list[str]:
    """Return a line with the least and the greatest gradient norm of some nodes."""
    pairs = zip(_norms(trace, ids), ids, strict=True)
    known = [(norm, id) for norm, id in pairs if not math.isnan(norm)]
    if len(known) < 2:
        return []
    ends = (min(known, key=lambda item: item[0]), max(known, key=lambda item: item[0]))
    (least, first), (most, last) = ends
    return [
        f"norms of gradients: least {least:.3g} (node {first}), greatest {most:.3g} (node {last})"
    ]


def group_tooltip(graph: Graph, group: Group, nodes: tuple[int, ...]) -> str:
    """Return the full record of a group."""
    trace = graph.trace
    kind, op = trace.columns.kind, trace.columns.op
    nbytes = sum(int(trace.columns.value.nbytes[id - 1]) for id in nodes)
    count = f"{plural(len(nodes), 'node')}: {_some(nodes)}"
    lines = [title(group), count, f"{memory_text(nbytes)} of values", *_times(trace, nodes)]
    ops = Counter(op[id - 1] for id in nodes if kind[id - 1] == "result")
    lines += [", ".join(f"{n:,} × {shorten(name)}" for name, n in ops.most_common(2 * NAMED))]
    lines += _extremes(trace, _outputs(graph, group))
    if group.file:
        lines.append(f"{Path(group.file).name}:{group.line}")
    return "\n".join(map(one_line, filter(None, lines)))


def _some(ids: tuple[int, ...]) -> str:
    shown = [*map(str, ids)]
    return ", ".join(shown) if len(ids) < 7 else f"{', '.join(shown[:3])} … {shown[-1]}"


def _mean_time(trace: Trace, ids: Collection[int], copies: int) -> list[str]:
    """Return the time of one of some copies, both passes together, if it is known."""
    known = [ns for times in _measured(trace, ids) for ns in times]
    return [time_text(sum(known) / copies)] if known else []


def _times(trace: Trace, ids: tuple[int, ...]) -> list[str]:
    """Return a line with the forward and backward times, if they are known."""
    taken = zip(("forward", "backward"), _measured(trace, ids), strict=True)
    parts = [f"{part} {time_text(sum(ns))}" for part, ns in taken if ns]
    return [", ".join(parts)] if parts else []


def _measured(trace: Trace, ids: Collection[int]) -> tuple[list[int], list[int]]:
    """Return the known nanoseconds of some nodes, forward and backward."""
    columns = trace.columns
    forward = [ns for id in ids if (ns := columns.forward_ns[id - 1]) is not None]
    return forward, [ns for id in ids for ns in (columns.backward_ns[id - 1] or {}).values()]
