"""Hotspots: where the time of gradients goes, by operation, by line of the user's code, or by scope."""

from __future__ import annotations

import linecache
import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from rich.text import Text

from autograd_tools import Tape, Timer, Trace
from autograd_tools.files import read_document
from autograd_tools.text import one_line
from autograd_tools.timing import Record
from autograd_tools.timing.formats import count_text, percent_text, time_text
from viewer.inputs import as_timer, as_trace

GAP = 2  # columns between columns
LONGEST_CODE = 60
NARROWEST = 8  # columns; what is cut to less says nothing

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
    return "\n".join(line.plain for line in hotspot_lines(x, by, limit=limit, width=width))


def hotspot_lines(x: Timed, by: str, *, limit: int, width: int | None) -> list[Text]:
    """The lines of `hotspots`, in colour."""
    if by not in KEYS:
        raise ValueError(f"no hotspots by {by!r}; there are: {', '.join(KEYS)}")
    if limit < 0:
        raise ValueError(f"a limit of 0 or more rows is needed, and got {limit}")
    spots: dict[str, Hotspot] = defaultdict(Hotspot)
    for record, calls, ns in _records(x):
        spot = spots[KEYS[by](record)]
        if record.argument == 0:
            spot.calls += calls
            spot.forward += ns
        else:
            spot.backward[f"[{record.argument}]" if by == "op" else f"{record.op}[{record.argument}]"] += ns
    return [Text(f"Hotspots by {NAMES[by]}", style="bold"), *_layout(_rows(spots, by, limit), width)]


def _records(x: Timed) -> Iterator[tuple[Record, int, int]]:
    """Records with their calls and nanoseconds, from whatever holds them."""
    if isinstance(x, (str, os.PathLike)) and not _is_timer(Path(x)):
        x = as_trace(x)
    if isinstance(x, (Tape, Trace)):
        yield from _of_trace(as_trace(x))
    else:
        timed = ((record, counts) for record, counts in as_timer(x).records.items() if record.phase in ("forward", "backward"))
        yield from ((record, counts.calls, counts.ns) for record, counts in timed)


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
            yield Record(node.op, argument, *where, "backward"), 1, ns


def _rows(spots: dict[str, Hotspot], by: str, limit: int) -> list[list[str]]:
    """The header and the rows of the table: a name, five numbers, and what may be cut off."""
    whole = sum(spot.total for spot in spots.values())
    ranked = sorted(spots.items(), key=lambda item: -item[1].total)
    rows = [[NAMES[by], "calls", "forward", "backward", "total", "%", "backward by argument", *(["code"] if by == "line" else [])]]
    for key, spot in ranked[:limit]:
        more = [_arguments(spot.backward, 4 if by == "op" else 1), *([_code(key)] if by == "line" else [])]
        rows.append([_shown(key, by), *_numbers(spot, whole), *more])
    rest = [spot for _, spot in ranked[limit:]]
    if rest:
        together = Hotspot(sum(s.calls for s in rest), sum(s.forward for s in rest), {"": sum(s.total - s.forward for s in rest)})
        rows.append([f"{len(rest)} more", *_numbers(together, whole)])
    return [[one_line(cell) for cell in row] for row in rows]


def _numbers(spot: Hotspot, whole: int) -> list[str]:
    times = (spot.forward, spot.total - spot.forward, spot.total)
    return [count_text(spot.calls), *(time_text(ns) for ns in times), percent_text(spot.total, whole)]


def _layout(rows: list[list[str]], width: int | None) -> Iterator[Text]:
    """Rows in columns; in a narrow terminal names are folded, and what comes after the numbers is cut off."""
    widths = [max(len(row[i]) for row in rows if i < len(row)) for i in range(len(rows[0]))]
    room = width or sum(widths) + GAP * len(widths)
    numbers = sum(widths[1:6]) + GAP * 5
    name_width = min(widths[0], max(NARROWEST, room - numbers))
    for n, row in enumerate(rows):
        parts = [row[0][i : i + name_width] for i in range(0, len(row[0]), name_width)] or [""]
        left = room - name_width - numbers
        line = Text(parts[0].ljust(name_width), style="bold" if n == 0 else "cyan")
        line.append(
            "".join(" " * GAP + cell.rjust(w) for cell, w in zip(row[1:6], widths[1:6], strict=True)), style="bold" if n == 0 else "default"
        )
        for cell, w in zip(row[6:], widths[6:], strict=False):
            space = min(w, left - GAP)
            if space >= min(w, NARROWEST):
                line.append(
                    " " * GAP + (cell if len(cell) <= space else cell[: space - 1] + "…").ljust(space), style="bold" if n == 0 else "dim"
                )
            left -= space + GAP
        line.rstrip()
        yield line
        yield from (Text(part, style="cyan") for part in parts[1:])


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
    try:
        relative = os.path.relpath(path) if path else "(unknown)"
    except (OSError, ValueError):  # the current folder is gone, or on another drive
        relative = path
    return f"{Path(path).name if relative.startswith(os.pardir) else relative}:{line}"


def _code(key: str) -> str:
    """The source line of a key `file:line`, if the file is there."""
    path, _, line = key.rpartition(":")
    code = linecache.getline(path, int(line)).strip()
    return code if len(code) <= LONGEST_CODE else f"{code[: LONGEST_CODE - 1]}…"
