"""Sections that add up calls, nanoseconds and bytes. Integers only: shares, means and text are made when shown."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable
from operator import index
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import numpy as np

from autograd_tools.files import read_document, write_document
from autograd_tools.timing.events import Event, Events
from autograd_tools.timing.log import CLOSE, LIMIT, mark
from autograd_tools.timing.log import label as code_of
from autograd_tools.timing.section import Section
from autograd_tools.timing.table import table
from autograd_tools.timing.thread import Record, Thread

__all__ = ["Record", "Timer"]

F = TypeVar("F", bound=Callable[..., Any])
FORMAT, VERSION = "autograd_tools.timer", 1


class _Local(threading.local):
    """What the thread that looks at it measured."""

    def __init__(self, threads: list[Thread], events: Events, lock: threading.Lock) -> None:
        with lock:
            self.thread = Thread(len(threads), events)
            threads.append(self.thread)
        self.log = self.thread.log


class Timer:
    """A tree of timed sections, one tree a thread, added up when looked at.

    >>> ticks = iter(range(0, 10**9, 10**6))           # a clock that moves a millisecond at each look
    >>> to = Timer(clock=lambda: next(ticks))
    >>> with to.section("load"):
    ...     with to.section("parse"):
    ...         pass
    >>> to["load"].ncalls, to["load"].ns
    (1, 3000000)

    `clock` returns nanoseconds. `print(timer)` shows the table.
    """

    def __init__(self, clock: Callable[[], int] = time.perf_counter_ns) -> None:
        self.clock = clock
        self._lock = threading.Lock()
        self._reset(limit=0)

    def reset(self) -> None:
        """Forget all sections and start the clock again; sections that are open now are not counted."""
        self._reset(self._events.limit)

    def _reset(self, limit: int) -> None:
        self._start: int | None = self.clock()
        self._events = Events(limit, self._start)
        self._threads: list[Thread] = []
        self.local = _Local(self._threads, self._events, self._lock)
        self._base = Section()
        self._base_records: dict[Record, list[int]] = {}
        self._past_ns = 0
        self._measured: Section | None = None
        self._cost_ns: float | None = None

    def measure(self, label: str, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Call `function` as one call of the section `label`; it counts also when the function raises."""
        log = self.open(label)
        nbytes = 0
        try:
            result = function(*args, **kwargs)
            if type(result) is np.ndarray and result.base is None:  # a view of another array takes no memory
                nbytes = result.nbytes
        finally:
            log += mark(CLOSE, nbytes, self.clock())
        return result

    def open(self, name: str) -> list[Any]:
        """Begin a section; a CLOSE in the log that this returns ends it."""
        log = self.local.log
        if len(log) > LIMIT:
            self.local.thread.add_up()
        log += mark(code_of(name), 0, self.clock())
        return log

    def timed(self, label: str, function: F) -> F:
        """`function`, of which every call is one of the section `label`."""

        @functools.wraps(function)
        def timed(*args: Any, **kwargs: Any) -> Any:
            return self.measure(label, function, *args, **kwargs)

        return timed  # type: ignore[return-value]

    def section(self, label: str) -> Block:
        """A `with` block, or a decorator, whose time goes to the section `label`."""
        if not isinstance(label, str) or not label:
            raise TypeError(f"a section is named by a non-empty string, not {label!r}")
        return Block(self, label)

    def add(self, record: Record, ns: int, nbytes: int, ncalls: int = 1) -> None:
        """Add one call, or several, to a record."""
        self.local.thread.add_record(record, ncalls, ns, nbytes)

    def add_up(self) -> None:
        """Add up what is in the logs of all threads."""
        for thread in self._threads:
            thread.add_up()

    @property
    def root(self) -> Section:
        """All threads' sections, added up, below a root that counts nothing itself."""
        root = Section()
        root.merge(self._base)
        self.add_up()
        for thread in self._threads:
            root.merge(thread.root)
        return root

    @property
    def records(self) -> dict[Record, list[int]]:
        """Calls, nanoseconds and bytes by operation, argument, source line and scope."""
        self.add_up()
        total: dict[Record, list[int]] = {}
        for records in (self._base_records, *(thread.records for thread in self._threads)):
            for record, counts in list(records.items()):
                total[record] = [a + b for a, b in zip(total.get(record, (0, 0, 0)), counts, strict=True)]
        return total

    def keep_events(self, limit: int = 1_000_000) -> None:
        """From now on keep every single call of a section, up to `limit` of them; 0 ends that and forgets those kept."""
        if index(limit) < 0:
            raise ValueError(f"the limit of events is 0 or more, not {limit}")
        self.add_up()
        self._events.restart(index(limit))

    @property
    def keeps_events(self) -> bool:
        """Whether single calls are kept."""
        return self._events.limit > 0

    @property
    def events(self) -> list[Event]:
        """The single calls kept since `keep_events`, by their start."""
        self.add_up()
        return self._events.rows()

    @property
    def dropped_events(self) -> int:
        """How many calls found no room among the events."""
        self.add_up()
        return self._events.dropped

    @property
    def total_ns(self) -> int:
        """Nanoseconds since the timer was made or reset, measured or not."""
        return self._past_ns + (0 if self._start is None else self.clock() - self._start)

    @property
    def section_cost_ns(self) -> float:
        """What one section costs by itself, on the machine that measured; 0 for a timer with a clock of its own."""
        if self._cost_ns is None:
            self._cost_ns = _section_cost() if self.clock is time.perf_counter_ns else 0.0
        return self._cost_ns

    @property
    def measured(self) -> Section:
        """The sum of the outermost sections."""
        tops = self.root.children.values()
        return self._measured or Section(ns=sum(s.ns for s in tops), nbytes=sum(s.nbytes for s in tops))

    def __getitem__(self, label: str) -> Section:
        children = self.root.children
        if label not in children:
            raise KeyError(f"no section {label!r}; there are: {', '.join(children) or 'none'}")
        return children[label]

    def __contains__(self, label: str) -> bool:
        return label in self.root.children

    def merge(self, *others: Timer) -> Timer:
        """Add the sections, records and total time of other timers to this one, label by label; returns this one."""
        for other in others:
            self._base.merge(other.root)
            self._past_ns += other.total_ns
            for record, counts in other.records.items():
                old = self._base_records.get(record, (0, 0, 0))
                self._base_records[record] = [a + b for a, b in zip(old, counts, strict=True)]
        return self

    def flatten(self) -> Timer:
        """A timer of the same total with one level: the sections of every label added up wherever they nest.

        Nested time counts in its own row and in those around it, as it does in the tree.
        """
        flat = Timer.from_dict(self.to_dict())
        flat._measured = self.measured
        flat._base = Section()
        for label, section in self.root.walk():
            flat._base.child(label).merge(Section(section.ncalls, section.ns, section.nbytes))
        return flat

    def to_dict(self) -> dict[str, Any]:
        """Everything measured so far, as plain data."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "total_ns": self.total_ns,
            "section_cost_ns": round(self.section_cost_ns),
            "sections": self.root.to_dict()["children"],
            "records": [[*record[:5], list(record.scope), *counts] for record, counts in self.records.items()],
            **({"events": self._events.to_dict()} if self.keeps_events else {}),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Timer:
        """A stopped timer with the measurements of `to_dict`."""
        timer = cls()
        timer._start = None
        timer._past_ns = index(data["total_ns"])
        timer._cost_ns = data.get("section_cost_ns", 0)
        timer._base = Section(children={label: Section.from_dict(child) for label, child in data["sections"].items()})
        for op, argument, file, line, function, scope, *counts in data["records"]:
            ncalls, ns, nbytes = map(index, counts)
            timer._base_records[Record(op, argument, file, line, function, tuple(scope))] = [ncalls, ns, nbytes]
        if "events" in data:
            timer._events = Events.from_dict(data["events"])
        return timer

    def save(self, path: str | Path) -> None:
        """Write the measurements to a JSON file."""
        write_document(path, self.to_dict())

    @classmethod
    def load(cls, path: str | Path) -> Timer:
        """A stopped timer from a file that `save` wrote."""
        return read_document(path, FORMAT, VERSION, cls.from_dict)

    def __repr__(self) -> str:
        root = self.root
        return f"<Timer of {sum(1 for _ in root.walk())} sections, {sum(s.ncalls for s in root.children.values())} calls>"

    def __str__(self) -> str:
        return table(self)


@functools.cache
def _section_cost() -> float:
    """Nanoseconds that `measure` adds to a call, with the adding up of its log.

    It is the smallest mean of some rounds, so that a busy machine does not raise it.
    """
    timer, rounds, calls = Timer(), 5, 2000

    def nothing() -> None: ...

    def run(function: Callable[..., Any], *args: Any) -> int:
        start = time.perf_counter_ns()
        for _ in range(calls):
            function(*args)
        return time.perf_counter_ns() - start

    def with_sum(function: Callable[..., Any], *args: Any) -> int:
        start = time.perf_counter_ns()
        run(function, *args)
        timer.add_up()
        return time.perf_counter_ns() - start

    measured = min(with_sum(timer.measure, "nothing", nothing) for _ in range(rounds))
    bare = min(run(nothing) for _ in range(rounds))
    return max(0.0, (measured - bare) / calls)


class Block:
    """One use of a section, as a `with` block or as a decorator."""

    def __init__(self, timer: Timer, label: str) -> None:
        self.timer = timer
        self.label = label

    def __enter__(self) -> Block:
        self.timer.local.thread.blocks.append(self.timer.open(self.label))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        end = self.timer.clock()
        blocks = self.timer.local.thread.blocks
        if blocks:  # unless the timer was reset inside the block
            log = blocks.pop()
            log += mark(CLOSE, 0, end)

    def __call__(self, function: F) -> F:
        """Time every call of `function`."""

        @functools.wraps(function)
        def timed(*args: Any, **kwargs: Any) -> Any:
            return self.timer.measure(self.label, function, *args, **kwargs)

        return timed  # type: ignore[return-value]
