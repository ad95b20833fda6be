"""Values that a loop need not store: views, which are taken anew, and what each turn has alike."""

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
    with_args,
)
from autograd_tools.programs.steps.loop import (
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


def hoisted(steps: Iterable[AnyStep], renamed: Renamed) -> list[AnyStep]:
    """Return steps that compute what is the same in each turn once, where a loop would store it."""
    found: list[AnyStep] = []
    same: Renamed = {}  # by the sequence
    for old in steps:
        step = renamed_within(old, renamed)
        if isinstance(step, Call) and step.func is operator.getitem and step.args[0] in same:
            renamed[step.output] = same[step.args[0]]
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
    """A view that a loop takes in each turn, and the sequences of its lists that the loop keeps."""

    call: Call
    loop: Loop
    kept: dict[Variable, Variable]

    def entries(self, step: int, start: int, count: int) -> list[Entry]:
        """Return what the view needs in turns of another loop, which go from `start` by `step`."""
        found = []
        for x in dict.fromkeys(self.call.inputs()):
            entry = _entry(self.loop, x)
            if x in self.kept:
                found.append(Entry(like(x), ELEMENT, (self.kept[x],), step, start))
            elif entry is not None and entry.kind == COUNTER:
                first = entry.values[0] + entry.step * start
                found.append(Entry(like(x), COUNTER, (first,), entry.step * step))
            elif entry is not None:
                values = tuple([entry.values[step * t + start] for t in range(count)])
                found.append(Entry(like(x), EACH, values))
        return found

    def taken(self, values: list[Any], output: Variable) -> Call:
        """Return the view of other values."""
        changing = [
            x
            for x in dict.fromkeys(self.call.inputs())
            if x in self.kept or _entry(self.loop, x) is not None
        ]
        renamed = dict(zip(changing, values, strict=True))
        args = mapped(self.call.args, lambda x: resolved(x, renamed))
        return replace_output(with_args(self.call, args, {}), output)

    def in_turn(self, turn: int, output: Variable) -> list[AnyStep]:
        """Return the calls that take the view of one turn."""
        before: list[AnyStep] = []
        values: list[Any] = []
        for entry in self.entries(0, turn, 1):
            if entry.kind == ELEMENT:
                part = like(entry.variable)
                before.append(Call(operator.getitem, (entry.values[0], turn), {}, part, NOWHERE))
                values.append(part)
            else:
                values.append(entry.values[0])
        return [*before, self.taken(values, output)]


def _entry(loop: Loop, x: Variable) -> Entry | None:
    return next((entry for entry in loop.entries if entry.variable is x), None)


def with_views(steps: Sequence[AnyStep]) -> tuple[list[AnyStep], Renamed]:
    """Return steps that take views anew, in place of those that an earlier loop stored."""
    views: dict[Variable, View] = {}
    last: Renamed = {}
    found: list[AnyStep] = []
    for old in steps:
        step = renamed_within(old, last) if last else old
        if isinstance(step, Call) and step.func is operator.getitem and step.args[0] in views:
            found += views[step.args[0]].in_turn(step.args[1], step.output)
        elif isinstance(step, Loop):
            step, made = _keeping_lists(_taking_views(step, views))
            found.append(step)
            for stored in step.stored:
                if stored.variable in made and not stored.before:
                    views[stored.sequence] = made[stored.variable]
            for x, view in made.items():
                last[x] = like(x)
                found += view.in_turn(step.count - 1, last[x])
        else:
            found.append(step)
    return found, last


def _keeping_lists(loop: Loop) -> tuple[Loop, dict[Variable, View]]:
    """Return a loop that keeps the lists whose elements it stores, and its views."""
    outputs = {*loop.outputs()}
    passing = {entry.variable for entry in loop.entries if entry.kind not in (COUNTER, EACH)}
    kept = {one.variable: one.sequence for one in loop.stored if not one.before}
    stored = {one.variable for one in loop.stored}
    new: list[Stored] = []
    found: dict[Variable, Call] = {}
    for call in loop.body:
        if not isinstance(call, Call) or not is_view(call) or passing & {*call.inputs()}:
            continue
        x = call.args[0]
        if x.root.written or not (outputs & {*call.inputs()}) <= {x}:
            continue
        if x in outputs:
            if x.type is not list or call.output not in stored:
                continue
            if x not in kept:
                kept[x] = like(x)
                new.append(Stored(kept[x], x))
        found[call.output] = call
    loop = replace(loop, stored=(*loop.stored, *new))
    lists = {x: sequence for x, sequence in kept.items() if x.type is list}
    return loop, {x: View(call, loop, lists) for x, call in found.items()}


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
        taken.append(view.taken([one.variable for one in needed], entry.variable))
    return replace(loop, entries=tuple(entries), body=(*taken, *loop.body))
