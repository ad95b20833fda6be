"""Wrappers around the code of a program: for concurrent callers and for exact numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd_tools.programs.running.scalars import FAILURES

Function = Callable[..., Any]


def claimed(make: Callable[[], Function]) -> Function:
    """Return a function that runs as one that nobody else is running; `make` makes another one."""
    free = [make()]
    take, give = free.pop, free.append

    def run(*given: Any) -> Any:
        try:
            mine = take()
        except IndexError:
            mine = make()
        try:
            return mine(*given)
        finally:
            give(mine)

    return run


def checked(fast: Function, exact: Callable[[], Function]) -> Function:
    """Return a function that runs what `exact` makes where Python's arithmetic fails, and NumPy's
    warns.
    """
    made: list[Function] = []

    def run(*given: Any) -> Any:
        try:
            return fast(*given)
        except FAILURES:
            if not made:
                made.append(exact())
        return made[0](*given)

    return run
