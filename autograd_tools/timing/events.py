"""Single sections, one by one, for those who draw them along time: kept on request, up to a limit."""

from __future__ import annotations

import threading
from operator import index
from typing import Any, NamedTuple

import numpy as np

from autograd_tools.timing.log import LABELS, Ints, Spans


class Event(NamedTuple):
    """One call of a section: its thread, numbered from 0, and its start and end in nanoseconds since the timer was reset.

    Of an operation `op` is the name and `argument` 0 for forward, n for the gradient of argument n; of any other section `op`
    is empty and `argument` -1. `node` is the index on the recording of the number `recording`; both are -1 where no line was
    looked for, and of what was not recorded.
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
        self._loaded: list[Event] = []

    def add(self, thread: int, spans: Spans, recording: Ints, node: Ints) -> None:
        """Keep what is done among these spans, as far as there is room."""
        rows = np.flatnonzero(spans.single)
        with self._lock:
            room = max(0, self.limit - self._kept)
            self.dropped += max(0, len(rows) - room)
            rows = rows[:room]
            self._kept += len(rows)
            start = spans.start[rows] - self.start
            columns = (spans.label[rows], recording[rows], node[rows], start, start + spans.ns[rows], spans.nbytes[rows])
            self._columns.append((np.full(len(rows), thread), *columns))

    def rows(self) -> list[Event]:
        """All events, by their start."""
        found = [
            Event(thread, *LABELS[label], *rest)
            for columns in self._columns
            for thread, label, *rest in zip(*(column.tolist() for column in columns), strict=True)
        ]
        return sorted(self._loaded + found, key=lambda event: (event.start_ns, -event.end_ns))

    def to_dict(self) -> dict[str, Any]:
        """The events as plain data."""
        return {"limit": self.limit, "dropped": self.dropped, "rows": [list(event) for event in self.rows()]}

    def load(self, data: dict[str, Any]) -> None:
        """Keep the events that `to_dict` described, and as many as it did."""
        self.restart(index(data["limit"]))
        self.dropped = index(data["dropped"])
        self._loaded = [Event(index(t), label, op, *map(index, rest)) for t, label, op, *rest in data["rows"]]
        self._kept = len(self._loaded)
