"""Stacks with the time of each, one a line: what flamegraph.pl, speedscope and the profiler of Firefox read."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from autograd_tools import Timer
from autograd_tools.base.documents import write_bytes
from autograd_tools.base.text import one_line
from autograd_tools.timing import Section
from viewer.inputs import as_timer

Stack = tuple[str, ...]


def to_collapsed(
    x: Timer | str | os.PathLike[str], path: str | Path | None = None, *, by: str = "scope"
) -> str:
    """The nanoseconds of a timer by stack: lines such as `loss;layer;matmul[1] 1200`, written to `path` if there is one.

    `x` is any timer or the path of a saved one, also of a merged one: single calls are not needed. `by="scope"` puts every
    operation and gradient on the functions and scopes of the user's that it was called in, and on these what the engine itself
    did for it, `record` and `sum_outgrads`. `by="section"` has the sections as they nest in the timer's table, each with the
    time that is in none of those inside.
    Raises ValueError if there is nothing to show.
    """
    if by not in STACKS:
        raise ValueError(f"no stacks by {by!r}; there are: {', '.join(STACKS)}")
    times: Counter[Stack] = Counter()
    for stack, ns in STACKS[by](as_timer(x)):
        times[stack] += ns
    text = "".join(
        f"{';'.join(map(_frame, stack))} {ns}\n" for stack, ns in sorted(times.items()) if ns
    )
    if not text:
        hint = "operations are timed with AUTOGRAD_TIMER=1 set before autograd_tools is imported, sections of your own are in by='section'"
        raise ValueError(f"this timer has no time by {by}: {hint}")
    if path is not None:
        write_bytes(path, text.encode())
    return text


def _by_scope(timer: Timer) -> Iterator[tuple[Stack, int]]:
    for record, counts in timer.records.items():
        own = (
            (record.phase,)
            if record.phase in ("record", "sum_outgrads") and record.op != record.phase
            else ()
        )
        yield (*record.scope, record.label, *own), counts.ns


def _by_section(timer: Timer) -> Iterator[tuple[Stack, int]]:
    def below(section: Section, around: Stack) -> Iterator[tuple[Stack, int]]:
        for label, child in section.children.items():
            yield (*around, label), max(0, child.ns - child.measured.ns)
            yield from below(child, (*around, label))

    return below(timer.root, ())


# Adding a way to stack is adding an entry here.
STACKS: dict[str, Callable[[Timer], Iterator[tuple[Stack, int]]]] = {
    "scope": _by_scope,
    "section": _by_section,
}


def _frame(name: str) -> str:
    """A name without what ends a frame or a line."""
    return one_line(name).replace(";", r"\x3b")
