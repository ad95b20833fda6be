"""The lines of a program's function: statements, loops, checks and what it returns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from autograd_tools.programs.steps.loop import CARRIED, COUNTER, EACH, ELEMENT, Entry, Loop
from autograd_tools.programs.steps.program import NOWHERE, Call, Check, Program, Site, Variable
from autograd_tools.programs.steps.simplify import is_pure
from autograd_tools.programs.writing.affine import Counting, counting
from autograd_tools.programs.writing.arguments import (
    Argument,
    constants_in,
    places_of_classes,
    quoted,
)
from autograd_tools.programs.writing.assignments import (
    assignments,
    mentions,
    with_empty_lists_joined,
)
from autograd_tools.programs.writing.call_text import (
    ATOM,
    COMPARISON,
    PRODUCT,
    SUM,
    TEST,
    Expression,
    Writing,
    array_text,
)
from autograd_tools.programs.writing.function_names import take_names
from autograd_tools.programs.writing.guard import given_inputs, guard, lengths_in
from autograd_tools.programs.writing.layout import Layout, Statement
from autograd_tools.programs.writing.listed import listed_entries
from autograd_tools.programs.writing.named_constants import named_constants
from autograd_tools.programs.writing.naming import Naming
from autograd_tools.programs.writing.results import returned
from autograd_tools.programs.writing.user_lines import UserLines
from autograd_tools.programs.writing.wrapping import INDENT, wrapped

LONGEST_COMMENT = 92  # characters
MARK = "#@ "
MOST_UNPACKED = 16  # items of arguments that get names of their own


class Body:
    """The statements of a function."""

    def __init__(
        self,
        program: Program,
        arguments: list[Argument],
        written: list[Argument],
        wanted: dict[Variable, str],
        ends: set[Any],
        taken: set[str],
        constant: Callable[[Any], str],
    ) -> None:
        self.program = program
        self.arguments = arguments
        self.written = written
        self.taken = taken
        self.user = UserLines()
        self.writing = Writing(self._name, constant)
        self.places = {
            x: (place, own) for a in (*arguments, *written) for x, place, own in a.leaves
        }
        self.listed = listed_entries(program.steps, self.places)
        self.layout = Layout(program, self.listed)
        self.writing.parts = self.layout.inlined
        self.unpacked = self._unpacked(arguments)
        for x, (place, own) in self.places.items():
            if place == own or x in self.unpacked:
                wanted.setdefault(x, own)
            else:
                del self.layout.lives[x]
        take_names(program.steps, taken, constant)
        self.writing.named, self.named = named_constants(program, taken)
        whole = {a.name for a in arguments if not (len(a.leaves) == 1 and a.leaves[0][1] == a.name)}
        plain = {a.name for a in (*arguments, *written)}
        outer = (taken - plain) | whole | {line.partition(" ")[0] for line in self.named}
        self.naming = Naming(self.layout, self.user, wanted, ends, outer)
        self.is_marked = False  # a line before each part says where it comes from
        self.counting: dict[Loop, Counting] = {}
        self._within: list[Loop] = []

    def lines(self, constants: list[Argument]) -> Iterator[str]:
        """Return the lines, indented; `constants` gets the arguments that they add."""
        first = [f"{self.naming.names[x]} = {self.places[x][0]}" for x in self.unpacked]
        first += [f"{x.name} = {array_text(x.value)}" for x in self.written]
        found = self._block(self.layout.statements)
        found += self._mark(NOWHERE)
        found.append(returned(self.program, self._text, places_of_classes(self.arguments)))
        given = given_inputs([*self.arguments, *constants], self.naming.names)
        names = {*self.taken, *[self.naming.names[x] for x in self.unpacked]}
        names.update([line.partition(" ")[0] for line in self.named])
        fixed = [pair for x in self.arguments for pair in constants_in(x)]
        sizes = lengths_in(self.arguments)
        lines = [*first, *guard(given, sizes, fixed, names), *self.named, *found]
        return iter([part for line in lines for part in wrapped(INDENT + line)])

    def _unpacked(self, arguments: list[Argument]) -> list[Variable]:
        """Return the items of arguments that get a name at the start."""
        items = [x for a in arguments for x, place, own in a.leaves if place != own]
        used = [x for x in items if self.layout.uses[x] - self._listed_uses(x) > 0]
        return used if len(used) <= MOST_UNPACKED else []

    def _each_with(self, x: Variable) -> list[Entry]:
        return [e for e, _ in self.layout.entries.values() if e.kind == EACH and x in e.values]

    def _listed_uses(self, x: Variable) -> int:
        return 2 * sum([e.values.count(x) for e in self._each_with(x) if e.variable in self.listed])

    def _block(self, statements: list[Statement]) -> list[str]:
        """Return the lines of statements, with the user's lines as comments."""
        found: list[str] = []
        section: Any = None
        i = 0
        while i < len(statements):
            step = statements[i].step
            if isinstance(step, Loop):
                found += self._loop(statements[i])
                section = None
                i += 1
                continue
            end = i
            lines: list[list[str]] = []
            site = _site(statements[i])
            while end < len(statements) and _site(statements[end]) == site:
                checks = _checks(statements[end:], statements[end].step.site)
                lines.append(
                    self._check(checks) if checks else self._statement(statements[end].step)
                )
                end += len(checks) or 1
            i = end
            here = site._replace(function="")
            if here == NOWHERE:
                here = section
            elif here != section:
                found += self._comment(site, [first for first, *_ in lines])
            section = here
            found += [line for one in lines for line in one]
        return found

    def _mark(self, site: Site) -> list[str]:
        return [f"{MARK}{site.gradients} {site.line} {site.file}"] if self.is_marked else []

    def _comment(self, site: Site, lines: list[str]) -> list[str]:
        if self.is_marked:
            return self._mark(site)
        text = self.user.text(site)
        if not text:
            return []
        if site.gradients:
            return [_cut(f"# gradient of line {site.line}: {text}")]
        own = [line.replace(" ", "") for line in lines]
        users = text.replace(" ", "").removeprefix("return")
        for x in self.unpacked:
            users = users.replace(self.places[x][0], self.naming.names[x])
        same = len(own) == 1 and (own[0] == users or own[0].partition("=")[2] == users)
        return [] if same else [_cut(f"# line {site.line}: {text}")]

    def _statement(self, step: Any) -> list[str]:
        if step.output is None:
            return [self.writing.statement(step)]
        target = self._target(step.output)
        if target.strip("(_,) ") == "":
            return [self.writing.call(step).text]
        alone = self._stored_alone(step)
        if alone:
            return [f"{self.naming.names[alone]}.append({self.writing.call(step).text})"]
        lines = [f"{target} = {self.writing.call(step).text}"]
        if step.checks_shape and not _is_elementwise(step):
            for x in step.outputs():
                name = self.naming.names.get(x)
                expected = f"expected shape {x.shape}"
                if name and x.is_array:
                    lines += [
                        f"if {name}.shape != {x.shape}:",
                        f"{INDENT}raise ValueError({quoted(f'{expected} at {_at(step.site)}')})",
                    ]
        return [*lines, *self._appended(step)]

    def _target(self, output: Any, *, inner: bool = False) -> str:
        if type(output) is Variable:
            return self.naming.names.get(output, "_")
        if isinstance(output, (tuple, list)):
            text = ", ".join([self._target(x, inner=True) for x in output])
            return f"({text},)" if len(output) == 1 else f"({text})" if inner else text
        return "_"

    def _stored_alone(self, call: Call) -> Variable | None:
        """Return the sequence of a value that nobody else reads."""
        for loop in self._within[-1:]:
            for stored in loop.stored:
                if stored.variable is call.output and self.layout.uses[call.output] == 2:
                    return None if call.checks_shape else stored.sequence
        return None

    def _appended(self, call: Call) -> list[str]:
        """Return the lines that store what a call made for a later loop."""
        made = {*call.outputs()}
        return [
            f"{self.naming.names[stored.sequence]}.append({self._text(stored.variable)})"
            for loop in self._within[-1:]
            for stored in loop.stored
            if stored.variable in made
        ]

    def _check(self, checks: list[Check]) -> list[str]:
        """Return the lines of checks of one place."""
        site = checks[0].site
        tests = [self._test(check) for check in checks]
        test = tests[0].text if len(tests) == 1 else " or ".join([t.within(TEST) for t in tests])
        if site.gradients:
            problem = f"{site.rule} at {_at(site)} has another gradient for these: a tie or NaN?"
        else:
            problem = f"written for the branch taken at {_at(site)}"
        return [f"if {test}:", f"{INDENT}raise ValueError({quoted(problem)})"]

    def _test(self, check: Check) -> Expression:
        """Return what is true where a check gives something else."""
        x, expected = self.writing.text(check.variable), check.expected
        if check.convert is bool:
            return Expression(f"not {x.within(TEST)}", TEST) if expected else x
        name = getattr(check.convert, "__name__", "").replace("index", "int")
        if name == "float" or (name == "int" and check.variable.type is int):
            found = x.within(SUM)
        else:
            found = f"{name or self.writing.function(check.convert)}({x.text})"
        return Expression(f"{found} != {self._text(expected)}", COMPARISON)

    def _loop(self, statement: Statement) -> list[str]:
        loop: Loop = statement.step
        names = self.naming.names
        before = self._before(loop)
        self._within.append(loop)
        self.counting[loop] = self._counter(loop)
        own = {x for step in statement.inner for x in _outputs(step)}
        start = [
            f"{names[entry.variable]} = {self._element(entry, loop).text}"
            for entry in loop.entries
            if self.layout.is_named_element(entry)
        ]
        start += [
            f"{names[stored.sequence]}.append({self._text(stored.variable)})"
            for stored in loop.stored
            if stored.variable not in own and stored.variable not in _all_outputs(statement)
        ]
        inner = [*start, *self._block(statement.inner)]
        inner += [
            f"{names[stored.sequence]}.append({self._text(stored.variable)})"
            for stored in loop.stored
            if stored.variable not in own and stored.variable in _all_outputs(statement)
        ]
        inner += self._carried(loop)
        counter = self.counting[loop]
        uses = any([mentions(line, counter.name) for line in inner])
        name = counter.name if uses else "_"
        header = f"for {name} in {counter.header(loop.count) if uses else f'range({loop.count})'}:"
        self._within.pop()
        return [*self._mark(NOWHERE), *before, header, *[INDENT + line for line in inner]]

    def _before(self, loop: Loop) -> list[str]:
        """Return the lines that set what a loop starts from."""
        names = self.naming.names
        first: list[str] = []
        last: list[str] = []
        for entry in loop.entries:
            if entry.variable in self.layout.new_tables:
                items = [self._text(value) for value in entry.values]
                table = names[self.layout.new_tables[entry.variable]]
                first.append(f"{table} = [{', '.join(items)}]")
        carried = [entry for entry in loop.entries if entry.kind == CARRIED]
        for stored in loop.stored:
            starts = {  # constants that are carried as well
                id(entry.values[0]): names[entry.variable]
                for entry in carried
                if entry.next is stored.variable
            }
            if any([type(x) is Variable for x in stored.before]):  # they may lose their names
                starts = {}
            items = [starts.get(id(x)) or self._text(x) for x in stored.before]
            line = f"{names[stored.sequence]} = [{', '.join(items)}]"
            (last if any([id(x) in starts for x in stored.before]) else first).append(line)
        pairs = [
            (names[entry.variable], self._text(entry.values[0]))
            for entry in carried
            if not self.naming.shares(entry.variable, entry.values[0])
        ]
        return [*with_empty_lists_joined(first), *assignments(pairs), *last]

    def _carried(self, loop: Loop) -> list[str]:
        """Return the line that hands values on to the next turn under other names."""
        pairs = [
            (self.naming.names[entry.variable], self._text(entry.next))
            for entry in loop.entries
            if entry.kind == CARRIED and not self.naming.shares(entry.variable, entry.next)
        ]
        return assignments(pairs)

    def _counter(self, loop: Loop) -> Counting:
        """Return how the turns of a loop are counted: as most of its indices do."""
        numbers = []
        for entry in loop.entries:
            if entry.kind == COUNTER and type(entry.values[0]) is int:
                numbers += [(entry.step, entry.values[0])] * 3
            elif entry.kind == ELEMENT:
                numbers += [(entry.step, entry.start)] * 2
            elif entry.variable in self.listed:
                numbers += [self.listed[entry.variable][1:]] * 2
            elif entry.kind == EACH:
                numbers.append(self._table_order(entry))
        return counting(self.naming.counters[loop], numbers)

    def _name(self, x: Variable) -> Expression:
        """Return the text of a variable."""
        if x in self.layout.inlined:
            return self.writing.call(self.layout.inlined[x])
        if x in self.naming.names:
            return Expression(self.naming.names[x])
        if x in self.layout.entries:
            return self._element(*self.layout.entries[x])
        if x in self.places:
            return Expression(self.places[x][0])
        raise AssertionError(f"{x} has no name")

    def _element(self, entry: Entry, loop: Loop) -> Expression:
        """Return the text of an entry of a loop in its body."""
        counter = self.counting[loop]
        if entry.kind == ELEMENT:
            index = counter.text(entry.step, entry.start)
            return Expression(f"{self._name(entry.values[0]).within(ATOM)}[{index}]")
        if entry.kind == EACH:
            if entry.variable in self.listed:
                place, step, start = self.listed[entry.variable]
                return Expression(f"{place}[{counter.text(step, start)}]")
            table = self.naming.names[self.layout.tables[entry.variable]]
            step, start = self._table_order(entry)
            return Expression(f"{table}[{counter.text(step, start)}]")
        start = entry.values[0]
        if type(start) is int:
            text = counter.text(entry.step, start)
            return Expression(text, ATOM if text.isidentifier() else SUM)
        turn = Expression(counter.text(entry.step, 0), SUM)
        return Expression(f"{self.writing.text(start).text} + {turn.within(PRODUCT)}", SUM)

    def _table_order(self, entry: Entry) -> tuple[int, int]:
        """Return the step and the start of the values of an entry in their table."""
        is_reversed = self.layout.reversed_tables.get(entry.variable, False)
        return (-1, len(entry.values) - 1) if is_reversed else (1, 0)

    def _text(self, x: Any) -> str:
        return self.writing.text(x).text


def _cut(comment: str) -> str:
    return comment if len(comment) <= LONGEST_COMMENT else f"{comment[: LONGEST_COMMENT - 4]} ..."


def _is_elementwise(call: Call) -> bool:
    """Return whether a function of the user's gives arrays of the shape that it takes."""
    shapes = [x.shape for x in call.outputs()]
    return not is_pure(call.func) and shapes == [x.shape for x in call.inputs()][:1]


def _checks(statements: list[Statement], site: Site) -> list[Check]:
    """Return the checks of a place at the start."""
    found: list[Check] = []
    for statement in statements:
        if not isinstance(statement.step, Check) or statement.step.site != site:
            break
        found.append(statement.step)
    return found


def _site(statement: Statement) -> Any:
    step = statement.step
    return None if isinstance(step, Loop) else step.site._replace(rule="")


def _outputs(statement: Statement) -> Iterator[Variable]:
    if not isinstance(statement.step, Loop):
        yield from statement.step.outputs()


def _all_outputs(statement: Statement) -> set[Variable]:
    return {*statement.step.outputs()}


def _at(site: Site) -> str:
    return f"{Path(site.file).name}:{site.line}"
