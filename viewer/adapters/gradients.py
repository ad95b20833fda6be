"""Gradients of other engines, and their traces."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any, TypeAlias

import numpy as np

from autograd_tools import Trace
from autograd_tools.debug.lost_gradients import reason_of
from autograd_tools.engine.detached import Detached
from autograd_tools.location.call_site import NOWHERE, CallSite
from autograd_tools.location.call_tree import ScopeNode
from autograd_tools.location.places import places_of
from autograd_tools.location.source_lines import code_at
from autograd_tools.tracing.buffers import Buffers
from autograd_tools.tracing.columns import Columns, Nodes, Numbering, OpSignature, SourceLine
from autograd_tools.tracing.summaries import Form, Summaries, blank, summaries
from viewer.adapters.recorder import BackwardPass, OpCall


class EngineGradient:
    """One backward pass: the calls since the one before, and what its `roots` depend on.

    A `retained` graph can be differentiated again. `unreached` leaves were to get a gradient, and
    got none; `detached` has the operations that read values without one. `not_asked` is the reason
    for other leaves, if the pass was to reach some only.
    """

    def __init__(
        self,
        since: Sequence[OpCall],
        roots: Sequence[OpCall],
        done: BackwardPass,
        array_of: Callable[[Any], np.ndarray | None],
        *,
        engine: str,
        retained: bool = False,
    ) -> None:
        self.engine = engine
        self.since, self.roots, self.done = since, roots, done
        self.retained = retained
        self.unreached: Sequence[OpCall] = ()
        self.not_asked = ""
        self.detached: Mapping[OpCall, Sequence[Detached]] = {}
        self.buffers_of: Callable[[Sequence[OpCall]], Buffers] | None = None
        self._array_of = array_of

    def trace(self) -> Trace:
        """Return the trace, with statistics of values that were kept and did not change since."""
        result = self.roots[0] if self.roots else None
        calls = self.calls()
        buffers = None if self.buffers_of is None else self.buffers_of(calls)
        trace = recorded_trace(
            calls, self.done, result, self._array_of, buffers, engine=self.engine
        )
        detached = {row: self.detached.get(call, ()) for row, call in enumerate(calls)}
        columns = trace.columns
        for row, call in enumerate(calls):
            if call in self.unreached:
                columns.reasons[row] = reason_of(trace, columns.node(row), detached)
            elif self.not_asked and call.kind == "param" and call not in self.done.outgrads:
                columns.reasons[row] = self.not_asked
        return trace

    def calls(self) -> list[OpCall]:
        """Return the calls and leaves of the trace, in its order."""
        return with_parents([*self.roots, *self._lost()])

    def _lost(self) -> set[OpCall]:
        """Return the unreached leaves, and all that was computed from them."""
        found = {*self.unreached}
        for call in self.since if found else ():
            if not found.isdisjoint(call.parents):
                found.add(call)
        return found


class ProgramGradient(EngineGradient):
    """A gradient that was computed as one program; `make` returns the trace of a look at it.

    Without `make`, nothing is known of it. It takes whether the trace also has what depends on no
    Param.
    """

    def __init__(self, make: Callable[[bool], Trace] | None) -> None:
        super().__init__((), (), BackwardPass(), lambda value: None, engine="")
        self._make = make

    @property
    def is_known(self) -> bool:
        """True if there is a trace."""
        return self._make is not None

    def trace(self) -> Trace:
        """Return the trace, without what depends on no Param."""
        return self._made(constants=False)

    def timed(self) -> Trace:
        """Return the trace of all that was timed."""
        return self._made(constants=True)

    def _made(self, *, constants: bool) -> Trace:
        if self._make is None:
            raise ValueError("this gradient was not looked at")
        return self._make(constants)


Done: TypeAlias = Callable[[EngineGradient], None]


def with_parents(roots: Iterable[OpCall]) -> list[OpCall]:
    """Return calls and all that their values depend on, oldest first.

    A leaf is before the first call that uses it, as leaves may be far older than a gradient.
    """
    found, todo = set[OpCall](), [*roots]
    while todo:
        call = todo.pop()
        if call not in found:
            found.add(call)
            todo += call.parents
    ordered: dict[OpCall, None] = {}
    for call in sorted(found, key=lambda call: (call.kind != "result", call.number)):
        for leaf in call.parents:
            if leaf.kind != "result":
                ordered.setdefault(leaf)
        ordered.setdefault(call)
    return [*ordered]


def recorded_trace(
    calls: Sequence[OpCall],
    done: BackwardPass | None = None,
    result: OpCall | None = None,
    array_of: Callable[[Any], np.ndarray | None] = lambda value: None,
    buffers: Buffers | None = None,
    *,
    engine: str,
) -> Trace:
    """Return the trace of some calls with all their parents, oldest first.

    `array_of` returns the elements of what the adapter kept of a value, None if they are unknown.
    """
    row = {call: number for number, call in enumerate(calls)}
    done = done or BackwardPass()
    signatures, lines = Numbering[OpSignature](), Numbering[SourceLine]()
    places, place = _places(calls)
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
        buffers=buffers,
        engine=engine,
    )
    trace = Trace(Nodes(columns), None if result is None else row[result] + 1)
    trace.check()
    return trace


def _places(calls: Sequence[OpCall]) -> tuple[list[ScopeNode], list[int]]:
    """Return the call tree, and the place of each call; that of a gradient is its operation's."""
    row = {call: number for number, call in enumerate(calls)}
    makers = {call.within for call in calls if call.within is not None} - row.keys()
    others = sorted(makers, key=lambda call: call.number)
    numbers = [call.number if call.kind == "result" else -1 for call in calls]
    newest = [*accumulate(numbers, max)]
    between = [(bisect_right(newest, call.number), call.site) for call in others]
    sites = [
        call.site._replace(between=others.index(call.within))
        if call.within in makers
        else NOWHERE
        if call.within
        else call.site
        for call in calls
    ]
    places, place = places_of(sites, between)
    for number, call in enumerate(calls):
        if call.within in row:
            place[number] = place[row[call.within]]
    inside: dict[tuple[int, int], int] = {}
    for number, (call, around) in enumerate(zip(calls, place, strict=True)):
        if call.inner:
            key = around, id(call.inner)
            if key not in inside:
                inside[key] = len(places)
                site = call.site
                places.append(ScopeNode(around, "scope", call.inner[0], site.file, site.line))
            place[number] = inside[key]
    return places, place


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
            if array is not None and form.shape == () and array.dtype.kind in "iuf":
                is_finite = np.isfinite(column.min[row])
                shown = form._replace(text=None if is_finite else column.text_of(row))
            else:
                shown = form
            column.form[row] = column.number_of(shown, known)
    return column
