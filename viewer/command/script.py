"""Run a user's script unchanged: its arguments, output, errors and exit status."""

from __future__ import annotations

import builtins
import importlib.machinery
import io
import os
import sys
import threading
import types
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

INTERRUPTED = 130  # as shells report a program that Ctrl-C ended


def run(path: str, args: list[str], within: AbstractContextManager[object] | None = None) -> int:
    """Run a script as `python path *args` would, and return its exit status.

    It runs in this process, its code `within` a context. Its threads have ended on return. Its
    tracebacks do not contain our frames. A process that the script forked exits at its end and does
    not return.
    """
    process = os.getpid()
    status = _run(path, args, within or nullcontext())
    if os.getpid() != process:
        sys.exit(status)
    return status


def _run(path: str, args: list[str], within: AbstractContextManager[object]) -> int:
    file = str(Path(path).absolute())
    sys.argv = [path, *args]
    sys.path[0] = str(Path(path).resolve().parent)
    main = types.ModuleType("__main__")
    loader = importlib.machinery.SourceFileLoader("__main__", file)
    main.__dict__.update(
        __file__=file, __builtins__=builtins, __cached__=None, __loader__=loader, __annotations__={}
    )
    sys.modules["__main__"] = main
    _make_way(Path(path).resolve().parent)
    streams = sys.stdout, sys.stderr
    try:
        status = _finished(lambda: _execute(path, file, main.__dict__, within))
        return _finished(_wait_for_threads) or status
    finally:
        sys.stdout, sys.stderr = streams  # the script may have replaced and closed them
        if sys.stdout.closed:
            sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115  it stays open


def _execute(
    path: str, file: str, names: dict[str, object], within: AbstractContextManager[object]
) -> None:
    with io.open_code(path) as source:
        code = compile(source.read(), file, "exec", dont_inherit=True)
    with within:
        exec(code, names)


def _finished(part: Callable[[], object]) -> int:
    """Return the exit status of a part of the script's run."""
    try:
        part()
    except SystemExit as stop:
        return _status(stop.code)
    except BaseException as error:
        error.__traceback__ = _users(error.__traceback__)
        sys.excepthook(type(error), error, error.__traceback__)
        return INTERRUPTED if isinstance(error, KeyboardInterrupt) else 1
    return 0


def _wait_for_threads() -> None:
    """Wait as Python does at its exit: the gradients of threads belong to the script."""
    pools = sys.modules.get("concurrent.futures.thread")
    if pools is not None:
        # Idle workers of an executor wait for more work until Python's exit, which calls this. No
        # public function does; atexit runs later, when the exit status is fixed.
        pools._python_exit()
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()


def _make_way(folder: Path) -> None:
    """Let the script import its own module `viewer`, by unloading ours."""
    if (folder / "viewer.py").exists() or (folder / "viewer" / "__init__.py").exists():
        for name in [name for name in sys.modules if name.partition(".")[0] == "viewer"]:
            del sys.modules[name]


def _status(code: object) -> int:
    """Return the exit status of `sys.exit(code)`."""
    if code is None or isinstance(code, int):
        return code or 0
    print(code, file=sys.stderr)
    return 1


def _users(trace: types.TracebackType | None) -> types.TracebackType | None:
    """Return the traceback from the script's first frame on."""
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    return trace
