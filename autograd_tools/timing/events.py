"""Single sections, one by one, for those who draw them along time: kept on request, up to a limit."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from operator import attrgetter, index
from typing import Any, NamedTuple

import numpy as np

from autograd_tools.timing.log import HALF, LABELS, Ints, Spans
from autograd_tools.timing.records import Record, from_row, record_row


class Event(NamedTuple):
    """One call of a section: its thread, numbered from 0, and its start and end in nanoseconds since the timer was reset.

    Of an operation `op` is the name and `argument` 0 for forward, n for the gradient of argument n; of any other section `op`
    is empty and `argument` -1. `node` is the index on the recording of the number `recording`; both are -1 where no line was
    looked for, and of what was not recorded. `record` is the key in `timer.records` that its time is added up under, with its
    place in the user's code; None if there is none, as for sections of the user's own.
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
        self._columns: list[tuple[Ints, ...]] = []
        self._places: dict[Record | None, int] = {None: 0}  # of the records, in their order
        self._loaded: list[Event] = []

    def add(self, thread: int, spans: Spans, node: Ints, record: Ints, records: Sequence[Record | None]) -> None:
        """Keep what is done among these spans, as far as there is room: of each there are its node, as the log numbers them,
        and the place of its record among `records`."""
        rows = np.flatnonzero(spans.single)
        with self._lock:
            room = max(0, self.limit - self._kept)
            self.dropped += max(0, len(rows) - room)
            rows = rows[:room]
            self._kept += len(rows)
            node, start = node[rows], spans.start[rows] - self.start
            place = (node >> HALF) - 1, np.where(node, node & (1 << HALF) - 1, -1)
            columns = (np.full(len(rows), thread), spans.label[rows], *place, start, start + spans.ns[rows], spans.nbytes[rows])
            places = np.array([self._places.setdefault(record, len(self._places)) for record in records])
            self._columns.append((*columns, places[record[rows]]))

    def rows(self) -> list[Event]:
        """All events, by their start."""
        records = list(self._places)
        found = self._loaded + [
            Event._make((thread, *LABELS[label], *rest, records[place]))
            for columns in self._columns
            for thread, label, *rest, place in zip(*(column.tolist() for column in columns), strict=True)
        ]
        found.sort(key=attrgetter("end_ns"), reverse=True)
        found.sort(key=attrgetter("start_ns"))  # of those that start together the longest is still the first
        return found

    def to_dict(self) -> dict[str, Any]:
        """The events as plain data; the last in each row is the place of its record in a list of them, or -1."""
        rows = [[*event[:-1], self._places[event.record] - 1] for event in self.rows()]
        records = [record_row(record) for record in self._places if record is not None]
        return {"limit": self.limit, "dropped": self.dropped, "records": records, "rows": rows}

    def load(self, data: dict[str, Any]) -> None:
        """Keep the events that `to_dict` described, and as many as it did; before version 3 they had no records."""
        self.restart(index(data["limit"]))
        self.dropped = index(data["dropped"])
        records = {-1: None, **{place: from_row(row)[0] for place, row in enumerate(data.get("records", ()))}}
        for record in records.values():
            self._places.setdefault(record, len(self._places))
        for thread, label, op, *rest in data["rows"]:
            *numbers, place = map(index, rest if len(rest) == 7 else (*rest, -1))
            self._loaded.append(Event._make((index(thread), label, op, *numbers, records[place])))
        if any(not 0 <= event.start_ns <= event.end_ns for event in self._loaded):
            raise ValueError("an event ends before it begins, or before the timer began")
        self._kept = len(self._loaded)
