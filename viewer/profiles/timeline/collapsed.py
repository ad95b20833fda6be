"""Stacks with their times, one per line, for flamegraph.pl and speedscope."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from autograd_tools import Timer
from autograd_tools.base.output import saved
from autograd_tools.base.text import one_line, unknown
from autograd_tools.timing import Section
from viewer.inputs import as_timer

Stack = tuple[str, ...]


def to_collapsed(
    x: Timer | str | os.PathLike[str], path: str | Path | None = None, *, by: str = "scope"
) -> str:
    """Return the times of a timer as collapsed stacks for flame graphs.

    Parameters
    ----------
    x : Timer, str or path
        A timer or the path of a saved one, also of a merged one.
    path : str or path, optional
        A file to write the text to.
    by : str
        "scope": the user's functions and scopes around each operation and gradient, with the time
        of the engine's `record` and `sum_outgrads` inside it. "section": the sections of the
        timer's table, with their self times.

    Returns
    -------
    str
        Lines such as `loss;layer;matmul[1] 1200`, in microseconds, rounded, and at least 1.

    Raises
    ------
    ValueError
        For an unknown `by`, or a timer without times.
    """
    if by not in STACKS:
        raise unknown("stacks", by, STACKS)
    times: Counter[Stack] = Counter()
    for stack, ns in STACKS[by](as_timer(x)):
        times[stack] += ns
    text = "".join(
        f"{';'.join(map(_escaped, stack))} {max(1, round(ns / 1000))}\n"
        for stack, ns in sorted(times.items())
        if ns
    )
    if not text:
        raise ValueError(
            f"this timer has no time by {by}: set AUTOGRAD_TIMER=1 before autograd_tools is "
            "imported, or write by='section' for your own sections"
        )
    return saved(text, path)


def _by_scope(timer: Timer) -> Iterator[tuple[Stack, int]]:
    for record, counts in timer.records.items():
        stack = (*record.scope, record.label)
        if record.phase in ("record", "sum_outgrads") and record.op != record.phase:
            stack = (*stack, record.phase)
        yield stack, counts.ns


def _by_section(timer: Timer) -> Iterator[tuple[Stack, int]]:
    def below(section: Section, around: Stack) -> Iterator[tuple[Stack, int]]:
        for label, child in section.children.items():
            yield (*around, label), max(0, child.ns - child.measured.ns)
            yield from below(child, (*around, label))

    return below(timer.root, ())


# The kinds of stacks. To add one, add an entry with a function that yields stacks and times.
STACKS: dict[str, Callable[[Timer], Iterator[tuple[Stack, int]]]] = {
    "scope": _by_scope,
    "section": _by_section,
}


def _escaped(name: str) -> str:
    """Escape the characters that end a frame or a line."""
    return one_line(name).replace(";", r"\x3b")
