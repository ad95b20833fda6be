"""Running a user's script as it is: with its arguments, its output, its errors and its exit status."""

from __future__ import annotations

import io
import sys
import traceback
import types
from pathlib import Path

INTERRUPTED = 130  # the status of a program that Ctrl-C ended, by the custom of shells


def run(path: str, args: list[str]) -> int:
    """Run the script as `python path *args` would, in this process, and return its exit status.

    What it raises is printed as Python prints it, without our own frames.
    """
    main = types.ModuleType("__main__")
    main.__dict__.update(__file__=path, __builtins__=__builtins__, __cached__=None, __spec__=None)
    sys.argv = [path, *args]
    sys.path[0] = str(Path(path).resolve().parent)
    sys.modules["__main__"] = main
    try:
        with io.open_code(path) as file:
            code = compile(file.read(), path, "exec")
        exec(code, main.__dict__)
    except SystemExit as stop:
        return _status(stop.code)
    except KeyboardInterrupt:
        traceback.print_exc()
        return INTERRUPTED
    except BaseException as error:
        error.__traceback__ = _users(error.__traceback__)
        traceback.print_exception(error)
        return 1
    return 0


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
