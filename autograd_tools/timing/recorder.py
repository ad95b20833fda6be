"""Recorder: the half of a timer that runs while a program does, and writes to the logs of its threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from autograd_tools.timing.events import Events
from autograd_tools.timing.exact import Watch
from autograd_tools.timing.log import CLOSE, END, PIECE, code_of, mark
from autograd_tools.timing.records import Record
from autograd_tools.timing.rows import check_known
from autograd_tools.timing.thread import Thread
from autograd_tools.timing.totals import MEMORY, Totals

NOTHING = (None, ())


class _Local(threading.local):
    """What the thread that looks at it measured."""

    def __init__(
        self,
        threads: list[Thread],
        events: Events,
        memory: str,
        time: Callable[[], int],
        lock: threading.Lock,
    ) -> None:
        with lock:
            self.thread = Thread(len(threads), events, memory)
            threads.append(self.thread)
        self.log = self.thread.log
        self.look = time if memory != "exact" else Watch(self.thread.looks, time).look
        self.called: Any = NOTHING  # what `timing` found about the arrays of the last operation


class _Nowhere(list[Any]):
    """The log of a timer that is disabled: what is written to it is gone."""

    def __iadd__(self, marks: Iterable[Any]) -> _Nowhere:  # type: ignore[misc]
        return self


class _Off:
    """What stands in the place of `_Local` while a timer is disabled."""

    log = _Nowhere()
    called = NOTHING


class Recorder:
    """Sections and records that threads write in passing; `Timer` adds them up and shows them."""

    def __init__(
        self, clock: Callable[[], int] = time.perf_counter_ns, *, memory: str = "outputs"
    ) -> None:
        check_known("way to count bytes", (memory,), dict.fromkeys(MEMORY))
        self.memory = memory
        self._time = clock
        self.clock = clock if memory != "exact" else self._look
        self.enabled = True
        self._lock = threading.Lock()
        self._reset(limit=0)

    def reset(self) -> None:
        """Forget all sections and start the clock again; sections that are open now are not counted."""
        self._reset(self._events.limit)

    def _reset(self, limit: int) -> None:
        self._start: int | None = self._time()
        self._watch = Watch([], self._time) if self.memory == "exact" else None
        self._events = Events(limit, self._start)
        self._threads: list[Thread] = []
        self._past = Totals()  # what was loaded, or merged into this timer
        self._cost_ns: float | None = None
        self._own = _Local(self._threads, self._events, self.memory, self._time, self._lock)
        self._switch(self.enabled)

    def _switch(self, enabled: bool) -> None:
        """Let the engine, which writes to `local.log` in passing, write to the log of its thread, or nowhere."""
        if enabled and not self.enabled:
            self._own.log += mark(
                END, 0, self.clock()
            )  # what was called before and ends after it has no time
        self.enabled = enabled
        self.local: Any = self._own if enabled else _Off

    def _look(self) -> int:
        """The clock of a timer that counts bytes exactly: whoever asks for the time has looked at them."""
        return self._own.look() if self.enabled else self._time()

    def enable(self) -> None:
        """Go on measuring after `disable`."""
        self._switch(True)

    def disable(self) -> None:
        """Measure nothing until `enable`: sections that begin meanwhile are not counted; those that are open end as usual."""
        self._switch(False)

    @contextmanager
    def disabled(self) -> Iterator[None]:
        """A `with` block in which nothing is measured; after it the timer measures if it did before."""
        before = self.enabled
        self._switch(False)
        try:
            yield
        finally:
            self._switch(before)

    def thread(self) -> Thread:
        """What this thread measured."""
        thread: Thread = self._own.thread
        return thread

    def measure(
        self, label: str, function: Callable[..., Any], /, *args: Any, **kwargs: Any
    ) -> Any:
        """Call `function` as one call of the section `label`; it counts also when the function raises."""
        if not self.enabled:
            return function(*args, **kwargs)
        thread, clock, nbytes = self._own.thread, self.clock, 0
        opened = thread.begin(None, code_of(label), clock())
        try:
            result = function(*args, **kwargs)
            if (
                type(result) is np.ndarray and result.base is None
            ):  # a view of another array takes no memory
                nbytes = result.nbytes
        finally:
            thread.end(opened, CLOSE, nbytes, clock())
        return result

    def piece(self, label: str, ncalls: int, function: Callable[..., Any], /, *args: Any) -> Any:
        """Call `function` as a part of a call of the section `label`, or as its first if `ncalls` is 1."""
        if not self.enabled:
            return function(*args)
        thread = self._own.thread
        opened = thread.begin(None, code_of(label), self.clock())
        try:
            return function(*args)
        finally:
            thread.end(opened, PIECE, ncalls, self.clock())

    def add(self, record: Record, ns: int, nbytes: int, ncalls: int = 1) -> None:
        """Add one call, or several, to a record."""
        if self.enabled:
            self._own.thread.add_record(record, ncalls, ns, nbytes)

    def add_up(self) -> None:
        """Add up what is in the logs of all threads."""
        for thread in list(self._threads):
            thread.add_up()
