"""Single calls for speedscope.app, with a profile for each thread."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from autograd_tools import Timer
from autograd_tools.base.output import saved
from autograd_tools.timing.events import Event
from viewer.profiles.timeline.tracks import (
    LIMIT,
    Slice,
    calls_of,
    nested,
    quoted,
    track_name,
    tracks_of,
)

SCHEMA = "https://www.speedscope.app/file-format-schema.json"


def to_speedscope(
    x: Timer | str | os.PathLike[str], path: str | Path | None = None, *, limit: int = LIMIT
) -> str:
    """Return the single calls of a timer as JSON for speedscope.app.

    Parameters
    ----------
    x : Timer, str or path
        A timer with `keep_events()` before the run, or the path of a saved one.
    path : str or path, optional
        A file to write the JSON to.
    limit : int
        The number of calls to show, from the first on.

    Returns
    -------
    str
        The JSON, with times in nanoseconds.

    Raises
    ------
    ValueError
        If no single calls are known, or for a `limit` below 1.

    Notes
    -----
    Each thread has a profile. Your functions, scopes, loops and steps are frames around their
    operations. Calls of one label at one line are one frame, which the views "left heavy" and
    "sandwich" sum. The name says how many calls are shown. Calls before `keep_events()` or beyond
    its limit, of generators and coroutines, and of merged timers are missing.
    """
    calls = calls_of(x, limit)
    frames: dict[str, int] = {}
    profiles = []
    for track, events in tracks_of(calls.shown, apart=False).items():
        inside = nested(events, calls.places)
        start, end = inside[0].start_ns, max(call.end_ns for call in inside)
        head = f'"type":"evented","name":{quoted(track_name(track))},"unit":"nanoseconds",'
        head += f'"startValue":{start},"endValue":{end}'
        steps = ",\n".join(_steps(inside, frames))
        profiles.append(f'{{{head},"events":[\n{steps}\n]}}')
    head = f'"$schema":"{SCHEMA}","exporter":"autograd_tools",'
    head += f'"name":{json.dumps(calls.note)},"activeProfileIndex":0'
    shared, profiled = ",\n".join(frames), ",\n".join(profiles)
    text = f'{{{head},"shared":{{"frames":[\n{shared}\n]}},"profiles":[\n{profiled}\n]}}\n'
    return saved(text, path)


def _steps(events: list[Event | Slice], frames: dict[str, int]) -> Iterator[str]:
    """Yield the openings and closings of a track's calls; new frames get the next numbers."""
    known: dict[tuple[str, object], int] = {}
    around: list[tuple[int, str]] = []  # ends of the open calls, and their closings
    for event in events:
        start, key = event.start_ns, _key(event)
        while around and around[-1][0] <= start:
            yield around.pop()[1]
        if key not in known:
            known[key] = frames.setdefault(_frame(event), len(frames))
        yield f'{{"type":"O","frame":{known[key]},"at":{start}}}'
        around.append((event.end_ns, f'{{"type":"C","frame":{known[key]},"at":{event.end_ns}}}'))
    while around:
        yield around.pop()[1]


def _key(event: Event | Slice) -> tuple[str, object]:
    if isinstance(event, Slice):
        return event.place.kind, event.place[2:]
    return event.label, id(event.record)


def _frame(event: Event | Slice) -> str:
    """Return the label of a call and its line.

    All calls of a function are one frame, and so are all steps of a loop.
    """
    if isinstance(event, Slice):
        kind, name, file, line = event.place[1:]
        name = "step" if kind == "step" else name
        file = file if kind in ("loop", "step") else ""
    else:
        record = event.record
        name, file, line = event.label, *(("", 0) if record is None else (record.file, record.line))
    place = f',"file":{quoted(file)},"line":{line}' if file else ""
    return f'{{"name":{quoted(name)}{place}}}'
