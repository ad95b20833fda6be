"""The pass that groups the nodes of a source line: the level between function and operation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby

from autograd_tools.location.source_lines import code_at
from autograd_tools.tracing.columns import Columns
from viewer.graph import Graph
from viewer.groups import Group, in_order, rebuild

OF_LOOPS = ("loop", "step", "repeat")  # kinds of groups that have no line of their own


def by_lines(graph: Graph, *, alone: bool = False) -> Graph:
    """Group neighbours that one source line computed, with the leaves that only they use.

    A comprehension on that line is one of them. With `alone`, an operation that
    is the only one of its line makes a group too.
    """
    liner = _Liner(graph, 1 if alone else 2)
    return replace(graph, root=rebuild(graph.root, liner.put))


class _Liner:
    def __init__(self, graph: Graph, fewest: int) -> None:
        self.columns: Columns = graph.trace.columns
        self.fewest = fewest
        self.children = graph.trace.columns.children
        lines = graph.trace.columns.source_lines
        self.code = {(line.file, line.line): line.code for line in lines if line.code}
        self.shown = frozenset(graph.root.all_ids()) - graph.hidden

    def put(self, group: Group, members: list[int | Group]) -> Group:
        """Return a group with the lines among its members as groups."""
        if group.kind in ("line", "leaves"):
            return group.with_members(members)
        leaves = [member for member in members if self._is_leaf(member)]
        rest = [member for member in members if not self._is_leaf(member)]
        runs = [(line, [*run]) for line, run in groupby(rest, self._line)]
        homes = self._homes(runs) if leaves else {}
        own: dict[int, list[int | Group]] = {}
        left: list[int | Group] = []
        for leaf in leaves:
            home = {homes.get(use) for use in self._uses(leaf)}
            only = home.pop() if len(home) == 1 else None
            (left if only is None else own.setdefault(only, [])).append(leaf)
        for n, (line, run) in enumerate(runs):
            found = in_order([*own.get(n, ()), *run])
            left += [self._group(line, found)] if line[0] and self._is_many(found) else found
        return group.with_members(in_order(left))

    def _is_leaf(self, member: int | Group) -> bool:
        if isinstance(member, Group):
            return member.kind == "leaves"
        return self.columns.kind[member - 1] != "result"

    def _line(self, member: int | Group) -> tuple[str, int]:
        """Return the file and line of an operation or comprehension; nothing for other groups."""
        if not isinstance(member, Group):
            return self.columns.file[member - 1], self.columns.line[member - 1]
        line = member.file, member.line
        return line if member.kind == "loop" and self._is_on(member, line) else ("", 0)

    def _is_on(self, loop: Group, line: tuple[str, int]) -> bool:
        """Return whether all that a loop computes and calls is on its own line."""
        todo = [loop]
        while todo:
            for member in todo.pop().members:
                if isinstance(member, Group) and member.kind in OF_LOOPS:
                    todo.append(member)
                elif isinstance(member, Group):
                    if member.kind != "leaves" and (member.file, member.line) != line:
                        return False
                elif not self._is_leaf(member) and self._line(member) != line:
                    return False
        return True

    def _homes(self, runs: list[tuple[tuple[str, int], list[int | Group]]]) -> dict[int, int]:
        """Return the number of the run that each node of a line is in."""
        found: dict[int, int] = {}
        for n, (line, run) in enumerate(runs):
            if line[0]:
                for member in run:
                    ids = member.all_ids() if isinstance(member, Group) else (member,)
                    found.update(dict.fromkeys(ids, n))
        return found

    def _uses(self, leaf: int | Group) -> Iterator[int]:
        ids = leaf.all_ids() if isinstance(leaf, Group) else (leaf,)
        return (use for id in ids for use in self.children[id - 1] if use in self.shown)

    def _is_many(self, members: tuple[int | Group, ...]) -> bool:
        """Return whether members are enough for a group; a loop without them has its own."""
        has_own = any(not isinstance(m, Group) and not self._is_leaf(m) for m in members)
        return has_own and len(members) >= self.fewest

    def _group(self, line: tuple[str, int], members: tuple[int | Group, ...]) -> Group:
        return Group(_name(*line, self.code.get(line, "")), members, "line", *line)


def _name(file: str, line: int, code: str) -> str:
    """Return the place of a source line and its code: `train.py:12  h = np.tanh(h @ w)`.

    A trace of an older version has no code, which is then read from the file.
    """
    code = code or code_at(file, line)
    place = f"{file.replace(chr(92), '/').rpartition('/')[2]}:{line}"
    return f"{place}  {code}" if code else place
