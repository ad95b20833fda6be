"""The functions of the user's that a source calls: each has its name before any variable has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from autograd_tools.programs.steps.loop import Loop
from autograd_tools.programs.steps.program import Call
from autograd_tools.programs.steps.simplify import is_pure
from autograd_tools.programs.writing.call_text import public_name


def take_names(steps: Iterable[Any], taken: set[str], hand_over: Callable[[Any], str]) -> None:
    """Add to `taken` the names of functions that a source imports; let others be arguments."""
    for func in _users(steps):
        found = public_name(func)
        if found is None:
            hand_over(func)
        else:
            taken.add(found.name)


def _users(steps: Iterable[Any]) -> Iterator[Any]:
    """Yield the functions of calls, those in loops included, that may do anything."""
    for step in steps:
        if isinstance(step, Loop):
            yield from _users(step.body)
        elif isinstance(step, Call) and not is_pure(step.func):
            yield step.func
