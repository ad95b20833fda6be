"""Calls, checks, entries and sequences that repeat others, in a body or around it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from autograd_tools.programs.rolling.renaming import Renamed, key_of, renamed_step
from autograd_tools.programs.steps.loop import AnyStep, Entry, Loop, Stored
from autograd_tools.programs.steps.program import Call, Check, Variable
from autograd_tools.programs.steps.simplify import is_pure

NEW_EACH_TIME = frozenset({"zeros", "empty", "zeros_like", "empty_like", "copy"})


def without_repeated_steps(
    steps: Iterable[AnyStep], renamed: Renamed, outer: dict[Any, Any]
) -> list[AnyStep]:
    """Return the steps without calls that equal an earlier one of this body or around it."""
    known = dict(outer)
    found: list[AnyStep] = []
    for old in steps:
        step = renamed_step(old, renamed)
        if isinstance(step, Loop):
            entries = _distinct(step.entries, renamed)
            body = without_repeated_steps(step.body, renamed, known)
            step = renamed_step(replace(step, entries=entries, body=tuple(body)), renamed)
            assert isinstance(step, Loop)
            step = replace(step, stored=_distinct_stored(step.stored, renamed))
        elif isinstance(step, Check):
            key: Any = (Check, step.variable, step.convert)
            if known.setdefault(key, step) is not step:
                continue
        elif may_be_repeated(step):
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


def may_be_repeated(call: Call) -> bool:
    """Return whether an equal call gives equal numbers, which nobody changes."""
    name = getattr(call.func, "__name__", "") or getattr(call.func, "name", "")
    if call.writes or name in NEW_EACH_TIME or call.output is None or not is_pure(call.func):
        return False
    return not any([x.root.written for x in (*call.inputs(), *call.outputs())])
