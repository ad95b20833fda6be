"""The graph of a map: a trace in columns, and its groups with all folds, for the app to open."""

from __future__ import annotations

from collections.abc import Container, Iterable
from itertools import chain
from typing import Any

import numpy as np

from autograd_tools.tracing.columns import ArgTemplate, Argument, Columns, Numbering
from autograd_tools.tracing.summaries import COUNTS, NUMBERS, Form, Summaries
from viewer.drawing import looks
from viewer.drawing.texts import instance_of, line_title
from viewer.facts.columns import allocated, saved_for_backward
from viewer.graph import Graph
from viewer.groups import Group
from viewer.labels import call, heading
from viewer.map.building import Column, MapData
from viewer.map.columns import differences, high_words, low_bits
from viewer.map.equations import Origin, equations_of, words_of_all
from viewer.map.sources import Files
from viewer.terminal.symbols import Names
from viewer.text.lines import shorten

KINDS = ("param", "input", "result")
HIGHEST = 15  # of the bars of a histogram


def add_graph(
    made: MapData,
    graph: Graph,
    opened: Iterable[Group],
    origin: Origin | None = None,
    removed: Container[int] = (),
) -> None:
    """Add a grouped, folded and paged graph; the groups `opened` are open at first.

    `origin` is as in `equations_of`. The lines of nodes that are `removed` may have changed since.
    """
    part = _GraphPart(graph, made.files, origin)
    made.columns |= part.columns()
    part.add_sources(removed)
    made.header |= part.header(opened)


class _GraphPart:
    """The texts of a graph, numbered while its columns are made."""

    def __init__(self, graph: Graph, files: Files, origin: Origin | None) -> None:
        self.graph = graph
        self.trace = graph.trace
        self.nodes: Columns = graph.trace.columns
        self.strings: Numbering[str] = Numbering()
        self.files = files
        self.equations, self.equation = equations_of(self.trace, origin)
        self.names = Names(self.trace, words_of_all(self.equations))
        self.forms: Numbering[Form] = Numbering()
        self.groups = [*graph.root.inner()]

    def header(self, opened: Iterable[Group]) -> dict[str, Any]:
        """Return all but the columns, which are made first."""
        nodes, shown = self.nodes, {id(group) for group in opened}
        sources = [[self.files.number(source.file), *source[1:]] for source in nodes.source_lines]
        return {
            "result": self.trace.result or 0,
            "nodes": len(self.trace),
            "strings": list(self.strings),
            "signatures": [[s.op, [_argument(arg) for arg in s.args]] for s in nodes.signatures],
            "kinds": KINDS,
            "group_kinds": self.group_kinds,
            "forms": [list(form) for form in self.forms],
            "sources": sources,
            "equations": self.equations,
            "symbols": [self.names.node, self.names.constant],
            **({"reasons": self._reasons()} if nodes.reasons else {}),
            "looks": LOOKS,
            "open": [n for n, group in enumerate(self.groups) if n and id(group) in shown],
        }

    def _reasons(self) -> dict[int, str]:
        return {row + 1: reason for row, reason in self.nodes.reasons.items()}

    def add_sources(self, removed: Container[int]) -> None:
        """Add the lines that ran, with the code of those that have nodes which are not removed."""
        lines = self.nodes.source_line
        known = {number for id, number in enumerate(lines, 1) if id not in removed}
        for number, source in enumerate(self.nodes.source_lines):
            self.files.add(source.file, source.line, source.code if number in known else "")

    def columns(self) -> dict[str, Column]:
        """Return the columns of nodes and of groups."""
        return {
            **self._of_nodes(),
            **self._of_values("v", self.nodes.value),
            **self._of_values("d", self.nodes.outgrad),
            **self._of_times(),
            **self._of_memory(),
            **self._of_groups(),
            **({"hidden": ("u8", self._hidden())} if self.graph.hidden else {}),
        }

    def _of_nodes(self) -> dict[str, Column]:
        nodes = self.nodes
        degree = np.diff(nodes.starts)
        own = np.repeat(np.arange(1, len(self.trace) + 1), degree)
        return {
            "kind": ("u8", [KINDS.index(kind) for kind in nodes.kind]),
            "signature": ("i32", nodes.signature),
            "label": ("i32", self._labels()),
            "source": ("i32", nodes.source_line),
            "equation": ("i32", self.equation),
            "named": ("u8", self._named()),
            "degree": ("i32", degree),
            "back": ("i32", own - nodes.flat),
        }

    def _named(self) -> np.ndarray:
        """Return which nodes have their label as a symbol."""
        found = np.zeros(len(self.trace), int)
        found[[id - 1 for id in self.names.own]] = 1
        return found

    def _labels(self) -> list[int]:
        """Return the number of the first line of the box of each node."""
        nodes, strings = self.nodes, self.strings
        known: dict[tuple[object, ...], int] = {}
        found = []
        for row, (number, ids) in enumerate(zip(nodes.signature, nodes.parents, strict=True)):
            key = (number, *(nodes.name[id - 1] for id in ids))
            label = known.get(key)
            if label is None:
                signature = nodes.signatures[number]
                if signature.kind == "result":
                    text = call(self.trace, nodes.node(row), arrays=self.graph.constants)
                else:
                    text = signature.name or signature.kind
                label = known[key] = strings[shorten(text)]
            found.append(label)
        return found

    def _of_values(self, prefix: str, values: Summaries) -> dict[str, Column]:
        numbers = np.array([self.forms[form] for form in values.forms] + [-1])
        found: dict[str, Column] = {f"{prefix}_form": ("i32", numbers[values.form])}
        is_scalar = np.array([form.shape == () for form in values.forms] + [False])[values.form]
        for name in NUMBERS:
            found[f"{prefix}_{name}"] = "p32", high_words(getattr(values, name), is_scalar)
        found[f"{prefix}_low"] = "i32", np.where(is_scalar, low_bits(values.mean), 0)
        for name in COUNTS:
            found[f"{prefix}_{name}"] = "i32", getattr(values, name)
        rows = np.array([row for rows, _ in values.counted for row in rows], np.int64)
        bins = np.concatenate([np.zeros((0, 8)), *(counts for _, counts in values.counted)])
        order = np.argsort(rows, kind="stable")
        order = order[bins[order].any(axis=1)]
        bars = np.ceil(bins[order] * HIGHEST / bins[order].max(axis=1, keepdims=True, initial=1))
        found[f"{prefix}_binned"] = "i32", differences(rows[order] + 1)
        found[f"{prefix}_bins"] = "u8", bars.ravel().astype(int)
        return found

    def _of_times(self) -> dict[str, Column]:
        nodes = self.nodes
        forward = [np.nan if ns is None else ns for ns in nodes.forward_ns]
        rules = [
            (id, argument, ns)
            for id, times in enumerate(nodes.backward_ns, 1)
            for argument, ns in sorted((times or {}).items())
        ]
        id, argument, ns = np.array(rules, np.float64).reshape(-1, 3).T
        return {
            "forward": ("p32", high_words(forward)),
            "b_node": ("i32", differences(id)),
            "b_argument": ("i32", argument.astype(int)),
            "b_ns": ("p32", high_words(ns)),
        }

    def _of_memory(self) -> dict[str, Column]:
        if self.nodes.buffers is None:
            return {}
        made = {"allocated": allocated(self.trace), "saved": saved_for_backward(self.trace)}
        return {name: ("p32", high_words(numbers)) for name, numbers in made.items()}

    def _of_groups(self) -> dict[str, Column]:
        groups, strings = self.groups, self.strings
        parents, homes = self._homes()
        kinds: Numbering[str] = Numbering()
        for group in groups:
            self.files.add(group.file, group.line, "")
            if group.kind == "loop":
                self.files.heads[group.file, group.line] = f"{group.name}:"
        copies = [np.array(group.copies).ravel() for group in groups if group.copies]
        found: dict[str, Column] = {
            "home": ("i32", homes),
            "g_parent": ("i32", parents),
            "g_kind": ("u8", [kinds[group.kind] for group in groups]),
            "g_title": ("i32", [strings[_title(group)] for group in groups]),
            "g_instance": ("i32", [strings[instance_of(self.trace, g)] for g in groups]),
            "g_file": ("i32", [self.files.number(group.file) for group in groups]),
            "g_line": ("i32", [group.line for group in groups]),
            "g_times": ("i32", [len(group.copies) for group in groups]),
            "g_length": ("i32", [len(g.copies[0]) if g.copies else 0 for g in groups]),
            "copies": ("i32", differences([*chain.from_iterable(c.tolist() for c in copies)])),
            "g_steps": ("i32", [len(group.steps) for group in groups]),
            **self._of_steps(),
        }
        self.group_kinds = list(kinds)
        return found

    def _of_steps(self) -> dict[str, Column]:
        """Return the first and the last step of each copy; most follow the one before."""
        steps = [ends for group in self.groups for ends in group.steps]
        first, last = np.array(steps, np.int64).reshape(-1, 2).T
        return {"s_first": ("i32", differences(first)), "s_last": ("i32", differences(last))}

    def _hidden(self) -> np.ndarray:
        found = np.zeros(len(self.trace), int)
        found[[id - 1 for id in self.graph.hidden]] = 1
        return found

    def _homes(self) -> tuple[list[int], np.ndarray]:
        """Return the parent of each group, and the group of each node of a first copy, else -1."""
        numbers = {id(group): number for number, group in enumerate(self.groups)}
        parents, homes = [-1] * len(self.groups), np.full(len(self.trace), -1)
        for number, group in enumerate(self.groups):
            for member in group.members:
                if isinstance(member, Group):
                    parents[numbers[id(member)]] = number
                else:
                    homes[member - 1] = number
        return parents, homes


def _title(group: Group) -> str:
    return line_title(group) if group.kind == "line" else shorten(heading(group))


def _argument(arg: ArgTemplate) -> list[Any]:
    """Return the pieces of an argument around its nodes, and its keyword."""
    if isinstance(arg, Argument):
        return [[arg.text, *[""] * len(arg.nodes)], arg.keyword]
    return [[arg] if isinstance(arg, str) else list(arg), None]


LOOKS = {
    "graph": looks.GRAPH,
    "node": looks.NODE,
    "edge": looks.EDGE,
    "heading": looks.HEADING,
    "boxes": looks.BOXES,
    "clusters": looks.CLUSTERS,
    "arrows": looks.ARROWS,
    "marks": looks.MARKS,
    "faint": looks.FAINT,
    "heat": looks.HEAT,
    "dark": looks.DARK,
    "strip": looks.STRIP,
}
