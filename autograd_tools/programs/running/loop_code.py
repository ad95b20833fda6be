"""The text of a loop: its sequences are lists, and each iteration takes their next element."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from autograd_tools.programs.steps.loop import CARRIED, COUNTER, ELEMENT, SAME, Entry, Loop
from autograd_tools.programs.steps.program import Call, Check, Variable


class Writer(Protocol):
    """The writer of the steps around and in a loop."""

    outcomes: list[Any]
    turn: str

    def define(self, x: Variable) -> str:
        """Give a variable a name."""

    def turns(self, x: Variable) -> str:
        """Return the text of the arrays that turns write a variable into; empty if none are."""

    def joined(self, loop: Loop) -> list[Call]:
        """Return the calls of a loop that run once for all turns."""

    def joined_line(self, call: Call, loop: Loop) -> str:
        """Return the line of such a call."""

    def name(self, x: Variable, name: str) -> None:
        """Give a variable a name that others have, too."""

    def release(self, x: Variable) -> None:
        """Let others have the name of a variable."""

    def held(self, x: Any, like: Variable) -> str:
        """Return the text of a value in the form in which a variable is held."""

    def step_lines(self, step: Any) -> Iterator[str]:
        """Yield the lines of a step."""


def can_run(steps: Any, depth: int = 0) -> bool:
    """Return whether the loops among these steps can be written: checks in one loop at most."""
    for step in steps:
        if isinstance(step, Loop):
            if not can_run(step.body, depth + 1):
                return False
        elif isinstance(step, Check):
            if depth > 1:
                return False
        elif depth and step.checks_shape:
            return False
    return True


def loop_lines(loop: Loop, writer: Writer) -> Iterator[str]:
    """Yield the lines of a loop."""
    made = [*[x.variable for x in loop.stored], *[y for s in loop.body for y in s.outputs()]]
    joined = writer.joined(loop)
    body = [step for step in loop.body if step not in joined]
    read = {x for step in body for x in (*step.inputs(), *step.outputs())}
    arrays = {x: turns for x in made if (turns := writer.turns(x)) and x in read}
    yield from _sequences(loop, arrays, writer)
    yield from [writer.joined_line(call, loop) for call in joined]
    entries = [x for x in loop.entries if x.variable in read or x.kind in (SAME, CARRIED)]
    found = _iterated(entries, loop.count, writer) + [
        (writer.define(x), turns) for x, turns in arrays.items()
    ]
    carried = [entry for entry in loop.entries if entry.kind == CARRIED]
    for entry in carried:
        start = writer.held(entry.values[0], entry.variable)
        yield f"{writer.define(entry.variable)} = {start}"
    checks, lines = _body(body, loop.count, writer)
    if checks or all([source.startswith("cycle") for _, source in found]):
        found.append(("i", f"range({loop.count})"))
    names, iterables = zip(*found, strict=True)
    each = iterables[0] if len(found) == 1 else f"zip({', '.join(iterables)})"
    yield f"for {', '.join(names)} in {each}:"
    yield from [f"    {line}" for line in lines]
    for stored in [x for x in loop.stored if x.variable not in arrays]:
        name = writer.held(stored.variable, stored.variable)
        yield f"    {writer.held(stored.sequence, stored.sequence)}.append({name})"
    if carried:
        new = [writer.held(entry.next, entry.variable) for entry in carried]
        old = [writer.held(entry.variable, entry.variable) for entry in carried]
        yield f"    {', '.join(old)} = {', '.join(new)}"
    for entry in [x for x in entries if x.kind != SAME]:
        writer.release(entry.variable)


def _sequences(loop: Loop, arrays: dict[Variable, str], writer: Writer) -> Iterator[str]:
    """Yield the lines that make the lists of what a loop stores."""
    for stored in loop.stored:
        before = [writer.held(x, stored.variable) for x in stored.before]
        rows = arrays.get(stored.variable, "")
        if rows and not before:
            writer.name(stored.sequence, rows)
        else:
            items = ", ".join([*before, *([f"*{rows}"] if rows else [])])
            yield f"{writer.define(stored.sequence)} = [{items}]"


def _iterated(entries: list[Entry], count: int, writer: Writer) -> list[tuple[str, str]]:
    """Return the name of each entry that a loop iterates over, and the text of the items."""
    found = []
    for entry in entries:
        if entry.kind == SAME:
            writer.name(entry.variable, writer.held(entry.values[0], entry.values[0]))
        elif entry.kind != CARRIED:
            source = _source(entry, count, writer)
            found.append((writer.define(entry.variable), source))
    return found


def _body(steps: list[Any], count: int, writer: Writer) -> tuple[int, list[str]]:
    """Return the number of checks in a turn, and the lines of the body."""
    outcomes, writer.outcomes = writer.outcomes, []
    turn, writer.turn = writer.turn, f"{len(outcomes)} + i * @checks + "
    body = [line for step in steps for line in writer.step_lines(step)]
    inner, writer.outcomes, writer.turn = writer.outcomes, outcomes, turn
    writer.outcomes += inner * count
    return len(inner), [line.replace("@checks", str(len(inner))) for line in body]


def _source(entry: Entry, count: int, writer: Writer) -> str:
    """Return the text of what a loop iterates over for an entry."""
    if entry.kind == ELEMENT:
        start, step = entry.start, entry.step
        items = writer.held(entry.values[0], entry.values[0])
        if step == 0:
            return f"[{items}[{start}]] * {count}"
        if step == 1:
            return f"islice({items}, {start}, {start + count})"
        if step == -1:
            skipped = f"len({items}) - {start + 1}"
            return f"islice(reversed({items}), {skipped}, {skipped} + {count})"
        end = start + step * count
        return f"{items}[{start}:{None if end < 0 else end}:{step}]"
    if entry.kind == COUNTER:
        start = entry.values[0]
        if entry.step == 0:
            return f"[{start}] * {count}"
        return f"range({start}, {start + entry.step * count}, {entry.step})"
    return f"({', '.join([writer.held(x, entry.variable) for x in entry.values])},)"
