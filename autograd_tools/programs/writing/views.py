"""Values that a loop need not store: views, and values that are equal in all iterations."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from autograd_tools.base.traced import Attribute
from autograd_tools.programs.rolling.renaming import (
    Renamed,
    renamed_within,
    replace_output,
    resolved,
)
from autograd_tools.programs.steps.arithmetic import WITH_SIGNS
from autograd_tools.programs.steps.loop import (
    CARRIED,
    COUNTER,
    EACH,
    ELEMENT,
    AnyStep,
    Entry,
    Loop,
    Stored,
    like,
)
from autograd_tools.programs.steps.program import NOWHERE, Call, Variable, mapped
from autograd_tools.programs.writing.repeats import may_be_repeated

LONGEST_CHAIN = 3  # calls that are done again


def is_view(call: Any) -> bool:
    """Return whether a call takes no time worth a name: `x.T`, or `x[t]` with a plain index."""
    if type(call) is not Call or call.kwargs:
        return False
    if call.func is np.transpose:
        return len(call.args) == 1
    if type(call.func) is Attribute:
        return call.func.name in ("T", "mT", "real", "imag")
    if call.func is not operator.getitem:
        return False
    index = call.args[1] if type(call.args[1]) is tuple else (call.args[1],)
    return all(
        [
            type(x) in (int, slice, type(None), type(...))
            or (type(x) is Variable and x.number < 0 and not x.shape)
            for x in index
        ]
    )


def is_cheap(call: Call) -> bool:
    """Return whether a call is arithmetic that is done again rather than stored, and has no name
    of the user's.
    """
    x = call.output
    if type(x) is not Variable or x.called or call.kwargs or not may_be_repeated(call):
        return False
    is_square = call.func is operator.pow and np.ndim(call.args[1]) == 0 and call.args[1] == 2
    return is_square or call.func in WITH_SIGNS


def hoisted(steps: Iterable[AnyStep], renamed: Renamed) -> list[AnyStep]:
    """Return steps that compute what is the same in each turn once, where a loop would store it."""
    found: list[AnyStep] = []
    same: Renamed = {}  # by the sequence
    for old in steps:
        step = renamed_within(old, renamed)
        if isinstance(step, Call) and step.read in same:
            renamed[step.output] = same[step.read]
            continue
        if isinstance(step, Loop):
            for entry in step.entries:
                if entry.kind == ELEMENT and entry.values[0] in same:
                    renamed[entry.variable] = same[entry.values[0]]
            step = replace(step, body=tuple(hoisted(step.body, renamed)))
            before, step = _split(step, same)
            found += before
        found.append(step)
    return found


def _split(loop: Loop, same: Renamed) -> tuple[list[AnyStep], Loop]:
    """Return the calls of a loop that are stored and the same in each turn, and the loop."""
    changing = {*loop.outputs(), *[entry.variable for entry in loop.entries]}
    needed = {one.variable for one in loop.stored if not one.before}
    fixed: list[AnyStep] = []
    for step in loop.body:
        if isinstance(step, Call) and may_be_repeated(step) and not changing & {*step.inputs()}:
            fixed.append(step)
            changing.difference_update(step.outputs())
    moved: list[AnyStep] = []
    for step in reversed(fixed):
        if needed & {*step.outputs()}:
            moved.insert(0, step)
            needed.update(step.inputs())
    out = {x for step in moved for x in step.outputs()}
    same.update({s.sequence: s.variable for s in loop.stored if s.variable in out and not s.before})
    return moved, replace(loop, body=tuple([step for step in loop.body if step not in moved]))


class View(NamedTuple):
    """Calls that a loop does in each turn, for the value of the last one, which need not be stored.

    `kept` has the sequences that hold what they read, with the index of the first turn.
    """

    calls: tuple[Call, ...]
    loop: Loop
    kept: dict[Variable, tuple[Variable, int]]

    def inputs(self) -> list[Variable]:
        """Return what they read and do not make."""
        made = {call.output for call in self.calls}
        return [x for x in _unique(self.calls) if x not in made]

    def entries(self, step: int, start: int, count: int) -> list[Entry]:
        """Return what they read in turns of another loop, which go from `start` by `step`."""
        found = []
        for x in self.inputs():
            entry = _entry(self.loop, x)
            if x in self.kept:
                sequence, first = self.kept[x]
                found.append(Entry(like(x), ELEMENT, (sequence,), step, start + first))
            elif entry is not None and entry.kind == COUNTER:
                first = entry.values[0] + entry.step * start
                found.append(Entry(like(x), COUNTER, (first,), entry.step * step))
            elif entry is not None:
                values = tuple([entry.values[step * t + start] for t in range(count)])
                found.append(Entry(like(x), EACH, values))
        return found

    def taken(self, values: list[Any], output: Variable) -> list[Call]:
        """Return the calls with other values."""
        changing = [x for x in self.inputs() if x in self.kept or _entry(self.loop, x) is not None]
        renamed = dict(zip(changing, values, strict=True))
        found = []
        for call in self.calls:
            args = mapped(call.args, lambda x: resolved(x, renamed))
            renamed[call.output] = like(call.output) if call is not self.calls[-1] else output
            found.append(replace_output(call.calling(call.func, args), renamed[call.output]))
        return found

    def in_turn(self, turn: int, output: Variable) -> list[AnyStep]:
        """Return the calls of one turn."""
        before: list[AnyStep] = []
        values: list[Any] = []
        for entry in self.entries(0, turn, 1):
            if entry.kind == ELEMENT:
                part = like(entry.variable)
                args = (entry.values[0], entry.start)
                before.append(Call(operator.getitem, args, {}, part, NOWHERE))
                values.append(part)
            else:
                values.append(entry.values[0])
        return [*before, *self.taken(values, output)]


def _unique(calls: Iterable[Call]) -> list[Variable]:
    return list(dict.fromkeys([x for call in calls for x in call.inputs()]))


def _entry(loop: Loop, x: Variable) -> Entry | None:
    return next((entry for entry in loop.entries if entry.variable is x), None)


def with_views(steps: Sequence[AnyStep]) -> tuple[list[AnyStep], Renamed]:
    """Return steps that take views anew, in place of those that an earlier loop stored."""
    views: dict[Variable, View] = {}
    last: Renamed = {}
    found: list[AnyStep] = []
    for old in steps:
        step = renamed_within(old, last) if last else old
        if isinstance(step, Call) and step.read in views:
            found += views[step.read].in_turn(step.args[1], step.output)
        elif isinstance(step, Loop):
            step, made = _keeping_lists(_taking_views(step, views))
            found.append(step)
            for stored in step.stored:
                if stored.variable in made and not stored.before:
                    views[stored.sequence] = made[stored.variable]
            for x, view in made.items():
                if all(map(is_view, view.calls)):
                    last[x] = like(x)
                    found += view.in_turn(step.count - 1, last[x])
        else:
            found.append(step)
    return found, last


def _keeping_lists(loop: Loop) -> tuple[Loop, dict[Variable, View]]:
    """Return a loop that keeps the lists whose elements it stores, and what need not be stored."""
    outputs = {*loop.outputs()}
    passing = {entry.variable for entry in loop.entries if entry.kind not in (COUNTER, EACH)}
    kept = _kept(loop)
    stored = {one.variable for one in loop.stored}
    new: list[Stored] = []
    found: dict[Variable, tuple[Call, ...]] = {}
    for call in loop.body:
        if isinstance(call, Call) and is_cheap(call):
            before = [part for x in _unique([call]) for part in found.get(x, ())]
            chain = tuple(dict.fromkeys([*before, call]))
            inner = {part.output for part in chain}
            read = {x for x in _unique(chain) if x not in inner and x in outputs | passing}
            if read <= kept.keys() and len(chain) <= LONGEST_CHAIN:
                found[call.output] = chain
            continue
        if not isinstance(call, Call) or not is_view(call) or passing & {*call.inputs()}:
            continue
        x = call.args[0]
        if type(x) is not Variable or x.root.written or not (outputs & {*call.inputs()}) <= {x}:
            continue
        if x in outputs:
            if x.type is not list or call.output not in stored:
                continue
            if x not in kept:
                kept[x] = like(x), 0
                new.append(Stored(kept[x][0], x))
        found[call.output] = (call,)
    loop = replace(loop, stored=(*loop.stored, *new))
    return loop, {x: View(calls, loop, kept) for x, calls in found.items()}


def _kept(loop: Loop) -> dict[Variable, tuple[Variable, int]]:
    """Return the sequences that a loop stores, by what they hold from which index on."""
    found = {}
    outputs = {*loop.outputs()}
    for one in loop.stored:
        if one.variable in outputs:
            found[one.variable] = one.sequence, len(one.before)
        if len(one.before) == 1:  # also what the turn before has left
            for entry in loop.entries:
                is_next = entry.kind == CARRIED and entry.next is one.variable
                if is_next and entry.values[0] is one.before[0]:
                    found[entry.variable] = one.sequence, 0
    return found


def _taking_views(loop: Loop, views: dict[Variable, View]) -> Loop:
    entries: list[Entry] = []
    taken: list[AnyStep] = []
    for entry in loop.entries:
        view = views.get(entry.values[0]) if entry.kind == ELEMENT else None
        if view is None:
            entries.append(entry)
            continue
        needed = view.entries(entry.step, entry.start, loop.count)
        entries += needed
        taken += view.taken([one.variable for one in needed], entry.variable)
    return replace(loop, entries=tuple(entries), body=(*taken, *loop.body))
