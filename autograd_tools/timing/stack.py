"""Open sections of a thread: beginnings and ends go to its log, as the current context has them."""

from __future__ import annotations

from collections.abc import Sequence
from types import FrameType
from typing import Any

from autograd_tools.base.contexts import Blocks, Opened
from autograd_tools.timing.log import LABELS, LIMIT, PAUSE, enclose


class Open:
    """An open section: the code of its label, its start, and the section around it.

    `stack` is that of the thread in which it began, and `frame` the id of the frame of its block.
    """

    __slots__ = ("around", "code", "ended", "frame", "opened", "stack", "start")
    opened: Opened[Open]  # its place in its context

    def __init__(
        self, stack: Stack, code: int, start: int, around: Open | None, frame: FrameType | None
    ) -> None:
        self.stack = stack
        self.code = code
        self.start = start
        self.around = around
        self.frame = id(frame)
        self.ended = False

    def path(self) -> list[Open]:
        """Return the sections around it and itself, outermost first, also those that ended."""
        found: list[Open] = []
        section: Open | None = self
        while section is not None:
            found.append(section)
            section = section.around
        return found[::-1]


sections: Blocks[Open] = Blocks("autograd_tools.sections")  # of all timers
last_section = sections.last
of_generators = sections.of_generators


class Stack:
    """Open sections of a thread.

    The log is a tree, so the sections that it has open are those of one context at a time. Another
    context pauses them in the log, and opens its own again.
    """

    def __init__(self) -> None:
        self.log: list[Any] = []
        self.open: list[Open] = []  # in the log; ended sections stay while one inside is open
        self.seen: Opened[Open] | None = None  # the last section of the context that `open` fits
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
            self._open_only(self._innermost())
            self.seen = last

    def _innermost(self) -> Open | None:
        """Return the innermost section in effect that began in this thread."""
        opened = sections.innermost()
        while opened is not None:
            if opened.item is not None and opened.item.stack is self:
                return opened.item
            opened = opened.around
        return None

    def _open_only(self, section: Open | None) -> None:
        """Leave the log inside this section; others pause."""
        if section is (self.open[-1] if self.open else None):
            return
        path = [] if section is None else section.path()
        same = 0
        while same < min(len(path), len(self.open)) and path[same] is self.open[same]:
            same += 1
        for paused in reversed(self.open[same:]):
            self.log += (PAUSE, None, 0, paused.start, paused.start)
        for opened in path[same:]:
            self.log += (opened.code, None, 0, opened.start, opened.start)
        self.open = path
        self.moved = len(self.log)

    def begin(
        self, code: int, start: int, site: Any = None, node: int = 0, frame: FrameType | None = None
    ) -> Open:
        """Open a section; `frame` has its block."""
        if len(self.log) > LIMIT:
            self.add_up()
        self.here()
        opened = Open(self, code, start, self.open[-1] if self.open else None, frame)
        self.open.append(opened)
        self.log += (code, site, node, start, start)
        self.seen = opened.opened = sections.enter(opened, frame)
        return opened

    def resume(self, opened: Open | None, code: int, start: int) -> Open:
        """Open a section for the next piece of a function: the same one if a block in it waits."""
        self.here()
        if opened is None or opened not in self.open:
            return self.begin(code, start)
        self._open_only(opened)
        self.log += (PAUSE, None, 0, start, start, code, None, 0, start, start)
        opened.start, opened.ended, opened.opened.item = start, False, opened
        self.seen = None
        return opened

    def end(self, opened: Open, closing: int, number: int, end: int) -> None:
        """Close a section with a mark; sections inside that are still open go on."""
        self.here()
        if opened not in self.open:
            self.end_elsewhere(opened, end)
            return
        self._open_only(opened)
        self.open.pop()
        self.log += (closing, None, number, end, end)
        while self.open and self.open[-1].ended:
            self.open.pop()
            self.log += (PAUSE, None, 0, end, end)
        opened.ended = True
        sections.leave(opened.opened)
        last = last_section()
        self.seen = last if last is opened.opened.before else None

    def end_elsewhere(self, opened: Open, end: int) -> None:
        """Count a section that ends in another context or thread than it began."""
        opened.ended = True
        sections.leave(opened.opened)
        self.count([LABELS[section.code].text for section in opened.path()], end - opened.start)
        self.seen = None

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
