"""A line at the foot of a terminal that tells how far a script is, and is gone before the script or anybody else writes there."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

INTERVAL = 0.1  # seconds between two looks at the same line
COSTLIEST = 20  # times what it took to find the text out is waited for at least: a long text is not to slow the script down
ERASE = "\r\x1b[K"


class Progress:
    """The line, which `text` makes. It is never written into a line of the script's that has not ended."""

    def __init__(
        self, terminal: TextIO, text: Callable[[], str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._terminal = terminal
        self._text = text
        self._clock = clock
        self._lock = threading.Lock()
        self._process = os.getpid()
        self._next = clock() + INTERVAL
        self._shown = False
        self._at_start = True  # of a line, where the cursor is

    def update(self) -> None:
        """Show the text as it is now, if the last look at it is long enough ago."""
        start = self._clock()
        if (
            start < self._next
            or not self._at_start
            or os.getpid() != self._process
            or not self._lock.acquire(blocking=False)
        ):
            return
        try:
            self._write(f"\r{self._text()[: shutil.get_terminal_size().columns - 1]}\x1b[K")
            self._shown = True
            self._next = self._clock() + max(INTERVAL, COSTLIEST * (self._clock() - start))
        finally:
            self._lock.release()

    def erase(self) -> None:
        """Take the line away."""
        if self._shown:
            self._shown = False
            self._write(ERASE)

    def _write(self, text: str) -> None:
        type(self._terminal).write(self._terminal, text)
        type(self._terminal).flush(self._terminal)

    def make_way(self, stream: TextIO) -> None:
        """Have the line taken away before anything is written to `stream`, which is of the same terminal."""
        kind = type(stream)

        def write(text: str) -> int:
            self.erase()
            if text:
                self._at_start = text.endswith("\n")
            return kind.write(stream, text)

        def flush() -> None:  # as `input` does before it writes a prompt by itself
            self.erase()
            kind.flush(stream)

        stream.write, stream.flush = write, flush  # type: ignore[method-assign]


@contextmanager
def progress(text: Callable[[], str]) -> Iterator[Callable[[], None]]:
    """What shows the text on standard error while the block runs: nothing, if that is no terminal."""
    streams = [
        stream for stream in (sys.stdout, sys.stderr) if stream is not None and stream.isatty()
    ]
    if sys.stderr not in streams or os.environ.get("TERM") == "dumb":
        yield lambda: None
        return
    line = Progress(sys.stderr, text)
    for stream in streams:
        line.make_way(stream)
    try:
        yield line.update
    finally:
        line.erase()
        for stream in streams:
            del stream.write, stream.flush
