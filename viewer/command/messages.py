"""Messages of commands."""

from __future__ import annotations

import sys


def say(message: str) -> None:
    """Print a message to standard error, if there is one; `print` would take standard output."""
    if sys.stderr is not None:
        print(f"autograd-tools: {message}", file=sys.stderr)
