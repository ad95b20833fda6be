"""Open blocks of a context: those of a function or task, and those of a generator.

Threads and asyncio tasks have contexts (`contextvars`); what a task or `asyncio.to_thread` runs
sees the blocks around its start. Python runs a generator in the context of its caller, so a block
in a generator is known by the frame of the generator: it is in effect while that frame runs.
Blocks are left by identity: in any order, and in any context.

An interrupt may come at any line. So a change of state comes after the notes that undo it, it is
undone in two places, one around the other, and undoing it twice does no harm. A `with` statement
has only one, so the next block finds the `stale` ones, whose statement has ended.
"""

from __future__ import annotations

import dis
import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import FrameType
from typing import Any, Generic, Protocol, TypeVar


class Item(Protocol):
    """A block's own data. It knows the place of the block in its context, and its statement."""

    opened: Any
    statement: FrameType | None  # see `frame_of_statement`


T = TypeVar("T", bound=Item)
V = TypeVar("V")

GENERATORS = inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR
WAITING = GENERATORS | inspect.CO_COROUTINE
# Modules that run a generator as a context manager or fixture: its blocks are in effect while it is
# suspended.
DRIVERS = frozenset({"contextlib", "_pytest.fixtures", "pytest_asyncio.plugin"})
RESUME = dis.opmap["RESUME"]
WITH = dis.opmap.get("BEFORE_WITH")
YIELDS = (dis.opmap["YIELD_VALUE"], RESUME)  # f_lasti of a suspended frame, as Python 3.13 has it
AFTER_AWAIT = 3  # argument of RESUME


class Opened(Generic[T]):
    """An open block of a context; `item` is None once it is left.

    `before` opened before it in the same context, and `around` is the innermost one that was in
    effect then. `sure` is the item if this block is in effect wherever it is the last one.
    """

    __slots__ = ("around", "before", "item", "sure")
    item: T | None
    sure: T | None
    before: Opened[T] | None
    around: Opened[T] | None
    generator: FrameType | None = None  # a class attribute, and a slot below


class OpenedInGenerator(Opened[T]):
    """An open block of the generator that runs in the frame `generator`."""

    __slots__ = ("generator",)

    def __init__(self, frame: FrameType) -> None:
        self.generator = frame


class Blocks(Generic[T]):
    """The open blocks of one kind, in all contexts."""

    def __init__(self, name: str) -> None:
        last: ContextVar[Opened[T] | None] = ContextVar(name, default=None)
        self.last = last.get  # the block that this context opened last; hot code asks it
        self._set = last.set
        self.of_generators: list[Opened[T]] = []

    def enter(self, item: T, generator: FrameType | None = None) -> Opened[T]:
        """Open a block of a function, or of the generator that runs in the frame `generator`.

        `item.opened` is its place before anything changes, so that `leave` can undo the rest.
        """
        before = self.last()
        if before is not None and before.item is None:
            before = self._last_open()
        # Without __init__, whose call would double the time.
        opened: Opened[T] = Opened() if generator is None else OpenedInGenerator(generator)
        opened.item = opened.sure = item
        opened.before = opened.around = before
        item.opened = opened
        if self.of_generators or generator is not None:
            self._enter_generator(opened)
        self._set(opened)
        return opened

    def _enter_generator(self, opened: Opened[T]) -> None:
        """Enter a block while generators have blocks, or by one."""
        opened.around = self.innermost()
        if opened.generator is not None:
            self.of_generators.append(opened)
        for outer in chain(opened):
            outer.sure = None

    def leave(self, opened: Opened[T]) -> Opened[T] | None:
        """Leave a block, in any order; return the block that this context opened last.

        A second call does what an interrupt has left of the first.
        """
        opened.item = opened.sure = None
        if type(opened) is OpenedInGenerator:
            if opened in self.of_generators:
                self.of_generators.remove(opened)
            opened.generator = None
        before = opened.before
        if self.last() is not opened or (before is not None and before.item is None):
            before = self._last_open()
        self._set(before)
        return before

    def is_of_context(self, opened: Opened[T] | None) -> bool:
        """Return whether this context opened a block, or began inside it."""
        last = self.last()
        while last is not None and last is not opened:
            last = last.before
        return last is not None

    def innermost(self) -> Opened[T] | None:
        """Return the innermost block in effect."""
        opened = self._last_open()
        if not self.of_generators:
            return opened
        running = self._running()
        if running is not None:
            while opened is not None and (
                opened.item is None or all(outer is not running for outer in chain(opened))
            ):
                opened = opened.before
            return running if opened is None else opened
        while opened is not None and (
            opened.item is None or any(map(_is_suspended, chain(opened)))
        ):
            opened = opened.before
        return opened

    def stale(self) -> Iterator[T]:
        """Yield the stale blocks that this context opened last; the caller leaves each at once.

        A block is stale if an interrupt ended its `with` statement, but did not let it be left.
        """
        while (opened := self._last_open()) is not None and opened.item is not None:
            frame = opened.item.statement
            if frame is None or _is_alive(frame):
                break
            yield opened.item
        if opened is not self.last():  # an interrupt ended `leave`
            self._set(opened)

    def in_effect(self) -> list[T]:
        """Return the blocks in effect, innermost first."""
        return [outer.item for outer in chain(self.innermost()) if outer.item is not None]

    def beside(self) -> list[T]:
        """Return the blocks in which a generator was resumed that opened blocks before them."""
        inside, opened, found = chain(self.innermost()), self.last(), []
        while opened is not None and self.of_generators:
            if opened.item is not None and opened not in inside and not _is_suspended(opened):
                found.append(opened.item)
            opened = opened.before
        return found

    def _last_open(self) -> Opened[T] | None:
        opened = self.last()
        while opened is not None and opened.item is None:
            opened = opened.before
        return opened

    def _running(self) -> Opened[T] | None:
        """Return the last block of the innermost generator on the stack that has one."""
        owners = {opened.generator: opened for opened in self.of_generators}
        frame: FrameType | None = sys._getframe(2)
        while frame is not None and frame not in owners:
            frame = frame.f_back
        return None if frame is None else owners[frame]


def chain(opened: Opened[T] | None) -> list[Opened[T]]:
    """Return a block and those around it, innermost first."""
    found = []
    while opened is not None:
        found.append(opened)
        opened = opened.around
    return found


class InFrame(Item, Protocol):
    """A block that knows the id of the frame that opened it, and its place in its context."""

    frame: int


B = TypeVar("B", bound=InFrame)


def left(entered: list[B], blocks: Blocks[B], frame: FrameType) -> B | None:
    """Remove the block that is left in a frame from those `entered`, and return it.

    It is the last one that this frame opened, else the last one of this context, or of any.
    """
    if len(entered) < 2:
        return entered.pop() if entered else None
    block = id(frame_of_block(frame))
    for i in reversed(range(len(entered))):
        if entered[i].frame == block:
            return entered.pop(i)
    opened = blocks.last()
    while opened is not None and opened.item not in entered:
        opened = opened.before
    found = entered[-1] if opened is None or opened.item is None else opened.item
    entered.remove(found)
    return found


def frame_of_statement(frame: FrameType) -> FrameType | None:
    """Return the frame while it enters a `with` statement; None for any other call of __enter__.

    Other blocks may go on after their frame, as those of an ExitStack do.
    """
    return frame if frame.f_code.co_code[frame.f_lasti] == WITH else None


def _is_alive(frame: FrameType) -> bool:
    """Return True if a frame runs in any thread, or waits in a generator or coroutine."""
    code = frame.f_code
    if code.co_flags & WAITING and code.co_code[frame.f_lasti] in YIELDS:
        return True
    stacks: list[FrameType | None] = [sys._getframe(1)]
    for running in stacks:
        caller = running
        while caller is not None:
            if caller is frame:
                return True
            caller = caller.f_back
        if len(stacks) == 1:
            stacks += sys._current_frames().values()
    return False


@contextmanager
def listed(items: dict[object, V], item: V) -> Iterator[None]:
    """Put an item into a registry during a block."""
    key = object()
    try:
        try:
            items[key] = item
            yield
        finally:
            items.pop(key, None)
    finally:
        items.pop(key, None)


def _is_suspended(opened: Opened[T]) -> bool:
    """Return True for a block of a generator that waits for its caller, and not for a task."""
    frame = opened.generator
    if frame is None or frame.f_back is not None:
        return False
    code, after = frame.f_code.co_code, frame.f_lasti
    if code[after] != RESUME:  # before Python 3.13, f_lasti is at the yield before it
        after += 2
    return not (code[after] == RESUME and code[after + 1] & 3 == AFTER_AWAIT)


def generator_of(frame: FrameType) -> FrameType | None:
    """Return the frame if a generator runs in it."""
    return frame if frame.f_code.co_flags & GENERATORS else None


def frame_of_block(frame: FrameType) -> FrameType:
    """Return the frame with the `with` statement, above context managers that are generators."""
    while frame.f_back is not None and (
        frame.f_globals.get("__name__") in DRIVERS
        or (
            frame.f_code.co_flags & GENERATORS and frame.f_back.f_globals.get("__name__") in DRIVERS
        )
    ):
        frame = frame.f_back
    return frame
