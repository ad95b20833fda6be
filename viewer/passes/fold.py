"""The pass that folds what repeats: equal steps of a loop, equal calls one after the other, become one group for all."""

from __future__ import annotations

import difflib
import operator
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeAlias

from autograd_tools.text import one_line
from viewer.graph import Graph, Group, rebuild
from viewer.inputs import Traceable
from viewer.passes.group import group
from viewer.passes.repeats import Repeat, find_repeats
from viewer.passes.signatures import Numbers, signatures
from viewer.passes.wiring import Relation, Wiring

FEWEST = 3  # copies of what is not known to be a loop, a scope or a function: two alike may be by chance


@dataclass(frozen=True)
class _Folded:
    """A group with all in it folded, the number that equal ones share, and the leaves that are to stand beside it."""

    group: Group
    number: int
    first: int  # the oldest result in it
    leaves: tuple[int, ...] = ()


_Item: TypeAlias = int | _Folded


def fold(x: Traceable | Graph, open: int | str | Sequence[int | str] = ()) -> Graph:
    """Fold equal neighbours into one group that stands for all of them, its `copies`.

    Equal are steps, calls or stretches of the same operations on the same lines with the same shapes, wired alike: each
    value comes from the same place in the same copy, or in the copy before it (the first gets it from outside), or from
    the same node for all, or from a leaf of its own. What differs stays apart.
    `open` tells what not to fold: the ids of nodes whose copy is to be seen, and names of groups.

    A folded group is named as its copies are, steps by the first and the last ("2-100"); a loop all of whose steps are
    folded is itself the folded group. What repeats with no loop or function of its own is of the kind "repeat", a row of
    leaves that go into copies one by one "leaves".

    What is no graph yet is put into groups first. A ValueError tells of ids and names that are not there.
    """
    graph = x if isinstance(x, Graph) else group(x)
    folder = _Folder(graph, (open,) if isinstance(open, (int, str)) else open)
    made = rebuild(graph.root, folder.fold)
    members = _in_order([*made.leaves, *made.group.members])
    return replace(graph, root=replace(made.group, members=members))


class _Folder:
    """Folds groups, the inner ones before those around them."""

    def __init__(self, graph: Graph, open: Sequence[int | str]) -> None:
        self.names = {name for name in open if isinstance(name, str)}
        ids = {id for id in open if not isinstance(id, str)}
        _check_open(graph, ids, self.names)
        self.numbers = Numbers()
        self.signatures = signatures(graph, self.numbers, ids)
        self.wiring = Wiring(graph, self.signatures)
        self.outside: dict[int, tuple[int, ...]] = {}  # leaves that go into copies one by one, by the first of them

    def fold(self, group: Group, members: list[_Item]) -> _Folded:
        """Fold the members of a group, in which inner groups are folded already."""
        leaves = [m for m in members if not isinstance(m, _Folded) and self.wiring.leaf[m]]
        leaves += [leaf for member in members if isinstance(member, _Folded) for leaf in member.leaves]
        items = [m for m in members if isinstance(m, _Folded) or not self.wiring.leaf[m]]
        items.sort(key=_oldest)
        if not group.copies:
            items = self._fold_items(items, leaves)
        return self._folded(group, items, leaves)

    def _folded(self, group: Group, items: list[_Item], leaves: list[int]) -> _Folded:
        key = (group.kind, "" if group.kind == "step" else group.name, group.file, group.line, group.times, group.closed)
        number = self.numbers.of((key, *map(self._number, items), group.first if group.name in self.names else 0))
        first = _oldest(items[0]) if items else 0
        only = items[0].group if len(items) == 1 and isinstance(items[0], _Folded) else None
        if only is not None and only.copies and only.kind == "step" and group.kind == "loop" and not group.copies:
            merged = replace(group, members=only.members, copies=only.copies)  # the loop itself is what stands for its steps
            return _Folded(merged, number, first, tuple(leaves))
        found = _in_order([*self._fold_leaves(leaves), *(item.group if isinstance(item, _Folded) else item for item in items)])
        unchanged = len(found) == len(group.members) and all(map(operator.is_, found, group.members))
        return _Folded(group if unchanged else replace(group, members=found), number, first)

    def _number(self, item: _Item) -> int:
        return item.number if isinstance(item, _Folded) else self.signatures[item]

    def _fold_items(self, items: list[_Item], leaves: list[int]) -> list[_Item]:
        """Fold what repeats among the items of a group; leaves that only a first copy had are added to those of the group."""
        numbers = [self._number(item) for item in items]
        if len(set(numbers)) == len(numbers):
            return items
        things = [item.group if isinstance(item, _Folded) else item for item in items]

        def related(start: int, period: int, times: int) -> list[Relation | None]:
            copies = (self.wiring.copy(things[start + n * period : start + (n + 1) * period]) for n in range(times))
            relations = (self.wiring.relation(a, b) for a, b in pairwise(copies))
            if period == 1 and not isinstance(things[start], Group):  # a row of single nodes is no loop unless it is a chain
                return [relation if relation and relation.carried else None for relation in relations]
            return list(relations)

        def least(start: int, period: int) -> int:
            return 2 if period == 1 and isinstance(things[start], Group) else FEWEST

        found: list[_Item] = []
        end = 0
        for repeat in find_repeats(numbers, related, lambda a, b: a.slots == b.slots, least):
            if not _are_different(repeat.relations):
                continue
            found += [*items[end : repeat.start], self._folded_repeat(items, things, repeat, leaves)]
            end = repeat.start + repeat.period * repeat.times
        return found + items[end:]

    def _folded_repeat(self, items: list[_Item], things: list[int | Group], repeat: Repeat[Relation], leaves: list[int]) -> _Folded:
        """The group that stands for copies one after the other."""
        n, period = repeat.start, repeat.period
        first, initial = self.wiring.copy(things[n : n + period]), repeat.relations[0].initial
        own = sorted(first.leaves - initial)
        copies = [(*first.results, *own)]
        for k, relation in enumerate(repeat.relations, 1):
            own = [relation.leaves[leaf] for leaf in own]
            copies.append((*self.wiring.copy(things[n + k * period : n + (k + 1) * period]).results, *own))
        leaves += sorted(initial)
        self.wiring.add_run(copies)
        self._note_outside(repeat.relations)
        last = things[n + period * repeat.times - 1]
        model = _without(self._model(things[n : n + period], last), initial)
        number = self.numbers.of(("folded", len(copies), *map(self._number, items[n : n + period])))
        return _Folded(replace(model, copies=tuple(copies)), number, first.results[0])

    def _model(self, members: list[int | Group], last: int | Group) -> Group:
        """The group to show: the first copy itself, or a new one around what is in it."""
        first = members[0]
        name = f"{first.name}-{last.name}" if isinstance(first, Group) and isinstance(last, Group) and first.kind == "step" else ""
        if isinstance(first, Group):
            if len(members) == 1:
                return replace(first, name=name or first.name)
            return Group(name, _in_order(members), "repeat", first.file, first.line)
        columns = self.wiring.columns
        return Group("", _in_order(members), "repeat", columns.file[first - 1], columns.line[first - 1])

    def _note_outside(self, relations: list[Relation]) -> None:
        """Remember the rows of leaves that go into the copies one by one, to be folded where they stand."""
        for pairs in zip(*(relation.outside for relation in relations), strict=True):
            row = (pairs[0][0], *(b for _, b in pairs))
            if not any(leaf in self.wiring.runs for leaf in row):
                self.outside[row[0]] = row
                self.wiring.add_run([(leaf,) for leaf in row])

    def _fold_leaves(self, leaves: list[int]) -> list[int | Group]:
        """The leaves of a group, with the rows of those among them that go into copies one by one."""
        left = dict.fromkeys(leaves)
        rows: list[int | Group] = []
        for leaf in leaves:
            row = self.outside.get(leaf, ())
            if row and all(other in left for other in row):
                rows.append(Group(self._names(row), (leaf,), "leaves", copies=tuple((other,) for other in row)))
                for other in row:
                    del left[other]
        return [*left, *rows]

    def _names(self, row: tuple[int, ...]) -> str:
        first, last = (self.wiring.columns.name[leaf - 1] for leaf in (row[0], row[-1]))
        return f"{first} … {last}" if first != last else first


def _oldest(item: _Item) -> int:
    return item.first if isinstance(item, _Folded) else item


def _are_different(relations: list[Relation]) -> bool:
    """Whether leaves that stand outside go into one copy each."""
    rows = zip(*(relation.outside for relation in relations), strict=True)
    return all(len({b for _, b in row} | {row[0][0]}) == len(row) + 1 for row in rows)


def _without(group: Group, leaves: set[int]) -> Group:
    """A group without some leaves."""
    if not leaves:
        return group
    return rebuild(group, lambda group, members: replace(group, members=_in_order([m for m in members if not _is_in(m, leaves)])))


def _is_in(member: int | Group, ids: set[int]) -> bool:
    return not isinstance(member, Group) and member in ids


def _in_order(members: Sequence[int | Group]) -> tuple[int | Group, ...]:
    """Members in the order of their oldest nodes."""
    return tuple(sorted(members, key=lambda member: member.first if isinstance(member, Group) else member))


def _check_open(graph: Graph, ids: set[int], names: set[str]) -> None:
    unknown = sorted(ids - set(graph.root.all_ids()))
    if unknown:
        raise ValueError(f"no node {unknown[0]!r} to open: ids go from 1 to {len(graph.trace)}")
    there = {group.name for group in graph.root.inner() if group.name}
    for name in sorted(names - there):
        close = difflib.get_close_matches(name, there, 5) or sorted(there)[:20]
        raise ValueError(f"no group {name!r} to open; there are: {', '.join(map(one_line, close)) or 'none'}")
