"""Processes of tests: a script, the variables of a process, and its end."""

import contextlib
import os
import subprocess
import sys

import pytest

MODEL = """\
import sys
import numpy as np
import autograd_tools as ag

w, b = ag.Param(np.ones((2, 3)), name="w"), ag.Param(np.ones((2, 1)), name="b")
x, y = np.ones((3, 4)), np.zeros((2, 4))

def loss():
    return np.sum((w @ x + b - y) ** 2)

print("training", *sys.argv[1:])
J = ag.diff(loss)
"""


def environment(**more):
    """Return our environment variables, without those that change Python, rich or the timer."""
    names = (
        "AUTOGRAD_TIMER",
        "FORCE_COLOR",
        "NO_COLOR",
        "TTY_COMPATIBLE",
        "COLUMNS",
        "PYTHONSAFEPATH",
    )
    plain = {name: text for name, text in os.environ.items() if name not in names}
    return {
        **plain,
        "PYTHONUTF8": "1",
        "PYTHONWARNINGS": "error",
        "PYTHONDONTWRITEBYTECODE": "1",
        **more,
    }


def run(*command, cwd=None, input=None, **variables):
    """Run a command with more variables and return the finished process."""
    return subprocess.run(
        command,
        cwd=cwd,
        env=environment(**variables),
        input=input,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )


def python(*args, **options):
    """Run Python without errors and return its output."""
    process = run(sys.executable, *args, **options)
    assert (process.stderr, process.returncode) == ("", 0), (process.stderr, process.returncode)
    return process.stdout


def run_in_terminal(*command, cwd=None, **variables):
    """Run a command in a pseudo-terminal; return its output and status."""
    pty = pytest.importorskip("pty", reason="pseudo-terminals are Unix's")
    leader, follower = pty.openpty()
    ends, variables = (
        dict.fromkeys(("stdin", "stdout", "stderr"), follower),
        environment(**variables),
    )
    with subprocess.Popen(command, cwd=cwd, env=variables, **ends) as process:
        os.close(follower)
        written = b""
        with contextlib.suppress(OSError):  # Linux raises it when nobody writes any more
            while part := os.read(leader, 65_536):
                written += part
    os.close(leader)
    return written.decode(), process.returncode
