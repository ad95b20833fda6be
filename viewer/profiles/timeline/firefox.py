"""Single calls for profiler.firefox.com: stacks with self times, and gradients as markers."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograd_tools import Timer
from autograd_tools.base.output import saved
from autograd_tools.location.call_tree import ScopeNode
from autograd_tools.timing import Event
from viewer.profiles.timeline.tracks import LIMIT, calls_of, place_of, track_name, tracks_of

PROFILE_VERSION = 58  # of the processed profile format; the profiler converts older ones
CATEGORIES = {"other": "grey", "forward": "blue", "backward": "orange", "record": "green"}
OTHER, FORWARD, BACKWARD, RECORD = range(len(CATEGORIES))
INTERVAL = 1  # the phase of a marker with a start and an end
FIELDS = {"line": "Line", "function": "Function", "scope": "Scope", "call": "Call"}

Frame = tuple[str, str, int | None, int]  # a name, a file or "", a line, a category
Columns = dict[str, list[Any]]


def to_firefox(
    x: Timer | str | os.PathLike[str], path: str | Path | None = None, *, limit: int = LIMIT
) -> str:
    """Return the single calls of a timer as JSON for the Firefox Profiler.

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
        The JSON, with times in milliseconds, exact to the nanosecond.

    Raises
    ------
    ValueError
        If no single calls are known, or for a `limit` below 1.

    Notes
    -----
    Each thread has samples whose weights are self times. The user's functions, scopes and loops are
    the frames below an operation; gradients are also markers. Calls before `keep_events()` or
    beyond its limit, of generators and coroutines, and of merged timers are missing.
    """
    calls = calls_of(x, limit)
    tables = _Tables()
    threads = [
        _thread(track_name(track), number, events, calls.places, tables)
        for number, (track, events) in enumerate(tracks_of(calls.shown, apart=False).items(), 1)
    ]
    document = {
        "meta": _meta(f"autograd_tools: {calls.note}"),
        "libs": [],
        "shared": {
            "stringArray": list(tables.strings),
            "sources": _table(
                filename=[tables.string(file) for file in tables.files],
                uuid=[None] * len(tables.files),
            ),
        },
        "threads": threads,
    }
    text = json.dumps(document, separators=(",", ":")) + "\n"
    return saved(text, path)


@dataclass(slots=True)
class _Tables:
    """The strings and files of all threads, in the order of their numbers."""

    strings: dict[str, int] = field(default_factory=dict)
    files: dict[str, int] = field(default_factory=dict)

    def string(self, text: str) -> int:
        printable = text.encode(errors="backslashreplace").decode()
        return self.strings.setdefault(printable, len(self.strings))

    def file(self, name: str) -> int | None:
        if not name:
            return None
        self.string(name)
        return self.files.setdefault(name, len(self.files))


@dataclass(slots=True)
class _Stacks:
    """The stacks and frames of a thread, in the order of their numbers."""

    stacks: dict[tuple[int, int | None], int] = field(default_factory=dict)
    frames: dict[Frame, int] = field(default_factory=dict)

    def above(self, prefix: int | None, frame: Frame) -> int:
        """Return the stack with a frame above another stack."""
        key = (self.frames.setdefault(frame, len(self.frames)), prefix)
        return self.stacks.setdefault(key, len(self.stacks))


def _thread(
    name: str, tid: int, events: list[Event], places: Sequence[ScopeNode], tables: _Tables
) -> dict[str, Any]:
    """Return a thread of the profile."""
    stacks = _Stacks()
    samples = [*_samples(events, places, stacks)]
    tables_of_stacks = _tables_of(stacks, tables)
    return {
        "processType": "default",
        "processName": "autograd_tools",
        "processStartupTime": 0,
        "processShutdownTime": None,
        "registerTime": 0,
        "unregisterTime": None,
        "pausedRanges": [],
        "name": name,
        "isMainThread": tid == 1,
        "pid": "1",
        "tid": tid,
        "samples": {
            **_table(
                stack=[stack for stack, _, _ in samples],
                time=[start / 1e6 for _, start, _ in samples],
                weight=[ns / 1e6 for _, _, ns in samples],
            ),
            "weightType": "tracing-ms",
        },
        "markers": _markers(events, tables),
        **tables_of_stacks,
    }


def _samples(
    events: list[Event], places: Sequence[ScopeNode], stacks: _Stacks
) -> Iterator[tuple[int | None, int, int]]:
    """Yield the stack, start and length of each piece of self time, and of the gaps between."""
    around: list[tuple[int, int, int]] = []  # ends, stacks and places of open calls
    known: dict[tuple[int, int | None, int], int | None] = {}  # stacks of places in others
    now = events[0].start_ns

    def until(moment: int) -> Iterator[tuple[int | None, int, int]]:
        nonlocal now
        while around and around[-1][0] <= moment:
            end, stack, _ = around.pop()
            if end > now:
                yield stack, now, end - now
                now = end
        if moment > now:
            yield (around[-1][1] if around else None), now, moment - now
            now = moment

    for event in events:
        yield from until(event.start_ns)
        outer, inside = (around[-1][1], around[-1][2]) if around else (None, 0)
        place = event.place or inside
        key = (place, outer, inside)
        if key not in known:
            stack: int | None = outer
            for frame in _frames(place, inside, places):
                stack = stacks.above(stack, frame)
            known[key] = stack
        around.append((event.end_ns, stacks.above(known[key], _frame(event)), place))
    yield from until(max(event.end_ns for event in events))


def _frames(place: int, inside: int, places: Sequence[ScopeNode]) -> list[Frame]:
    """Return the functions, scopes and loops around a place, those `inside` another one if it is.

    Steps are left out, so that those of a loop add up.
    """
    found = []
    while place not in (0, inside):
        node = places[place]
        if node.kind == "loop":
            found.append((node.name, node.file, node.line or None, OTHER))
        elif node.kind != "step":
            found.append((node.name, "", None, OTHER))
        place = node.parent
    return found[::-1]


def _frame(event: Event) -> Frame:
    record = event.record
    file, line = (record.file, record.line) if record is not None and record.file else ("", None)
    return event.label, file, line, _category(event)


def _category(event: Event) -> int:
    if event.label == "record":
        return RECORD
    if event.argument > 0 or event.label == "sum_outgrads":
        return BACKWARD
    return FORWARD if event.op else OTHER


def _tables_of(stacks: _Stacks, tables: _Tables) -> dict[str, Any]:
    """Return the tables of stacks, frames and functions; a function is a name in a file."""
    functions: dict[tuple[str, str], int] = {}
    func = [functions.setdefault(frame[:2], len(functions)) for frame in stacks.frames]
    n, m = len(stacks.frames), len(functions)
    return {
        "stackTable": _table(
            frame=[frame for frame, _ in stacks.stacks],
            prefix=[prefix for _, prefix in stacks.stacks],
        ),
        "frameTable": _table(
            address=[-1] * n,
            inlineDepth=[0] * n,
            category=[category for _, _, _, category in stacks.frames],
            subcategory=[0] * n,
            func=func,
            nativeSymbol=[None] * n,
            innerWindowID=[0] * n,
            line=[line for _, _, line, _ in stacks.frames],
            column=[None] * n,
        ),
        "funcTable": _table(
            name=[tables.string(name) for name, _ in functions],
            isJS=[False] * m,
            relevantForJS=[False] * m,
            resource=[-1] * m,
            source=[tables.file(file) for _, file in functions],
            lineNumber=[None] * m,
            columnNumber=[None] * m,
        ),
        "resourceTable": _table(lib=[], name=[], host=[], type=[]),
        "nativeSymbols": _table(libIndex=[], address=[], name=[], functionSize=[]),
    }


def _markers(events: list[Event], tables: _Tables) -> dict[str, Any]:
    """Return the gradients as markers, with their place and operands."""
    gradients = [event for event in events if event.argument > 0]
    details = {id(event.record): place_of(event.record) for event in gradients}
    return _table(
        name=[tables.string(event.label) for event in gradients],
        startTime=[event.start_ns / 1e6 for event in gradients],
        endTime=[event.end_ns / 1e6 for event in gradients],
        phase=[INTERVAL] * len(gradients),
        category=[BACKWARD] * len(gradients),
        data=[{"type": "gradient", **details[id(event.record)]} for event in gradients],
    )


def _table(**columns: list[Any]) -> dict[str, Any]:
    return {**columns, "length": max(map(len, columns.values()))}


def _meta(product: str) -> dict[str, Any]:
    fields = [{"key": key, "label": label, "format": "string"} for key, label in FIELDS.items()]
    return {
        "interval": 1,
        "startTime": 0,
        "processType": 0,
        "product": product,
        "importedFrom": "autograd_tools",
        "stackwalk": 0,
        "version": 31,
        "preprocessedProfileVersion": PROFILE_VERSION,
        "symbolicated": True,
        "usesOnlyOneStackType": True,
        "sourceCodeIsNotOnSearchfox": True,
        "keepProfileThreadOrder": True,
        "categories": [
            {"name": name, "color": colour, "subcategories": ["Other"]}
            for name, colour in CATEGORIES.items()
        ],
        "markerSchema": [
            {
                "name": "gradient",
                "tooltipLabel": "{marker.name}",
                "tableLabel": "{marker.data.line}",
                "display": ["marker-chart", "marker-table", "timeline-overview"],
                "fields": fields,
            }
        ],
    }
