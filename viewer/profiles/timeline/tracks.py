"""The single calls of a timer on tracks, where calls nest or follow each other."""

from __future__ import annotations

import json
import math
import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import index
from typing import NamedTuple

from autograd_tools import Timer
from autograd_tools.location.call_tree import ScopeNode
from autograd_tools.timing import Event, Record
from viewer.inputs import as_timer
from viewer.profiles.groupings import operand_text

LIMIT = 1_000_000  # calls in a file; viewers in a browser hardly open larger ones
Lane = list[tuple[int, bool]]  # the ends of open calls, outermost first; True: backward


@dataclass(frozen=True, slots=True)
class Calls:
    """The calls to show, by their start, the places around them, and the number measured."""

    shown: list[Event]
    places: Sequence[ScopeNode]
    measured: int
    dropped: int  # calls beyond the limit of the timer

    @property
    def note(self) -> str:
        """The number of calls shown, in words."""
        if len(self.shown) == self.measured:
            return f"all {self.measured:,} calls"
        return f"{len(self.shown):,} of {self.measured:,} calls"


class Track(NamedTuple):
    """A row of calls in a timeline: their thread from 0 on, their direction, and a lane.

    Lanes other than 0 hold calls that start in another call and end after it, such as sections of
    `async` functions.
    """

    thread: int
    backward: bool
    lane: int


Tracks = dict[Track, list[Event]]


def calls_of(x: Timer | str | os.PathLike[str], limit: int) -> Calls:
    """Return the first `limit` single calls of a timer; raise ValueError if it has none."""
    if index(limit) < 1:
        raise ValueError(f"limit must be 1 or more, got {limit}")
    timer = as_timer(x)
    events = timer.events
    if not events:
        raise ValueError(
            "this profile has no single calls: call `ag.timer.keep_events()` before the run, with "
            "AUTOGRAD_TIMER=1 set before autograd_tools is imported; a merged profile has none, so "
            "write a timeline of each part"
        )
    measured = sum(section.ncalls for _, section in timer.root.walk())
    return Calls(events[:limit], timer.places, max(measured, len(events)), timer.dropped_events)


def tracks_of(events: Iterable[Event], *, apart: bool) -> Tracks:
    """Return calls by track, both in order; with `apart` the backward pass has its own tracks.

    Calls inside a gradient, such as those of a higher-order gradient, are on its track.
    """
    found: Tracks = defaultdict(list)
    threads: dict[int, list[Lane]] = defaultdict(list)
    for event in events:
        lanes = threads[event.thread]
        lane = _lane(lanes, event.start_ns, event.end_ns)
        around = lanes[lane]
        backward = apart and (is_backward(event) or (bool(around) and around[-1][1]))
        around.append((event.end_ns, backward))
        found[Track(event.thread, backward, lane)].append(event)
    return {track: found[track] for track in sorted(found)}


def _lane(lanes: list[Lane], start: int, end: int) -> int:
    """Return the first lane without an open call that ends before `end`, or a new one."""
    for lane, around in enumerate(lanes):
        while around and around[-1][0] <= start:
            around.pop()
        if not around or end <= around[-1][0]:
            return lane
    lanes.append([])
    return len(lanes) - 1


@dataclass(slots=True)
class Slice:
    """A function, scope, loop or step of a loop around calls of a track."""

    place: ScopeNode
    start_ns: int
    end_ns: int

    @property
    def label(self) -> str:
        """The name of the function, scope or loop, or the number of the step."""
        return f"step {self.place.name}" if self.place.kind == "step" else self.place.name


class _Level:
    """The inside of a call: its end, the place of all in it, and the slices open there.

    Slices are those of one direction: forward and backward passes have slices of their own.
    """

    def __init__(self, end: float, place: int) -> None:
        self.end = end
        self.place = place
        self.open: list[tuple[int, Slice]] = []
        self.depth: dict[int, int] = {}  # the number of slices around and including a place
        self.backward = False

    def leave(self, depth: int = 0) -> None:
        """Close the slices inside the first ones."""
        while len(self.open) > depth:
            place, inner = self.open.pop()
            del self.depth[place]
            if self.open:
                around = self.open[-1][1]
                around.end_ns = max(around.end_ns, inner.end_ns)


def nested(events: list[Event], places: Sequence[ScopeNode]) -> list[Event | Slice]:
    """Return the calls of a track with a slice for each function, scope, loop and step around some.

    Slices start a nanosecond early where there is time, so that calls keep their moments. A call
    whose place is not known is inside of the slice that goes on after it.
    """
    found: list[Event | Slice] = []
    levels = [_Level(math.inf, 0)]
    now = 0
    for event in events:
        while levels[-1].end <= event.start_ns:
            now = max(now, int(levels[-1].end))
            levels.pop().leave()
        level = levels[-1]
        if event.place:
            backward = is_backward(event)
            if level.backward != backward:
                level.leave()
                level.backward = backward
            inner, place = [], event.place
            while place not in level.depth and place not in (0, level.place):
                inner.append(place)
                place = places[place].parent
            level.leave(level.depth.get(place, 0))
            for left in range(len(inner), 0, -1):
                start = max(now, event.start_ns - left)
                level.open.append((inner[left - 1], Slice(places[inner[left - 1]], start, start)))
                level.depth[inner[left - 1]] = len(level.open)
                found.append(level.open[-1][1])
            if level.open:
                level.open[-1][1].end_ns = max(level.open[-1][1].end_ns, event.end_ns)
        found.append(event)
        now = event.start_ns
        around = level.open[-1][0] if level.open else level.place
        levels.append(_Level(event.end_ns, event.place or around))
    while levels:
        levels.pop().leave()
    return found


def is_backward(event: Event) -> bool:
    """Return whether a call is a part of a backward pass itself."""
    return event.argument > 0 or event.label == "sum_outgrads"


def spaced(events: list[Event | Slice]) -> tuple[list[int], list[int]]:
    """Return starts and ends of a track's calls, no two of them equal.

    speedscope adds the start and the length of a call in floating point, so calls that touch would
    nest, and calls without length would never end. A moment that is taken becomes the next
    nanosecond.
    """
    starts, ends, now = [], [0] * len(events), -1
    around: list[int] = []
    for i, event in enumerate(events):
        while around and events[around[-1]].end_ns <= event.start_ns:
            inner = around.pop()
            now = ends[inner] = max(now + 1, events[inner].end_ns)
        now = max(now + 1, event.start_ns)
        starts.append(now)
        around.append(i)
    while around:
        inner = around.pop()
        now = ends[inner] = max(now + 1, events[inner].end_ns)
    return starts, ends


def place_of(record: Record | None) -> dict[str, str]:
    """Return the place and operands of calls, as far as they are known."""
    if record is None:
        return {}
    where = {
        "line": f"{record.file}:{record.line}" if record.file else "",
        "function": record.function,
        "scope": " / ".join(record.scope),
    }
    *arguments, output = [operand_text(operand) for operand in record.operands] or [""]
    if output:
        where |= {"call": f"({', '.join(arguments)}) -> {output}"}
    return {name: text for name, text in where.items() if text}


def track_name(track: Track, direction: str = "") -> str:
    """Return the name of a track; threads count from 1."""
    lane = f"({track.lane + 1})" if track.lane else ""
    return " ".join(filter(None, (f"thread {track.thread + 1}", direction, lane)))


def quoted(text: str) -> str:
    """Return a name as JSON with as few escapes as possible, because Perfetto shows them."""
    return json.dumps(text.encode(errors="backslashreplace").decode(), ensure_ascii=False)
