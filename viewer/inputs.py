"""The inputs that views accept, turned into the plain data that they read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, TypeAlias, TypeGuard

from autograd_tools import Tape, Timer, Trace, load_trace
from autograd_tools.base.documents import kind_of_file
from viewer.graph import Graph
from viewer.groups import Group

Traceable: TypeAlias = Tape | Trace | str | os.PathLike[str]
NO_TAPE = "ag.diff returns a plain value when its function uses no Param"


def as_trace(x: Traceable) -> Trace:
    """Return the trace of a tape, a trace itself, or a saved trace."""
    if isinstance(x, Trace):
        return x
    if isinstance(x, Tape):
        return x.trace()
    if isinstance(x, (str, os.PathLike)):
        return load_trace(Path(x))
    if _is_program(x):
        from autograd_tools.programs.traces import trace_of  # keeps `import viewer` fast

        return x.trace() if hasattr(x, "trace") else trace_of(x)
    raise _unexpected("a Tape, a Trace or the path of a saved trace", x, NO_TAPE)


def as_graph(x: Traceable | Graph) -> Graph:
    """Return a graph itself, or the ungrouped graph of all nodes of a trace."""
    if isinstance(x, Graph):
        return x
    trace = as_trace(x)
    return Graph(trace, Group("", tuple(range(1, len(trace) + 1))))


def as_timer(x: Timer | str | os.PathLike[str]) -> Timer:
    """Return a timer itself, or a saved one."""
    if isinstance(x, Timer):
        return x
    if isinstance(x, (str, os.PathLike)):
        return Timer.load(Path(x))
    raise _unexpected("a Timer or the path of a saved profile", x)


def kind_of(x: object) -> str:
    """Return "trace" or "profile"; raise ValueError for a file that is neither."""
    if isinstance(x, (Tape, Trace)) or _is_program(x):
        return "trace"
    if isinstance(x, Timer):
        return "profile"
    if not isinstance(x, (str, os.PathLike)):
        raise _unexpected("a Tape, a Trace, a Timer or the path of a saved one", x, NO_TAPE)
    kind = kind_of_file(x)
    if kind not in ("trace", "profile"):
        found = f"a saved {kind}, " if kind else ""
        path = Path(x)
        save = f"autograd-tools show --save {path.stem}.json {path}"
        hint = f"; of a script, {save} saves a trace" if path.suffix in (".py", ".ipynb") else ""
        raise ValueError(f"{path} is {found}neither a saved trace nor a saved profile{hint}")
    return kind


def _is_program(x: object) -> TypeGuard[Any]:
    """Return whether `x` is a compiled function or one of its programs."""
    return type(x).__module__.startswith("autograd_tools.programs.")


def _unexpected(expected: str, x: object, hint: str = "") -> TypeError:
    return TypeError(f"expected {expected}, got {type(x).__name__}: {x!r}{'; ' * bool(hint)}{hint}")
