"""Values that a loop need not store: views, which are taken anew, and what each turn has alike."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from autograd_tools.base.traced import Attribute
from autograd_tools.programs.loop import COUNTER, ELEMENT, AnyStep, Entry, Loop, like
from autograd_tools.programs.program import Call, Variable, mapped
from autograd_tools.programs.renaming import (
    Renamed,
    renamed_within,
    replace_output,
    resolved,
    with_args,
)
from autograd_tools.programs.repeats import may_be_repeated


def is_view(call: Any) -> bool:
    """Return whether a call takes no time worth a name: `x.T`, or `x[t]` with a plain index."""
    if type(call) is not Call or call.kwargs:
        return False
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
    stored = {one.variable for one in loop.stored if not one.before}
    moved: list[AnyStep] = []
    body: list[AnyStep] = []
    for step in loop.body:
        fixed = isinstance(step, Call) and may_be_repeated(step) and not changing & {*step.inputs()}
        if fixed and stored & {*step.outputs()}:
            moved.append(step)
            changing.difference_update(step.outputs())
        else:
            body.append(step)
    out = {x for step in moved for x in step.outputs()}
    same.update({s.sequence: s.variable for s in loop.stored if s.variable in out and not s.before})
    return moved, replace(loop, body=tuple(body))


def with_views(steps: Sequence[AnyStep]) -> tuple[list[AnyStep], Renamed]:
    """Return steps that take views anew, in place of those that an earlier loop stored."""
    views: dict[Variable, tuple[Call, Loop]] = {}
    last: Renamed = {}
    found: list[AnyStep] = []
    for old in steps:
        step = renamed_within(old, last) if last else old
        if isinstance(step, Call) and step.func is operator.getitem and step.args[0] in views:
            call, loop = views[step.args[0]]
            counters = _counters(call, loop, 0, step.args[1])
            view = _view(call, loop, [entry.values[0] for entry in counters])
            step = replace_output(view, step.output)
        elif isinstance(step, Loop):
            step = _taking_views(step, views)
            made = {
                x: one
                for one in step.body
                if isinstance(one, Call) and is_view(one)
                for x in one.outputs()
            }
            own = {*step.outputs(), *[e.variable for e in step.entries if e.kind != COUNTER]}
            for stored in step.stored:
                taken = made.get(stored.variable)
                if taken is not None and not stored.before and not own & {*taken.inputs()}:
                    views[stored.sequence] = taken, step
            found.append(step)
            for x, view in made.items():
                if not own & {*view.inputs()}:
                    last[x] = like(x)
                    found.append(_last_view(view, step, last[x]))
            continue
        found.append(step)
    return found, last


def _last_view(call: Call, loop: Loop, output: Variable) -> Call:
    """Return the call that takes the view of the last turn."""
    counters = _counters(call, loop, 0, loop.count - 1)
    return replace_output(_view(call, loop, [counter.values[0] for counter in counters]), output)


def _taking_views(loop: Loop, views: dict[Variable, tuple[Call, Loop]]) -> Loop:
    entries: list[Entry] = []
    taken: list[AnyStep] = []
    for entry in loop.entries:
        if entry.kind != ELEMENT or entry.values[0] not in views:
            entries.append(entry)
            continue
        call, source = views[entry.values[0]]
        counters = _counters(call, source, entry.step, entry.start)
        entries += counters
        view = _view(call, source, [counter.variable for counter in counters])
        taken.append(replace_output(view, entry.variable))
    return replace(loop, entries=tuple(entries), body=(*taken, *loop.body))


def _counted(call: Call, loop: Loop) -> list[Entry]:
    used = {*call.inputs()}
    return [entry for entry in loop.entries if entry.kind == COUNTER and entry.variable in used]


def _counters(call: Call, loop: Loop, step: int, start: int) -> list[Entry]:
    """Return the counters that a view needs, for turns that go from `start` by `step`."""
    return [
        replace(
            entry,
            variable=like(entry.variable),
            values=(entry.values[0] + entry.step * start,),
            step=entry.step * step,
        )
        for entry in _counted(call, loop)
    ]


def _view(call: Call, loop: Loop, counts: list[Any]) -> Call:
    renamed = dict(zip([e.variable for e in _counted(call, loop)], counts, strict=True))
    return with_args(call, mapped(call.args, lambda x: resolved(x, renamed)), {})
