"""Profiles of the processes that a profiled one starts, each saved in one folder when it ends.

`AUTOGRAD_TIMER_SAVE` names the folder. A process that imports autograd_tools finds it there; a
forked one follows its parent. Each is saved at its exit, at the end of a process of
multiprocessing, or before a signal ends it.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from contextlib import suppress
from multiprocessing import util
from pathlib import Path

from autograd_tools.base.signals import Guard
from autograd_tools.timing.instrument import timer
from autograd_tools.timing.recorder import WHOLE

VARIABLE = "AUTOGRAD_TIMER_SAVE"


class Saver:
    """Saves the timer of this process, and of those forked from it."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.path: Path | None = None  # of this process
        atexit.register(self.save)
        # multiprocessing drops the exit handlers of a parent, and calls this after it has done so.
        util.register_after_fork(self, Saver._save_at_end)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self.restart)

    def start(self) -> None:
        """Save this process from now on."""
        self.path = Path(self.folder, f"{os.getpid()}-{time.time_ns()}.json").absolute()
        self._save_at_end()
        Guard(lambda number: self.save(last=True), WHOLE).install()

    def restart(self) -> None:
        """Measure a forked process from its start: the counts so far are its parent's."""
        if self.folder:
            timer._lock = threading.Lock()  # another thread of the parent may have held it
            timer.reset()
            self.start()

    def stop(self) -> None:
        """Save no more."""
        self.folder, self.path = "", None

    def save(self, *, last: bool = False) -> None:
        """Save the timer if it measured anything; the folder may be gone."""
        if self.path is None:
            return
        with timer.still(1.0, last=last):
            if timer.records:
                with suppress(OSError):
                    timer.save(self.path)

    def _save_at_end(self) -> None:
        util.Finalize(None, self.save, exitpriority=-100)
