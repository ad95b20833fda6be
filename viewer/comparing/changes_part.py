"""The comparison of a map: by line, the nodes that changed and the times before and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from autograd_tools import Trace
from viewer.comparing.compare_profiles import profiles_rows
from viewer.comparing.compare_traces import traces_rows
from viewer.comparing.differences import Differences
from viewer.comparing.profile_changes import Comparison, Place
from viewer.map.building import MapData
from viewer.options import Mark
from viewer.passes.fitting import WEIGHTS
from viewer.text.lines import plain


@dataclass
class LineChange:
    """The changes of a source line: nodes by mark, nanoseconds, and whether those are significant.

    Times are None where a run has none.
    """

    code: str = ""
    added: int = 0
    removed: int = 0
    changed: int = 0
    before_ns: float | None = None
    after_ns: float | None = None
    significant: bool = False


def add_trace_changes(
    made: MapData,
    found: Differences,
    whole: Trace,
    marks: Mapping[int, Mark],
    names: tuple[str, str],
) -> None:
    """Add the differences of two traces; `whole` has the nodes of both with their `marks`."""
    lines: dict[Place, LineChange] = {}
    columns = whole.columns
    for id, mark in marks.items():
        source = columns.source_lines[columns.source_line[id - 1]]
        line = lines.setdefault((source.file, source.line), LineChange(source.code))
        setattr(line, mark, getattr(line, mark) + 1)
    times = _times(found.a), _times(found.b)
    for place, line in lines.items():
        line.before_ns, line.after_ns = times[0].get(place), times[1].get(place)
    text = plain(traces_rows(found))
    made.header["changes"] = {"names": names, "text": text, "lines": _plain(made, lines)}


def add_profile_changes(made: MapData, found: Comparison, names: tuple[str, str]) -> None:
    """Add the changes of two profiles by line, in nanoseconds per gradient."""
    lines: dict[Place, LineChange] = {}
    for row in found.rows:
        if row.place is None:
            continue
        line = lines.setdefault(row.place, LineChange(row.code))
        before, after = row.times
        line.before_ns = (line.before_ns or 0) + before
        line.after_ns = (line.after_ns or 0) + after
        line.significant |= row.verdict != "same"
    text = plain(profiles_rows(found))
    made.header["changes"] = {"names": names, "text": text, "lines": _plain(made, lines)}


def _plain(made: MapData, lines: Mapping[Place, LineChange]) -> list[dict[str, Any]]:
    return [
        {"file": made.files.number(file), "line": number, **asdict(line)}
        for (file, number), line in lines.items()
    ]


def _times(trace: Trace) -> dict[Place, float]:
    """Return the nanoseconds of each line, forward and backward, as far as they are known."""
    columns = trace.columns
    if all(ns is None for ns in columns.forward_ns):
        return {}
    found: dict[Place, float] = {}
    spent = WEIGHTS["time"](columns)
    for file, line, ns in zip(columns.file, columns.line, spent, strict=True):
        found[file, line] = found.get((file, line), 0.0) + ns
    return found
