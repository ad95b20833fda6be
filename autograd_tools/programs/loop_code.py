"""The text of a loop: its sequences are lists, and each turn takes the next of their elements."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from autograd_tools.programs.loop import CARRIED, COUNTER, EACH, ELEMENT, SAME, Entry, Loop
from autograd_tools.programs.program import Check, Variable


class Writer(Protocol):
    """What writes the steps around and in a loop."""

    outcomes: list[Any]
    turn: str

    def define(self, x: Variable) -> str:
        """Give a variable a name."""

    def name_as(self, x: Variable, other: Variable) -> None:
        """Let a variable have the name of another one."""

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
    carried = [entry for entry in loop.entries if entry.kind == CARRIED]
    for stored in loop.stored:
        before = ", ".join([writer.held(x, stored.variable) for x in stored.before])
        yield f"{writer.define(stored.sequence)} = [{before}]"
    sources = [_source(entry, loop.count, writer) for entry in loop.entries]
    found = [
        (writer.define(entry.variable), source)
        for entry, source in zip(loop.entries, sources, strict=True)
        if source
    ]
    for entry in loop.entries:
        if entry.kind == SAME:
            writer.name_as(entry.variable, entry.values[0])
    for entry in carried:
        start = writer.held(entry.values[0], entry.variable)
        yield f"{writer.define(entry.variable)} = {start}"
    first, writer.outcomes = writer.outcomes, []
    outer, writer.turn = writer.turn, f"{len(first)} + i * CHECKS + "
    body = [line for step in loop.body for line in writer.step_lines(step)]
    inner, writer.outcomes, writer.turn = writer.outcomes, first, outer
    writer.outcomes += inner * loop.count
    if inner or not found:
        found.append(("i", f"range({loop.count})"))
    names, iterables = zip(*found, strict=True)
    each = iterables[0] if len(found) == 1 else f"zip({', '.join(iterables)})"
    yield f"for {', '.join(names)} in {each}:"
    yield from [f"    {line.replace('CHECKS', str(len(inner)))}" for line in body]
    for stored in loop.stored:
        name = writer.held(stored.variable, stored.variable)
        yield f"    {writer.held(stored.sequence, stored.sequence)}.append({name})"
    if carried:
        new = [writer.held(entry.next, entry.variable) for entry in carried]
        old = [writer.held(entry.variable, entry.variable) for entry in carried]
        yield f"    {', '.join(old)} = {', '.join(new)}"
    for entry in loop.entries:
        if entry.kind != SAME:
            writer.release(entry.variable)


def _source(entry: Entry, count: int, writer: Writer) -> str:
    """Return the text of what a loop iterates over for an entry; empty if it does not."""
    if entry.kind == ELEMENT:
        start, step = entry.start, entry.step
        end: Any = start + step * count
        if step == 0:
            return f"[{writer.held(entry.values[0], entry.values[0])}[{start}]] * {count}"
        end = None if end < 0 else end
        return f"{writer.held(entry.values[0], entry.values[0])}[{start}:{end}:{step}]"
    if entry.kind == COUNTER:
        start = entry.values[0]
        if entry.step == 0:
            return f"[{start}] * {count}"
        return f"range({start}, {start + entry.step * count}, {entry.step})"
    if entry.kind == EACH:
        return f"({', '.join([writer.held(x, entry.variable) for x in entry.values])},)"
    return ""
