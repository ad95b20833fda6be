"""Calls along time in Chrome's Trace Event Format, which ui.perfetto.dev draws."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from itertools import accumulate, pairwise
from pathlib import Path

from autograd_tools import Timer
from autograd_tools.base.documents import write_bytes
from autograd_tools.timing import Event, Operand, Record
from viewer.profiles.timeline.arrows import arrows_of
from viewer.profiles.timeline.tracks import (
    LIMIT,
    Track,
    Tracks,
    calls_of,
    quoted,
    track_name,
    tracks_of,
)

FIRST = 11  # of the numbers of tracks: the one of the number of the process, 1, would be called the main thread
POINTS = 10_000  # of the counter: more than a screen is wide


def to_chrome_trace(
    x: Timer | str | os.PathLike[str], path: str | Path | None = None, *, limit: int = LIMIT
) -> str:
    """The single calls of a timer as a trace for Perfetto: JSON in Chrome's Trace Event Format, written to `path` if there is one.

    `x` is a timer that was told to `keep_events()`, or the path of a saved one. Each thread has a track forward and one
    backward, and an arrow leads from each operation to the gradients of its arguments. The counter shows the live bytes
    where the timer counts them (`AUTOGRAD_TIMER=exact`); elsewhere it adds up those of the arrays that operations made, and
    does not know what was freed. Times are microseconds, exact to the nanosecond.

    Of more than `limit` calls the first are shown; the name of the process and `otherData` say of how many. Calls from before
    `keep_events()`, beyond its own limit, of generators and coroutines, and of timers merged into this one, are not known.
    Raises ValueError if no single calls are known at all.
    """
    calls = calls_of(x, limit)
    tracks = tracks_of(calls.shown, apart=True)
    lines = [
        *_names(f"autograd_tools: {calls.note}", tracks),
        *_slices(tracks),
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
    if path is not None:
        write_bytes(path, text.encode())
    return text


def _names(process: str, tracks: Tracks) -> Iterator[str]:
    """The names of the process and of its tracks, in their order."""
    yield _metadata("process_name", 0, name=process)
    for tid, track in enumerate(tracks, start=FIRST):
        yield _metadata(
            "thread_name", tid, name=track_name(track, "backward" if track.backward else "forward")
        )
        yield _metadata("thread_sort_index", tid, sort_index=tid)


def _metadata(kind: str, tid: int, **args: object) -> str:
    return json.dumps(
        {"ph": "M", "name": kind, "pid": 1, "tid": tid, "args": args}, separators=(",", ":")
    )


def _slices(tracks: Tracks) -> Iterator[str]:
    """Each call, and right behind it, so that they belong to that call, the ends of arrows."""
    starts, ends = arrows_of(tracks)
    numbers: dict[int, int] = {}  # of recordings, by their first call here
    for tid, (track, events) in enumerate(tracks.items(), start=FIRST):
        place, heads = f'"pid":1,"tid":{tid},"ts":', {}
        for event in events:
            _, label, _, _, recording, node, start, end, nbytes, record, _ = event
            key = (label, id(record))
            if key not in heads:
                heads[key] = _head(label, track, place), _arguments(record)
            head, args = heads[key]
            if node >= 0:
                args += f'"recording":{numbers.setdefault(recording, len(numbers) + 1)},"node":{node + 1},'
            args += f'"bytes":{nbytes}' if nbytes >= 0 else '"bytes":"not counted"'
            yield f'{head}{_microseconds(start)},"dur":{_microseconds(end - start)},"args":{{{args}}}}}'
            for number in starts.get(id(event), ()):
                yield f'{{"ph":"s","id":{number},"name":"gradient","cat":"gradient",{place}{_microseconds(start)}}}'
            if id(event) in ends:
                yield f'{{"ph":"f","bp":"e","id":{ends[id(event)]},"name":"gradient","cat":"gradient",{place}{_microseconds(start)}}}'


def _head(label: str, track: Track, place: str) -> str:
    """What calls of a label on a track begin with."""
    return f'{{"ph":"X","name":{quoted(label)},"cat":"{"backward" if track.backward else "forward"}",{place}'


def _arguments(record: Record | None) -> str:
    """Where calls stand in the user's code, and what they were called with, as the beginning of JSON's arguments."""
    if record is None:
        return ""
    where = {
        "line": f"{record.file}:{record.line}" if record.file else "",
        "function": record.function,
        "scope": " / ".join(record.scope),
    }
    *arguments, output = [_operand(operand) for operand in record.operands] or [""]
    if output:
        where |= {"call": f"({', '.join(arguments)}) -> {output}"}
    return "".join(f'"{name}":{quoted(text)},' for name, text in where.items() if text)


def _operand(operand: Operand) -> str:
    """An array as `float64[2,3]`, with how it lies in memory where that is not row by row; of anything else its type."""
    if not operand.order:
        return repr(operand.text) if operand.text else operand.dtype
    return f"{operand.dtype}[{','.join(map(str, operand.shape))}]" + (
        "" if operand.order == "C" else f" {operand.order}"
    )


def _counter(events: list[Event]) -> Iterator[str]:
    """The bytes there were, where the timer counted them, or else what operations made so far."""
    live = [(event.end_ns, event.live_nbytes) for event in events if event.live_nbytes >= 0]
    name, points = (
        ("live bytes", sorted(live)) if live else ("bytes made by operations", _bytes_made(events))
    )
    step = len(points) // POINTS + 1
    for i, (ns, nbytes) in enumerate(points):
        if i % step == 0 or i == len(points) - 1:
            yield f'{{"ph":"C","name":"NumPy","pid":1,"ts":{_microseconds(ns)},"args":{{"{name}":{nbytes}}}}}'


def _bytes_made(events: list[Event]) -> list[tuple[int, int]]:
    """Moments, and the bytes that operations made until then; of operations in operations the innermost made them."""
    threads: dict[int, list[Event]] = {}
    for event in events:
        if event.op:
            threads.setdefault(event.thread, []).append(event)
    made: list[tuple[int, int]] = []
    for operations in threads.values():
        innermost = [a for a, b in pairwise(operations) if b.start_ns >= a.end_ns]
        made += [
            (event.end_ns, event.nbytes)
            for event in (*innermost, operations[-1])
            if event.nbytes > 0
        ]
    made.sort()
    return list(zip([ns for ns, _ in made], accumulate(nbytes for _, nbytes in made), strict=True))


def _microseconds(ns: int) -> str:
    """Nanoseconds in microseconds, to the last digit."""
    return f"{ns // 1000}.{ns % 1000:03}"
