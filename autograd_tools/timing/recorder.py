"""Recorder: the half of a timer that runs with the program and writes the logs of threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from operator import index
from time import perf_counter_ns
from time import thread_time_ns as time_of_thread
from typing import Any

import numpy as np

from autograd_tools.base.options import BytesCounted
from autograd_tools.base.text import unknown
from autograd_tools.timing.events import Events
from autograd_tools.timing.exact import Watch
from autograd_tools.timing.facts import Facts, FactStore
from autograd_tools.timing.log import CLOSE, END, PIECE, code_of, mark
from autograd_tools.timing.records import Called, Record
from autograd_tools.timing.samples import SampleStore
from autograd_tools.timing.stack import Open
from autograd_tools.timing.thread import Thread
from autograd_tools.timing.totals import MEMORY, Totals

WHOLE = (Thread.add_up.__code__,)  # a signal must not end a process within these functions


def no_time() -> int:
    """Return nothing as the time of a timer with a clock of its own, whose results are exact."""
    return 0


class _Local(threading.local):
    """Measurements of the current thread."""

    def __init__(
        self,
        threads: list[Thread],
        events: Events,
        memory: str,
        time: Callable[[], int],
        lock: threading.Lock,
    ) -> None:
        with lock:
            own_time = time_of_thread if time is perf_counter_ns else no_time
            self.thread = Thread(len(threads), events, memory, own_time)
            threads.append(self.thread)
        self.log = self.thread.log
        self.look = time if memory != "exact" else Watch(self.thread.looks, time).look


class _Nowhere(list[Any]):
    """Log of a disabled timer: it drops every mark."""

    def __iadd__(self, marks: Iterable[Any]) -> _Nowhere:  # type: ignore[misc]
        return self


class _NoThread:
    """Thread of a disabled timer."""

    seen = None

    def here(self) -> None: ...


class _Off:
    """Replacement of `_Local` while a timer is disabled."""

    log = _Nowhere()
    thread = _NoThread()


class Recorder:
    """Sections and records that threads write in passing; `Timer` adds them up and shows them."""

    hint = ""  # what to say where nothing was measured

    def __init__(
        self, clock: Callable[[], int] = perf_counter_ns, *, memory: BytesCounted = "outputs"
    ) -> None:
        self._time = clock
        self._count(memory)
        self.enabled = True
        self._lock = threading.Lock()
        self._reset(limit=0)

    def _count(self, memory: BytesCounted) -> None:
        if memory not in MEMORY:
            raise unknown("memory", memory, MEMORY)
        self.memory: BytesCounted = memory
        self.clock = self._time if memory != "exact" else self._look

    def set_apart(self, memory: BytesCounted, events: int) -> dict[str, Any]:
        """Measure anew from now on; return what was measured so far, for `put_back`."""
        if index(events) < 0:
            raise ValueError(f"events must be 0 or more, got {events}")
        kept = {name: value for name, value in vars(self).items() if name != "_lock"}
        self._count(memory)
        self.enabled = True
        self._reset(index(events))
        return kept

    def put_back(self, kept: dict[str, Any], *, add: bool) -> None:
        """Restore what was measured before `set_apart`; `add` what was measured since."""
        totals = self.totals() if add else None
        vars(self).update(kept)
        if totals is not None:
            with self._lock:
                self._past.add_inside(totals)

    def totals(self) -> Totals:
        """Return a copy of all measurements."""
        raise NotImplementedError

    def reset(self) -> None:
        """Discard all measurements and restart the clock; open sections are not counted."""
        self._reset(self._events.limit)

    def _reset(self, limit: int) -> None:
        self._start: int | None = self._time()
        self._watch = Watch([], self._time) if self.memory == "exact" else None
        self._events = Events(limit, self._start)
        self._threads: list[Thread] = []
        self._past = Totals()  # loaded, or merged into this timer
        self._facts = FactStore()
        self._samples = SampleStore()
        self._cost_ns: float | None = None
        self._own = _Local(self._threads, self._events, self.memory, self._time, self._lock)
        self._switch(self.enabled)

    @property
    def about(self) -> dict[str, Any]:
        """Facts of the run, if any: `processes`, `unfinished`, `signal`."""
        return self._past.about

    def _switch(self, enabled: bool) -> None:
        """Point `local.log`, to which the engine writes, at the thread's log or at nothing."""
        if enabled and not self.enabled:
            # A call that began before and ends after this mark has no time.
            self._own.log += mark(END, 0, self.clock())
        self.enabled = enabled
        self.local: Any = self._own if enabled else _Off

    def _look(self) -> int:
        """Return the time after a look at the bytes: the clock of a timer that counts exactly."""
        return self._own.look() if self.enabled else self._time()

    def enable(self) -> None:
        """Resume measuring after `disable`."""
        self._switch(True)

    def disable(self) -> None:
        """Stop measuring until `enable`; open sections still end as usual."""
        self._switch(False)

    @contextmanager
    def disabled(self) -> Iterator[None]:
        """Measure nothing in a `with` block, and restore the state after it."""
        before = self.enabled
        try:
            try:
                self._switch(False)
                yield
            finally:
                self._switch(before)
        finally:
            self._switch(before)

    def thread(self) -> Thread:
        """Return the measurements of this thread."""
        thread: Thread = self._own.thread
        return thread

    def measure(
        self, label: str, function: Callable[..., Any], /, *args: Any, **kwargs: Any
    ) -> Any:
        """Call `function` as one call of the section `label`, also counted if it raises.

        Parameters
        ----------
        label : str
            The section.
        function : callable
            The function to call with all further arguments.

        Returns
        -------
        object
            The result of the function.
        """
        if not self.enabled:
            return function(*args, **kwargs)
        thread, clock, nbytes = self._own.thread, self.clock, 0
        functions, opened = len(thread.functions), None
        try:
            try:
                opened = thread.begin(code_of(label), clock())
                result = function(*args, **kwargs)
                if type(result) is np.ndarray and result.base is None:  # a view takes no memory
                    nbytes = result.nbytes
            finally:
                if opened is not None:
                    thread.end(opened, CLOSE, nbytes, clock())
        except BaseException as error:
            thread.unwind(functions, error, clock())
            raise
        return result

    def piece(
        self, label: str, before: list[Open], function: Callable[..., Any], /, *args: Any
    ) -> Any:
        """Call `function` as a part of one call of a section; `before` has the part before."""
        if not self.enabled:
            return function(*args)
        thread, ncalls = self._own.thread, int(not before)
        last = before[0] if before and before[0].stack is thread else None
        functions, opened = len(thread.functions), None
        try:
            try:
                opened = thread.resume(last, code_of(label), self.clock())
                before[:] = [opened]
                return function(*args)
            finally:
                if opened is not None:
                    thread.end(opened, PIECE, ncalls, self.clock())
        except BaseException as error:
            thread.unwind(functions, error, self.clock())
            raise

    def add(self, record: Record, ns: int, nbytes: int, ncalls: int = 1) -> None:
        """Add calls to a record.

        Parameters
        ----------
        record : Record
            The operation and its place.
        ns, nbytes : int
            Nanoseconds and bytes of all these calls.
        ncalls : int
            The number of calls.
        """
        if self.enabled:
            self._own.thread.add_record(record, ncalls, ns, nbytes)

    def share_places(self, recording: int, owner: int) -> None:
        """Put the single calls of a recording into the call tree of another one, by number."""
        self._events.calls.owners[recording] = owner

    def look(
        self,
        length: int,
        facts_of: Callable[[], Facts],
        later: Callable[[], Callable[[], Facts]] | None = None,
    ) -> None:
        """Note facts on the structure of a gradient of so many operations, of some gradients.

        `later` returns a function that finds facts once the measurements are read.
        """
        if self.enabled:
            thread = self.thread()
            start = thread.own_time()
            self._facts.look(length, facts_of, later)
            thread.own_ns += thread.own_time() - start

    def note_tape(self, place: tuple[str, int], tape: Any, size_of: Callable[[Any], int]) -> None:
        """Note a tape that a line of the user's code made, to see how many of them stay alive."""
        if self.enabled:
            self._facts.note_tape(place, tape, size_of)

    def sample(self, op: str, called: Called, args: tuple[Any, ...]) -> None:
        """Copy the arrays of a call of an operation, of some calls."""
        self._samples.take(op, called, args)

    def add_up(self, passes: float = 0) -> None:
        """Add up the logs of all threads; `passes` is as in `Thread.add_up`."""
        for thread in list(self._threads):
            thread.add_up(passes)

    @contextmanager
    def still(self, wait: float, *, last: bool = False) -> Iterator[None]:
        """Hold the sums of all threads in a block, which may run in any of them.

        Wait up to `wait` seconds for each backward pass of another thread. The `last` time, add up
        the log in a backward pass of this thread, too, which must not continue.
        """
        with ExitStack() as locks:
            for thread in list(self._threads):
                if thread.lock.acquire(timeout=wait):
                    locks.callback(thread.lock.release)
            self.add_up(float("inf") if last else 0)
            yield
