"""Programs with loops made plainer to read: what repeats, what does nothing, what nobody reads."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from autograd_tools.base.containers import tree_leaves, tree_replace
from autograd_tools.base.traced import Attribute, Method
from autograd_tools.programs.loop import COUNTER, ELEMENT, SAME, AnyStep, Entry, Loop, Stored, like
from autograd_tools.programs.nodes import constant_key
from autograd_tools.programs.plainer import plainer
from autograd_tools.programs.program import Call, Check, Program, Variable, mapped
from autograd_tools.programs.simplify import is_pure
from autograd_tools.programs.whole_lists import with_whole_lists

Renamed = dict[Variable, Any]


def tidied(program: Program, *, exact: bool) -> Program:
    """Return a program with loops that is plainer to read, and does the same."""
    renamed: Renamed = {}
    steps = _opened(program.steps, renamed)
    steps = _hoisted(steps, renamed)
    steps, last = _with_views(steps)
    results = _rename_leaves((program.result, [x for _, x in program.assigned]), last)
    steps = _without_repeats(steps, renamed, {})
    steps = _plainer(steps, renamed, exact)
    steps = _without_repeats(steps, renamed, {})
    results = _rename_leaves(results, renamed)
    steps, results = with_whole_lists(steps, results)
    steps = _without_last_copies(steps, renamed)

    result, assigned = _rename_leaves(results, renamed)
    steps = _without_unread_steps(steps, tree_leaves([result, assigned]))
    params = [param for param, _ in program.assigned]
    return replace(
        program,
        steps=steps,  # type: ignore[arg-type]
        result=result,
        assigned=list(zip(params, assigned, strict=True)),
    )


def _rename_leaves(x: Any, renamed: Renamed) -> Any:
    return tree_replace(x, iter([_resolved(leaf, renamed) for leaf in tree_leaves(x)]))


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


def _resolved(x: Any, renamed: Renamed) -> Any:
    while type(x) is Variable and x in renamed:
        x = renamed[x]
    return x


def _renamed(step: AnyStep, renamed: Renamed) -> AnyStep:
    """Return a step that reads other variables, but for the body of a loop."""

    def rename(x: Any) -> Any:
        return _resolved(x, renamed)

    if isinstance(step, Check):
        return Check(rename(step.variable), step.convert, step.expected, step.site)
    if isinstance(step, Loop):
        entries = [
            replace(entry, values=mapped(entry.values, rename), next=rename(entry.next))
            for entry in step.entries
        ]
        stored = [
            replace(one, variable=rename(one.variable), before=mapped(one.before, rename))
            for one in step.stored
        ]
        return replace(step, entries=tuple(entries), stored=tuple(stored))
    args, kwargs = mapped(step.args, rename), mapped(step.kwargs, rename)
    if args is step.args and not kwargs:
        return step
    return with_args(step, args, kwargs)


def with_args(call: Call, args: tuple[Any, ...], kwargs: Any) -> Call:
    """Return a call with other arguments."""
    return Call(call.func, args, kwargs, call.output, call.site, call.writes, call.checks_shape)


def _opened(steps: Iterable[AnyStep], renamed: Renamed) -> list[AnyStep]:
    """Return steps whose loops name what is the same in each turn as it is named outside."""
    found: list[AnyStep] = []
    for old in steps:
        step = _renamed(old, renamed)
        if isinstance(step, Loop):
            for entry in step.entries:
                if entry.kind == SAME:
                    renamed[entry.variable] = entry.values[0]
            entries = tuple([entry for entry in step.entries if entry.kind != SAME])
            step = replace(step, entries=entries, body=tuple(_opened(step.body, renamed)))
        found.append(step)
    return found


def _hoisted(steps: Iterable[AnyStep], renamed: Renamed) -> list[AnyStep]:
    """Return steps that compute what is the same in each turn once, where a loop would store it."""
    found: list[AnyStep] = []
    same: Renamed = {}  # by the sequence
    for old in steps:
        step = _renamed_within(old, renamed)
        if isinstance(step, Call) and step.func is operator.getitem and step.args[0] in same:
            renamed[step.output] = same[step.args[0]]
            continue
        if isinstance(step, Loop):
            for entry in step.entries:
                if entry.kind == ELEMENT and entry.values[0] in same:
                    renamed[entry.variable] = same[entry.values[0]]
            step = replace(step, body=tuple(_hoisted(step.body, renamed)))
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
        fixed = isinstance(step, Call) and _may_repeat(step) and not changing & {*step.inputs()}
        if fixed and stored & {*step.outputs()}:
            moved.append(step)
            changing.difference_update(step.outputs())
        else:
            body.append(step)
    out = {x for step in moved for x in step.outputs()}
    same.update({s.sequence: s.variable for s in loop.stored if s.variable in out and not s.before})
    return moved, replace(loop, body=tuple(body))


def _with_views(steps: Sequence[AnyStep]) -> tuple[list[AnyStep], Renamed]:
    """Return steps that take views anew, in place of those that an earlier loop stored."""
    views: dict[Variable, tuple[Call, Loop]] = {}
    last: Renamed = {}
    found: list[AnyStep] = []
    for old in steps:
        step = _renamed_within(old, last) if last else old
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


def _renamed_within(step: AnyStep, renamed: Renamed) -> AnyStep:
    """Return a step that reads other variables, with the body of a loop."""
    step = _renamed(step, renamed)
    if isinstance(step, Loop):
        step = replace(step, body=tuple([_renamed_within(one, renamed) for one in step.body]))
    return step


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
    return with_args(call, mapped(call.args, lambda x: _resolved(x, renamed)), {})


def replace_output(call: Call, output: Any) -> Call:
    """Return a call with another output."""
    return Call(call.func, call.args, call.kwargs, output, call.site)


def _without_repeats(
    steps: Iterable[AnyStep], renamed: Renamed, outer: dict[Any, Any]
) -> list[AnyStep]:
    """Return the steps without calls that equal an earlier one of this body or around it."""
    known = dict(outer)
    found: list[AnyStep] = []
    for old in steps:
        step = _renamed(old, renamed)
        if isinstance(step, Loop):
            entries = _distinct(step.entries, renamed)
            body = _without_repeats(step.body, renamed, known)
            step = _renamed(replace(step, entries=entries, body=tuple(body)), renamed)
            assert isinstance(step, Loop)
            step = replace(step, stored=_distinct_stored(step.stored, renamed))
        elif isinstance(step, Check):
            key: Any = (Check, step.variable, step.convert)
            if known.setdefault(key, step) is not step:
                continue
        elif _may_repeat(step):
            key = (step.func, key_of(step.args), key_of(step.kwargs))
            before = known.setdefault(key, step.output)
            if before is not step.output:
                renamed.update(_pairs(step.output, before))
                continue
        found.append(step)
    return found


def _distinct(entries: Iterable[Entry], renamed: Renamed) -> tuple[Entry, ...]:
    known: dict[Any, Entry] = {}
    for entry in entries:
        key = (entry.kind, key_of(entry.values), entry.step, entry.start, entry.next)
        same = known.setdefault(key, entry)
        if same is not entry:
            renamed[entry.variable] = same.variable
    return tuple(known.values())


def _distinct_stored(stored: Iterable[Stored], renamed: Renamed) -> tuple[Stored, ...]:
    known: dict[Any, Stored] = {}
    for one in stored:
        same = known.setdefault((one.variable, key_of(one.before)), one)
        if same is not one:
            renamed[one.sequence] = same.sequence
    return tuple(known.values())


def _pairs(output: Any, other: Any) -> Iterator[tuple[Variable, Any]]:
    if type(output) is Variable:
        yield output, other
    elif isinstance(output, (tuple, list)):
        for part, of_other in zip(output, other, strict=True):
            yield from _pairs(part, of_other)


NEW_EACH_TIME = frozenset({"zeros", "empty", "zeros_like", "empty_like", "copy"})


def _may_repeat(call: Call) -> bool:
    name = getattr(call.func, "__name__", "") or getattr(call.func, "name", "")
    if call.writes or name in NEW_EACH_TIME or call.output is None or not is_pure(call.func):
        return False
    return not any([x.root.written for x in (*call.inputs(), *call.outputs())])


def key_of(x: Any) -> Any:
    """Return something that is equal for equal arguments."""
    kind = type(x)
    if kind is Variable:
        return x
    if kind in (tuple, list):
        return (kind, *map(key_of, x))
    if kind is dict:
        return (dict, *[(name, key_of(item)) for name, item in x.items()])
    if kind is slice:
        return (slice, key_of(x.start), key_of(x.stop), key_of(x.step))
    return constant_key(x)


def _without_last_copies(steps: Sequence[AnyStep], renamed: Renamed) -> list[AnyStep]:
    """Return the steps without copies of what is never written again."""
    found: list[AnyStep] = []
    written: set[Variable] = set()
    for step in reversed(steps):
        if isinstance(step, Call) and step.func == Method("copy") and not step.writes:
            x = step.args[0]
            mine = type(x) is Variable and not x.root.name and x.root not in written
            if mine and not step.output.root.written and step.output.shape == x.shape:
                renamed[step.output] = x
                continue
        written.update(_written(step))
        found.append(step)
    return found[::-1]


def _written(step: AnyStep) -> set[Variable]:
    if isinstance(step, Loop):
        return {x for one in step.body for x in _written(one)}
    return {*step.writes} if isinstance(step, Call) else set()


def _plainer(steps: Iterable[AnyStep], renamed: Renamed, exact: bool) -> list[AnyStep]:
    """Return the steps with each call in its plainest form, without those that do nothing."""
    made: dict[Variable, Call] = {}

    def visit(steps: Iterable[AnyStep]) -> list[AnyStep]:
        found: list[AnyStep] = []
        for old in steps:
            step = _renamed(old, renamed)
            if isinstance(step, Loop):
                body = tuple(visit(step.body))
                step = _renamed(replace(step, body=body), renamed)
            elif isinstance(step, Call):
                new = plainer(step, made, exact)
                if type(new) is not Call:
                    renamed[step.output] = new
                    continue
                step = new
                if type(step.output) is Variable:
                    made[step.output] = step
            found.append(step)
        return found

    return visit(steps)


def _without_unread_steps(steps: Sequence[AnyStep], results: Iterable[Any]) -> list[AnyStep]:
    """Return the steps without calls, entries and sequences that nobody reads."""
    read = {x for x in results if type(x) is Variable}
    size = -1
    while len(read) > size:
        size = len(read)
        _mark(steps, read)
    return _kept(steps, read)


def _mark(steps: Sequence[AnyStep], read: set[Variable]) -> None:
    """Add to `read` what the steps read that are needed for it."""
    for step in reversed(steps):
        if isinstance(step, Loop):
            for stored in step.stored:
                if stored.sequence in read:
                    read.update(_variables((stored.variable, stored.before)))
            _mark(step.body, read)
            for entry in step.entries:
                if entry.variable in read:
                    read.update(_variables((entry.values, entry.next)))
        elif _is_needed(step, read):
            read.update(step.inputs())


def _variables(x: Any) -> Iterator[Variable]:
    return (leaf for leaf in tree_leaves(x) if type(leaf) is Variable)


def _is_needed(step: Any, read: set[Variable]) -> bool:
    if isinstance(step, Check) or step.writes or not is_pure(step.func):
        return True
    return any([x in read for x in step.outputs()])


def _kept(steps: Sequence[AnyStep], read: set[Variable]) -> list[AnyStep]:
    found: list[AnyStep] = []
    for step in steps:
        if not isinstance(step, Loop):
            if _is_needed(step, read):
                found.append(step)
            continue
        body = tuple(_kept(step.body, read))
        entries = tuple([entry for entry in step.entries if entry.variable in read])
        stored = tuple([one for one in step.stored if one.sequence in read])
        if body or stored:
            found.append(replace(step, body=body, entries=entries, stored=stored))
    return found
