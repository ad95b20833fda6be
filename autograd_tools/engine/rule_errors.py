"""Notes on exceptions in rules: the operation, the argument and the user's line."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from autograd_tools.base.text import one_line
from autograd_tools.engine.calls import plain
from autograd_tools.engine.describe import describe
from autograd_tools.engine.rule_sites import passing, running, site_of
from autograd_tools.engine.saved import Absent
from autograd_tools.location.source_lines import MAX_WIDTH, code_at, place_of

INTRODUCTION = "In the gradient "
PLACE = "\n  at "
NO_PLACE = "\n  recorded without lines; call the function in ag.diff to see the line"


def note_rule(error: Exception, recording: Any) -> None:
    """Name the running rule of a recording in a note on an exception, unless one is named.

    A pass inside a rule, such as that of a checkpointed function, may know no line; then the note
    gets that of the rule.
    """
    index = running(recording)
    if index is None or hasattr(error, "names_operation"):
        return
    notes = getattr(error, "__notes__", [])
    place = _place(recording, index)
    for i, note in enumerate(notes):
        if isinstance(note, str) and note.startswith(INTRODUCTION):
            notes[i] = note.replace(NO_PLACE, place)
            return
    argument = _argument(error.__traceback__, recording)
    error.add_note(INTRODUCTION + _rule(recording, index, argument) + place)


def note_tangent(error: Exception, recording: Any) -> None:
    """Name the operation whose tangent is computed in a note on an exception."""
    index = running(recording)
    if index is not None and not hasattr(error, "names_operation"):
        call = _call(recording, index, recording.entries[index][1])
        error.add_note(f"In the tangent of {call}{_place(recording, index)}")


def _argument(trace: TracebackType | None, recording: Any) -> int:
    """Return which differentiated argument the rule was for: `i` of the running pass."""
    argument = 0
    while trace is not None:
        if passing(trace.tb_frame) is recording:
            argument = int(trace.tb_frame.f_locals.get("i", argument))
        trace = trace.tb_next
    return argument


def _rule(recording: Any, index: int, i: int) -> str:
    """Return text such as `matmul[2] of matmul(float64[2,3], float64[3]), outgrad float64[2]`."""
    plan, dy = recording.entries[index][0], recording.outgrads[index]
    position = plan.positions[min(i, len(plan.positions) - 1)] + 1
    call = _call(recording, index, dy)
    return f"{plan.primitive.name}[{position}] of {call}, outgrad {describe(plain(dy))}"


def _call(recording: Any, index: int, dropped: Any) -> str:
    plan, _, args, kwargs, _ = recording.entries[index]
    given = [_described(x, dropped if p in plan.positions else None) for p, x in enumerate(args)]
    given += [f"{key}={describe(plain(x))}" for key, x in kwargs.items()]
    return one_line(f"{plan.primitive.name}({', '.join(given)})")[:MAX_WIDTH]


def _described(x: Any, dropped: Any) -> str:
    """Describe an argument; one that no rule reads is dropped and has the shape of the outgrad."""
    if isinstance(x, Absent):
        return f"{x.dtype}[{','.join(map(str, x.shape))}]"
    return describe(plain(dropped if x is None else x))


def _place(recording: Any, index: int) -> str:
    site = site_of(recording, index)
    if not site.file:
        return NO_PLACE
    code = code_at(site.file, site.line)
    return f"{PLACE}{place_of(site)}" + (f"\n    {code}" if code else "")
