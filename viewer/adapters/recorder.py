"""The recorder of engines whose operations run one by one: adapters note each call and its site.

A `BackwardPass` gets times and gradients while the engine differentiates. `recorded_trace` makes a
trace of calls, and `Meter` a timer.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterable, Sequence
from types import FrameType
from typing import Any, TypeAlias

import numpy as np

from autograd_tools import Timer, Trace
from autograd_tools.location.call_site import NOWHERE, CallSite, PathEntry
from autograd_tools.location.locators import Locator
from autograd_tools.location.places import places_of
from autograd_tools.location.scopes import scopes
from autograd_tools.location.source_lines import code_at
from autograd_tools.timing.records import PHASES, Record, Tally
from autograd_tools.tracing.columns import (
    ArgTemplate,
    Columns,
    Nodes,
    Numbering,
    OpSignature,
    SourceLine,
)
from autograd_tools.tracing.summaries import Form, Summaries, blank, summaries

FORWARD, BACKWARD = PHASES[0], PHASES[2]
MOST_SAMPLES = 128  # gradients, of each record
_numbers = itertools.count()
RuleTimes: TypeAlias = dict[int, int]  # nanoseconds by argument, from 1; 0 for the whole operation


class OpCall:
    """A call of an operation, or a leaf.

    Attributes
    ----------
    kind, op, name, args
        As in `OpSignature`; `args` has a pair of texts for each of the `parents`.
    parents : sequence of OpCall
        The calls and leaves whose values are arguments, in the order of `args`.
    site : CallSite
        The user's code that made the call; `NOWHERE` if unknown.
    form : Form or None
        The value without its elements; None if unknown.
    forward_ns, nbytes, saved : int
        The self time, the bytes allocated, and the bytes kept for the backward pass.
    """

    __slots__ = (
        *("args", "form", "forward_ns", "kind", "name", "nbytes", "number", "op", "parents"),
        *("saved", "site", "value"),
    )

    def __init__(
        self,
        kind: str,
        op: str,
        form: Form | None,
        site: CallSite = NOWHERE,
        args: tuple[ArgTemplate, ...] = (),
        parents: Sequence[OpCall] = (),
        *,
        name: str = "",
        forward_ns: int | None = None,
    ) -> None:
        self.number = next(_numbers)
        self.kind, self.op, self.name = kind, op, name
        self.args, self.parents = args, parents
        self.site, self.form = site, form
        self.forward_ns = forward_ns
        self.nbytes = self.saved = 0
        self.value: Any = None  # what an adapter keeps, for statistics


class BackwardPass:
    """What an engine did in one backward pass: nanoseconds and gradients, by call."""

    def __init__(self) -> None:
        self.ns: dict[OpCall, RuleTimes] = {}
        self.outgrads: dict[OpCall, tuple[Form, Any]] = {}

    def add(self, call: OpCall, argument: int, ns: int) -> None:
        """Add the time of the gradient of an argument, or 0 for the whole operation."""
        times = self.ns.setdefault(call, {})
        times[argument] = times.get(argument, 0) + ns


class SiteFinder(Locator):
    """A finder of sites, also inside scopes that code of a library opens.

    `named` are open calls of functions that have names of their own: the name, the id of the code,
    and the frame once it is known.
    """

    skip = 1

    def __init__(self, base: FrameType | None) -> None:
        super().__init__(base)
        self.named: list[list[Any]] = []
        self.codes: set[int] = set()  # of these functions; other calls of them have no name

    def _name(self, frame: FrameType) -> str:
        code = id(frame.f_code)
        if code not in self.codes:
            return super()._name(frame)
        for call in reversed(self.named):
            if call[1] == code and (call[2] is None or call[2] is frame):
                call[2] = frame
                name: str = call[0]
                return name
        return ""

    def inside(self, scope: list[Any]) -> CallSite:
        """Return the site of an operation in a scope that no code of the user is inside of.

        `scope` is empty for none, and else begins with a name. It gets the number of its entry.
        Opening a scope takes ten times as long.
        """
        site = self.find()
        if not scope or site.path is None:
            return site
        if len(scope) == 1:
            self._count += 1
            scope.append(self._count)
        outer = site.path
        around = PathEntry(
            *(outer.around, outer.number, outer.name, outer.code, site.offset, outer.start),
            *(len(scope) > 2, site.turns),
        )
        scope[2:] = [site]
        file, line, function, _, offset, resumed, operator, *_ = site
        inner = PathEntry(around, scope[1], scope[0])
        return CallSite(file, line, function, inner, offset, resumed, operator)

    def _path(self, frame: FrameType | None, below: FrameType | None) -> PathEntry | None:
        opened = scopes.innermost()
        scope = None if opened is None else opened.item
        inner = None if scope is None or frame is None else sys._getframe()
        while inner is not None and inner is not frame:
            if scope is not None and id(inner) == scope.frame:
                return super()._path(inner, None)
            inner = inner.f_back
        return super()._path(frame, below)


def with_parents(roots: Iterable[OpCall]) -> list[OpCall]:
    """Return calls and all that their values depend on, oldest first."""
    found, todo = set[OpCall](), [*roots]
    while todo:
        call = todo.pop()
        if call not in found:
            found.add(call)
            todo += call.parents
    return sorted(found, key=lambda call: call.number)


def recorded_trace(
    calls: Sequence[OpCall],
    done: BackwardPass | None = None,
    result: OpCall | None = None,
    array_of: Callable[[Any], np.ndarray | None] = lambda value: None,
) -> Trace:
    """Return the trace of some calls with all their parents, oldest first.

    `array_of` returns the elements of what the adapter kept of a value, None if they are unknown.
    """
    row = {call: number for number, call in enumerate(calls)}
    done = done or BackwardPass()
    signatures, lines = Numbering[OpSignature](), Numbering[SourceLine]()
    places, place = places_of([call.site for call in calls])
    counts = [len(call.parents) for call in calls]
    outgrads = [done.outgrads.get(call, (None, None)) for call in calls]
    columns = Columns(
        signature=[
            signatures[OpSignature(call.kind, call.op, call.name, call.args)] for call in calls
        ],
        signatures=list(signatures),
        source_line=[lines[_line_of(call.site)] for call in calls],
        source_lines=list(lines),
        places=places,
        place=place,
        starts=np.cumsum([0, *counts]),
        flat=np.array([row[parent] + 1 for call in calls for parent in call.parents], np.int64),
        value=_summaries([(call.form, array_of(call.value)) for call in calls]),
        outgrad=_summaries([(form, array_of(dx)) for form, dx in outgrads]),
        forward_ns=[call.forward_ns for call in calls],
        backward_ns=[done.ns.get(call) for call in calls],
    )
    trace = Trace(Nodes(columns), None if result is None else row[result] + 1)
    trace.check()
    return trace


def _line_of(site: CallSite) -> SourceLine:
    return SourceLine(
        site.file, site.line, site.function, site.gradient, code_at(site.file, site.line)
    )


def _summaries(items: Sequence[tuple[Form | None, np.ndarray | None]]) -> Summaries:
    """Return the column of values with these forms, with statistics of those that have elements."""
    known: dict[Form, int] = {}
    if all(array is None for _, array in items):
        column = blank(len(items))
    else:
        column = summaries([array for _, array in items])
    for row, (form, array) in enumerate(items):
        if form is not None:
            is_number = array is not None and form.shape == () and np.isfinite(column.min[row])
            column.form[row] = column.number_of(
                form._replace(text=None) if is_number else form, known
            )
    return column


class Meter:
    """Sums of calls by record, as a `Timer` has them."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget all."""
        self.steps, self._stride = 0, 1
        self._tallies: dict[Record, Tally] = {}

    def add(self, calls: Iterable[OpCall], done: BackwardPass) -> None:
        """Add a gradient: the calls since the one before, and its backward pass."""
        self._add(calls, done, self.steps)
        self.steps += 1
        if self.steps > self._stride * MOST_SAMPLES:
            self._stride *= 2
            for tally in self._tallies.values():
                tally.thin(self._stride)

    def add_rest(self, calls: Iterable[OpCall]) -> None:
        """Add calls after the last gradient, as a part of it."""
        self._add(calls, BackwardPass(), max(self.steps - 1, 0))

    def _add(self, calls: Iterable[OpCall], done: BackwardPass, step: int) -> None:
        sums: dict[Record, list[int]] = {}
        records = _Records()
        for call in calls:
            if call.forward_ns is not None:
                own = sums.setdefault(records.of(call, 0, FORWARD), [0, 0, 0, 0])
                own[0] += 1
                own[1] += call.forward_ns
                own[2] += call.nbytes
                own[3] += call.saved
        for call, times in done.ns.items():
            for argument, ns in times.items():
                own = sums.setdefault(records.of(call, argument, BACKWARD), [0, 0, 0, 0])
                own[0] += 1
                own[1] += ns
        for record, (ncalls, ns, nbytes, saved) in sums.items():
            tally = self._tallies.get(record)
            if tally is None:
                tally = self._tallies[record] = Tally()
            tally.add((ncalls, ns, nbytes), 1, step, step)
            tally.keep(saved)
            if step % self._stride == 0:
                tally.sample(step, ns)

    def timer(self) -> Timer:
        """Return the sums so far as a stopped timer, whose total time is 0."""
        records = {record: tally.counts(self.steps) for record, tally in self._tallies.items()}
        return Timer.of_records(records, self.steps)


class _Records:
    """The records of calls, one object for equal ones."""

    def __init__(self) -> None:
        self._scopes: dict[int, tuple[str, ...]] = {0: ()}
        self._equal: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._known: dict[tuple[Any, ...], Record] = {}

    def of(self, call: OpCall, argument: int, phase: str) -> Record:
        """Return the record of a call."""
        site = call.site
        scope = self._scope(site.path)
        key = call.op, argument, phase, site.line, id(site.file), site.function, id(scope)
        found = self._known.get(key)
        if found is None:
            where = site.file, site.line, site.function, scope, phase
            found = self._known[key] = Record(call.op, argument, *where)
        return found

    def _scope(self, path: PathEntry | None) -> tuple[str, ...]:
        """Return the names on a path; equal ones are one object. The calls keep paths alive."""
        if path is None:
            return self._scopes[0]
        found = self._scopes.get(id(path))
        if found is None:
            around = self._scope(path.around)
            found = (*around, path.name) if path.number > 0 else around
            found = self._scopes[id(path)] = self._equal.setdefault(found, found)
        return found
