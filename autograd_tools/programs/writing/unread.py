"""Unused steps, entries and sequences of programs with loops."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from autograd_tools.base.containers import tree_leaves
from autograd_tools.programs.steps.loop import AnyStep, Loop
from autograd_tools.programs.steps.program import Check, Variable
from autograd_tools.programs.steps.simplify import is_pure, is_test


def without_unread_steps(steps: Sequence[AnyStep], results: Iterable[Any]) -> list[AnyStep]:
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
    if isinstance(step, Check) or step.writes or not is_pure(step.func) or is_test(step.func):
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
