"""The comparison of a map: by line, the nodes that changed and the times before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

from autograd_tools import Trace
from viewer.comparing.compare_profiles import profiles_rows
from viewer.comparing.compare_traces import union_rows
from viewer.comparing.profile_changes import Comparison
from viewer.comparing.union import Union
from viewer.map.building import MapData
from viewer.passes.fitting import WEIGHTS
from viewer.text.lines import plain

Line: TypeAlias = tuple[str, int, object]  # a file, a line, and what tells its versions apart


@dataclass
class LineChange:
    """The changes of a source line: nodes by mark, nanoseconds, and whether those are significant.

    Times are None where a run has none. A line that `is_gone` is one of the run before.
    """

    code: str = ""
    is_gone: bool = False
    added: int = 0
    removed: int = 0
    changed: int = 0
    numbers: int = 0
    before_ns: float | None = None
    after_ns: float | None = None
    significant: bool = False


def add_trace_changes(made: MapData, whole: Union, names: tuple[str, str]) -> None:
    """Add the differences of two traces: the lines with marks, and all if both were timed."""
    columns = whole.trace.columns
    times = _times(whole.found.a), _times(whole.found.b)
    lines: dict[Line, LineChange] = {}
    for id, (old, new) in enumerate(whole.order, 1):
        mark, source = whole.marks.get(id), columns.source_lines[columns.source_line[id - 1]]
        if not (mark or (source.file and all(times))):
            continue
        line = lines.setdefault((source.file, source.line, source.code), LineChange(source.code))
        if mark:
            setattr(line, mark, getattr(line, mark) + 1)
        if old and times[0]:
            line.before_ns = (line.before_ns or 0) + times[0][old - 1]
        if new and times[1]:
            line.after_ns = (line.after_ns or 0) + times[1][new - 1]
    text = plain(union_rows(whole.found, whole.ids))
    made.header["changes"] = {"names": names, "text": text, "lines": _plain(made, lines)}


def add_profile_changes(made: MapData, found: Comparison, names: tuple[str, str]) -> None:
    """Add the changes of two profiles by line, in nanoseconds per gradient."""
    lines: dict[Line, LineChange] = {}
    for row in found.rows:
        if row.place is None or not row.place[0]:
            continue
        key = (*row.place, row.is_gone)
        line = lines.setdefault(key, LineChange(row.code, row.is_gone))
        before, after = row.times
        line.before_ns = (line.before_ns or 0) + before
        line.after_ns = (line.after_ns or 0) + after
        line.significant |= row.is_significant
    text = plain(profiles_rows(found))
    made.header["changes"] = {"names": names, "text": text, "lines": _plain(made, lines)}


def _plain(made: MapData, lines: Mapping[Line, LineChange]) -> list[dict[str, Any]]:
    return [
        {"file": made.files.number(file), "line": number, **asdict(line)}
        for (file, number, _), line in lines.items()
    ]


def _times(trace: Trace) -> Sequence[float]:
    """Return the nanoseconds of each node, forward and backward; none if it was not timed."""
    columns = trace.columns
    return [] if all(ns is None for ns in columns.forward_ns) else WEIGHTS["time"](columns)
