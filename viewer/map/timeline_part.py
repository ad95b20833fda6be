"""The timeline of a map: single calls and what is around them, as rows of slices."""

from __future__ import annotations

import numpy as np

from autograd_tools import Timer
from autograd_tools.timing import Event
from autograd_tools.tracing.columns import Numbering
from viewer.map.building import MapData
from viewer.map.columns import differences
from viewer.profiles.timeline.tracks import (
    Slice,
    calls_of,
    is_backward,
    nested,
    track_name,
    tracks_of,
)

MOST_CALLS = 200_000  # calls
FINEST_NS = 100
LONGEST = 2**31 - 1  # units
DEEPEST = 255
AROUND, FORWARD, BACKWARD, OTHER = range(4)  # phases of slices


def add_timeline(made: MapData, timer: Timer) -> None:
    """Add the single calls of a timer, if it kept any, as far as there is room."""
    if not timer.events:
        return
    calls = calls_of(timer, MOST_CALLS)
    names: Numbering[str] = Numbering()
    unit = max(FINEST_NS, -(-max(call.end_ns for call in calls.shown) // LONGEST))
    tracks, rows = [], []
    for number, (track, events) in enumerate(tracks_of(calls.shown, apart=True).items()):
        found = _rows(made, nested(events, calls.places), names)
        times = np.array([row[-2:] for row in found])
        ends = np.rint(times / unit).astype(np.int64)
        starts = differences(ends[:, 0])
        units = zip(starts.tolist(), (ends[:, 1] - ends[:, 0]).tolist(), strict=True)
        rows += [(number, *row[:-2], *unit) for row, unit in zip(found, units, strict=True)]
        name = track_name(track, "backward" if track.backward else "forward")
        tracks.append({"name": name, "rows": max(row[0] for row in found) + 1})
    made.header["timeline"] = {
        "unit_ns": unit,
        "note": calls.note,
        "tracks": tracks,
        "names": list(names),
    }
    columns = np.array(rows).T
    kinds = ("i32", "u8", "i32", "i32", "i32", "u8", "i32", "i32")
    parts = ("track", "depth", "name", "file", "line", "phase", "start", "length")
    made.columns |= {f"t_{p}": (k, c) for p, k, c in zip(parts, kinds, columns, strict=True)}


Row = tuple[int, int, int, int, int, int, int]  # depth, name, file, line, phase, start, end


def _rows(made: MapData, slices: list[Event | Slice], names: Numbering[str]) -> list[Row]:
    """Return the slices of a track with their depths."""
    found: list[Row] = []
    around: list[int] = []  # the ends of open slices
    for item in slices:
        while around and around[-1] <= item.start_ns:
            around.pop()
        depth = min(len(around), DEEPEST)
        around.append(item.end_ns)
        facts = _facts(item)
        name, file, line, phase = facts
        place = (names[name], made.files.number(file), line, phase)
        found.append((depth, *place, item.start_ns, item.end_ns))
    return found


def _facts(item: Event | Slice) -> tuple[str, str, int, int]:
    """Return the name, the line and the phase of a slice."""
    if isinstance(item, Slice):
        return item.label, item.place.file, item.place.line, AROUND
    phase = BACKWARD if is_backward(item) else FORWARD if item.argument == 0 else OTHER
    record = item.record
    return (item.label, record.file, record.line, phase) if record else (item.label, "", 0, phase)
