"""Steps that read other variables: renamed, with entries that need no name in loops, rebuilt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from autograd_tools.base.containers import tree_leaves, tree_replace
from autograd_tools.programs.rolling.nodes import constant_key
from autograd_tools.programs.steps.loop import SAME, AnyStep, Loop
from autograd_tools.programs.steps.program import Call, Check, Variable, mapped

Renamed = dict[Variable, Any]


def resolved(x: Any, renamed: Renamed) -> Any:
    """Return what stands for a value."""
    while type(x) is Variable and x in renamed:
        x = renamed[x]
    return x


def renamed_step(step: AnyStep, renamed: Renamed) -> AnyStep:
    """Return a step that reads other variables, but for the body of a loop."""

    def rename(x: Any) -> Any:
        return resolved(x, renamed)

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
    return step.calling(step.func, args, kwargs)


def renamed_within(step: AnyStep, renamed: Renamed) -> AnyStep:
    """Return a step that reads other variables, with the body of a loop."""
    step = renamed_step(step, renamed)
    if isinstance(step, Loop):
        step = replace(step, body=tuple([renamed_within(one, renamed) for one in step.body]))
    return step


def renamed_leaves(x: Any, renamed: Renamed) -> Any:
    """Return a pytree of other values."""
    return tree_replace(x, iter([resolved(leaf, renamed) for leaf in tree_leaves(x)]))


def opened(steps: Iterable[AnyStep], renamed: Renamed) -> list[AnyStep]:
    """Return steps whose loops use the outer names of values that are the same in each turn."""
    found: list[AnyStep] = []
    for old in steps:
        step = renamed_step(old, renamed)
        if isinstance(step, Loop):
            for entry in step.entries:
                if entry.kind == SAME:
                    renamed[entry.variable] = entry.values[0]
            entries = tuple([entry for entry in step.entries if entry.kind != SAME])
            step = replace(step, entries=entries, body=tuple(opened(step.body, renamed)))
        found.append(step)
    return found


def replace_output(call: Call, output: Any) -> Call:
    """Return a call with another output."""
    return Call(call.func, call.args, call.kwargs, output, call.site)


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
