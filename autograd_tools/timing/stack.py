"""Open sections of a thread: beginnings and ends go to its log, in any order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from autograd_tools.timing.log import CLOSE, LABELS, LIMIT, PAUSE, enclose


class Open(NamedTuple):
    """An open section: its block (None for a function), the code of its label, and its start."""

    owner: Any
    code: int
    start: int


class Ended(Open):
    """Placeholder for a block that ended before its children, which stay open."""

    __slots__ = ()


class Stack:
    """Open sections of a thread.

    Functions end in order; blocks in suspended generators and tasks may stay behind.
    """

    def __init__(self) -> None:
        self.log: list[Any] = []
        self.open: list[Open] = []
        # Blocks of suspended generators, with their paths in the tree.
        self._behind: list[tuple[Open, list[str]]] = []
        self._ended = 0

    def add_up(self) -> None:
        """Add up the log."""
        raise NotImplementedError

    def count(self, path: Sequence[str], ns: int) -> None:
        """Add a call to the section at a path."""
        raise NotImplementedError

    def begin(self, owner: Any, code: int, start: int, site: Any = None, node: int = 0) -> Open:
        """Open a section."""
        if len(self.log) > LIMIT:
            self.add_up()
        opened = Open(owner, code, start)
        self.open.append(opened)
        self.log += (code, site, node, start, start)
        return opened

    def end(self, opened: Open, closing: int, number: int, end: int) -> None:
        """Close the section of a function with a mark."""
        if self.open[-1] is not opened:
            self.leave(next(i for i, other in enumerate(self.open) if other is opened) + 1)
        self.open.pop()
        self.log += (closing, None, number, end, end)
        if self._ended:
            self._drop_ended(end)

    def end_block(self, owner: Any, end: int) -> None:
        """Close the last block of this owner.

        There is none if the timer was reset inside, or disabled when the block began.
        """
        if self.open and self.open[-1].owner is owner:
            self.open.pop()
            self.log += (CLOSE, None, 0, end, end)
            if self._ended:
                self._drop_ended(end)
            return
        own = [i for i, opened in enumerate(self.open) if opened.owner is owner]
        if own:
            self._end_around(own[-1], end)
        else:
            self._end_behind(owner, end)

    def _end_behind(self, owner: Any, end: int) -> None:
        """Count the block of a suspended generator."""
        for i in reversed(range(len(self._behind))):
            opened, path = self._behind[i]
            if opened.owner is owner:
                del self._behind[i]
                self.count(path, end - opened.start)
                break

    def _end_around(self, i: int, end: int) -> None:
        """Close a block with open children, such as those of other tasks; these stay open."""
        first, *inner = self.open[i:]
        self.open[i] = Ended(None, first.code, end)
        self._ended += 1
        marks = [(PAUSE, None, 0, end, end)] * len(inner) + [(CLOSE, None, 0, end, end)]
        marks += [(opened.code, None, 0, opened.start, opened.start) for opened in self.open[i:]]
        self.log += [item for mark in marks for item in mark]

    def _drop_ended(self, end: int) -> None:
        """Close the placeholders that have become innermost."""
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
        """Put a section (label, site, node) around all marks from the item `begin` on.

        `depth` sections were open at its start.
        """
        self.leave(depth)
        if len(self.open) == depth:
            enclose(self.log, begin, *section, start, end, nbytes)
        else:  # an enclosing block ended inside
            self.log += (-section[0], section[1], ~nbytes, start, end)

    def leave(self, depth: int) -> None:
        """Leave deeper blocks behind: they belong to suspended generators and end there."""
        path = [LABELS[opened.code].text for opened in self.open]
        while len(self.open) > depth:
            opened = self.open.pop()
            self.log += (PAUSE, None, 0, opened.start, opened.start)
            if isinstance(opened, Ended):
                self._ended -= 1
            else:
                self._behind.append((opened, path[: len(self.open) + 1]))
