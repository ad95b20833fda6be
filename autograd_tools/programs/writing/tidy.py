"""Programs with loops, simplified for reading: no repeated, empty or unused steps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from autograd_tools.base.containers import tree_leaves, tree_replace
from autograd_tools.base.traced import Method
from autograd_tools.programs.rolling.renaming import Renamed, opened, renamed_leaves, renamed_step
from autograd_tools.programs.steps.loop import AnyStep, Loop, like
from autograd_tools.programs.steps.program import NOWHERE, Call, Program, Variable
from autograd_tools.programs.writing.plainer import plainer
from autograd_tools.programs.writing.repeats import without_repeated_steps
from autograd_tools.programs.writing.signs_in_front import signs_in_front
from autograd_tools.programs.writing.unread import without_unread_steps
from autograd_tools.programs.writing.views import hoisted, with_views
from autograd_tools.programs.writing.whole_lists import with_whole_lists


def tidied(program: Program, *, exact: bool) -> Program:
    """Return a program with loops that is plainer to read, and does the same."""
    renamed: Renamed = {}
    steps = opened(program.steps, renamed)
    steps = hoisted(steps, renamed)
    steps, last = with_views(steps)
    results = renamed_leaves((program.result, [x for _, x in program.assigned]), last)
    steps = without_repeated_steps(steps, renamed, {})
    steps = _plainer(steps, renamed, exact)
    steps = without_repeated_steps(steps, renamed, {})
    steps = _without_last_copies(steps, renamed)

    steps, results = _with_own_results(steps, program, renamed_leaves(results, renamed))
    steps, (result, assigned) = with_whole_lists(steps, results)
    steps = without_unread_steps(steps, tree_leaves([result, assigned]))
    params = [param for param, _ in program.assigned]
    return replace(
        program,
        steps=steps,  # type: ignore[arg-type]
        result=result,
        assigned=list(zip(params, assigned, strict=True)),
    )


def _with_own_results(
    steps: list[AnyStep], program: Program, results: Any
) -> tuple[list[AnyStep], Any]:
    """Return steps and results that share no memory with arguments, and with one another, where
    they did not before.
    """
    before = tree_leaves([program.result, [x for _, x in program.assigned]])
    pairs = [*zip(tree_leaves(results), before, strict=True)]
    taken = {x.root for x in program.inputs}
    taken.update([x.root for x, old in pairs if x is old and type(x) is Variable])
    known: dict[int, Any] = {}  # by the id of the result so far
    copies: list[AnyStep] = []
    for x, old in pairs:
        if x is old or type(x) is not Variable or not x.is_array or id(old) in known:
            continue
        known[id(old)] = x
        if x.root in taken and old.root not in taken:
            known[id(old)] = own = like(x)
            own.root = own
            copies.append(Call(Method("copy"), (x,), {}, own, NOWHERE))
        taken.add(x.root)
    leaves = [known.get(id(old), x) for x, old in pairs]
    return [*steps, *copies], tree_replace(results, iter(leaves))


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
    return [renamed_step(step, renamed) for step in reversed(found)]


def _written(step: AnyStep) -> set[Variable]:
    if isinstance(step, Loop):
        return {x for one in step.body for x in _written(one)}
    return {*step.writes} if isinstance(step, Call) else set()


def _plainer(steps: Iterable[AnyStep], renamed: Renamed, exact: bool) -> list[AnyStep]:
    """Return the steps with each call in its plainest form, without those that do nothing."""

    def visit(steps: Iterable[AnyStep], around: dict[Variable, Call]) -> list[AnyStep]:
        made = {**around}  # what a turn makes of what it carries is not so after the loop
        found: list[AnyStep] = []
        for old in steps:
            step = renamed_step(old, renamed)
            if isinstance(step, Loop):
                body = tuple(visit(step.body, made))
                step = renamed_step(replace(step, body=body), renamed)
            elif isinstance(step, Call):
                new = plainer(step, made, exact)
                *first, new = new if type(new) is list else [new]
                found += first
                made.update([(one.output, one) for one in first])
                if type(new) is not Call:
                    renamed[step.output] = new
                    continue
                *before, step = signs_in_front(new, made, exact)
                if type(step) is Variable:
                    renamed[new.output] = step
                    continue
                found += before
                made.update([(one.output, one) for one in (*before, step) if _is_single(one)])
            found.append(step)
        return found

    return visit(steps, {})


def _is_single(call: Call) -> bool:
    """Return whether a call makes one value."""
    return type(call.output) is Variable
