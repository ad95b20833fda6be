"""The arrows of a timeline, from each operation to the gradients of its arguments."""

from __future__ import annotations

from itertools import chain

from autograd_tools.timing import Event
from viewer.profiles.timeline.tracks import Tracks

Node = tuple[int, int]  # a recording, and an index on it


def arrows_of(tracks: Tracks) -> tuple[dict[int, list[int]], dict[int, int]]:
    """Return the numbers of the arrows from each operation, and of the one to each gradient.

    The keys are `id(event)`. An event that took no time has no arrow.
    """
    operations: dict[Node, Event] = {}
    for events in tracks.values():
        operations |= _operations(events)
    starts: dict[int, list[int]] = {}
    ends: dict[int, int] = {}
    for event in chain.from_iterable(tracks.values()):
        if event.argument > 0 and event.end_ns > event.start_ns:
            operation = operations.get((event.recording, event.node))
            if operation is not None and operation.start_ns < operation.end_ns <= event.start_ns:
                ends[id(event)] = len(ends) + 1
                starts.setdefault(id(operation), []).append(len(ends))
    return starts, ends


def _operations(events: list[Event]) -> dict[Node, Event]:
    """Return the operation of each node that a track recorded: the call that ended just before."""
    found: dict[Node, Event] = {}
    around: list[Event] = []
    operation = None
    for event in events:
        ended = None
        while around and around[-1].end_ns <= event.start_ns:
            ended = around.pop()
        around.append(event)
        if event.label != "record":
            operation = None
            if event.argument == 0 and event.node >= 0:
                found[event.recording, event.node] = event
            continue
        if ended is not None and ended.label != "record":
            operation = ended if ended.argument == 0 else None
        if operation is not None and event.node >= 0:
            found[event.recording, event.node] = operation
    return found
