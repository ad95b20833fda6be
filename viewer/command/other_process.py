"""A function in a new Python process, which then runs a program as Python does."""

from __future__ import annotations

import sys

# A module in the current folder must not take the place of ours.
START = """import sys
folder = [] if sys.flags.safe_path else [sys.path.pop(0)]
from {module} import {function}
sys.path[:0] = folder
sys.exit({function}(*sys.argv[1:]))
"""


def command_line(module: str, function: str, *words: str) -> list[str]:
    """Return the command that calls a function with words; it returns the exit status."""
    code = START.format(module=module, function=function)
    return [sys.executable, "-c", code, *words]
