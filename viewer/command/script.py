"""Run a user's program unchanged: its arguments, output, errors and exit status."""

from __future__ import annotations

import importlib
import os
import sys
import threading
import types
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path

import autograd_tools as ag
from viewer.command.messages import put, say
from viewer.command.targets import Target, replaced_modules, show_lines

HERE = f"{Path(__file__).parent}{os.sep}"


class Interrupted(int):
    """The exit status after Ctrl-C, apart from that of a script that exits with the number."""


INTERRUPTED = Interrupted(130)  # as shells report it


def run(target: Target, within: AbstractContextManager[object] | None = None) -> int:
    """Run a program as Python would, and return its exit status.

    It runs in this process, its code `within` a context. Its threads have ended on return. Its
    tracebacks do not contain our frames. A process that the program forked exits at its end and
    does not return. Raise ValueError or OSError if the program cannot be read.
    """
    process = os.getpid()
    status = _run(target, within or nullcontext())
    if os.getpid() != process:
        sys.exit(status)
    return status


def _run(target: Target, within: AbstractContextManager[object]) -> int:
    if target.hint:
        say(target.hint)
    if target.as_autograd:
        from autograd_tools import compat  # which few programs need

        compat.install()
    body = target.load()
    streams, hook = (sys.stdout, sys.stderr), sys.excepthook
    try:
        with replaced_modules(sys.path[0]):
            with _adapted(target.adapted):
                status = _finished(lambda: _execute(body, within))
            return _finished(_wait_for_threads) or status
    finally:
        show_lines()
        sys.excepthook = hook
        sys.stdout, sys.stderr = streams  # the script may have replaced and closed them
        if sys.stdout is not None and sys.stdout.closed:
            sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115  it stays open


def _execute(body: Callable[[], object], within: AbstractContextManager[object]) -> None:
    with within:
        body()


def _adapted(packages: Sequence[str]) -> AbstractContextManager[object]:
    """Return `ag.adapt` for packages; raise ValueError for one that cannot be imported."""
    for name in packages:
        try:
            importlib.import_module(name)
        except ImportError as error:
            raise ValueError(f"cannot adapt {name}: {error}") from None
    return ag.adapt(*packages) if packages else nullcontext()


def _finished(part: Callable[[], object]) -> int:
    """Return the exit status of a part of the script's run."""
    try:
        part()
    except SystemExit as stop:
        return _status(stop.code)
    except BaseException as error:
        error.__traceback__ = _users(error.__traceback__)
        with suppress(KeyboardInterrupt):  # pressed again
            sys.excepthook(type(error), error, error.__traceback__)
        return INTERRUPTED if isinstance(error, KeyboardInterrupt) else 1
    return 0


def _wait_for_threads() -> None:
    """Wait as Python does at its exit: the gradients of threads belong to the script."""
    # Idle workers of executors wait for more work until Python's exit, which calls these. No public
    # function does; atexit runs later, when the exit status is fixed.
    for end_workers in reversed(getattr(threading, "_threading_atexits", ())):
        end_workers()
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()


def _status(code: object) -> int:
    """Return the exit status of `sys.exit(code)`."""
    if code is None or isinstance(code, int):
        return code or 0
    put(code, sys.stderr)
    return 1


def _users(trace: types.TracebackType | None) -> types.TracebackType | None:
    """Return the traceback from the first frame that is not ours on."""
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(HERE):
        trace = trace.tb_next
    return trace
