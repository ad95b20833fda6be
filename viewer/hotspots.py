"""Hotspots: where the time of gradients goes, by operation, by line of the user's code, or by scope."""

from __future__ import annotations

import linecache
import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from rich.table import Table
from rich.text import Text

from autograd_tools import Tape, Timer, Trace
from autograd_tools.files import read_document
from autograd_tools.text import one_line
from autograd_tools.timing.formats import count_text, percent_text, time_text
from autograd_tools.timing.timer import Record
from viewer.inputs import as_timer, as_trace
from viewer.text import plain_text

Timed: TypeAlias = Timer | Tape | Trace | str | os.PathLike[str]


@dataclass(slots=True)
class Hotspot:
    """The time of all operations that share a key, in nanoseconds; `backward` by operation and argument number."""

    calls: int = 0
    forward: int = 0
    backward: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def total(self) -> int:
        """Forward and backward together."""
        return self.forward + sum(self.backward.values())


def hotspots(x: Timed, by: str = "op", *, limit: int = 15, width: int | None = None) -> str:
    """The most expensive operations (`by="op"`), lines of code ("line") or scopes ("scope"), as a table of text.

    `x` is a timer (`ag.timer`), a tape or trace recorded while the timer was on, or the path of a saved one. Backward
    time is the rules', by the number of the argument whose gradient they compute; the engine's own steps are not in it.
    """
    if by not in KEYS:
        raise ValueError(f"no hotspots by {by!r}; there are: {', '.join(KEYS)}")
    return plain_text(hotspot_table(x, by, limit=limit), width)


def hotspot_table(x: Timed, by: str, *, limit: int) -> Table:
    """The table of `hotspots`, for rich to print."""
    spots: dict[str, Hotspot] = defaultdict(Hotspot)
    for record, calls, ns in _records(x):
        spot = spots[KEYS[by](record)]
        if record.argument == 0:
            spot.calls += calls
            spot.forward += ns
        else:
            spot.backward[f"[{record.argument}]" if by == "op" else f"{record.op}[{record.argument}]"] += ns
    return _table(spots, by, limit)


def _records(x: Timed) -> Iterator[tuple[Record, int, int]]:
    """Records with their calls and nanoseconds, from whatever holds them."""
    if isinstance(x, (str, os.PathLike)) and not _is_timer(Path(x)):
        x = as_trace(x)
    if isinstance(x, (Tape, Trace)):
        yield from _of_trace(as_trace(x))
    else:
        yield from ((record, calls, ns) for record, (calls, ns, _) in as_timer(x).records.items())


def _is_timer(path: Path) -> bool:
    try:
        read_document(path, "autograd_tools.timer", 10**9, dict)
    except ValueError:
        return False
    return True


def _of_trace(trace: Trace) -> Iterator[tuple[Record, int, int]]:
    timed = [node for node in trace if node.forward_ns is not None]
    if not timed and any(node.kind == "result" for node in trace):
        raise ValueError("this trace has no times: set AUTOGRAD_TIMER=1 before autograd_tools is imported, or run `autograd-tools profile`")
    for node in timed:
        where = (node.file, node.line, node.function, node.scope)
        yield Record(node.op, 0, *where), 1, node.forward_ns or 0
        for argument, ns in (node.backward_ns or {}).items():
            yield Record(node.op, argument, *where), 1, ns


def _table(spots: dict[str, Hotspot], by: str, limit: int) -> Table:
    whole = sum(spot.total for spot in spots.values())
    ranked = sorted(spots.items(), key=lambda item: -item[1].total)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", title=f"Hotspots by {NAMES[by]}", title_justify="left")
    table.add_column(NAMES[by], style="cyan", overflow="fold")
    for header in ("calls", "forward", "backward", "total", "%"):
        table.add_column(header, justify="right", no_wrap=True)
    table.add_column("backward by argument", style="dim", overflow="ellipsis", no_wrap=True)
    if by == "line":
        table.add_column("code", style="dim", overflow="ellipsis", no_wrap=True, max_width=60)
    for key, spot in ranked[:limit]:
        table.add_row(
            Text(one_line(_shown(key, by))),
            count_text(spot.calls),
            time_text(spot.forward),
            time_text(sum(spot.backward.values())),
            time_text(spot.total),
            percent_text(spot.total, whole),
            Text(_arguments(spot.backward, 4 if by == "op" else 1)),
            *([Text(_code(key))] if by == "line" else []),
        )
    if len(ranked) > limit:
        rest = [spot for _, spot in ranked[limit:]]
        total = sum(spot.total for spot in rest)
        backward = sum(sum(spot.backward.values()) for spot in rest)
        counts = (count_text(sum(spot.calls for spot in rest)), time_text(total - backward), time_text(backward), time_text(total))
        table.add_row(Text(f"{len(rest)} more", style="dim"), *counts, percent_text(total, whole))
    return table


def _arguments(backward: dict[str, int], most: int) -> str:
    """The time of each argument's gradient, the most expensive first."""
    ranked = sorted(backward.items(), key=lambda item: -item[1])
    return "  ".join(f"{name} {time_text(ns)}" for name, ns in ranked[:most]) + (" …" if len(ranked) > most else "")


def _line_key(record: Record) -> str:
    return f"{record.file}:{record.line}"


# Adding a grouping is adding an entry here, and its name below.
KEYS: dict[str, Callable[[Record], str]] = {
    "op": lambda record: record.op,
    "line": _line_key,
    "scope": lambda record: " / ".join(record.scope) or "(outside any function)",
}
NAMES = {"op": "operation", "line": "line", "scope": "scope"}


def _shown(key: str, by: str) -> str:
    if by != "line":
        return key
    path, _, line = key.rpartition(":")
    relative = os.path.relpath(path) if path else "(unknown)"
    return f"{Path(path).name if relative.startswith(os.pardir) else relative}:{line}"


def _code(key: str) -> str:
    """The source line of a key `file:line`, if the file is there."""
    path, _, line = key.rpartition(":")
    return one_line(linecache.getline(path, int(line)).strip())
