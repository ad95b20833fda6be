"""Timer: sections that add up calls, nanoseconds and bytes, as integers until they are shown."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from operator import index
from typing import Any, TypeVar

from autograd_tools.base.documents import read_document, write_document
from autograd_tools.location.call_tree import ScopeNode
from autograd_tools.timing.blocks import Block, time_calls
from autograd_tools.timing.events import Event
from autograd_tools.timing.readings import Readings
from autograd_tools.timing.records import Counts, Record
from autograd_tools.timing.shown import Section, Shown
from autograd_tools.timing.totals import FORMAT, VERSION, Totals

F = TypeVar("F", bound=Callable[..., Any])


class Timer(Readings, Shown):
    """A tree of timed sections, and records of operations; `ag.timer` is the engine's.

    `print(timer)` shows the table, `print(timer["load"])` that of the sections inside; `table`,
    `rows`, `to_csv` and `to_markdown` are other formats. Every thread has its own tree; reading a
    result combines them.

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
        """Return `function` with every call timed as a section with its name.

        Parameters
        ----------
        function : callable
            A function; `@timer.instrument` decorates one.
        label : str, optional
            Another name for the section.

        Raises
        ------
        TypeError
            If there is no name, and as in `timed`.
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

    def keep_events(self, limit: int = 1_000_000) -> None:
        """Keep single calls of sections from now on, and discard those kept so far.

        Parameters
        ----------
        limit : int
            The maximum number of calls, 0 or more; 0 keeps none.

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
            Timers that ran separately: their time is added to the total time.
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
        """Return a stopped timer with one level: sections with equal labels are combined.

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
            The file; an existing one is replaced when writing is complete.
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
            If the file is damaged, of another kind, or from a newer version.
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
