"""Timed code: `with` blocks, functions, generators and coroutines."""

from __future__ import annotations

import functools
import inspect
import sys
import types
from collections.abc import Callable, Generator
from typing import Any, TypeVar

from autograd_tools.base.contexts import frame_of_block, left
from autograd_tools.timing.log import code_of
from autograd_tools.timing.recorder import Recorder
from autograd_tools.timing.stack import Open, OpenBlock, sections

F = TypeVar("F", bound=Callable[..., Any])


class Block:
    """A use of a section, as a `with` block or as a decorator."""

    __slots__ = ("code", "entered", "label", "timer")

    def __init__(self, timer: Recorder, label: str) -> None:
        self.timer = timer
        self.label = label
        self.code = code_of(label)
        self.entered: list[OpenBlock] = []  # and not left yet, in all contexts

    def __enter__(self) -> Block:
        timer = self.timer
        if timer.enabled:
            frame, thread = frame_of_block(sys._getframe(1)), timer.thread()
            thread.close_stale(timer.clock)
            self.entered.append(thread.begin_block(self.code, timer.clock(), frame))
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        end = self.timer.clock()
        opened = left(self.entered, sections, sys._getframe(1))
        if opened is None or opened.ended:  # the timer was disabled when the block began
            return
        if opened.stack is self.timer.thread():
            opened.stack.end_block(opened, end)
        else:
            opened.stack.end_elsewhere(opened, end)

    def __call__(self, function: F) -> F:
        """Time every call of `function`."""
        return time_calls(self.timer, self.label, function)


def time_calls(timer: Recorder, label: str, function: F) -> F:
    """Time every call of `function`; generators and coroutines only while they run."""
    if isinstance(function, type) or not callable(function):
        raise TypeError(
            f"section {label!r} expects a function, got {function!r}; decorate methods of a class"
        )
    if inspect.isasyncgenfunction(function):
        raise TypeError(
            f"section {label!r} expects a function, got an async generator function; "
            f"write `with timer.section({label!r}):` inside {function.__name__}"
        )
    timed: Callable[..., Any]
    if inspect.iscoroutinefunction(function):

        async def timed(*args: Any, **kwargs: Any) -> Any:
            return await _in_pieces_awaited(timer, label, function(*args, **kwargs))

    elif inspect.isgeneratorfunction(function):

        def timed(*args: Any, **kwargs: Any) -> Any:
            return (yield from _in_pieces(timer, label, function(*args, **kwargs)))

    else:

        def timed(*args: Any, **kwargs: Any) -> Any:
            return timer.measure(label, function, *args, **kwargs)

    return functools.update_wrapper(timed, function)  # type: ignore[return-value]


def _in_pieces(timer: Recorder, label: str, running: Any) -> Generator[Any, Any, Any]:
    """Run a generator or coroutine as one call that lasts as long as its pieces, without pauses."""
    before: list[Open] = []
    step, given = running.send, None
    while True:
        try:
            out = timer.piece(label, before, step, given)
        except StopIteration as stop:
            return stop.value
        try:
            step, given = running.send, (yield out)
        except GeneratorExit:
            running.close()
            raise
        except BaseException as error:  # thrown into the generator
            step, given = running.throw, error


_in_pieces_awaited = types.coroutine(_in_pieces)
