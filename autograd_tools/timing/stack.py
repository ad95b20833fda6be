"""Open sections of a thread: beginnings and ends go to its log, as the current context has them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

from autograd_tools.base.contexts import Blocks, Opened, chain, frame_of_statement, generator_of
from autograd_tools.timing.log import CLOSE, END, LABELS, LIMIT, PAUSE, PIECE, VOID, WIDTH, enclose


class Open:
    """An open section: the code of its label, its start, and the section around it.

    `stack` is that of the thread in which it began.
    """

    __slots__ = ("around", "code", "ended", "stack", "start")

    def __init__(self, stack: Stack, code: int, start: int, around: Open | None) -> None:
        self.stack = stack
        self.code = code
        self.start = start
        self.around = around
        self.ended = False

    def path(self) -> list[Open]:
        """Return the sections around it and itself, outermost first, also those that ended."""
        found: list[Open] = []
        section: Open | None = self
        while section is not None:
            found.append(section)
            section = section.around
        return found[::-1]


class OpenBlock(Open):
    """An open `with` block, with the id of its frame."""

    __slots__ = ("frame", "opened", "statement")
    frame: int
    statement: FrameType | None
    opened: Opened[OpenBlock]  # its place in its context


CLOSING = (CLOSE, PIECE, PAUSE, VOID)
sections: Blocks[OpenBlock] = Blocks("autograd_tools.sections")  # of all timers
last_section = sections.last
of_generators = sections.of_generators
ever: list[bool] = []  # not empty once there has been a block; hot code need not look before


UNKNOWN, CHANGING = object(), object()


class Stack:
    """Open sections of a thread: calls of functions, and blocks of the current context.

    The log is a tree, so the sections that it has open are those of one context at a time. Another
    context pauses them in the log, and opens its own again.
    """

    def __init__(self) -> None:
        self.log: list[Any] = []
        self.open: list[Open] = []  # in the log; ended sections stay while one inside is open
        self.functions: list[Open] = []  # which run now, in whatever context
        # The last block of the context of `open`, or UNKNOWN, or CHANGING while the log and `open`
        # may differ, which an interrupt may leave so.
        self.seen: object = None
        self.paused: dict[Open, None] = {}  # open in other contexts
        self.moved = 0  # the length of the log at the last change of contexts

    def add_up(self) -> None:
        """Add up the log."""
        raise NotImplementedError

    def count(self, path: Sequence[str], ns: int) -> None:
        """Add a call to the section at a path."""
        raise NotImplementedError

    def here(self) -> None:
        """Make the open sections those of the current context; call it before each mark."""
        last = last_section()
        if last is not self.seen or of_generators:
            if self.seen is CHANGING:
                self._repair()
            self.seen = CHANGING
            self._open_only(self._innermost())
            self.seen = last

    def _repair(self) -> None:
        """Make the log and the open sections agree: one of them may lack the last change."""
        codes = self.log[::WIDTH]
        depth = sum([code > END for code in codes]) - sum([code in CLOSING for code in codes])
        self.paused.update(dict.fromkeys(self.open[depth:]))
        del self.open[depth:]
        end = self.log[-1] if self.log else 0
        self.log += (PAUSE, None, 0, end, end) * (depth - len(self.open))

    def unwind(self, functions: int, error: BaseException, end: int) -> None:
        """After an interrupt, end all functions but the first ones, as many as there were."""
        if isinstance(error, Exception):
            return
        if self.seen is CHANGING:
            self._repair()
        for opened in reversed(self.functions[functions:]):
            if not opened.ended:
                self._close(opened, CLOSE, 0, end)
        del self.functions[functions:]
        self._drop_ended(end)
        self.seen = UNKNOWN

    def close_stale(self, clock: Callable[[], int]) -> None:
        """Close the blocks that an interrupt left open."""
        for opened in sections.stale():
            if opened.stack is self:
                self.end_block(opened, clock())
            else:
                opened.stack.end_elsewhere(opened, clock())

    def _innermost(self) -> Open | None:
        """Return the innermost section in effect that began in this thread."""
        opened = sections.innermost()
        while opened is not None and (opened.item is None or opened.item.stack is not self):
            opened = opened.around
        block = None if opened is None else opened.item
        function = self.functions[-1] if self.functions else None
        if block is None or function is None:
            return block or function
        if function in block.path():
            return block
        resumed = of_generators and any(x.generator for x in chain(opened))
        return block if resumed and block not in function.path() else function

    def _open_only(self, section: Open | None) -> None:
        """Leave the log inside this section; others pause."""
        if section is (self.open[-1] if self.open else None):
            return
        path = [] if section is None else section.path()
        same = 0
        while same < min(len(path), len(self.open)) and path[same] is self.open[same]:
            same += 1
        for paused in reversed(self.open[same:]):
            self.paused[paused] = None
            self.open.pop()
            self.log += (PAUSE, None, 0, paused.start, paused.start)
        for opened in path[same:]:
            self.paused.pop(opened, None)
            self.open.append(opened)
            self.log += (opened.code, None, 0, opened.start, opened.start)
        self.moved = len(self.log)

    def begin(self, code: int, start: int, site: Any = None, node: int = 0) -> Open:
        """Open the section of a function."""
        if len(self.log) > LIMIT:
            self.add_up()
        if ever:
            self.here()
        opened = Open(self, code, start, self.open[-1] if self.open else None)
        seen, self.seen = self.seen, CHANGING
        self.functions.append(opened)
        self.open.append(opened)
        self.log += (code, site, node, start, start)
        self.seen = seen
        return opened

    def begin_block(self, code: int, start: int, frame: FrameType) -> OpenBlock:
        """Open the section of a block in `frame`."""
        if not ever:
            ever.append(True)
        if len(self.log) > LIMIT:
            self.add_up()
        self.here()
        opened = OpenBlock(self, code, start, self.open[-1] if self.open else None)
        opened.frame, opened.statement = id(frame), frame_of_statement(frame)
        self.seen = CHANGING
        self.open.append(opened)
        self.log += (code, None, 0, start, start)
        self.seen = sections.enter(opened, generator_of(frame))
        return opened

    def resume(self, opened: Open | None, code: int, start: int) -> Open:
        """Open a section for the next piece of a function: the same one if a block in it waits."""
        self.here()
        if opened is None or opened not in self.open:
            return self.begin(code, start)
        self._open_only(opened)
        self.log += (PAUSE, None, 0, start, start, code, None, 0, start, start)
        opened.start, opened.ended, self.seen = start, False, UNKNOWN
        self.functions.append(opened)
        return opened

    def end(self, opened: Open, closing: int, number: int, end: int) -> None:
        """Close the section of a function with a mark; blocks inside that are open go on."""
        if ever:
            self.here()
        self._close(opened, closing, number, end)
        if self.functions[-1] is opened:
            self.functions.pop()
        else:
            self.functions.remove(opened)

    def end_block(self, opened: OpenBlock, end: int) -> None:
        """Close the section of a block, also in another context than it began."""
        self.here()
        self._close(opened, CLOSE, 0, end)
        before, simple = opened.opened.before, self.seen is opened.opened
        self.seen = CHANGING
        sections.leave(opened.opened)
        opened.statement = None  # a frame keeps its variables
        self.seen = before if simple and last_section() is before else UNKNOWN

    def end_elsewhere(self, opened: OpenBlock, end: int) -> None:
        """Close the section of a block in another thread than it began."""
        self._count(opened, end)
        sections.leave(opened.opened)
        opened.statement = None
        self.seen = UNKNOWN

    def _close(self, opened: Open, closing: int, number: int, end: int) -> None:
        opened.ended = True
        seen, self.seen = self.seen, CHANGING
        if not self.open or self.open[-1] is not opened:
            if opened not in self.open:  # it is of another context
                self._count(opened, end)
                self.seen = seen
                return
            self._open_only(opened)
            seen = UNKNOWN
        self.open.pop()
        self.log += (closing, None, number, end, end)
        self._drop_ended(end)
        self.seen = seen

    def _drop_ended(self, end: int) -> None:
        """Leave the log's sections that ended while one inside was open."""
        while self.open and self.open[-1].ended:
            self.open.pop()
            self.log += (PAUSE, None, 0, end, end)

    def _count(self, opened: Open, end: int) -> None:
        opened.ended = True
        self.paused.pop(opened, None)
        self.count([LABELS[section.code].text for section in opened.path()], end - opened.start)

    def enclose(
        self,
        depth: int,
        begin: int,
        section: tuple[int, Any, int],
        start: int,
        end: int,
        nbytes: int = 0,
    ) -> None:
        """Put a section (label, site, node) around all marks from the item `begin` on.

        `depth` sections were open at its start.
        """
        self.here()
        if len(self.open) == depth and self.moved <= begin:
            enclose(self.log, begin, *section, start, end, nbytes)
        else:  # an enclosing block ended inside, or another context has marks there
            self.log += (-section[0], section[1], ~nbytes, start, end)
