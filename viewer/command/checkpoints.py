"""Checkpoints: the profile of a run, saved at intervals while the script runs."""

from __future__ import annotations

import _thread
import argparse
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

UNITS = {"": 1, "s": 1, "m": 60, "min": 60, "h": 3600}
SPACING = 100  # the least pause between two checkpoints, in times of what one takes


def seconds(text: str) -> float:
    """Return the seconds of a time such as `30`, `30s`, `5m` or `1h`."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?|\.\d+) ?(s|m|min|h)?", text.strip().lower())
    if found is None or not float(found[1]):
        raise argparse.ArgumentTypeError(f"expected a time such as 30s, 5m or 1h, got {text!r}")
    return float(found[1]) * UNITS[found[2] or ""]


class Checkpoints:
    """Calls `save` every `interval` seconds: after a gradient, or in a long one from a thread."""

    def __init__(
        self,
        interval: float,
        save: Callable[[bool], object],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._interval = interval
        self._save = save  # its argument says whether the run waits for it
        self._clock = clock
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._next = clock() + interval

    def after_gradient(self) -> None:
        """Save if it is time; a forked process does not."""
        if self._clock() >= self._next and os.getpid() == self._process:
            self.save(waits=True)

    def save(self, *, waits: bool) -> None:
        """Save, unless another thread does."""
        if not self._lock.acquire(blocking=False):
            return
        try:
            start = self._clock()
            self._save(waits)
            now = self._clock()
            self._next = now + max(self._interval, SPACING * (now - start))
        finally:
            self._lock.release()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Save in a block also while no gradient ends, half an interval late."""
        ended = _thread.allocate_lock()
        ended.acquire()

        def watch() -> None:
            while not ended.acquire(timeout=self._interval / 2):
                if self._clock() >= self._next + self._interval / 2:
                    self.save(waits=False)

        # `threading.enumerate` must not list the thread: scripts join all threads that it lists.
        _thread.start_new_thread(watch, ())
        try:
            yield
        finally:
            if os.getpid() == self._process:
                ended.release()
                with self._lock:  # the last save of the run comes after this one
                    pass
