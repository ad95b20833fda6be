"""Profiles of the processes that a script starts, merged into that of the script."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from autograd_tools import Timer
from autograd_tools.timing.processes import VARIABLE, Saver

GRACE = 2.0  # seconds for all processes, once a signal ends the run


class Children:
    """The processes that a script starts, and the folder where each saves its profile."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)

    def wait(self) -> None:
        """Wait for them as Python does at its exit, which would be too late for their profiles."""
        if "multiprocessing.util" in sys.modules:
            sys.modules["multiprocessing.util"]._exit_function()

    def terminate(self) -> None:
        """End those that Python would end at its exit, as in a pool; wait a moment for all.

        A scheduler sends its signal to all of them.
        """
        children = sys.modules.get("multiprocessing.process")
        alive = children.active_children() if children else ()
        for child in alive:
            if child.daemon:
                child.terminate()
        end = time.monotonic() + GRACE
        for child in alive:
            child.join(max(0.0, end - time.monotonic()))

    def remove(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def merged(self, timer: Timer) -> Timer:
        """Return the profile of all processes; the total time and the single calls stay."""
        found = [Timer.load(path) for path in sorted(self._folder.glob("*.json"))]
        if not found:
            return timer
        data = timer.to_dict()
        everything = timer.merge(*found).to_dict()
        everything |= {name: data[name] for name in ("total_ns", "events") if name in data}
        everything["threads"] = data["threads"] + sum(child.snapshot().threads for child in found)
        processes = len(found) + bool(data["records"])
        everything["about"] = {**data.get("about", {}), "processes": processes}
        return Timer.from_dict(everything)


def start_no_workers() -> None:
    """Let pools start no worker in place of one that a signal ends, which would outlive us."""
    if "multiprocessing.pool" in sys.modules:
        sys.modules["multiprocessing.pool"].Pool._maintain_pool = lambda *args: None


@contextmanager
def saved_children() -> Iterator[Children]:
    """Let all processes that are started in a block save profiles, in a temporary folder."""
    process, folder = os.getpid(), tempfile.mkdtemp(prefix="autograd-tools-")
    os.environ[VARIABLE] = folder
    saver = Saver(folder)
    children = Children(folder)
    try:
        yield children
    finally:
        if os.getpid() == process:  # and not a forked one
            saver.stop()
            os.environ.pop(VARIABLE, None)
            children.remove()
