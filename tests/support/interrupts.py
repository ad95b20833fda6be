"""Interrupts at the lines of the package, one after another, each in a process of its own."""

import gc
import os
import random
import sys
from contextvars import ContextVar
from pathlib import Path

import numpy as np

import autograd_tools as ag
from autograd_tools.base.contexts import Blocks

PACKAGE = str(Path(ag.__file__).parent)
SMALL = 200
MOST_REPORTED = 20
# Counters, logs and caches, which grow by design.
GROWS = {
    "autograd_tools.base.memory._entries",
    "autograd_tools.engine.registry._known",
    "autograd_tools.engine.assigned.writes",
    "autograd_tools.timing.instrument.recordings",
    "autograd_tools.timing.node_times.recordings",
}


def state():
    """Return what can be compared of all modules of the package, of NumPy and of the collector."""
    found = {
        "collector": (gc.isenabled(), gc.get_threshold(), gc.get_freeze_count()),
        "floats": (np.geterr(), np.geterrcall()),
    }
    for name, module in sorted(sys.modules.items()):
        if name.partition(".")[0] == "autograd_tools":
            for key, x in vars(module).items():
                place = f"{name}.{key}"
                if not key.startswith("__") and place not in GROWS:
                    found[place] = _comparable(x)
    return {place: x for place, x in found.items() if x is not None}


def _comparable(x):
    """Return something that is equal as long as the state is; None if there is no state."""
    if isinstance(x, bool | int | float | str):
        return repr(x)  # NaN is equal to itself
    if isinstance(x, Blocks):
        last = x.last()
        return id(last), len(x.of_generators)
    if isinstance(x, ContextVar):
        return id(x.get(None))
    if isinstance(x, dict):
        return tuple(map(id, x.values())) if len(x) < SMALL else len(x)
    if isinstance(x, list | set):
        return tuple(map(id, x)) if len(x) < SMALL else len(x)
    if not isinstance(x, type) and hasattr(x, "acquire") and hasattr(x, "release"):
        free = x.acquire(blocking=False)
        if free:
            x.release()
        return free
    return None


def interrupted(f, check=lambda: None, most=100):
    """Interrupt `f()` at each line of the package, at `most` of them; return what went wrong.

    In a process for each line, `f()` must raise the interrupt. Then the state is as before,
    `check()` passes, and `f()` returns what it returned before.
    """
    _still_open(), f()
    expected = f()  # the second call finds all caches filled
    places = []
    _traced(f, lambda frame: places.append(None))
    step = max(1, -(-len(places) // most))
    chosen = set(range(random.Random(0).randrange(step), len(places), step))
    before, line, wrong, child = state(), 0, [], None
    reader, writer = os.pipe()

    def fork(frame):
        nonlocal line, child
        line += 1
        if line - 1 in chosen and len(wrong) < MOST_REPORTED:
            place = f"{os.path.relpath(frame.f_code.co_filename, PACKAGE)}:{frame.f_lineno}"
            pid = os.fork()
            if pid == 0:
                child = place
                sys.settrace(None)
                raise KeyboardInterrupt
            if os.waitpid(pid, 0)[1] != 0:
                wrong.append(f"{place}: {os.read(reader, 4096).decode()}")

    try:
        lost = False
        try:
            _traced(f, fork)
            lost = True
        except KeyboardInterrupt:
            if child is None:
                raise
        except SystemError as error:  # C code of NumPy went on after the interrupt, and ended then
            if child is None or not isinstance(error.__cause__, KeyboardInterrupt):
                raise
        if child is not None:
            fault = "the interrupt was lost" if lost else _fault(f, check, before, expected)
            if fault:
                os.write(writer, fault[:400].encode())
            os._exit(1 if fault else 0)
    except BaseException as error:
        if child is None:
            raise
        os.write(writer, f"{type(error).__name__}: {error}"[:400].encode())
        os._exit(1)
    os.close(reader)
    os.close(writer)
    return wrong


def _traced(f, at_line):
    """Call `f()`, and `at_line(frame)` before each line of the package."""

    def trace(frame, event, arg):
        if not frame.f_code.co_filename.startswith(PACKAGE):
            return None
        if event == "line":
            at_line(frame)
        return trace

    sys.settrace(trace)
    try:
        f()
    finally:
        sys.settrace(None)


def _fault(f, check, before, expected):
    """Return what is not as before, or an empty string."""
    if fault := _still_open():
        return fault
    now = state()
    changed = [key for key in before if now.get(key) != before[key]]
    if changed:
        return ", ".join(f"{key} {before[key]!r} -> {now.get(key)!r}" for key in changed)
    check()
    again = f()
    if not _same(again, expected):
        return f"expected {expected!r} again, got {again!r}"
    return ""


def _still_open():
    """Return what acts as if it went on, or an empty string; a stale block is closed."""
    w = ag.Param(np.ones(2))
    if isinstance(w * 2.0, ag.Value):
        return "something is still recorded"
    path = ag.diff(lambda: np.sum(w)).trace().nodes[-1].scope
    return f"still in the scope {path}" if path else ""


def _same(x, y):
    if isinstance(x, tuple | list):
        return len(x) == len(y) and all(map(_same, x, y))
    return bool(np.array_equal(x, y))
