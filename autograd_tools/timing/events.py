"""Single calls of sections, kept on request for timelines, up to a limit."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np

from autograd_tools.base.plain_data import LARGEST, text, whole
from autograd_tools.location.call_tree import plain_tree, read_tree, tree_of_paths
from autograd_tools.timing.call_places import CallPlaces
from autograd_tools.timing.log import HALF, LABELS, Ints
from autograd_tools.timing.records import Record, from_row, record_row
from autograd_tools.timing.spans import Spans


class Event(NamedTuple):
    """A call of a section.

    Attributes
    ----------
    thread : int
        The number of the thread, from 0.
    label, op : str
        The label of the section; the operation's name, empty for other sections.
    argument : int
        0 for forward, n for the gradient of argument n (from 1), -1 for other sections.
    recording, node : int
        The recording and the index on it; -1 if not recorded, or without lines. An operation on
        several recordings has a node in each section `record` that follows it.
    start_ns, end_ns : int
        Nanoseconds since the timer was reset.
    nbytes : int
        Bytes allocated inside; -1 if not counted.
    record : Record or None
        The key in `timer.records` that includes its time; None for the user's sections.
    live_nbytes : int
        Bytes of NumPy's data in all threads at its end; -1 if not counted.
    place : int
        The function, scope or step of a loop around it, as an index into `timer.places`. It is 0
        for operations that no gradient recorded, and for the user's sections.
    """

    thread: int
    label: str
    op: str
    argument: int
    recording: int
    node: int
    start_ns: int
    end_ns: int
    nbytes: int
    record: Record | None = None
    live_nbytes: int = -1
    place: int = 0


class Events:
    """Events kept so far as columns, and the number dropped beyond `limit`."""

    def __init__(self, limit: int, start: int) -> None:
        self.start = start
        self._lock = threading.Lock()
        self.restart(limit)

    def restart(self, limit: int) -> None:
        """Discard all events, and keep up to `limit` from now on."""
        self.limit = limit
        self.dropped = 0
        self._kept = 0
        self.calls = CallPlaces()
        self._columns: list[bytes] = []  # arrays would be among the bytes that are counted
        self._records: dict[Record | None, int] = {None: 0}  # their numbers, in order
        self._loaded: list[Event] = []

    def add(
        self,
        thread: int,
        spans: Spans,
        node: Ints,
        nbytes: Ints,
        live: Ints | None,
        record: Ints,
        records: Sequence[Record | None],
        places: Callable[[CallPlaces], Ints],
    ) -> None:
        """Keep the complete calls among these spans as far as there is room.

        The columns hold the node of each span, its bytes, and the index of its record in `records`.
        `places` finds the place of each span.
        """
        rows = np.flatnonzero(spans.single)
        with self._lock:
            room = max(0, self.limit - self._kept)
            self.dropped += max(0, len(rows) - room)
            rows = rows[:room]
            self._kept += len(rows)
            if not room:
                return
            place = places(self.calls)[rows]
            node, start = node[rows], spans.start[rows] - self.start
            recording, on_it = (node >> HALF) - 1, np.where(node, node & (1 << HALF) - 1, -1)
            known = self._records
            numbers = np.array([known.setdefault(record, len(known)) for record in records])
            columns = [
                *(np.full(len(rows), thread), spans.label[rows], recording, on_it, start),
                *(start + spans.ns[rows], nbytes[rows], numbers[record[rows]]),
                np.full(len(rows), -1) if live is None else live[rows],
                place,
            ]
            self._columns.append(np.array(columns, np.int64).tobytes())

    def rows(self) -> list[Event]:
        """Return all events by start; of those that start together, the longest first."""
        parts = list(self._columns)  # before the records, which other threads extend meanwhile
        records, found = list(self._records), list(self._loaded)
        for columns in parts:
            for thread, label, *numbers, record, live, place in (
                np.frombuffer(columns, np.int64).reshape(10, -1).T.tolist()
            ):
                row = (thread, *LABELS[label], *numbers, records[record], live, place)
                found.append(Event._make(row))
        found.sort(key=attrgetter("end_ns"), reverse=True)
        found.sort(key=attrgetter("start_ns"))
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return plain data; each event has the index of its record, or -1."""
        rows = [
            [*event[:-3], self._records[event.record] - 1, event.live_nbytes, event.place]
            for event in self.rows()
        ]
        return {
            "limit": self.limit,
            "dropped": self.dropped,
            "records": [record_row(record) for record in self._records if record is not None],
            "places": plain_tree(self.calls.tree),
            "rows": rows,
        }

    def load(self, data: dict[str, Any]) -> None:
        """Keep the events of `to_dict`, with its limit.

        Before version 3 they had no records, and before version 4 no places: the scopes of records
        take their part.
        """
        self.restart(whole(data["limit"]))
        self.dropped = whole(data["dropped"])
        records = {
            -1: None,
            **{number: from_row(row)[0] for number, row in enumerate(data.get("records", ()))},
        }
        for found in records.values():
            self._records.setdefault(found, len(self._records))
        scopes = [() if record is None else record.scope for record in records.values()]
        tree, ends = tree_of_paths(zip(scopes, scopes, strict=True))
        self.calls.tree = read_tree(data["places"]) if "places" in data else tree
        by_scope = dict(zip(records, ends, strict=True))
        for thread, label, op, *rest in data["rows"]:
            *numbers, start, end, nbytes, record, live, place = [
                whole(x, -LARGEST) for x in (*rest, -1, -1, -1)[: max(len(rest), 9)]
            ]
            if not 0 <= start <= end:
                raise ValueError("an event ends before it starts, or starts before the timer")
            if "places" not in data:
                place = by_scope[record]
            if not 0 <= place < len(self.calls.tree):
                raise ValueError(f"there is no place {place}")
            times = (start, end, nbytes, records[record], live, place)
            self._loaded.append(
                Event._make((whole(thread), text(label), text(op), *numbers, *times))
            )
        self._kept = len(self._loaded)
