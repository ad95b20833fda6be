"""Names of a program's variables: the user's where there are some, each for one value at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import heappop, heappush
from typing import Any

from autograd_tools.base.traced import Method
from autograd_tools.programs.steps.arithmetic import DIFFERENCES, SUMS
from autograd_tools.programs.steps.loop import CARRIED, ELEMENT, Loop
from autograd_tools.programs.steps.program import Call, Site, Variable
from autograd_tools.programs.writing.call_text import is_name
from autograd_tools.programs.writing.layout import Layout, Life, Statement
from autograd_tools.programs.writing.user_lines import UserLines

RESULTS = {
    "add": "total", "sub": "difference", "mul": "product", "truediv": "ratio", "pow": "power",
    "matmul": "product", "neg": "negative", "getitem": "item", "sum": "total",
    "multiply": "product", "subtract": "difference", "where": "chosen", "power": "power",
    "zeros": "total", "max": "largest", "min": "smallest", "abs": "magnitude", "round": "rounded",
    "all": "condition", "any": "condition",
}  # fmt: skip
MOST_SUMS = 20  # sums in each other whose name a part has
COUNTERS = ("t", "k", "i", "j", "m", "n", *[f"t_{n}" for n in range(2, 99)])


class Group:
    """Variables that share a name, because they are never needed at the same time."""

    def __init__(self, variable: Variable, life: Life) -> None:
        self.variables = [variable]
        self.lives = [(life.start, max(life.end, life.start + 0.5))]

    def overlaps(self, other: Group) -> bool:
        """Return whether some two of the variables are needed at the same time."""
        return any([a < d and c < b for a, b in self.lives for c, d in other.lives])

    def end(self) -> float:
        """Return where the last of them is needed."""
        return max([end for _, end in self.lives])

    def start(self) -> float:
        """Return where the first of them is set."""
        return min(self.lives)[0]


class _Name:
    """A name and its numbered forms `h`, `h_2`, `h_3`; these are no `others`, such as a user's."""

    def __init__(self, name: str, taken: set[str], others: set[str]) -> None:
        self.name = name
        self.taken = taken
        self._others = others
        self._groups: list[Group] = []  # that have the name itself
        self._busy: list[tuple[float, int]] = []  # until when a number is in use
        self._free: list[int] = []
        self._count = 1

    def take(self, group: Group) -> str:
        """Return the first form that is free where a group is needed; they come by their start."""
        if self.name not in self.taken and not any(map(group.overlaps, self._groups)):
            self._groups.append(group)
            return self.name
        while self._busy and self._busy[0][0] <= group.start():
            heappush(self._free, heappop(self._busy)[1])
        if self._free:
            number = heappop(self._free)
        else:
            number = self._count = self._next()
        heappush(self._busy, (group.end(), number))
        return f"{self.name}_{number}"

    def _next(self) -> int:
        number = self._count + 1
        while f"{self.name}_{number}" in self._others:
            number += 1
        return number


class Naming:
    """The name of each variable that has one.

    Attributes
    ----------
    names : dict
        By variable.
    counters : dict
        The variable that counts the turns of a loop.
    """

    def __init__(
        self,
        layout: Layout,
        lines: UserLines,
        wanted: dict[Variable, str],
        ends: set[Any],
        taken: Iterable[str],
    ) -> None:
        self.layout = layout
        self.lines = lines
        self.wanted = wanted  # by the arguments and the result
        self.ends = ends  # sites and functions of the calls whose results lines assign
        self._assigned: set[Variable] = set()
        self.taken = {*taken}
        self.names: dict[Variable, str] = {}
        self.counters: dict[Loop, str] = {}
        self._made: dict[Variable, Call] = {}
        self._readers: dict[Variable, list[Call]] = {}
        self._groups = {x: Group(x, life) for x, life in layout.lives.items()}
        self._tables = {*layout.tables.values()}
        self._stored = {  # what the elements of a sequence are
            stored.sequence: stored.variable
            for statement in _loops(layout.statements)
            for stored in statement.step.stored
        }
        for call in layout.inlined.values():
            self._made[call.output] = call
            for x in call.inputs():
                self._readers.setdefault(x, []).append(call)
        self._read(layout.statements)
        self._merge(layout.statements)
        self._count(layout.statements, ())
        self._name_groups()

    def shares(self, x: Any, y: Any) -> bool:
        """Return whether two values have one name, so that no assignment is needed."""
        return (
            type(x) is type(y) is Variable
            and x in self._groups
            and self._groups[x] is self._groups.get(y)
        )

    def _read(self, statements: list[Statement]) -> None:
        """Note what makes and what reads each variable."""
        last: dict[Site, Call] = {}
        for statement in statements:
            step = statement.step
            if isinstance(step, Loop):
                self._read(statement.inner)
            elif isinstance(step, Call):
                self._made.update(dict.fromkeys(step.outputs(), step))
                if step.site in last:
                    self._assigned.difference_update(last[step.site].outputs())
                if (step.site, step.func) in self.ends:
                    last[step.site] = step
                    self._assigned.update(step.outputs())
                for x in step.inputs():
                    self._readers.setdefault(x, []).append(step)

    def _merge(self, statements: list[Statement]) -> None:
        """Let what a loop carries have one name, before it, in each turn and after it."""
        for statement in statements:
            if not isinstance(statement.step, Loop):
                continue
            carried = [entry for entry in statement.step.entries if entry.kind == CARRIED]
            for entry in carried:
                if not self._join(entry.variable, entry.next):  # it is set at the end of each turn
                    own = self._groups[entry.variable]
                    own.lives.append((statement.end, statement.end + 0.5))
            for entry in carried:
                self._join(entry.variable, entry.values[0])
            self._merge(statement.inner)

    def _join(self, x: Variable, y: Any) -> bool:
        own, other = self._groups[x], self._groups.get(y) if type(y) is Variable else None
        if other is None or (own is not other and own.overlaps(other)):
            return False
        if other.start() == 0 and self._wish_of(own) != self._wish_of(other):
            return False  # an argument keeps its name
        if own is not other:
            own.variables += other.variables
            own.lives += other.lives
            for one in other.variables:
                self._groups[one] = own
        return True

    def _count(self, statements: list[Statement], around: tuple[str, ...]) -> None:
        """Name the counters of loops as the user's loops do."""
        arguments = [x for x, life in self.layout.lives.items() if life.start == 0]
        taken = {*self.taken, *[self.wanted[x] for x in arguments if x in self.wanted]}
        for statement in statements:
            if isinstance(statement.step, Loop):
                site = _site_of(statement)
                users = self.lines.counters(site)
                depth = len(around)
                name = users[depth] if depth < len(users) else ""
                if name in ("", "_", *around, *taken):
                    name = next(one for one in COUNTERS if one not in {*around, *taken})
                self.counters[statement.step] = name
                self._count(statement.inner, (*around, name))
        if not around:
            self.taken.update(self.counters.values())

    def _name_groups(self) -> None:
        groups = list({id(group): group for group in self._groups.values()}.values())
        wishes = [self._wish_of(group) or "value" for group in groups]
        names = {name: _Name(name, self.taken, {*self.taken, *wishes}) for name in wishes}
        for group, wished in sorted(zip(groups, wishes, strict=True), key=lambda x: x[0].start()):
            self.names.update(dict.fromkeys(group.variables, names[wished].take(group)))

    def _wish_of(self, group: Group) -> str:
        """Return the name that variables should have: one of the user's, if there is one."""
        own = filter(None, map(self._own_wish, group.variables))
        return next(own, "") or next(filter(None, map(self._wish, group.variables)), "")

    def _own_wish(self, x: Variable) -> str:
        """Return the user's name for a variable, or for what it becomes a part of."""
        for _ in range(MOST_SUMS if x not in self._stored and x not in self._tables else 0):
            if x in self.wanted or x.called:
                return self.wanted.get(x) or x.called
            readers = self._readers.get(x, ())
            call = readers[0] if len(readers) == 1 else None
            is_part = call is not None and (_adds(call) or _converts(call))
            if call is None or not is_part or not self._is_gradient(x):
                break
            x = call.output
        return ""

    def _is_gradient(self, x: Variable) -> bool:
        return x not in self._made or self._made[x].site.gradients > 0

    def _wish(self, x: Variable) -> str:
        """Return the name that a variable should have; an empty string for any."""
        if x in self._stored:
            name = self._wish(self._stored[x]) or "value"
            return f"all_{name}" if self._stored[x].type is list else _plural(name)
        if x in self._tables:
            return "values"
        own = self._own_wish(x)
        if own:
            return own
        entry, _ = self.layout.entries.get(x, (None, None))
        if entry is not None and entry.kind == ELEMENT:
            sequence = self._stored.get(entry.values[0])
            return "" if sequence is None else self._wish(sequence)
        call = self._made.get(x)
        if call is None:
            return ""
        return self._of_gradient(x, call) if call.site.gradients else self._of_value(x, call)

    def _of_value(self, x: Variable, call: Call) -> str:
        target = self.lines.target(call.site)
        if target and x in self._assigned:
            return target
        name = getattr(call.func, "__name__", "") or getattr(call.func, "name", "")
        name = RESULTS.get(name, name)
        if target:
            return f"{target}_part"
        return name if is_name(name) else "value"

    def _of_gradient(self, x: Variable, call: Call) -> str:
        """Return `d_` and the variable of the line that a gradient goes to."""
        site = call.site
        readers = self._readers.get(x, ())
        if len(readers) == 1 and _adds(readers[0]) and readers[0].site != site:
            return self._wish(readers[0].output)  # other parts of the same gradient
        lines = [
            reader.site
            for reader in readers
            if reader.site.gradients and reader.site[:2] != site[:2]
        ]
        target = self.lines.target(lines[0]) if lines else ""
        prefix = "d" * site.gradients
        if target:
            return f"{prefix}_{target}"
        target = self.lines.target(site)
        return f"{prefix}_{target}_part" if target else prefix


def _adds(call: Call) -> bool:
    """Return whether a call of a backward pass adds parts of a gradient."""
    is_sum = call.func in SUMS | DIFFERENCES and type(call.output) is Variable
    return is_sum and bool(call.site.gradients)


def _converts(call: Call) -> bool:
    """Return whether a call makes a number of Python's."""
    return bool(call.func == Method("item"))


def _loops(statements: Iterable[Statement]) -> Iterator[Statement]:
    for statement in statements:
        if isinstance(statement.step, Loop):
            yield statement
            yield from _loops(statement.inner)


def _site_of(statement: Statement) -> Site:
    while isinstance(statement.step, Loop):
        if not statement.inner:
            return Site("", 0, "")
        statement = statement.inner[0]
    site: Site = statement.step.site
    return site


def _plural(name: str) -> str:
    return f"{name}s" if is_name(f"{name}s") and name[-1] != "s" else f"all_{name}"
