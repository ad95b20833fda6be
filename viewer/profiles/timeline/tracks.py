"""The single calls of a timer, on tracks on which each is within another or beside it, as the formats of timelines demand."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from operator import index
from typing import NamedTuple

from autograd_tools import Timer
from autograd_tools.timing.events import Event
from viewer.inputs import as_timer

LIMIT = 1_000_000  # calls in a file; viewers in a browser hardly open larger ones
Lane = list[
    tuple[int, bool]
]  # of what is open, outermost first, when it ends and whether it is backward


@dataclass(frozen=True, slots=True)
class Calls:
    """The calls to be shown, by their start, and how many there were in all."""

    shown: list[Event]
    measured: int
    dropped: int  # those of them that the timer had no room for

    @property
    def note(self) -> str:
        """What is shown of what was measured, in words."""
        if len(self.shown) == self.measured:
            return f"all {self.measured:,} calls"
        return f"{len(self.shown):,} of {self.measured:,} calls"


class Track(NamedTuple):
    """Where calls are drawn: their thread from 0 on, whether they belong to the backward pass, and a number.

    The number is 0 but for calls that begin in another one and end after it, such as sections of `async` functions.
    """

    thread: int
    backward: bool
    lane: int


Tracks = dict[Track, list[Event]]


def calls_of(x: Timer | str | os.PathLike[str], limit: int) -> Calls:
    """The first `limit` single calls of a timer or of a saved one, or a ValueError that says why there are none."""
    if index(limit) < 1:
        raise ValueError(f"a limit of 1 or more calls is needed, and got {limit}")
    timer = as_timer(x)
    events = timer.events
    if not events:
        raise ValueError(
            "no single calls are known: a timeline needs `ag.timer.keep_events()` before the run and AUTOGRAD_TIMER=1 set before "
            "autograd_tools is imported; of profiles that were merged nobody knows the single calls: make the timeline of each"
        )
    measured = sum(section.ncalls for _, section in timer.root.walk())
    return Calls(events[:limit], max(measured, len(events)), timer.dropped_events)


def tracks_of(events: Iterable[Event], *, apart: bool) -> Tracks:
    """Calls by track, in the order of both; the backward pass is on tracks of its own if it is to be `apart`.

    What runs inside of a gradient, such as the operations of a gradient of higher order, is on the track of that gradient.
    """
    found: Tracks = defaultdict(list)
    threads: dict[int, list[Lane]] = defaultdict(list)
    for event in events:
        lanes = threads[event.thread]
        lane = _lane(lanes, event.start_ns, event.end_ns)
        around = lanes[lane]
        backward = apart and (
            event.argument > 0 or event.label == "sum_outgrads" or (bool(around) and around[-1][1])
        )
        around.append((event.end_ns, backward))
        found[Track(event.thread, backward, lane)].append(event)
    return {track: found[track] for track in sorted(found)}


def _lane(lanes: list[Lane], start: int, end: int) -> int:
    """The number of the first lane in which nothing is open that ends before `end`; a new one if there is none."""
    for lane, around in enumerate(lanes):
        while around and around[-1][0] <= start:
            around.pop()
        if not around or end <= around[-1][0]:
            return lane
    lanes.append([])
    return len(lanes) - 1


def track_name(track: Track, direction: str = "") -> str:
    """What a track is called: threads are counted from 1."""
    return " ".join(
        filter(
            None,
            (f"thread {track.thread + 1}", direction, f"({track.lane + 1})" if track.lane else ""),
        )
    )


def quoted(text: str) -> str:
    """A name as JSON, in which only what has to be is an escape: Perfetto shows escapes as they are."""
    return json.dumps(text.encode(errors="backslashreplace").decode(), ensure_ascii=False)
