"""The pass that keeps a part of a graph: a path, a neighbourhood, a scope, or what a line of the source made."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from autograd_tools import Trace
from autograd_tools.base.text import one_line
from viewer.graph import Graph, Group, rebuild
from viewer.inputs import Traceable, as_graph


def focus(
    x: Traceable | Graph,
    node: int | str | None = None,
    *,
    steps: int | None = None,
    scope: str | None = None,
    line: int | str | None = None,
) -> Graph:
    """Keep a part of a graph, and leave out the rest with its edges. Of several demands what fulfils all of them is kept.

    `node`, an id or the name of a Param or input: the paths from it to the result; with `steps` what is at most so many
    edges away from it, up and down. `scope`: what is under functions or scopes of that name or path, like
    "net/encoder". `line`: what a line of the source made, 12 or "train.py:12".

    Groups are kept as far as there is something in them; folded ones are opened. A ValueError names what is not there
    and what is.
    """
    graph = as_graph(x)
    trace = graph.trace
    if node is None and scope is None and line is None:
        raise ValueError("focus on what? Give a node, a scope or a line")
    if steps is not None and (node is None or steps < 0):
        raise ValueError(
            f"steps={steps!r} counts the edges around a node: give a node, and 0 or more steps"
        )
    ids = set(graph.root.all_ids())
    if node is not None:
        id = _id(trace, node)
        ids &= _path(trace, id) if steps is None else _around(trace, id, steps)
    if scope is not None:
        ids &= _under(trace, scope)
    if line is not None:
        ids &= _on(trace, line)
    note = f"{len(ids):,} of {len(trace):,} nodes"
    return replace(
        graph, root=_only(graph.root, ids), hidden=graph.hidden & ids, notes=(*graph.notes, note)
    )


def _id(trace: Trace, node: int | str) -> int:
    if isinstance(node, str):
        names = trace.columns.name
        if node in names and node:
            return names.index(node) + 1
        raise ValueError(_unknown("node", node, names))
    if not 1 <= node <= len(trace):
        raise ValueError(f"no node {node!r}: ids go from 1 to {len(trace)}")
    return node


def _unknown(kind: str, given: str, names: Iterable[str]) -> str:
    """An error that names the closest of what there is, or the first few."""
    there = [name for name in dict.fromkeys(names) if name]
    close = difflib.get_close_matches(given, there, 5) or there[:20]
    return f"no {kind} {given!r}; there {'is' if len(close) == 1 else 'are'}: {', '.join(map(one_line, close)) or 'none'}"


def _path(trace: Trace, id: int) -> set[int]:
    """The node, and what is computed from it on the way to the result; where it does not lead there, all that is."""
    below = _reached(trace.columns.children, id)
    above = _reached(trace.columns.parents, trace.result) if trace.result else below
    return {id, *(below & above or below)}


def _reached(edges: Sequence[Collection[int]], id: int) -> set[int]:
    """The node and all that edges lead to."""
    found, todo = {id}, [id]
    while todo:
        for other in edges[todo.pop() - 1]:
            if other not in found:
                found.add(other)
                todo.append(other)
    return found


def _around(trace: Trace, id: int, steps: int) -> set[int]:
    columns = trace.columns
    found = edge = {id}
    for _ in range(steps):
        edge = {
            other for id in edge for other in (*columns.parents[id - 1], *columns.children[id - 1])
        } - found
        if not edge:
            break
        found = found | edge
    return found


def _under(trace: Trace, scope: str) -> set[int]:
    """What was computed under places of that name or path, and the leaves that only they use."""
    wanted = [part for part in scope.split("/") if part]
    places, columns = trace.places, trace.columns
    paths: list[tuple[str, ...]] = [
        ()
    ]  # of the names of functions and scopes; only the end that can matter
    inside = [False]
    for place in places[1:]:
        named = place.kind in ("function", "scope")
        path = (*paths[place.parent], place.name)[-len(wanted) :] if named else paths[place.parent]
        paths.append(path)
        inside.append(inside[place.parent] or (named and list(path) == wanted))
    if not any(inside):
        raise ValueError(
            _unknown("scope", scope, (p.name for p in places if p.kind in ("function", "scope")))
        )
    found = {
        id
        for id, place in enumerate(columns.place, 1)
        if inside[place] and columns.kind[id - 1] == "result"
    }
    leaves = (
        id
        for id, kind in enumerate(columns.kind, 1)
        if kind != "result" and columns.children[id - 1]
    )
    return found | {leaf for leaf in leaves if found.issuperset(columns.children[leaf - 1])}


def _on(trace: Trace, line: int | str) -> set[int]:
    """What a line of the source made, of any file that ends so."""
    file, _, number = str(line).rpartition(":")
    rows = list(zip(trace.columns.kind, trace.columns.file, trace.columns.line, strict=True))
    if number.isdecimal():
        found = {
            id
            for id, (kind, f, n) in enumerate(rows, 1)
            if kind == "result" and n == int(number) and _ends(f, file)
        }
        if found:
            return found
    there = sorted({(_last(f), n) for kind, f, n in rows if kind == "result" and f})
    raise ValueError(_unknown("line", str(line), (f"{f}:{n}" for f, n in there)))


def _ends(path: str, file: str) -> bool:
    """Whether a path is that of a file, given with as many folders as one likes."""
    path, file = path.replace("\\", "/"), file.replace("\\", "/")
    return not file or path == file or path.endswith("/" + file)


def _last(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2]


def _only(root: Group, ids: set[int]) -> Group:
    """The groups with only some nodes in them; without those that would be empty."""

    def keep(group: Group, members: list[int | Group]) -> Group:
        if group.copies:  # its copies may differ in what is left, so each node stands for itself
            return replace(
                group, members=tuple(sorted(ids.intersection(group.all_ids()))), copies=()
            )
        found = [m for m in members if (m.members if isinstance(m, Group) else m in ids)]
        return replace(
            group,
            members=tuple(sorted(found, key=lambda m: m.first if isinstance(m, Group) else m)),
        )

    return rebuild(root, keep)
