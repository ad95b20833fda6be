"""Timer: sections that add up calls, nanoseconds and bytes, as integers until they are shown."""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Callable, Iterator, Mapping
from operator import index
from typing import Any, TypeVar

from autograd_tools.base.documents import read_document, write_document
from autograd_tools.base.options import BytesCounted
from autograd_tools.location.call_tree import ScopeNode
from autograd_tools.timing.blocks import Block, time_calls
from autograd_tools.timing.cost import cost_of
from autograd_tools.timing.engine_cost import EngineCost
from autograd_tools.timing.events import Event
from autograd_tools.timing.facts import Facts, add_facts
from autograd_tools.timing.recorder import Recorder
from autograd_tools.timing.records import Counts, Record
from autograd_tools.timing.samples import Samples, Trials
from autograd_tools.timing.section import Snapshot
from autograd_tools.timing.shown import Section, Shown
from autograd_tools.timing.totals import FORMAT, MEMORY, VERSION, Code, Totals

F = TypeVar("F", bound=Callable[..., Any])


class Timer(Recorder, Shown):
    """A tree of timed sections, and records of operations; `ag.timer` is the engine's.

    `print(timer)` shows the table, `print(timer["load"])` that of the sections inside; `table`,
    `rows`, `to_csv` and `to_markdown` give other forms. Every thread has a tree of its own; reading
    a result adds them up.

    Parameters
    ----------
    clock : callable
        A function that returns nanoseconds; `time.perf_counter_ns` by default.
    memory : {"outputs", "exact", "nobytes"}
        The bytes to count: of returned arrays, of all that NumPy allocates (with peaks), or none.

    Raises
    ------
    ValueError
        If `memory` is unknown.

    Examples
    --------
    >>> ticks = iter(range(0, 10**9, 10**6))  # a clock that advances a millisecond at each look
    >>> to = Timer(clock=lambda: next(ticks))
    >>> with to.section("load"):
    ...     with to.section("parse"):
    ...         pass
    >>> to["load"].ncalls, to["load"].ns
    (1, 3000000)
    >>> to["load", "parse"].ns
    1000000
    """

    def timed(self, label: str, function: F) -> F:
        """Return `function` with every call timed as the section `label`.

        Parameters
        ----------
        label : str
            The section.
        function : callable
            A function; generators and coroutines are timed only while they run.

        Raises
        ------
        TypeError
            For a class, an async generator function, or anything that is not callable.
        """
        return time_calls(self, label, function)

    def instrument(self, function: F, label: str | None = None) -> F:
        """Return `function` with every call timed as a section of its own name.

        Parameters
        ----------
        function : callable
            A function; `@timer.instrument` decorates one.
        label : str, optional
            Another name for the section.

        Raises
        ------
        TypeError
            If there is no name, and for the reasons of `timed`.
        """
        name = (
            label or getattr(function, "__qualname__", None) or getattr(function, "__name__", None)
        )
        if not isinstance(name, str):
            raise TypeError(f"{function!r} has no name; write timer.instrument(function, 'name')")
        return time_calls(self, name, function)

    def section(self, label: str) -> Block:
        """Return a `with` block, or a decorator, that is timed as the section `label`.

        Parameters
        ----------
        label : str
            The section, not empty. Sections nest as their blocks do.

        Raises
        ------
        TypeError
            If `label` is not a non-empty string.
        """
        if not isinstance(label, str) or not label:
            hint = "; to time a function under its name, write @timer.instrument"
            raise TypeError(
                f"expected a non-empty string as the label of a section, "
                f"got {label!r}{hint if callable(label) else ''}"
            )
        return Block(self, label)

    def totals(self) -> Totals:
        """Return a copy of all measurements, with the cost of measuring."""
        totals = self._sum()
        totals.events = self._events.to_dict() if self.keeps_events else None
        totals.section_cost_ns = self.section_cost_ns
        totals.add_code()
        return totals

    def totals_of(self, kept: dict[str, Any]) -> Totals:
        """Return the totals of what `set_apart` returned."""
        other = Timer()
        vars(other).update(kept)
        return other.totals()

    def _sum(self) -> Totals:
        """Add up past totals and those of all threads."""
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
        add_facts(totals.facts, self._facts.all())
        totals.samples |= self._samples.found()
        totals.own_ns += sum(thread.own_ns for thread in threads)
        totals.total_ns = self.total_ns  # last, so that no section takes longer
        return totals

    @property
    def root(self) -> Section:
        """The sections of all threads, added up below a root without counts."""
        return self._sum().root

    @property
    def records(self) -> dict[Record, Counts]:
        """The self time of operations by call site; it adds up to the engine's sections."""
        return self._sum().records

    @property
    def facts(self) -> Facts:
        """Facts on the structure of gradients, with the calls that have each, of how many.

        They are known where shapes are. The first gradients are looked at, and far longer ones.
        """
        return self._sum().facts

    @property
    def samples(self) -> Samples:
        """Copies of the arrays of some calls, which are not saved, known where shapes are."""
        return self._sum().samples

    @property
    def trials(self) -> Trials:
        """The trials of rewrites that tips have made on this machine, to which they add."""
        return self._past.trials

    @property
    def code(self) -> Code:
        """The code of measured lines, by file and number, of a profile that was saved or ended."""
        return self._past.code

    @property
    def steps(self) -> int:
        """The number of gradients; inner ones of higher derivatives are parts of these."""
        return self._sum().steps

    @property
    def measured(self) -> Section:
        """The sum of the top sections."""
        return self._sum().measured

    @property
    def total_ns(self) -> int:
        """Nanoseconds since the timer was created or reset, measured or not."""
        return self._past.total_ns + (0 if self._start is None else self._time() - self._start)

    @property
    def live_bytes(self) -> int | None:
        """The live bytes of NumPy's data allocated since counting began; None unless exact."""
        return self._sum().live_nbytes

    @property
    def peak_bytes(self) -> int | None:
        """The peak of live bytes since the timer was created or reset; None unless exact."""
        return self._sum().peak_nbytes

    @property
    def peaks(self) -> dict[str, Any] | None:
        """Peak rates of the machine, if set: `timer.peaks = viewer.peaks().to_dict()`."""
        return self._past.peaks

    @peaks.setter
    def peaks(self, peaks: dict[str, Any] | None) -> None:
        self._past.peaks = peaks

    @property
    def engine(self) -> EngineCost | None:
        """The engine's own time for a call on this machine, if set; tables then show it."""
        return self._past.engine

    @engine.setter
    def engine(self, engine: EngineCost | None) -> None:
        self._past.engine = engine

    @property
    def own_ns(self) -> int:
        """Nanoseconds of the processor that the timer itself took, but for marks of calls."""
        return self._sum().own_ns

    @property
    def section_cost_ns(self) -> float:
        """Nanoseconds that one section costs on this machine; 0 with a clock of your own."""
        if self._cost_ns is None:
            self._cost_ns = (
                _section_cost(self.memory) if self._time is time.perf_counter_ns else 0.0
            )
        return self._cost_ns

    def keep_events(self, limit: int = 1_000_000) -> None:
        """Keep single calls of sections from now on, and discard those kept so far.

        Parameters
        ----------
        limit : int
            The most calls to keep, 0 or more; 0 keeps none.

        Raises
        ------
        ValueError
            If `limit` is negative.
        """
        if index(limit) < 0:
            raise ValueError(f"limit must be 0 or more, got {limit}")
        self.add_up()
        self._events.restart(index(limit))

    @property
    def keeps_events(self) -> bool:
        """True while single calls are kept."""
        return self._events.limit > 0

    @property
    def events(self) -> list[Event]:
        """Single calls since `keep_events`, by start, without generators and coroutines."""
        self.add_up()
        return self._events.rows()

    @property
    def places(self) -> list[ScopeNode]:
        """The call tree around single calls: functions, scopes, loops and steps of loops.

        Each has the index of its parent. The first is the root.
        """
        self.add_up()
        return list(self._events.calls.tree)

    @property
    def dropped_events(self) -> int:
        """The number of calls beyond the limit of `keep_events`."""
        self.add_up()
        return self._events.dropped

    def snapshot(self) -> Snapshot:
        """Return the state to show; shares are of the sum of the top sections."""
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
        """Add the sections and records of other timers to this one, label by label.

        Parameters
        ----------
        *others : Timer
            Timers that ran apart from this one: their time is added to its total time.
        tree_point : tuple of str or str
            The path of a section of this timer, such as `("epoch", "load")`, within which the
            others ran: their sections go below it.

        Returns
        -------
        Timer
            This timer.

        Raises
        ------
        TypeError
            If one of the others is not a Timer.
        KeyError
            If there is no section at `tree_point`.
        """
        path = (tree_point,) if isinstance(tree_point, str) else tuple(tree_point)
        root = self.root
        root[path]  # raises KeyError
        for other in others:
            if not isinstance(other, Timer):
                raise TypeError(f"expected a Timer, got {other!r}; read one with Timer.load(path)")
        for other in others:
            totals = other.totals()
            peaks = self._sum().peaks_with(totals)
            with self._lock:
                self._past.root.make_room(root)  # the present order stays
                self._past.merge(totals, path)
                self._past.peaks = peaks
        if others and self._start is None:
            self._events.restart(0)  # merged runs have no single calls
        return self

    def flatten(self) -> Timer:
        """Return a stopped timer with one level: sections with equal labels are added up.

        Nested time counts in its own row and in those around it, as it does in the tree; the time
        of a recursion counts once.
        """
        totals = self.totals()
        totals.flatten()
        return Timer._of(totals)

    def complement(self) -> Timer:
        """Return a stopped timer with the self time of sections with children as rows `~label~`."""
        totals = self.totals()
        totals.root = totals.root.complement()
        return Timer._of(totals)

    @classmethod
    def of_records(cls, records: Mapping[Record, Counts], steps: int) -> Timer:
        """Return a stopped timer with records measured elsewhere.

        Parameters
        ----------
        records : mapping of Record to Counts
            The records.
        steps : int
            The number of gradients.
        """
        totals = Totals(threads=1, memory="outputs")
        totals.add_records(records.items(), steps)
        return cls._of(totals)

    @classmethod
    def _of(cls, totals: Totals) -> Timer:
        """Return a stopped timer, whose total time does not grow."""
        timer = cls()
        timer.hold(totals)
        return timer

    def hold(self, totals: Totals) -> None:
        """Hold these measurements from now on, stopped."""
        self._past, self._cost_ns, self._start = totals, totals.section_cost_ns, None
        if totals.events is not None:
            self._events.load(totals.events)

    def to_dict(self) -> dict[str, Any]:
        """Return all measurements as plain data for JSON; see `from_dict`."""
        return self.totals().to_dict()

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Timer:
        """Return a stopped timer with the measurements of `to_dict`."""
        return cls._of(Totals.from_dict(data))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the measurements to a JSON file.

        Parameters
        ----------
        path : str or Path
            The file; an existing one is replaced once all is written.
        """
        write_document(path, self.to_dict())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Timer:
        """Return a stopped timer from a file of `save`.

        Parameters
        ----------
        path : str or Path
            The file.

        Raises
        ------
        ValueError
            If the file is damaged, of another kind, or of a newer version.
        """
        return read_document(path, FORMAT, VERSION, cls.from_dict)

    def __getstate__(self) -> dict[str, Any]:
        """Return the measurements as text, without threads, locks and open sections."""
        import json

        return {
            "data": json.dumps(self.to_dict()),
            "clock": self._time,
            "enabled": self.enabled,
            "runs": self._start is not None,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        import json

        self.__dict__.update(vars(Timer.from_dict(json.loads(state["data"]))))
        self.clock = self._time = state["clock"]
        self._switch(state["enabled"])
        if state["runs"]:
            self._start = self.clock()
            self._events.start = self._start - self._past.total_ns  # continue after the others

    def __str__(self) -> str:
        hint = f"\n{self.hint}" if self.hint and not self.root.children else ""
        return f"{super().__str__()}{hint}"

    def __repr__(self) -> str:
        root = self.root
        sections = sum(1 for _ in root.walk())
        calls = sum(section.ncalls for section in root.children.values())
        return f"<{type(self).__name__} of {sections} sections, {calls} calls>"


@functools.cache
def _section_cost(memory: BytesCounted) -> float:
    """Return the nanoseconds that a section costs here; measured once, when first shown."""
    timer = Timer(memory=memory)
    return cost_of(timer.measure, timer.add_up)
