"""The pass that folds what repeats: equal steps of a loop, equal calls one after the other, become one group for all."""

from __future__ import annotations

import difflib
import operator
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from autograd_tools.base.memory import no_collections
from autograd_tools.base.text import one_line
from viewer.graph import Graph, Group, in_order, rebuild
from viewer.inputs import Traceable
from viewer.passes.grouping import group
from viewer.passes.recursion import nested, side_by_side
from viewer.passes.repeats import Repeat, find_repeats
from viewer.passes.signatures import Numbers, signatures
from viewer.passes.wiring import Relation, Wiring

# What stands for a row of what, if all of that is equal.
REPEATED = {"loop": "step", "recursion": "level"}
PARTS = frozenset(REPEATED.values())
FEWEST = (
    3  # copies of what is not known to be a loop, a scope or a function: two alike may be by chance
)


@dataclass(frozen=True, slots=True)
class _Folded:
    """A group with all in it folded, the number that equal ones share, and the leaves that are to stand beside it."""

    group: Group
    number: int
    first: int  # the oldest result in it
    leaves: tuple[int, ...] = ()


_Item: TypeAlias = int | _Folded


@no_collections()
def fold(x: Traceable | Graph, open: int | str | Sequence[int | str] = ()) -> Graph:
    """Fold equal neighbours into one group that stands for all of them, its `copies`.

    Equal are steps, calls or stretches of the same operations on the same lines with the same shapes, wired alike: each
    value comes from the same place in the same copy, or in one that is so many copies before it (the first ones get it from
    outside) or the one right after it (the last does), or from the same node for all, or from a leaf of its own. What
    differs stays apart. Of a function that calls itself the levels are compared, each without the call inside.
    `open` tells what not to fold: the ids of nodes whose copy is to be seen, and names of groups.

    A folded group is named as its copies are, steps and levels by the first and the last ("2-100"); a loop all of whose
    steps are folded is itself the folded group, and so is a "recursion". What repeats with no loop or function of its own is
    of the kind "repeat", a row of leaves that go into copies one by one "leaves".

    What is no graph yet is put into groups first. A ValueError tells of ids and names that are not there.
    """
    graph = x if isinstance(x, Graph) else group(x)
    folder = _Folder(graph, (open,) if isinstance(open, (int, str)) else open)
    made = rebuild(side_by_side(graph, folder.names), folder.fold)
    members = in_order([*made.leaves, *made.group.members])
    return replace(graph, root=replace(made.group, members=members))


class _Folder:
    """Folds groups, the inner ones before those around them."""

    def __init__(self, graph: Graph, open: Sequence[int | str]) -> None:
        self.graph = graph
        self.names = {name for name in open if isinstance(name, str)}
        ids = {id for id in open if not isinstance(id, str)}
        _check_open(graph, ids, self.names)
        self.numbers = Numbers()
        self.signatures = signatures(graph, self.numbers, ids)
        self.wiring = Wiring(graph, self.signatures)
        self.outside: dict[
            int, tuple[int, ...]
        ] = {}  # leaves that go into copies one by one, by the first of them

    def fold(self, group: Group, members: list[_Item]) -> _Folded:
        """Fold the members of a group, in which inner groups are folded already."""
        leaf = self.wiring.leaf
        inner = [m for m in members if isinstance(m, _Folded)]
        leaves = [m for m in members if not isinstance(m, _Folded) and leaf[m]]
        items = [m for m in members if isinstance(m, _Folded) or not leaf[m]] if leaves else members
        for item in inner:
            leaves += item.leaves
        if inner and group.kind != "recursion":  # whose levels stand in the order of their depth
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
        number = self.numbers.of((group.kind, where, group.times, group.closed, opened, *numbers))
        groups = [item.group for item in items if isinstance(item, _Folded)]
        first = (
            min(map(_oldest, items), default=0)
            if group.kind == "recursion"
            else _oldest(items[0])
            if items
            else 0
        )
        if not leaves and not groups:
            return _Folded(group, number, first)
        if (
            len(items) == 1
            and groups
            and groups[0].copies
            and groups[0].kind == REPEATED.get(group.kind)
            and not group.copies
        ):
            # the loop itself is what stands for its steps
            return _Folded(
                replace(group, members=groups[0].members, copies=groups[0].copies),
                number,
                first,
                tuple(leaves),
            )
        if (
            group.kind == "recursion"
            and not group.copies
            and not any(level.copies for level in groups)
        ):
            return _Folded(nested(self.graph, group, groups, leaves), number, first)
        found = [item.group if isinstance(item, _Folded) else item for item in items]
        if leaves or not _are(found, group.members):
            found = [*in_order([*self._fold_leaves(leaves), *found])]
        return _Folded(
            group if _are(found, group.members) else replace(group, members=tuple(found)),
            number,
            first,
        )

    def _fold_items(self, items: list[_Item], numbers: list[int], leaves: list[int]) -> list[_Item]:
        """Fold what repeats among the items of a group; leaves that only a first copy had are added to those of the group."""
        things = [item.group if isinstance(item, _Folded) else item for item in items]

        def related(start: int, period: int, times: int) -> list[Relation | None]:
            stretches = (
                things[n : n + period] for n in range(start, start + times * period, period)
            )
            relations = self.wiring.relations(self.wiring.copies(stretches))
            if period == 1 and not isinstance(
                things[start], Group
            ):  # a row of single nodes is no loop unless it is a chain
                return [
                    relation if relation and relation.carried else None for relation in relations
                ]
            return relations

        def least(start: int, period: int) -> int:
            return 2 if period == 1 and isinstance(things[start], Group) else FEWEST

        found: list[_Item] = []
        end = 0
        for repeat in find_repeats(numbers, related, lambda a, b: a.slots == b.slots, least):
            if not _are_different(repeat.relations):
                continue
            number = self.numbers.of(
                ("folded", repeat.times, *numbers[repeat.start : repeat.start + repeat.period])
            )
            found += [
                *items[end : repeat.start],
                self._folded_repeat(things, number, repeat, leaves),
            ]
            end = repeat.start + repeat.period * repeat.times
        return found + items[end:]

    def _folded_repeat(
        self, things: list[int | Group], number: int, repeat: Repeat[Relation], leaves: list[int]
    ) -> _Folded:
        """The group that stands for copies one after the other."""
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
        last = things[n + period * repeat.times - 1]
        model = _without(self._model(things[n : n + period], last), initial)
        return _Folded(replace(model, copies=tuple(copies)), number, copies[0][0])

    def _model(self, members: list[int | Group], last: int | Group) -> Group:
        """The group to show: the first copy itself, or a new one around what is in it."""
        first = members[0]
        name = ""
        if isinstance(first, Group) and isinstance(last, Group) and first.kind in PARTS:
            name = f"{first.name}-{last.name}"
        if isinstance(first, Group):
            if len(members) == 1:
                return replace(first, name=name or first.name)
            return Group(name, in_order(members), "repeat", first.file, first.line)
        columns = self.wiring.columns
        return Group(
            "", in_order(members), "repeat", columns.file[first - 1], columns.line[first - 1]
        )

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
                rows.append(
                    Group(
                        self._names(row), (leaf,), "leaves", copies=tuple((other,) for other in row)
                    )
                )
                for other in row:
                    del left[other]
        return [*left, *rows]

    def _names(self, row: tuple[int, ...]) -> str:
        first, last = (self.wiring.columns.name[leaf - 1] for leaf in (row[0], row[-1]))
        return f"{first} … {last}" if first != last else first


def _are(found: Sequence[int | Group], members: Sequence[int | Group]) -> bool:
    """Whether those are the very members."""
    return len(found) == len(members) and all(map(operator.is_, found, members))


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
    return rebuild(
        group,
        lambda group, members: replace(
            group, members=in_order([m for m in members if not _is_in(m, leaves)])
        ),
    )


def _is_in(member: int | Group, ids: set[int]) -> bool:
    return not isinstance(member, Group) and member in ids


def _check_open(graph: Graph, ids: set[int], names: set[str]) -> None:
    unknown = sorted(ids - set(graph.root.all_ids())) if ids else []
    if unknown:
        raise ValueError(f"no node {unknown[0]!r} to open: ids go from 1 to {len(graph.trace)}")
    there = {group.name for group in graph.root.inner() if group.name} if names else set()
    for name in sorted(names - there):
        close = difflib.get_close_matches(name, there, 5) or sorted(there)[:20]
        raise ValueError(
            f"no group {name!r} to open; there are: {', '.join(map(one_line, close)) or 'none'}"
        )
