"""What the views accept, turned into the plain data that they read."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TypeAlias

from autograd_tools import Tape, Timer, Trace, load_trace
from viewer.graph import Graph, Group

Traceable: TypeAlias = Tape | Trace | str | os.PathLike[str]
SAVED = re.compile(
    rb'"format"\s*:\s*"autograd_tools\.(trace|timer)"'
)  # near the beginning of a file


def as_trace(x: Traceable) -> Trace:
    """The trace of a tape, a trace itself, or a saved one."""
    if isinstance(x, Trace):
        return x
    if isinstance(x, Tape):
        return x.trace()
    if isinstance(x, (str, os.PathLike)):
        return load_trace(Path(x))
    raise TypeError(
        f"a Tape from ag.diff, a Trace, or the path of a saved one is needed, and got {type(x).__name__}: {x!r}; "
        "ag.diff returns a plain value when its function uses no Param"
    )


def as_graph(x: Traceable | Graph) -> Graph:
    """A graph itself, or that of all nodes of what has a trace, in no groups."""
    if isinstance(x, Graph):
        return x
    trace = as_trace(x)
    return Graph(trace, Group("", tuple(range(1, len(trace) + 1))))


def as_timer(x: Timer | str | os.PathLike[str]) -> Timer:
    """A timer itself, or a saved one."""
    if isinstance(x, Timer):
        return x
    if isinstance(x, (str, os.PathLike)):
        return Timer.load(Path(x))
    raise TypeError(
        f"a Timer or the path of a saved one is needed, and got {type(x).__name__}: {x!r}"
    )


def kind_of(x: object) -> str:
    """Whether something is a "trace" or a "profile", or a saved one; ValueError for a file that is neither."""
    if isinstance(x, (Tape, Trace)):
        return "trace"
    if isinstance(x, Timer):
        return "profile"
    if not isinstance(x, (str, os.PathLike)):
        raise TypeError(
            f"a Tape, a Trace, a Timer or the path of a saved one is needed, and got {type(x).__name__}: {x!r}; "
            "ag.diff returns a plain value when its function uses no Param"
        )
    with Path(x).open("rb") as file:
        found = SAVED.search(file.read(4096))
    if found is None:
        raise ValueError(f"{os.fspath(x)} is neither a saved trace nor a saved profile")
    return {b"trace": "trace", b"timer": "profile"}[found[1]]
