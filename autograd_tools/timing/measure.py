"""The timer: sections that add up calls, nanoseconds and bytes. Integers only: shares, means and text are made when shown."""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Callable, Iterator
from operator import index
from pathlib import Path
from typing import Any, TypeVar

from autograd_tools.base.documents import read_document, write_document
from autograd_tools.timing.blocks import Block, time_calls
from autograd_tools.timing.cost import cost_of
from autograd_tools.timing.events import Event
from autograd_tools.timing.recorder import Recorder
from autograd_tools.timing.records import Counts, Record
from autograd_tools.timing.section import Snapshot
from autograd_tools.timing.shown import Section, Shown
from autograd_tools.timing.totals import FORMAT, MEMORY, VERSION, Totals

F = TypeVar("F", bound=Callable[..., Any])


class Timer(Recorder, Shown):
    """A tree of timed sections, one tree a thread, added up when looked at.

    >>> ticks = iter(range(0, 10**9, 10**6))           # a clock that moves a millisecond at each look
    >>> to = Timer(clock=lambda: next(ticks))
    >>> with to.section("load"):
    ...     with to.section("parse"):
    ...         pass
    >>> to["load"].ncalls, to["load"].ns
    (1, 3000000)
    >>> to["load", "parse"].ns
    1000000

    `clock` returns nanoseconds; `memory` says whose bytes are counted: "outputs", of the arrays that functions return, "exact",
    of all that NumPy makes, with the most there are at once, or "nobytes". `print(timer)` shows the table, `print(timer["load"])`
    that of what is inside a section; `table`, `rows`, `to_csv` and `to_markdown` give them in other forms.
    """

    def timed(self, label: str, function: F) -> F:
        """`function`, of which every call is one of the section `label`."""
        return time_calls(self, label, function)

    def instrument(self, function: F, label: str | None = None) -> F:
        """`function`, of which every call is a section of its own name; as a decorator, `@timer.instrument`."""
        name = (
            label or getattr(function, "__qualname__", None) or getattr(function, "__name__", None)
        )
        if not isinstance(name, str):
            raise TypeError(
                f"{function!r} has no name of its own: write timer.instrument(function, 'name')"
            )
        return time_calls(self, name, function)

    def section(self, label: str) -> Block:
        """A `with` block, or a decorator, whose time goes to the section `label`."""
        if not isinstance(label, str) or not label:
            hint = (
                "; to time a function by its own name, write @timer.instrument"
                if callable(label)
                else ""
            )
            raise TypeError(f"a section is named by a non-empty string, not {label!r}{hint}")
        return Block(self, label)

    def totals(self) -> Totals:
        """A copy of all that was measured, with what measuring cost."""
        totals = self._sum()
        totals.events = self._events.to_dict() if self.keeps_events else None
        totals.section_cost_ns = self.section_cost_ns
        return totals

    def _sum(self) -> Totals:
        """What was merged, and what the threads measured, added up."""
        totals = Totals()
        totals.merge(self._past)
        self.add_up()
        threads = list(self._threads)
        totals.threads = max(totals.threads, sum(1 for thread in threads if thread.root.children))
        for thread in threads:
            totals.root.merge(thread.root)
            tallies = list(thread.tallies.items())
            totals.add_records(
                [(record, tally.counts(thread.steps)) for record, tally in tallies], thread.steps
            )
        if self._watch is not None:
            totals.see(*self._watch.most())
        totals.memory = (
            max(totals.memory, self.memory, key=MEMORY.index)
            if self._start is not None
            else totals.memory
        )
        totals.total_ns = self.total_ns  # last, so that no section that ends meanwhile takes longer
        return totals

    @property
    def root(self) -> Section:
        """All threads' sections, added up, below a root that counts nothing itself."""
        return self._sum().root

    @property
    def records(self) -> dict[Record, Counts]:
        """What operations took, by place in the user's code: their nanoseconds add up to those of all sections of the engine."""
        return self._sum().records

    @property
    def steps(self) -> int:
        """How many gradients were measured; the inner ones of higher derivatives are parts of these."""
        return self._sum().steps

    @property
    def measured(self) -> Section:
        """The sum of the outermost sections."""
        return self._sum().measured

    @property
    def total_ns(self) -> int:
        """Nanoseconds since the timer was made or reset, measured or not."""
        return self._past.total_ns + (0 if self._start is None else self._time() - self._start)

    @property
    def live_bytes(self) -> int | None:
        """The bytes of NumPy's data that were made since bytes are counted exactly, and are there; None where they are not."""
        return self._sum().live_nbytes

    @property
    def peak_bytes(self) -> int | None:
        """The most of these bytes that there were at once since the timer was made or reset."""
        return self._sum().peak_nbytes

    @property
    def peaks(self) -> dict[str, Any] | None:
        """What the machine that measured can do at best, as plain data, if it was noted: `timer.peaks = viewer.peaks().to_dict()`."""
        return self._past.peaks

    @peaks.setter
    def peaks(self, peaks: dict[str, Any] | None) -> None:
        self._past.peaks = peaks

    @property
    def section_cost_ns(self) -> float:
        """What one section costs by itself, on the machine that measured; 0 for a timer with a clock of its own."""
        if self._cost_ns is None:
            self._cost_ns = (
                _section_cost(self.memory) if self._time is time.perf_counter_ns else 0.0
            )
        return self._cost_ns

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
        """The single calls kept since `keep_events`, by their start; those of generators and coroutines are not among them."""
        self.add_up()
        return self._events.rows()

    @property
    def dropped_events(self) -> int:
        """How many calls found no room among the events."""
        self.add_up()
        return self._events.dropped

    def snapshot(self) -> Snapshot:
        """What is to be shown: shares are of the sum of the outermost sections."""
        totals = self._sum()
        memory = (totals.memory, totals.peak_nbytes)
        return Snapshot(
            totals.root,
            totals.measured,
            totals.total_ns,
            totals.threads,
            self.section_cost_ns,
            *memory,
        )

    def __getitem__(self, key: str | tuple[str, ...]) -> Section:
        return self.root[key]

    def __contains__(self, label: object) -> bool:
        return label in self.root

    def __iter__(self) -> Iterator[str]:
        return iter(self.root)

    def merge(self, *others: Timer, tree_point: tuple[str, ...] | str = ()) -> Timer:
        """Add the sections and records of other timers to this one, label by label; returns this one.

        Their time adds to that of this one: they ran apart from it. With a `tree_point`, the path of a section of this
        timer such as `("epoch", "load")`, they ran within it: their sections go below it, and it says how long it took.
        """
        path = (tree_point,) if isinstance(tree_point, str) else tuple(tree_point)
        root = self.root
        root[path]  # or an error that lists what is there
        for other in others:
            if not isinstance(other, Timer):
                raise TypeError(
                    f"only timers merge with a timer, and got {other!r}; Timer.load(path) reads a saved one"
                )
        for other in others:
            totals = other.totals()
            peaks = self._sum().peaks_with(totals)
            with self._lock:
                self._past.root.make_room(root)  # what was here before stays before what is new
                self._past.merge(totals, path)
                self._past.peaks = peaks
        if others and self._start is None:
            self._events.restart(0)  # of runs that are merged nobody knows the single calls
        return self

    def flatten(self) -> Timer:
        """A timer of the same total with one level: the sections of every label added up wherever they nest.

        Nested time counts in its own row and in those around it, as it does in the tree.
        """
        totals = self.totals()
        totals.flatten()
        return Timer._of(totals)

    def complement(self) -> Timer:
        """A timer with a row `~fit~` in every section `fit` that has others in it: the time that is in none of them."""
        totals = self.totals()
        totals.root = totals.root.complement()
        return Timer._of(totals)

    @classmethod
    def _of(cls, totals: Totals) -> Timer:
        """A stopped timer: its total time stays what it is."""
        timer = cls()
        timer._past, timer._cost_ns, timer._start = totals, totals.section_cost_ns, None
        if totals.events is not None:
            timer._events.load(totals.events)
        return timer

    def to_dict(self) -> dict[str, Any]:
        """Everything measured so far, as plain data."""
        return self.totals().to_dict()

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Timer:
        """A stopped timer with the measurements of `to_dict`."""
        return cls._of(Totals.from_dict(data))

    def save(self, path: str | Path) -> None:
        """Write the measurements to a JSON file."""
        write_document(path, self.to_dict())

    @classmethod
    def load(cls, path: str | Path) -> Timer:
        """A stopped timer from a file that `save` wrote."""
        return read_document(path, FORMAT, VERSION, cls.from_dict)

    def __getstate__(self) -> dict[str, Any]:
        """The measurements as text, however deep they nest; threads, locks and open sections stay where they are."""
        return {
            "data": json.dumps(self.to_dict()),
            "clock": self._time,
            "enabled": self.enabled,
            "runs": self._start is not None,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(vars(Timer.from_dict(json.loads(state["data"]))))
        self.clock = self._time = state["clock"]
        self._switch(state["enabled"])
        if state["runs"]:
            self._start = self.clock()
            self._events.start = (
                self._start - self._past.total_ns
            )  # they go on where the others ended

    def __repr__(self) -> str:
        root = self.root
        return f"<Timer of {sum(1 for _ in root.walk())} sections, {sum(s.ncalls for s in root.children.values())} calls>"


@functools.cache
def _section_cost(memory: str) -> float:
    """Nanoseconds that a section costs here; asked once, when something is first shown."""
    timer = Timer(memory=memory)
    return cost_of(timer.measure, timer.add_up)
