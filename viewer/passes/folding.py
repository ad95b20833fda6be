"""The pass that folds repetition: equal steps of a loop, or equal calls, become one group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from autograd_tools.base.memory import no_collections
from autograd_tools.base.text import unknown
from autograd_tools.location.call_tree import AT_LEAST
from viewer.graph import Graph
from viewer.groups import Group, in_order, rebuild
from viewer.inputs import Traceable
from viewer.passes.grouping import group
from viewer.passes.recursion import nested, side_by_side
from viewer.passes.repeats import Repeat, find_repeats
from viewer.passes.signatures import Numbers, signatures
from viewer.passes.steps import number_of, with_steps
from viewer.passes.wiring import Relation, Wiring

PART_OF = {"loop": "step", "recursion": "level"}  # the kinds of groups that fold as a whole
PARTS = frozenset(PART_OF.values())
FEWEST = 3  # copies outside of loops, scopes and functions, where two may be equal by chance


@dataclass(frozen=True, slots=True)
class _Folded:
    """A group with all in it folded, and the leaves that belong beside it.

    Equal groups share a `number`; `first` is the oldest result in it.
    """

    group: Group
    number: int
    first: int
    leaves: tuple[int, ...] = ()


_Item: TypeAlias = int | _Folded


@no_collections
def fold(x: Traceable | Graph, open: int | str | Sequence[int | str] = ()) -> Graph:
    """Fold equal neighbours into one group that represents them, its `copies`.

    Steps, calls or ranges are equal if they have the same operations on the same source lines with
    the same shapes and connections: each value comes from the same place in the same copy, in a
    copy at a fixed distance before or right after it, from one node for all copies, or from a leaf
    of its own. The first copy may have constants instead of values from the previous copy. Other
    copies are not folded. A recursive function folds by levels, each without the nested call.

    A folded group has the name of its copies; for steps and levels, the first and the last
    ("2-100", or "steps 1-6" for pairs of steps). A loop or recursion whose steps are all folded is
    itself the folded group. Repetition without a loop or function has the kind "repeat", and a row
    of leaves that the copies use one by one has the kind "leaves".

    Parameters
    ----------
    x : Tape, Trace, Graph or path
        A path must be that of a saved trace. A trace is grouped first.
    open : int, str or a sequence of them, optional
        Copies to expand: the ids of nodes in them, or the names of groups.

    Returns
    -------
    Graph
        The folded graph.

    Raises
    ------
    ValueError
        For an unknown id or name in `open`; the message lists close names.
    TypeError
        If `x` has no trace.

    Examples
    --------
    >>> import autograd_tools as ag, viewer
    >>> def power(w):
    ...     x = 1.0
    ...     for _ in range(100):
    ...         x = x * w
    ...     return x
    >>> graph = viewer.fold(ag.trace(power, 1.0))
    >>> print(viewer.to_text(graph, "tree"))
    101 nodes in power
    ├── input w  1  ∇ 100
    └── for _ in range(100)  ×100  100 nodes  800B
        └── v2 = 1.0 * w  1  ∇ 1
    """
    graph = x if isinstance(x, Graph) else group(x)
    return fold_marked(graph, (open,) if isinstance(open, (int, str)) else open, {})


def fold_marked(graph: Graph, open: Sequence[int | str], marks: Mapping[int, object]) -> Graph:
    """Return a grouped graph folded; nodes are equal only with the same mark, or both without."""
    folder = _Folder(graph, open, marks)
    before = side_by_side(graph, folder.names)
    made = rebuild(before, folder.fold)
    members = in_order([*made.leaves, *made.group.members])
    root = with_steps(graph, before, replace(made.group, members=members))
    return replace(graph, root=root)


class _Folder:
    """Folds groups, inner ones first."""

    def __init__(
        self, graph: Graph, open: Sequence[int | str], marks: Mapping[int, object]
    ) -> None:
        self.graph = graph
        self.names = {name for name in open if isinstance(name, str)}
        ids = {id for id in open if not isinstance(id, str)}
        _check_open(graph, ids, self.names)
        self.numbers = Numbers()
        self.signatures = signatures(graph, self.numbers, ids, marks)
        self.wiring = Wiring(graph, self.signatures, ids, marks)
        self.outside: dict[int, tuple[int, ...]] = {}  # rows of leaves by their first leaf

    def fold(self, group: Group, members: list[_Item]) -> _Folded:
        """Fold the members of a group, in which inner groups are folded already."""
        leaf = self.wiring.leaf
        inner = [m for m in members if isinstance(m, _Folded)]
        leaves = [m for m in members if not isinstance(m, _Folded) and leaf[m]]
        items = [m for m in members if isinstance(m, _Folded) or not leaf[m]] if leaves else members
        for item in inner:
            leaves += item.leaves
        if inner and group.kind != "recursion":  # whose levels are sorted by depth
            items.sort(key=_oldest)
        numbers = [
            item.number if isinstance(item, _Folded) else self.signatures[item] for item in items
        ]
        if len(set(numbers)) < len(numbers) and not group.copies:
            items = self._fold_items(items, numbers, leaves)
        return self._folded(group, items, numbers, leaves)

    def _folded(
        self, group: Group, items: list[_Item], numbers: list[int], leaves: list[int]
    ) -> _Folded:
        where = (group.name, group.file, group.line) if group.kind not in PARTS else ()
        opened = group.first if group.name in self.names else 0
        key = (group.kind, where, group.times, group.collapsed, opened, *numbers)
        number = self.numbers.of(key)
        groups = [item.group for item in items if isinstance(item, _Folded)]
        oldest = items if group.kind == "recursion" else items[:1]
        first = min(map(_oldest, oldest), default=0)
        if not leaves and not groups:
            return _Folded(group, number, first)
        if len(items) == 1 and groups and self._is_whole(group, groups[0]):
            inner = groups[0]
            whole = replace(group, members=inner.members, copies=inner.copies, steps=inner.steps)
            return _Folded(whole, number, first, tuple(leaves))
        is_recursion = group.kind == "recursion" and not group.copies
        if is_recursion and not any(level.copies for level in groups):
            return _Folded(nested(self.graph, group, groups, leaves), number, first)
        found = [item.group if isinstance(item, _Folded) else item for item in items]
        made = group.with_members(found)
        if leaves or made is not group:
            made = group.with_members(in_order([*self._fold_leaves(leaves), *found]))
        return _Folded(made, number, first)

    def _is_whole(self, group: Group, inner: Group) -> bool:
        """Return whether a loop or recursion consists of one folded group of its steps."""
        return bool(inner.copies) and not group.copies and inner.kind == PART_OF.get(group.kind)

    def _fold_items(self, items: list[_Item], numbers: list[int], leaves: list[int]) -> list[_Item]:
        """Fold repetition among the items of a group; leaves of a first copy alone move to it."""
        things = [item.group if isinstance(item, _Folded) else item for item in items]

        def related(start: int, period: int, times: int) -> list[Relation | None]:
            starts = range(start, start + times * period, period)
            copies = self.wiring.copies(things[n : n + period] for n in starts)
            relations = self.wiring.relations(copies)
            if period == 1 and not isinstance(things[start], Group):
                # a row of single nodes is no loop unless it is a chain
                return [found if found and found.carried else None for found in relations]
            return relations

        def least(start: int, period: int) -> int:
            return 2 if period == 1 and isinstance(things[start], Group) else FEWEST

        found: list[_Item] = []
        end = 0
        for later in find_repeats(numbers, related, lambda a, b: a.slots == b.slots, least):
            if not _are_different(later.relations):
                continue
            inner = numbers[later.start : later.start + later.period]
            repeat, sort = self._with_first(things, later, end)
            start, period = repeat.start, repeat.period
            key = (sort, repeat.times, *inner)
            folded = self._folded_repeat(things, self.numbers.of(key), repeat, leaves)
            found += [*items[end:start], folded]
            end = start + period * repeat.times
        return found + items[end:]

    def _with_first(
        self, things: list[int | Group], repeat: Repeat[Relation], end: int
    ) -> tuple[Repeat[Relation], str]:
        """Return a repeat with the stretch before it, if that differs only by initial constants."""
        start, period = repeat.start - repeat.period, repeat.period
        if start < end or not repeat.relations[0].carried:
            return repeat, "folded"
        first, second = self.wiring.copies(things[n : n + period] for n in (start, repeat.start))
        relation = self.wiring.beginning(first, second, repeat.relations[0].slots)
        if relation is None or not _are_different([relation, *repeat.relations]):
            return repeat, "folded"
        relations = [relation, *repeat.relations]
        return Repeat(start, period, repeat.times + 1, relations), "folded from constants"

    def _folded_repeat(
        self, things: list[int | Group], number: int, repeat: Repeat[Relation], leaves: list[int]
    ) -> _Folded:
        """Return the group that represents some copies."""
        n, period, relations = repeat.start, repeat.period, repeat.relations
        initial = set().union(*(relation.initial for relation in relations))
        own = sorted({*relations[0].before.leaves} - initial)
        copies = [(*relations[0].before.results, *own)]
        for relation in relations:
            own = [relation.leaves[leaf] for leaf in own]
            copies.append((*relation.after.results, *own))
        leaves += sorted(initial)
        self.wiring.add_run(copies)
        self._note_outside(relations)
        row = things[n : n + period * repeat.times]
        model = _without(self._model(row, period), initial)
        return _Folded(replace(model, copies=tuple(copies)), number, copies[0][0])

    def _model(self, row: list[int | Group], period: int) -> Group:
        """Return the group to show: the first copy itself, or a new group around its members."""
        first, last, members = row[0], row[-1], row[:period]
        if not isinstance(first, Group):
            columns, at = self.wiring.columns, first - 1
            return Group("", in_order(members), "repeat", columns.file[at], columns.line[at])
        place = first.file, first.line
        if not isinstance(last, Group) or first.kind not in PARTS:
            return first if period == 1 else Group("", in_order(members), "repeat", *place)
        name = f"{first.name}-{last.name.removeprefix(AT_LEAST)}"
        ends = zip(row[::period], row[period - 1 :: period], strict=True)
        steps = tuple([(number_of(a), number_of(b)) for a, b in ends])
        if period == 1:
            return replace(first, name=name, steps=steps)
        name = f"{first.kind}s {name}"
        return Group(name, in_order(members), "repeat", *place, steps=steps)

    def _note_outside(self, relations: list[Relation]) -> None:
        """Note the rows of leaves that enter the copies one by one, to fold them as well."""
        for pairs in zip(*(relation.outside for relation in relations), strict=True):
            row = (pairs[0][0], *(b for _, b in pairs))
            if not any(leaf in self.wiring.runs for leaf in row):
                self.outside[row[0]] = row
                self.wiring.add_run([(leaf,) for leaf in row])

    def _fold_leaves(self, leaves: list[int]) -> list[int | Group]:
        """Fold the rows among the leaves of a group that enter copies one by one."""
        left = dict.fromkeys(leaves)
        rows: list[int | Group] = []
        for leaf in leaves:
            row = self.outside.get(leaf, ())
            if row and all(other in left for other in row):
                copies = tuple((other,) for other in row)
                rows.append(Group(self._names(row), (leaf,), "leaves", copies=copies))
                for other in row:
                    del left[other]
        return [*left, *rows]

    def _names(self, row: tuple[int, ...]) -> str:
        first, last = (self.wiring.columns.name[leaf - 1] for leaf in (row[0], row[-1]))
        return f"{first} … {last}" if first != last else first


def _oldest(item: _Item) -> int:
    return item.first if isinstance(item, _Folded) else item


def _are_different(relations: list[Relation]) -> bool:
    """Return whether each leaf outside enters one copy only."""
    rows = zip(*(relation.outside for relation in relations), strict=True)
    return all(len({b for _, b in row} | {row[0][0]}) == len(row) + 1 for row in rows)


def _without(group: Group, leaves: set[int]) -> Group:
    if not leaves:
        return group

    def keep(group: Group, members: list[int | Group]) -> Group:
        left = [m for m in members if isinstance(m, Group) or m not in leaves]
        return replace(group, members=in_order(left))

    return rebuild(group, keep)


def _check_open(graph: Graph, ids: set[int], names: set[str]) -> None:
    if ids and (wrong := sorted(ids.difference(graph.root.all_ids()))):
        raise ValueError(f"unknown node {wrong[0]!r} in open=; ids go from 1 to {len(graph.trace)}")
    there = {group.name for group in graph.root.inner() if group.name} if names else set()
    for name in sorted(names - there):
        raise unknown("group", name, sorted(there), most=20)
