"""The sections that are open in a thread: what begins is written to its log, and what ends, in whatever order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from autograd_tools.timing.log import CLOSE, LABELS, LIMIT, PAUSE, enclose


class Open(NamedTuple):
    """A section that is open: the block whose it is, None for a function; the code of its label, and its start."""

    owner: Any
    code: int
    start: int


class Ended(NamedTuple):
    """What stands in the place of a block that ended before those inside, which stay where they are."""

    owner: None
    code: int
    start: int


class Stack:
    """The open sections of a thread. Functions end in order; blocks, in suspended generators and tasks, may stay behind."""

    def __init__(self) -> None:
        self.log: list[Any] = []
        self.open: list[Open | Ended] = []
        self._behind: list[
            tuple[Open, list[str]]
        ] = []  # blocks of suspended generators, with where they are in the tree
        self._ended = 0

    def add_up(self) -> None:
        """Add up what is in the log."""
        raise NotImplementedError

    def count(self, path: Sequence[str], ns: int) -> None:
        """Add a call to the section at a path."""
        raise NotImplementedError

    def begin(self, owner: Any, code: int, start: int, note: Any = None, node: int = 0) -> Open:
        """Open a section."""
        if len(self.log) > LIMIT:
            self.add_up()
        opened = Open(owner, code, start)
        self.open.append(opened)
        self.log += (code, note, node, start, start)
        return opened

    def end(self, opened: Open, closing: int, number: int, end: int) -> None:
        """Close the section of a function, with a mark of these."""
        if self.open[-1] is not opened:
            self.leave(next(i for i, other in enumerate(self.open) if other is opened) + 1)
        self.open.pop()
        self.log += (closing, None, number, end, end)
        if self._ended:
            self._drop_ended(end)

    def end_block(self, owner: Any, end: int) -> None:
        """Close the block of this owner that was opened last; if the timer was reset inside, or disabled before, there is none."""
        if self.open and self.open[-1].owner is owner:
            self.open.pop()
            self.log += (CLOSE, None, 0, end, end)
            if self._ended:
                self._drop_ended(end)
        elif any(opened.owner is owner for opened in self.open):
            self._end_around(
                max(i for i, opened in enumerate(self.open) if opened.owner is owner), end
            )
        else:
            self._end_behind(owner, end)

    def _end_behind(self, owner: Any, end: int) -> None:
        """Count the block of a generator that was suspended."""
        for i in reversed(range(len(self._behind))):
            opened, path = self._behind[i]
            if opened.owner is owner:
                del self._behind[i]
                self.count(path, end - opened.start)
                break

    def _end_around(self, i: int, end: int) -> None:
        """Close a block in which others are still open, such as those of other tasks: they go on where they are."""
        first, *inner = self.open[i:]
        self.open[i] = Ended(None, first.code, end)
        self._ended += 1
        marks = [(PAUSE, None, 0, end, end)] * len(inner) + [(CLOSE, None, 0, end, end)]
        marks += [(opened.code, None, 0, opened.start, opened.start) for opened in self.open[i:]]
        self.log += [item for mark in marks for item in mark]

    def _drop_ended(self, end: int) -> None:
        """Close what stands for blocks that ended before those inside did, as soon as it is the innermost."""
        while self.open and isinstance(self.open[-1], Ended):
            self.open.pop()
            self._ended -= 1
            self.log += (PAUSE, None, 0, end, end)

    def enclose(
        self,
        depth: int,
        begin: int,
        section: tuple[int, Any, int],
        start: int,
        end: int,
        nbytes: int = 0,
    ) -> None:
        """Put a section (label, note, node) around what was written from the item `begin` on, when `depth` sections were open."""
        self.leave(depth)
        if len(self.open) == depth:
            enclose(self.log, begin, *section, start, end, nbytes)
        else:  # a block around has ended in it
            self.log += (-section[0], section[1], ~nbytes, start, end)

    def leave(self, depth: int) -> None:
        """Leave blocks behind that are deeper, which are those of generators that are suspended: they end where they are."""
        path = [LABELS[opened.code].text for opened in self.open]
        while len(self.open) > depth:
            opened = self.open.pop()
            self.log += (PAUSE, None, 0, opened.start, opened.start)
            if isinstance(opened, Ended):
                self._ended -= 1
            else:
                self._behind.append((opened, path[: len(self.open) + 1]))
