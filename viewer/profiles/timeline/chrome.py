"""Single calls in Chrome's Trace Event Format, for ui.perfetto.dev."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from pathlib import Path

from autograd_tools import Timer
from autograd_tools.base.output import saved
from autograd_tools.location.call_tree import ScopeNode
from autograd_tools.timing import Event, Record
from viewer.profiles.timeline.arrows import arrows_of
from viewer.profiles.timeline.tracks import (
    LIMIT,
    Slice,
    Track,
    Tracks,
    calls_of,
    nested,
    place_of,
    quoted,
    spaced,
    track_name,
    tracks_of,
)

FIRST = 11  # the number of the first track; that of the process, 1, would be "main thread"
POINTS = 10_000  # of the counter, more than a screen is wide


def to_chrome_trace(
    x: Timer | str | os.PathLike[str], path: str | Path | None = None, *, limit: int = LIMIT
) -> str:
    """Return the single calls of a timer as JSON for Perfetto, in Chrome's Trace Event Format.

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
        The JSON, with times in microseconds. Timestamps are exact to the nanosecond, except that
        equal ones of a track are moved apart by one nanosecond.

    Raises
    ------
    ValueError
        If no single calls are known, or for a `limit` below 1.

    Notes
    -----
    Each thread has a forward and a backward track, with arrows from operations to the gradients of
    their arguments. Your functions, scopes, loops and steps are slices around their operations. The
    counter shows live bytes with AUTOGRAD_TIMER=exact, or else the sum of bytes allocated so far.
    `otherData` and the name of the process say how many calls are shown. Calls before
    `keep_events()` or beyond its limit, of generators and coroutines, and of merged timers are
    missing.
    """
    calls = calls_of(x, limit)
    tracks = tracks_of(calls.shown, apart=True)
    lines = [
        *_names(f"autograd_tools: {calls.note}", tracks),
        *_slices(tracks, calls.places),
        *_counter(calls.shown),
    ]
    counts = {
        "calls measured": calls.measured,
        "calls shown": len(calls.shown),
        "calls beyond the limit of events": calls.dropped,
    }
    text = (
        '{"traceEvents":[\n'
        + ",\n".join(lines)
        + f'\n],"displayTimeUnit":"ns","otherData":{json.dumps(counts)}}}\n'
    )
    return saved(text, path)


def _names(process: str, tracks: Tracks) -> Iterator[str]:
    """Yield the names of the process and of its tracks, in order."""
    yield _metadata("process_name", 0, name=process)
    for tid, track in enumerate(tracks, start=FIRST):
        yield _metadata("thread_name", tid, name=track_name(track, _direction(track)))
        yield _metadata("thread_sort_index", tid, sort_index=tid)


def _metadata(kind: str, tid: int, **args: object) -> str:
    return json.dumps(
        {"ph": "M", "name": kind, "pid": 1, "tid": tid, "args": args}, separators=(",", ":")
    )


def _slices(tracks: Tracks, places: Sequence[ScopeNode]) -> Iterator[str]:
    """Yield each call, followed by the ends of its arrows."""
    starts, ends = arrows_of(tracks)
    numbers: dict[int, int] = {}  # of recordings, in the order of their first calls
    for tid, (track, events) in enumerate(tracks.items(), start=FIRST):
        place, heads = f'"pid":1,"tid":{tid},"ts":', {}
        inside = nested(events, places)
        for event, start, end in zip(inside, *spaced(inside), strict=True):
            at, took = _microseconds(start), _microseconds(end - start)
            if isinstance(event, Slice):
                head, args = _head(event.label, event.place.kind, place), _entered(event.place)
                yield f'{head}{at},"dur":{took},"args":{{{args}}}}}'
                continue
            _, label, _, _, recording, node, _, _, nbytes, record, _, _ = event
            key = (label, id(record))
            if key not in heads:
                heads[key] = _head(label, _direction(track), place), _details(record)
            head, args = heads[key]
            if node >= 0:
                number = numbers.setdefault(recording, len(numbers) + 1)
                args += f'"recording":{number},"node":{node + 1},'
            args += f'"bytes":{nbytes}' if nbytes >= 0 else '"bytes":"not counted"'
            yield f'{head}{at},"dur":{took},"args":{{{args}}}}}'
            arrow = f'"name":"gradient","cat":"gradient",{place}{at}}}'
            for number in starts.get(id(event), ()):
                yield f'{{"ph":"s","id":{number},{arrow}'
            if id(event) in ends:
                yield f'{{"ph":"f","bp":"e","id":{ends[id(event)]},{arrow}'


def _direction(track: Track) -> str:
    return "backward" if track.backward else "forward"


def _head(label: str, category: str, place: str) -> str:
    """Return the beginning of calls of a label on a track."""
    return f'{{"ph":"X","name":{quoted(label)},"cat":"{category}",{place}'


def _entered(place: ScopeNode) -> str:
    """Return the line that entered a function, scope or loop, as JSON arguments."""
    return f'"line":{quoted(f"{place.file}:{place.line}")}' if place.file else ""


def _details(record: Record | None) -> str:
    """Return the place and operands of calls, as the beginning of their JSON arguments."""
    return "".join(f'"{name}":{quoted(text)},' for name, text in place_of(record).items())


def _counter(events: list[Event]) -> Iterator[str]:
    """Yield the live bytes where the timer counted them, or else the bytes allocated so far."""
    live = [(event.end_ns, event.live_nbytes) for event in events if event.live_nbytes >= 0]
    name, points = (
        ("live bytes", sorted(live))
        if live
        else ("bytes allocated by operations", _bytes_allocated(events))
    )
    step = len(points) // POINTS + 1
    for i, (ns, nbytes) in enumerate(points):
        if i % step == 0 or i == len(points) - 1:
            at = _microseconds(ns)
            yield f'{{"ph":"C","name":"NumPy","pid":1,"ts":{at},"args":{{"{name}":{nbytes}}}}}'


def _bytes_allocated(events: list[Event]) -> list[tuple[int, int]]:
    """Return moments, and the bytes allocated until then; innermost operations allocate."""
    threads: dict[int, list[Event]] = {}
    for event in events:
        if event.op:
            threads.setdefault(event.thread, []).append(event)
    allocated: list[tuple[int, int]] = []
    for operations in threads.values():
        innermost = [a for a, b in pairwise(operations) if b.start_ns >= a.end_ns]
        allocated += [
            (event.end_ns, event.nbytes)
            for event in (*innermost, operations[-1])
            if event.nbytes > 0
        ]
    allocated.sort()
    sums = accumulate(nbytes for _, nbytes in allocated)
    return [(ns, total) for (ns, _), total in zip(allocated, sums, strict=True)]


def _microseconds(ns: int) -> str:
    """Return nanoseconds in microseconds, to the last digit."""
    return f"{ns // 1000}.{ns % 1000:03}"
