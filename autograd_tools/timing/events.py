"""Single sections, one by one, for those who draw them along time: kept on request, up to a limit."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from operator import attrgetter, index
from typing import Any, NamedTuple

import numpy as np

from autograd_tools.timing.log import HALF, LABELS, Ints
from autograd_tools.timing.records import Record, from_row, record_row
from autograd_tools.timing.spans import Spans


class Event(NamedTuple):
    """One call of a section: its thread, numbered from 0, and its start and end in nanoseconds since the timer was reset.

    Of an operation `op` is the name and `argument` 0 for forward, n for the gradient of argument n; of any other section `op`
    is empty and `argument` -1. `node` is the index on the recording of the number `recording`; both are -1 where no line was
    looked for, and of what was not recorded; of an operation on several recordings, each section `record` after it has one.
    `nbytes` were made in it, and `live_nbytes` are there at its end, of NumPy's data in all threads; -1 where nobody counts
    them. `record` is what its time is added up under in `timer.records`, with its place in the user's code; None for sections
    of the user's own.
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


class Events:
    """The events kept so far, as columns, and how many were dropped because there were `limit` already."""

    def __init__(self, limit: int, start: int) -> None:
        self.start = start
        self._lock = threading.Lock()
        self.restart(limit)

    def restart(self, limit: int) -> None:
        """Forget those kept, and keep up to `limit` from now on."""
        self.limit = limit
        self.dropped = 0
        self._kept = 0
        self._columns: list[
            bytes
        ] = []  # of arrays, which would be among the bytes that are counted
        self._places: dict[Record | None, int] = {None: 0}  # of the records, in their order
        self._loaded: list[Event] = []

    def add(
        self,
        thread: int,
        spans: Spans,
        node: Ints,
        nbytes: Ints,
        live: Ints | None,
        place: Ints,
        records: Sequence[Record | None],
    ) -> None:
        """Keep what is done among these spans, as far as there is room: of each there are its node, as the log numbers them, its
        bytes, and the place of its record among `records`."""
        rows = np.flatnonzero(spans.single)
        with self._lock:
            room = max(0, self.limit - self._kept)
            self.dropped += max(0, len(rows) - room)
            rows = rows[:room]
            self._kept += len(rows)
            node, start = node[rows], spans.start[rows] - self.start
            recording, on_it = (node >> HALF) - 1, np.where(node, node & (1 << HALF) - 1, -1)
            places = np.array(
                [self._places.setdefault(record, len(self._places)) for record in records]
            )[place[rows]]
            after = np.full(len(rows), -1) if live is None else live[rows]
            columns = (
                spans.label[rows],
                recording,
                on_it,
                start,
                start + spans.ns[rows],
                nbytes[rows],
                places,
                after,
            )
            self._columns.append(
                np.array([np.full(len(rows), thread), *columns], np.int64).tobytes()
            )

    def rows(self) -> list[Event]:
        """All events, by their start."""
        parts = list(
            self._columns
        )  # before the records, to which those of parts that come meanwhile are added
        records, found = list(self._places), list(self._loaded)
        for columns in parts:
            for thread, label, *numbers, place, live in (
                np.frombuffer(columns, np.int64).reshape(9, -1).T.tolist()
            ):
                found.append(Event._make((thread, *LABELS[label], *numbers, records[place], live)))
        found.sort(key=attrgetter("end_ns"), reverse=True)
        found.sort(
            key=attrgetter("start_ns")
        )  # of those that start together the longest is still the first
        return found

    def to_dict(self) -> dict[str, Any]:
        """The events as plain data; in the place of a record stands that in a list of them, or -1."""
        rows = [
            [*event[:-2], self._places[event.record] - 1, event.live_nbytes]
            for event in self.rows()
        ]
        records = [record_row(record) for record in self._places if record is not None]
        return {"limit": self.limit, "dropped": self.dropped, "records": records, "rows": rows}

    def load(self, data: dict[str, Any]) -> None:
        """Keep the events that `to_dict` described, and as many as it did; before version 3 they had no records."""
        self.restart(index(data["limit"]))
        self.dropped = index(data["dropped"])
        records = {
            -1: None,
            **{place: from_row(row)[0] for place, row in enumerate(data.get("records", ()))},
        }
        for record in records.values():
            self._places.setdefault(record, len(self._places))
        for thread, label, op, *rest in data["rows"]:
            *numbers, place, live = map(index, (*rest, -1, -1) if len(rest) == 6 else rest)
            self._loaded.append(
                Event._make((index(thread), label, op, *numbers, records[place], live))
            )
        if any(not 0 <= event.start_ns <= event.end_ns for event in self._loaded):
            raise ValueError("an event ends before it begins, or before the timer began")
        self._kept = len(self._loaded)
