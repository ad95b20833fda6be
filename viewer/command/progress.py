"""A progress line in a terminal that disappears before the script writes there.

`rich.status` does not fit: it replaces `sys.stdout` by a proxy that holds back unfinished lines,
such as prompts, and its thread writes into the script's lines.
"""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

INTERVAL = 0.1  # seconds between two updates
COSTLIEST = 20  # the least pause between two updates, in times of what one takes
ERASE = "\r\x1b[K"


class Progress:
    """The line that `text` returns; it is not written while a line of the script is unfinished."""

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
        self._at_start = True  # of a line

    def update(self) -> None:
        """Show the text of now, if the last update is long enough ago."""
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
        """Erase the line."""
        if self._shown:
            self._shown = False
            self._write(ERASE)

    def _write(self, text: str) -> None:
        type(self._terminal).write(self._terminal, text)
        type(self._terminal).flush(self._terminal)

    def make_way(self, stream: TextIO) -> None:
        """Erase the line before a write to `stream`, which is on the same terminal."""
        kind = type(stream)

        def write(text: str) -> int:
            self.erase()
            if text:
                self._at_start = text.endswith("\n")
            return kind.write(stream, text)

        def flush() -> None:  # `input` does so before it writes a prompt by itself
            self.erase()
            kind.flush(stream)

        stream.write, stream.flush = write, flush  # type: ignore[method-assign]


def _is_terminal(stream: TextIO | None) -> bool:
    """Return whether a stream writes to a terminal; one may be closed, or lack most methods."""
    try:
        return stream is not None and stream.isatty()
    except (AttributeError, ValueError):
        return False


@contextmanager
def progress(text: Callable[[], str]) -> Iterator[Callable[[], None]]:
    """Yield a function that updates the text on standard error, if that is a terminal."""
    streams = [stream for stream in (sys.stdout, sys.stderr) if _is_terminal(stream)]
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
