"""Messages of commands."""

from __future__ import annotations

import sys
from typing import TextIO

from autograd_tools.base.text import encodable


def put(text: object, stream: TextIO | None) -> None:
    """Print a line, unless the stream is closed: `print` would take standard output instead."""
    if stream is not None:
        print(encodable(str(text), getattr(stream, "encoding", None)), file=stream)


def say(message: str) -> None:
    """Print a message of ours to standard error."""
    put(f"autograd-tools: {message}", sys.stderr)
