"""Running a user's script as it is: with its arguments, its output, its errors and its exit status."""

from __future__ import annotations

import builtins
import importlib.machinery
import io
import sys
import types
from pathlib import Path

INTERRUPTED = 130  # the status of a program that Ctrl-C ended, by the custom of shells


def run(path: str, args: list[str]) -> int:
    """Run the script as `python path *args` would, in this process, and return its exit status.

    What it raises is shown as Python shows it, without our own frames.
    """
    file = str(Path(path).absolute())
    sys.argv = [path, *args]
    sys.path[0] = str(Path(path).resolve().parent)
    main = types.ModuleType("__main__")
    loader = importlib.machinery.SourceFileLoader("__main__", file)
    main.__dict__.update(__file__=file, __builtins__=builtins, __cached__=None, __loader__=loader, __annotations__={})
    sys.modules["__main__"] = main
    _make_way(Path(path).resolve().parent)
    streams = sys.stdout, sys.stderr
    try:
        with io.open_code(path) as source:
            code = compile(source.read(), file, "exec", dont_inherit=True)
        exec(code, main.__dict__)
    except SystemExit as stop:
        return _status(stop.code)
    except BaseException as error:
        error.__traceback__ = _users(error.__traceback__)
        sys.excepthook(type(error), error, error.__traceback__)
        return INTERRUPTED if isinstance(error, KeyboardInterrupt) else 1
    finally:
        sys.stdout, sys.stderr = streams  # the script may have put others there, and closed these
        if sys.stdout.closed:
            sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115  it stays open
    return 0


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
