"""Running a user's script as it is: with its arguments, its output, its errors and its exit status."""

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

INTERRUPTED = 130  # the status of a program that Ctrl-C ended, by the custom of shells


def run(path: str, args: list[str], within: AbstractContextManager[object] | None = None) -> int:
    """Run the script as `python path *args` would, in this process, and return its exit status once its threads have ended.

    What it raises is shown as Python shows it, without our own frames. Its own code alone runs `within` a context. A process
    that the script forked and that comes to the end of it does not return: it exits there.
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
        sys.stdout, sys.stderr = streams  # the script may have put others there, and closed these
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
    """The exit status of a part of the script's run."""
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
    """Do what Python does between the end of a script and its own: gradients in threads belong to the script, too."""
    pools = sys.modules.get("concurrent.futures.thread")
    if (
        pools is not None
    ):  # whose threads wait for work until they are told that there is none to come
        pools._python_exit()
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()


def _make_way(folder: Path) -> None:
    """Let the script import a module `viewer` of its own, as it would without us: our generic name has taken its place."""
    if (folder / "viewer.py").exists() or (folder / "viewer" / "__init__.py").exists():
        for name in [name for name in sys.modules if name.partition(".")[0] == "viewer"]:
            del sys.modules[name]


def _status(code: object) -> int:
    """The exit status that `sys.exit(code)` stands for."""
    if code is None or isinstance(code, int):
        return code or 0
    print(code, file=sys.stderr)
    return 1


def _users(trace: types.TracebackType | None) -> types.TracebackType | None:
    """The traceback from the script's own frame on."""
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    return trace
