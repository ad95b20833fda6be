"""The layout of a program as text: which calls are parts of others, and from where to where each
value is needed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from autograd_tools.base.containers import tree_leaves
from autograd_tools.programs.rolling.renaming import key_of
from autograd_tools.programs.steps.arithmetic import DIFFERENCES, PRODUCTS, SUMS, WITH_SIGNS
from autograd_tools.programs.steps.loop import CARRIED, COUNTER, EACH, ELEMENT, Entry, Loop, like
from autograd_tools.programs.steps.program import (
    NOWHERE,
    Call,
    Check,
    Program,
    Variable,
    variables_in,
)
from autograd_tools.programs.steps.simplify import is_pure
from autograd_tools.programs.writing.views import is_view

MOST_MULTIPLES = 3  # places where a multiple of a number is written out
MOST_PARTS = 8  # calls in one expression
MOST_CHARACTERS = 76  # characters of an expression, about
USUAL_NAME = 8  # characters
OFTEN = 3  # uses of an element of a sequence that gets a name


@dataclass(eq=False)
class Statement:
    """A step that is a statement, or a loop with the statements in it; `start` counts up."""

    step: Any
    start: int
    end: int = 0
    inner: list[Statement] = field(default_factory=list)


@dataclass(eq=False)
class Life:
    """Where a variable is set, and where it is needed for the last time."""

    start: int
    around: tuple[Statement, ...]  # the loops
    end: int


class Layout:
    """The statements of a program with loops.

    Attributes
    ----------
    statements : list of Statement
    inlined : dict
        The calls that are parts of other expressions, by their output.
    entries : dict
        The entry that a variable of a loop's body is, with its loop.
    tables : dict
        Variables for the values of an EACH entry.
    lives : dict
        The life of each variable that has a name.
    """

    def __init__(self, program: Program, listed: dict[Variable, Any]) -> None:
        self.inlined: dict[Variable, Call] = {}
        self.entries: dict[Variable, tuple[Entry, Loop]] = {}
        self.tables: dict[Variable, Variable] = {}
        self.new_tables: dict[Variable, Variable] = {}
        self.reversed_tables: dict[Variable, bool] = {}
        self._shared: dict[Any, Variable] = {}
        self.lives: dict[Variable, Life] = {}
        self.listed = listed  # entries that are the items of an argument
        self.uses: Counter[Variable] = Counter()
        self._elsewhere: set[Variable] = set()  # used outside of the body they are made in
        results = tree_leaves([program.result, *[x for _, x in program.assigned]])
        self._homes: dict[Variable, tuple[Any, ...]] = {}
        self._count(program.steps)
        turned = {x for step in program.steps if _is_list_view(step) for x in step.outputs()}
        for x in results:
            if type(x) is Variable and x not in turned:
                self.uses[x] += 2  # so that it has a name
                self._elsewhere.add(x)
        self._inline(program.steps)
        self._inline_result(program)
        self._position = 0
        self._ends: list[tuple[Life, Statement | None, int]] = []
        for x in program.inputs:
            self.lives[x] = Life(0, (), 0)
        self.statements = self._laid_out(program.steps, ())
        self._position += 1
        for x in results:
            if type(x) is Variable:
                self._use(x, ())
        for life, loop, position in self._ends:
            life.end = max(life.end, position if loop is None else loop.end)

    def _count(self, steps: Sequence[Any], around: tuple[Any, ...] = ()) -> None:
        """Count the uses of each variable; those by anything but a call of its body count twice."""
        for step in steps:
            if not isinstance(step, Loop):
                for x in step.inputs():
                    self.uses[x] += 1
                    home = self._homes.get(x, ())
                    if home != around[: len(home)]:
                        self._elsewhere.add(x)
                self._homes.update(dict.fromkeys(step.outputs(), around))
                continue
            for entry in step.entries:
                self.entries[entry.variable] = entry, step
                self._use_twice(variables_in((entry.values, entry.next)))
            for stored in step.stored:
                self._use_twice(variables_in((stored.variable, stored.before)))
            self._count(step.body, (*around, step))

    def _use_twice(self, found: Iterable[Variable]) -> None:
        for x in found:
            self.uses[x] += 2
            self._elsewhere.add(x)

    def _inline(self, steps: Sequence[Any]) -> None:
        """Choose the calls that are parts of the expression that uses them."""
        user: dict[Variable, int] = {}
        for i, step in enumerate(steps):
            if isinstance(step, Loop):
                self._inline(step.body)
            else:
                user.update(dict.fromkeys(step.inputs(), i))
        writes = [i for i, step in enumerate(steps) if _writes(step)]
        at = list(range(len(steps)))  # where each call is evaluated
        for i in reversed(range(len(steps))):
            call = steps[i]
            if not _may_be_part(call):
                continue
            x = call.output
            if x in self._elsewhere:
                continue
            few = self.uses[x] <= MOST_MULTIPLES and not writes
            if _is_fixed_view(call) or (few and _is_multiple(call)):
                self.inlined[x] = call
            elif self.uses[x] == 1 and x in user:
                j = user[x]
                near = _may_go_into(call, steps[j])
                later = any([i < k < at[j] for k in writes])
                if near and not later and self._is_shown_once(steps[j], user, steps):
                    self.inlined[x] = call
                    at[i] = at[j]
        self._limit(steps)

    def _is_shown_once(self, step: Any, user: dict[Variable, int], steps: Sequence[Any]) -> bool:
        """Return whether a step is a statement, or part of one place; views may be of more."""
        while isinstance(step, Call) and self._is_inlined(step.output):
            x = step.output
            if self.uses[x] != 1 or x not in user:
                return False
            step = steps[user[x]]
        return True

    def _inline_result(self, program: Program) -> None:
        """Let the function return the expression of its last line, if that is all it returns."""
        x, last = program.result, program.steps[-1] if program.steps else None
        if (
            type(x) is Variable
            and isinstance(last, Call)
            and _may_be_part(last)
            and last.output is x
            and not last.site.gradients
            and self.uses[x] == 2
            and not program.assigned
        ):
            self.inlined[x] = last

    def _limit(self, steps: Sequence[Any]) -> None:
        """Take the largest parts out of expressions that have too many, or are too wide."""
        sizes: dict[Variable, int] = {}
        widths: dict[Variable, int] = {}
        for step in steps:
            if isinstance(step, Loop):
                continue
            parts = [x for x in step.inputs() if x in self.inlined]
            total = sum([sizes.get(x, 0) for x in parts])
            width = _own_width(step) + sum([widths.get(x) or _name_width(x) for x in step.inputs()])
            for x in sorted(parts, key=lambda x: -widths.get(x, 0)):
                if total <= MOST_PARTS and width <= MOST_CHARACTERS:
                    break
                if not is_view(self.inlined[x]):
                    total -= sizes.get(x, 0)
                    width -= widths.get(x, 0) - _name_width(x)
                    del self.inlined[x]
            if isinstance(step, Call) and type(step.output) is Variable:
                sizes[step.output] = total if is_view(step) else total + 1
                widths[step.output] = width if step.output in self.inlined else 0

    def _laid_out(self, steps: Sequence[Any], around: tuple[Statement, ...]) -> list[Statement]:
        """Return the statements, and note the lives of variables."""
        found: list[Statement] = []
        for step in steps:
            if isinstance(step, Call) and self._is_inlined(step.output):
                continue
            self._position += 1
            statement = Statement(step, self._position)
            found.append(statement)
            if isinstance(step, Loop):
                self._lay_out_loop(statement, step, around)
                continue
            for x in step.inputs():
                self._use(x, around)
            for x in step.outputs():
                self.lives[x] = Life(self._position, around, self._position)
        return found

    def _is_inlined(self, output: Any) -> bool:
        return type(output) is Variable and output in self.inlined

    def _lay_out_loop(
        self, statement: Statement, loop: Loop, around: tuple[Statement, ...]
    ) -> None:
        inside = (*around, statement)
        self._enter(loop, around, inside)
        self._position += 1
        statement.inner = self._laid_out(loop.body, inside)
        self._position += 1
        statement.end = self._position
        for entry in loop.entries:
            if entry.next is not None:
                self._use(entry.next, inside)
        for stored in loop.stored:
            self._use(stored.variable, inside)
            self.lives[stored.sequence].end = self._position

    def _enter(
        self, loop: Loop, around: tuple[Statement, ...], inside: tuple[Statement, ...]
    ) -> None:
        """Note what a loop reads and sets before its first turn."""
        start = self._position
        for entry in loop.entries:
            for x in variables_in(entry.values):
                self._use(x, inside if entry.kind in (COUNTER, ELEMENT) else around)
            if entry.kind == CARRIED or self.is_named_element(entry):
                self.lives[entry.variable] = Life(start, inside, start)
            if entry.kind == EACH and entry.variable not in self.listed:
                self._tabulate(entry, start, around)
        for stored in loop.stored:
            for x in variables_in(stored.before):
                self._use(x, around)
            self.lives[stored.sequence] = Life(start - 1, around, start)

    def _tabulate(self, entry: Entry, start: int, around: tuple[Statement, ...]) -> None:
        """Give the values of an entry a variable, which equal constants share in either order."""
        key = key_of(entry.values)
        if not any([type(x) is Variable for x in entry.values]):
            for known, step in ((key, 1), (key_of(entry.values[::-1]), -1)):
                if known in self._shared:
                    self.tables[entry.variable] = self._shared[known]
                    self.reversed_tables[entry.variable] = step < 0
                    self._use(self._shared[known], around)
                    return
        table = like(entry.variable)
        self.tables[entry.variable] = self._shared[key] = table
        self.new_tables[entry.variable] = table
        self.lives[table] = Life(start - 1, around, start)  # set before what is carried

    def is_named_element(self, entry: Entry) -> bool:
        """Return whether an element of a sequence gets a name in the body."""
        return entry.kind == ELEMENT and self.uses[entry.variable] >= OFTEN

    def _use(self, x: Any, around: tuple[Statement, ...]) -> None:
        """Note that a variable is used here."""
        if type(x) is not Variable:
            return
        for name in self._names_in(x):
            life = self.lives.get(name)
            if life is not None:
                entered = around[len(_common(life.around, around)) :]
                # The end of the loop that it is used in is known later.
                self._ends.append((life, entered[0] if entered else None, self._position))

    def _names_in(self, x: Variable) -> Iterator[Variable]:
        """Yield the variables with names that the text of a variable shows."""
        if x in self.inlined:
            for part in self.inlined[x].inputs():
                yield from self._names_in(part)
        elif x in self.entries and x not in self.lives:
            entry, _ = self.entries[x]
            yield from self._names_in(self.tables.get(x, x)) if x in self.tables else ()
            if entry.kind in (ELEMENT, COUNTER) or x in self.listed:
                for value in variables_in(entry.values):
                    yield from self._names_in(value)
        else:
            yield x


def _common(a: tuple[Any, ...], b: tuple[Any, ...]) -> tuple[Any, ...]:
    for i, (x, y) in enumerate(zip(a, b, strict=False)):
        if x is not y:
            return a[:i]
    return a[: len(b)]


def _is_fixed_view(call: Any) -> bool:
    """Return whether a call is a view of what nobody writes into, such as a constant."""
    return is_view(call) and not getattr(getattr(call.args[0], "root", None), "written", False)


def _is_list_view(step: Any) -> bool:
    """Return whether a call reads from a list, which takes no name."""
    return isinstance(step, Call) and is_view(step) and step.args[0].type is list


def _may_go_into(call: Call, reader: Any) -> bool:
    """Return whether a call may be a part of the expression that reads it: that of its line, or of
    another line where its value has no name of the user's or is a part of a sum.
    """
    if call.site == reader.site or NOWHERE in (call.site, reader.site) or isinstance(reader, Check):
        return True
    if not call.output.called:
        return True
    return bool(call.site.gradients) and call.func in SUMS and reader.func in SUMS | DIFFERENCES


def _is_multiple(call: Call) -> bool:
    """Return whether a call makes a multiple of a number, which has no name of the user's."""
    x = call.output
    is_number = call.func in PRODUCTS and not x.called and not x.shape
    return is_number and type(call.args[0]) in (int, float) and type(call.args[1]) is Variable


def _own_width(step: Any) -> int:
    """Return how many characters a call adds to those of its arguments, about."""
    if not isinstance(step, Call):
        return 0
    if step.func in WITH_SIGNS or is_view(step):
        return 3
    return len(getattr(step.func, "__name__", "")) + 5


def _name_width(x: Variable) -> int:
    """Return how long the name of a variable is, about."""
    return len(x.called or x.name) or USUAL_NAME


def _writes(step: Any) -> bool:
    if isinstance(step, Loop):
        return any(map(_writes, step.body))
    return isinstance(step, Call) and bool(step.writes or not is_pure(step.func))


def _may_be_part(step: Any) -> bool:
    return (
        isinstance(step, Call)
        and type(step.output) is Variable
        and not step.writes
        and not step.checks_shape
        and is_pure(step.func)
    )
