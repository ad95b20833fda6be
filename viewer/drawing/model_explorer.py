"""A graph as JSON for Google's Model Explorer, which expands and collapses functions and loops."""

from __future__ import annotations

import json
import os
from typing import Any

from autograd_tools import Trace
from autograd_tools.base.formats import time_text
from autograd_tools.base.output import saved
from autograd_tools.base.text import one_line
from autograd_tools.tracing.columns import TraceNode
from viewer.graph import Graph
from viewer.groups import Group
from viewer.inputs import Traceable
from viewer.labels import call, gradient, heading, number
from viewer.passes import group
from viewer.text.places import source_text

SLASH = "∕"  # in names, because a slash separates the levels of a namespace


def to_model_explorer(x: Traceable | Graph, path: str | os.PathLike[str] | None = None) -> str:
    """Return a computation graph as JSON for Model Explorer.

    Parameters
    ----------
    x : Tape, Trace, Graph or path
        A path must be that of a saved trace. A trace is grouped first; folded groups contain all
        copies.
    path : path, optional
        A file to write the JSON to as well.

    Returns
    -------
    str
        A graph collection: nodes with the functions, scopes and loops around them as namespaces,
        with shapes, gradients, times and source lines as attributes.

    Raises
    ------
    TypeError
        If `x` has no trace.

    Notes
    -----
    The format is that of Model Explorer 0.1: https://github.com/google-ai-edge/model-explorer/wiki

    Examples
    --------
    >>> import json, numpy as np, autograd_tools as ag, viewer
    >>> J = ag.diff(lambda: np.sin(ag.Param(2.0, name="x")))
    >>> document = json.loads(viewer.to_model_explorer(J))
    >>> [node["label"] for node in document["graphs"][0]["nodes"]]
    ['x', 'sin']
    """
    graph = x if isinstance(x, Graph) else group(x)
    homes = _namespaces(graph)
    nodes = [_node(graph.trace, graph.trace[id], homes) for id in sorted(homes)]
    document = {"label": "gradient", "graphs": [{"id": "gradient", "nodes": nodes}]}
    return saved(json.dumps(document, separators=(",", ":")) + "\n", path)


def _namespaces(graph: Graph) -> dict[int, str]:
    """Return the namespace of each node, by id; groups of one name beside each other differ."""
    found: dict[int, str] = {}
    todo: list[tuple[Group, str]] = [(graph.root, "")]
    while todo:
        around, namespace = todo.pop()
        found.update(dict.fromkeys(around.all_ids() if around.copies else (), namespace))
        names: dict[str, int] = {}
        for member in around.members:
            if not isinstance(member, Group):
                found[member] = namespace
                continue
            name = one_line(heading(member)).replace("/", SLASH)
            names[name] = names.get(name, 0) + 1
            unique = name if names[name] == 1 else f"{name} ({names[name]})"
            todo.append((member, f"{namespace}/{unique}" if namespace else unique))
    return found


def _node(trace: Trace, node: TraceNode, homes: dict[int, str]) -> dict[str, Any]:
    label = call(trace, node) if node.kind == "result" else node.name or node.kind
    facts = {
        "kind": node.kind,
        "value": number(node.value),
        "gradient norm": gradient(node.outgrad) if node.outgrad else "",
        "line": source_text(node.file, node.line),
        "forward": "" if node.forward_ns is None else time_text(node.forward_ns),
        **{f"backward [{n}]": time_text(ns) for n, ns in (node.backward_ns or {}).items()},
    }
    numbers = [n for n, arg in enumerate(node.args, 1) for _ in arg.nodes]
    edges = [
        {"sourceNodeId": str(parent), "sourceNodeOutputId": "0", "targetNodeInputId": str(n)}
        for n, parent in zip(numbers, node.parents, strict=False)
        if parent in homes
    ]
    shape = node.value.text if node.value is not None and node.value.shape else ""
    outputs = [{"key": "shape", "value": shape}] if shape else []
    return {
        "id": str(node.id),
        "label": one_line(label),
        "namespace": homes[node.id],
        "incomingEdges": edges,
        "outputsMetadata": [{"id": "0", "attrs": outputs}],
        "attrs": [{"key": key, "value": one_line(text)} for key, text in facts.items() if text],
    }
