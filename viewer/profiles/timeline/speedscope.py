"""Calls along time for speedscope.app, which also adds them up: a profile for each thread."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from autograd_tools import Timer
from autograd_tools.base.documents import write_bytes
from autograd_tools.timing.events import Event
from viewer.profiles.timeline.tracks import LIMIT, calls_of, quoted, track_name, tracks_of

SCHEMA = "https://www.speedscope.app/file-format-schema.json"


def to_speedscope(
    x: Timer | str | os.PathLike[str], path: str | Path | None = None, *, limit: int = LIMIT
) -> str:
    """The single calls of a timer in the JSON of speedscope.app, in nanoseconds, written to `path` if there is one.

    `x` is a timer that was told to `keep_events()`, or the path of a saved one. Each thread has a profile. Calls of one
    label at one line of the user's code are one frame, so that speedscope's views "left heavy" and "sandwich" add them up.

    Of more than `limit` calls the first are shown; the name says of how many. Calls from before `keep_events()`, beyond its
    own limit, of generators and coroutines, and of timers merged into this one, are not known.
    Raises ValueError if no single calls are known at all.
    """
    calls = calls_of(x, limit)
    frames: dict[str, int] = {}
    profiles = []
    for track, events in tracks_of(calls.shown, apart=False).items():
        start, end = events[0].start_ns, max(event.end_ns for event in events)
        head = f'"type":"evented","name":{quoted(track_name(track))},"unit":"nanoseconds","startValue":{start},"endValue":{end}'
        profiles.append(f'{{{head},"events":[\n' + ",\n".join(_steps(events, frames)) + "\n]}")
    head = f'"$schema":"{SCHEMA}","exporter":"autograd_tools","name":{json.dumps(calls.note)},"activeProfileIndex":0'
    shared = ",\n".join(frames)
    text = (
        f'{{{head},"shared":{{"frames":[\n{shared}\n]}},"profiles":[\n'
        + ",\n".join(profiles)
        + "\n]}\n"
    )
    if path is not None:
        write_bytes(path, text.encode())
    return text


def _steps(events: list[Event], frames: dict[str, int]) -> Iterator[str]:
    """The calls of a track, one by one opened and closed; frames that are new get the next numbers."""
    known: dict[tuple[str, int], int] = {}
    around: list[tuple[int, str]] = []  # where what is open ends, and how
    for event in events:
        start, key = event.start_ns, (event.label, id(event.record))
        while around and around[-1][0] <= start:
            yield around.pop()[1]
        if key not in known:
            known[key] = frames.setdefault(_frame(event), len(frames))
        yield f'{{"type":"O","frame":{known[key]},"at":{start}}}'
        around.append((event.end_ns, f'{{"type":"C","frame":{known[key]},"at":{event.end_ns}}}'))
    while around:
        yield around.pop()[1]


def _frame(event: Event) -> str:
    """The label of a call, and its line in the user's code."""
    record = event.record
    place = (
        f',"file":{quoted(record.file)},"line":{record.line}'
        if record is not None and record.file
        else ""
    )
    return f'{{"name":{quoted(event.label)}{place}}}'
