"""The pass that keeps a part of a graph: a path, a neighbourhood, a scope or a source line."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from autograd_tools import Trace
from autograd_tools.base.text import unknown
from viewer.graph import Graph
from viewer.groups import Group, in_order, rebuild
from viewer.inputs import Traceable
from viewer.options import Detail, HeatBy
from viewer.passes.fitting import MAX_NODES, fit
from viewer.passes.folding import fold
from viewer.passes.grouping import group

SCOPES = ("function", "scope")  # kinds of places with a name of the user's


def focus(
    x: Traceable | Graph,
    node: int | str | None = None,
    *,
    steps: int | None = None,
    scope: str | None = None,
    line: int | str | None = None,
) -> Graph:
    """Keep a part of a graph and drop the rest with its edges.

    Groups with remaining nodes are kept; folded ones are expanded. Several conditions must all
    hold. If `x` is a tape or trace, the result is grouped, folded and collapsed as in a drawing.

    Parameters
    ----------
    x : Tape, Trace, Graph or path
        A path must be that of a saved trace.
    node : int or str, optional
        A node, by its id (counted from 1) or by the name of a Param or input: keep the paths from
        it to the result.
    steps : int, optional
        Keep the nodes within this many edges of `node` instead.
    scope : str, optional
        Keep the nodes in functions or scopes with this name or path, such as "net/encoder".
    line : int or str, optional
        Keep the nodes that a source line computed: 12 or "train.py:12".

    Returns
    -------
    Graph
        The part, with a note about the number of nodes.

    Raises
    ------
    ValueError
        Without any condition, and for an unknown node, scope or line; the message lists close ones.
    TypeError
        If `x` has no trace.

    Examples
    --------
    >>> import autograd_tools as ag, viewer
    >>> def power(w):
    ...     x = 1.0
    ...     for _ in range(5):
    ...         x = x * w
    ...     return x
    >>> print(viewer.to_text(viewer.focus(ag.trace(power, 2.0), 5)))
    v5 = v4 * w  16  ∇ 2
    v6 = v5 * w  32  ∇ 1
    """
    graph = x if isinstance(x, Graph) else group(x)
    trace = graph.trace
    if node is None and scope is None and line is None:
        raise ValueError("focus() needs node=, scope= or line=")
    if steps is not None and (node is None or steps < 0):
        raise ValueError(f"steps= needs node= and must be 0 or more, got {steps!r}")
    ids = set(graph.root.all_ids())
    if node is not None:
        id = id_of(trace, node)
        ids &= _path(trace, id) if steps is None else _around(trace, id, steps)
    if scope is not None:
        ids &= _under(trace, scope)
    if line is not None:
        ids &= _on(trace, line)
    notes = (*graph.notes, f"{len(ids):,} of {len(trace):,} nodes")
    found = replace(graph, root=_only(graph.root, ids), hidden=graph.hidden & ids, notes=notes)
    if isinstance(x, Graph):
        return found
    return reduced(found, show=node)


def reduced(
    graph: Graph,
    max_nodes: int | None = MAX_NODES,
    *,
    by: Detail = "op",
    heat: HeatBy | Sequence[float] | None = None,
    open: int | str | Sequence[int | str] = (),
    show: int | str | None = None,
) -> Graph:
    """Fold a grouped graph except for `open`, and collapse it to `max_nodes` boxes.

    A node to `show`, by id or name, is drawn itself: a Param or input apart from others like it.
    """
    id = None if show is None else id_of(graph.trace, show)
    return fit(folded_to(graph, open, show), max_nodes, by=by, heat=heat, show=id)


def folded_to(
    graph: Graph, open: int | str | Sequence[int | str] = (), show: int | str | None = None
) -> Graph:
    """Fold a grouped graph except for `open`, and for a Param or input to `show`."""
    apart = [open] if isinstance(open, (int, str)) else [*open]
    id = None if show is None else id_of(graph.trace, show)
    if id and graph.trace.columns.kind[id - 1] != "result" and id in {*graph.root.all_ids()}:
        apart.append(id)
    return fold(graph, apart)


def path_of(trace: Trace, node: int | str) -> frozenset[int]:
    """Return the nodes on the paths from a node, by id or name, to the result.

    Raise ValueError for an unknown node.
    """
    return frozenset(_path(trace, id_of(trace, node)))


def id_of(trace: Trace, node: int | str) -> int:
    """Return the id of a node, given by it or by its name; raise ValueError for an unknown one."""
    if isinstance(node, str):
        names = trace.columns.name
        if node in names and node:
            return names.index(node) + 1
        if node in (place.name for place in trace.places if place.kind in SCOPES):
            raise ValueError(f"unknown node {node!r}; scope={node!r} is a function or scope")
        raise unknown("node", node, names, most=20)
    if not 1 <= node <= len(trace):
        raise ValueError(f"unknown node {node!r}; ids go from 1 to {len(trace)}")
    return node


def _path(trace: Trace, id: int) -> set[int]:
    """Return the nodes between a node and the result, or all after it if it does not lead there."""
    below = _reached(trace.columns.children, id)
    above = _reached(trace.columns.parents, trace.result) if trace.result else below
    return {id, *(below & above or below)}


def _reached(edges: Sequence[Collection[int]], id: int) -> set[int]:
    """Return the node and all that edges lead to from it."""
    found, todo = {id}, [id]
    while todo:
        for other in edges[todo.pop() - 1]:
            if other not in found:
                found.add(other)
                todo.append(other)
    return found


def _around(trace: Trace, id: int, steps: int) -> set[int]:
    parents, children = trace.columns.parents, trace.columns.children
    found = edge = {id}
    for _ in range(steps):
        near = {other for id in edge for other in (*parents[id - 1], *children[id - 1])}
        edge = near - found
        if not edge:
            break
        found = found | edge
    return found


def _under(trace: Trace, scope: str) -> set[int]:
    """Return the nodes under places of that name or path, and the leaves that only they use."""
    wanted = [part for part in scope.split("/") if part]
    places, columns = trace.places, trace.columns
    paths: list[tuple[str, ...]] = [()]  # the ends, as long as `wanted`
    inside = [False]
    for place in places[1:]:
        named = place.kind in SCOPES
        path = (*paths[place.parent], place.name)[-len(wanted) :] if named else paths[place.parent]
        paths.append(path)
        inside.append(inside[place.parent] or (named and list(path) == wanted))
    if not any(inside):
        names = (place.name for place in places if place.kind in SCOPES)
        raise unknown("scope", scope, names, most=20)
    kinds = columns.kind
    found = {
        id
        for id, place in enumerate(columns.place, 1)
        if inside[place] and kinds[id - 1] == "result"
    }
    return found | {
        id
        for id, uses in enumerate(columns.children, 1)
        if kinds[id - 1] != "result" and uses and found.issuperset(uses)
    }


def _on(trace: Trace, line: int | str) -> set[int]:
    """Return the results of a source line, in any file whose path ends as given."""
    file, _, number = str(line).rpartition(":")
    columns = trace.columns
    rows = zip(columns.kind, columns.file, columns.line, strict=True)
    results = [(id, f, n) for id, (kind, f, n) in enumerate(rows, 1) if kind == "result"]
    wanted = int(number) if number.isdecimal() else -1
    if found := {id for id, f, n in results if n == wanted and _ends(f, file)}:
        return found
    there = sorted({(f.replace("\\", "/").rpartition("/")[2], n) for _, f, n in results if f})
    raise unknown("line", str(line), (f"{f}:{n}" for f, n in there), most=20)


def _ends(path: str, file: str) -> bool:
    """Return whether a path ends in a file name with any number of folders."""
    path, file = path.replace("\\", "/"), file.replace("\\", "/")
    return not file or path == file or path.endswith("/" + file)


def _only(root: Group, ids: set[int]) -> Group:
    """Return the groups with some nodes only, without groups that would be empty."""

    def keep(group: Group, members: list[int | Group]) -> Group:
        if group.copies:  # they may differ in the nodes left, so each node is on its own
            left = sorted(ids.intersection(group.all_ids()))
            return replace(group, members=tuple(left), copies=())
        found = [m for m in members if (m.members if isinstance(m, Group) else m in ids)]
        return replace(group, members=in_order(found))

    return rebuild(root, keep)
