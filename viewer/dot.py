"""A trace as a Graphviz graph: DOT source, with ids of our own so that no name can be taken for syntax."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import graphviz

from autograd_tools import Trace
from autograd_tools.text import one_line
from autograd_tools.trace import Summary, TraceNode
from viewer.inputs import Traceable, as_trace

MAX_NODES = 1000  # more than anybody can read, and as many as Graphviz lays out in about a second
LONGEST_EDGE = 12  # ranks; what costs time in a layout, and makes a picture unreadable, is edges across all of it
LONGEST_LABEL = 60  # characters
DEEPEST_SCOPE = 12

FONT = "Helvetica,Arial,sans-serif"
GRAPH = {"bgcolor": "transparent", "rankdir": "TB", "nodesep": "0.28", "ranksep": "0.42", "fontname": FONT, "fontsize": "11", "pad": "0.2"}
NODE = {
    "fontname": FONT,
    "fontsize": "11",
    "shape": "box",
    "style": "rounded,filled",
    "margin": "0.17,0.07",
    "height": "0.3",
    "color": "#5b6b7f",
}
EDGE = {"fontname": FONT, "fontsize": "9", "color": "#7a8797", "arrowsize": "0.6"}
SCOPE = {"style": "rounded", "color": "#b4bfcc", "fontcolor": "#5b6b7f", "labeljust": "l", "fontsize": "10", "margin": "10"}
# What a node is shows in its shape as well as in its colour.
KINDS = {
    "param": {"shape": "box", "style": "filled,bold", "fillcolor": "#d7ead9", "color": "#3c7a46"},
    "input": {"shape": "cds", "style": "filled", "fillcolor": "#e8e3f4", "color": "#6a5a9a"},
    "result": {"fillcolor": "#f5f7fa"},
    "final": {"shape": "ellipse", "style": "filled,bold", "fillcolor": "#fbe6c9", "color": "#b3731d"},
    "constant": {"shape": "plaintext", "style": "", "fontcolor": "#5b6b7f", "fontsize": "10", "height": "0.2", "margin": "0.02"},
    "elsewhere": {"shape": "note", "style": "dashed", "fontcolor": "#5b6b7f", "fontsize": "9"},
}


def to_dot(x: Traceable, *, gradients: bool = True, max_nodes: int = MAX_NODES) -> str:
    """The DOT source of a trace: values flow down, scopes are boxes; `gradients` adds what flowed back to the labels.

    Of a trace of more than `max_nodes` nodes the newest are drawn, and the picture says so. An edge that would
    span many ranks starts at a copy of its node, drawn beside its use.
    """
    if not isinstance(max_nodes, int) or max_nodes < 1:
        raise ValueError(f"max_nodes is an integer of at least 1, not {max_nodes!r}")
    return _Drawing(as_trace(x), gradients=gradients, max_nodes=max_nodes).source()


class _Drawing:
    """One graph on its way to DOT."""

    def __init__(self, trace: Trace, *, gradients: bool, max_nodes: int) -> None:
        self.trace = trace
        self.gradients = gradients
        self.shown = trace.nodes[max(0, len(trace) - max_nodes) :]
        self.ids = {node.id for node in self.shown}
        self.rank = self._ranks()
        self.nodes: dict[tuple[int, ...], dict[str, dict[str, str]]] = defaultdict(dict)  # attributes by name, by scope
        self.edges: list[tuple[str, str, dict[str, str]]] = []

    def source(self) -> str:
        """The whole graph."""
        for node in self.shown:
            self._add(node)
        graph = graphviz.Digraph("trace", graph_attr=GRAPH, node_attr=NODE, edge_attr=EDGE)
        hidden = len(self.trace) - len(self.shown)
        if hidden:
            graph.attr(
                label=f"the newest {len(self.shown):,} of {len(self.trace):,} nodes; {hidden:,} older ones are not drawn", labelloc="t"
            )
        names = {call: name for node in self.shown for call, name in zip(node.calls, node.scope, strict=True)}
        self._write(graph, _common_prefix(list(self.nodes)), names)
        for tail, head, attributes in self.edges:
            graph.edge(tail, head, **attributes)
        return str(graph.source)

    def _ranks(self) -> dict[int, int]:
        """How far down each node is: one below the lowest of its parents, a leaf right above its first use."""
        rank: dict[int, int] = {}
        for node in self.shown:
            rank[node.id] = 1 + max((rank[p] for p in node.parents if p in self.ids and self.trace[p].kind == "result"), default=0)
        for node in self.shown:
            if node.kind != "result" and node.children:
                rank[node.id] = min((rank[c] for c in node.children if c in self.ids), default=1) - 1
        return rank

    def _add(self, node: TraceNode) -> None:
        """Add a node, the constants it used, and the edges into it."""
        if node.kind == "result" or any(self._reaches(node.id, child) for child in node.children) or not node.children:
            kind = "final" if node.id == self.trace.result else node.kind
            self._node(f"n{node.id}", self._label(node), node, kind)
        for position, arg in enumerate(node.args, 1):
            name = f"n{node.id}_{position}"
            if not arg.nodes and "[" in arg.text and not arg.keyword:
                self._node(name, [arg.text], node, "constant")
                self.edges.append((name, f"n{node.id}", {"style": "dashed", "arrowhead": "none"}))
            for parent in arg.nodes:
                self._edge(parent, node, position)

    def _reaches(self, parent: int, child: int) -> bool:
        """Whether the edge between two nodes is short enough to draw."""
        return parent in self.ids and child in self.ids and self.rank[child] - self.rank[parent] <= LONGEST_EDGE

    def _edge(self, parent: int, node: TraceNode, position: int) -> None:
        tail, source = f"n{parent}", self.trace[parent]
        if not self._reaches(parent, node.id):
            tail = f"n{parent}_for_{node.id}"
            if source.kind == "result":
                self._node(tail, [f"{source.op} (node {parent})"], source, "elsewhere", near=node)
            else:
                self._node(tail, self._label(source), source, source.kind, near=node)
        many = sum(1 for arg in node.args for _ in arg.nodes) > 1
        self.edges.append((tail, f"n{node.id}", {"headlabel": f" {position} "} if many else {}))

    def _node(self, name: str, label: list[str], node: TraceNode, kind: str, near: TraceNode | None = None) -> None:
        """Add a box in the scope of its node; a leaf, or a copy, in the scope of its use."""
        home = near or (node if node.kind == "result" or not node.children else self.trace[node.children[0]])
        text = "\n".join(_short(line) for line in label)
        attributes = {"label": _literal(text), "id": name, "class": kind, "tooltip": _literal(_tooltip(node)), **KINDS[kind]}
        self.nodes[home.calls[:DEEPEST_SCOPE]][name] = attributes

    def _label(self, node: TraceNode) -> list[str]:
        """The lines of text in a node's box."""
        shown = _number(node.value) if node.value else "freed"
        if node.kind != "result":
            head = [node.name, shown] if node.name else [shown]
        else:
            numbers = [a.text for a in node.args if not a.nodes and "[" not in a.text]
            options = [f"{a.keyword}={a.text}" for a in node.args if a.keyword]
            head = [f"{node.op}({', '.join([*numbers[: 3 if not options else 0], *options])})" if numbers or options else node.op, shown]
        return [*head, f"∇ {_gradient(node.outgrad)}"] if self.gradients and node.outgrad else head

    def _write(self, graph: graphviz.Digraph, path: tuple[int, ...], names: dict[int, str]) -> None:
        """Write the nodes of a scope, and those of the scopes in it inside boxes of their own."""
        for name, attributes in self.nodes.get(path, {}).items():
            graph.node(name, **attributes)
        inner = dict.fromkeys(p[: len(path) + 1] for p in sorted(self.nodes) if len(p) > len(path) and p[: len(path)] == path)
        for deeper in inner:
            with graph.subgraph(name=f"cluster_{deeper[-1]}") as cluster:
                cluster.attr(label=_literal(_short(names[deeper[-1]])), id=f"scope{deeper[-1]}", **{"class": "scope"}, **SCOPE)
                self._write(cluster, deeper, names)


def _common_prefix(paths: list[tuple[int, ...]]) -> tuple[int, ...]:
    """The scopes around everything, which need no box."""
    if not paths:
        return ()
    first, last = min(paths), max(paths)
    n = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return first[:n]


def _literal(text: str) -> str:
    """Text that Graphviz shows as it is: it reads backslashes and entities otherwise."""
    return graphviz.escape(text.replace("&", "&amp;"))


def _short(text: str) -> str:
    """One line of a label."""
    text = one_line(text)
    return text if len(text) <= LONGEST_LABEL else f"{text[: LONGEST_LABEL - 1]}…"


def _number(summary: Summary) -> str:
    """A value as a label shows it: six digits of a number are enough to see."""
    return f"{summary.mean:.6g}" if summary.shape == () and summary.mean is not None else summary.text


def _gradient(summary: Summary) -> str:
    """A gradient in a few characters: its norm, and what is wrong with it."""
    if summary.norm is None:
        return summary.text
    lost = "".join(f" {n:,} {what}" for n, what in ((summary.nans, "NaN"), (summary.infs, "Inf")) if n)
    return f"{summary.mean:.3g}" if summary.shape == () else f"norm {summary.norm:.3g}{lost}"


def _tooltip(node: TraceNode) -> str:
    """All that is known about a node, for the pointer that rests on it."""
    lines = [f"{node.id}. {node.listing}"]
    for what, summary in (("value", node.value), ("gradient", node.outgrad)):
        if summary is not None and summary.min is not None:
            lines.append(f"{what}: min {summary.min:.4g}, mean {summary.mean:.4g}, max {summary.max:.4g}, norm {summary.norm:.4g}")
    if node.file:
        lines.append(f"{Path(node.file).name}:{node.line} in {node.function}")
    return "\n".join(one_line(line) for line in lines)
