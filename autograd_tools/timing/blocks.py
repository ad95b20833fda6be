"""The ways to time a piece of code: a `with` block, a function, and what runs in pieces, such as a generator."""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

if TYPE_CHECKING:
    from autograd_tools.timing.measure import Timer
    from autograd_tools.timing.section import Section

# An open block: itself, the section around it, its own, its start.
Open: TypeAlias = "tuple[Block, Section, Section, int]"
F = TypeVar("F", bound=Callable[..., Any])


class Block:
    """One use of a section, as a `with` block or as a decorator."""

    __slots__ = ("label", "timer")

    def __init__(self, timer: Timer, label: str) -> None:
        self.timer = timer
        self.label = label

    def __enter__(self) -> Block:
        timer = self.timer
        if timer.enabled:
            thread = timer.thread()
            around = thread.here
            section = thread.here = around.child(self.label)
            thread.open.append((self, around, section, timer.clock()))
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        end = self.timer.clock()
        thread = self.timer.thread()
        if thread.open and thread.open[-1][0] is self:
            _, thread.here, section, start = thread.open.pop()
            section.count(end - start)
        else:
            self._close_around(thread.open, end)

    def _close_around(self, blocks: list[Open], end: int) -> None:
        """Close a block in which others are still open, such as those of suspended generators; they close to where it was."""
        for i in reversed(range(len(blocks))):
            block, around, section, start = blocks[i]
            if block is self:
                section.count(end - start)
                inner, _, inside, began = blocks[i + 1]
                blocks[i : i + 2] = [(inner, around, inside, began)]
                return
        # Not there: the timer was reset inside the block, or disabled when it began.

    def __call__(self, function: F) -> F:
        """Time every call of `function`."""
        return time_calls(self.timer, self.label, function)


def time_calls(timer: Timer, label: str, function: F) -> F:
    """`function`, of which every call is one of the section `label`; generators and coroutines are timed while they run."""
    if isinstance(function, type) or not callable(function):
        raise TypeError(f"the section {label!r} times the calls of a function, and {function!r} is none: decorate its methods")
    if inspect.isasyncgenfunction(function):
        raise TypeError(f"an async generator cannot be timed as a whole: use `with timer.section({label!r}):` inside {function.__name__}")
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


def _in_pieces(timer: Timer, label: str, running: Any) -> Generator[Any, Any, Any]:
    """Run a generator or coroutine as one call, which takes the time of its pieces without the pauses between them."""
    step, given, ncalls = running.send, None, 1
    while True:
        try:
            out = timer.piece(label, ncalls, step, given)
        except StopIteration as stop:
            return stop.value
        ncalls = 0
        try:
            step, given = running.send, (yield out)
        except GeneratorExit:
            running.close()
            raise
        except BaseException as error:  # whatever it is, it is thrown into what runs
            step, given = running.throw, error


_in_pieces_awaited = types.coroutine(_in_pieces)
