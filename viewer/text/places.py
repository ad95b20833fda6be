"""Places in the user's code: as text, relative to the current folder, and as links that a terminal opens."""

from __future__ import annotations

import linecache
import os
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from autograd_tools.base.text import one_line


def source_text(file: str, line: int) -> str:
    """`train.py:12`; empty without a file."""
    return f"{path_text(file)}:{line}" if file else ""


OUTSIDE = "(outside any function)"


def scope_text(scope: Iterable[str]) -> str:
    """`loss / encoder`; what is in no scope says so."""
    return " / ".join(scope) or OUTSIDE


def path_text(file: str) -> str:
    """A path relative to the current folder; the name alone of a file that is not below it."""
    return _path_text(file, _current())


def link_of(file: str, line: int) -> str:
    """The address of a line of a file, empty if there is no such file."""
    address = _address(file, _current())
    return f"{address}#{line}" if address else ""


def source_lines(file: str) -> list[str]:
    """The lines of a file as it is now; none if it is not there."""
    try:
        linecache.checkcache(file)
        return linecache.getlines(file)
    except ValueError:  # no name that a file can have
        return []


def _current() -> str:
    try:
        return str(Path.cwd())
    except OSError:  # the current folder is gone
        return ""


@lru_cache(maxsize=1024)
def _path_text(file: str, current: str) -> str:
    try:
        relative = os.path.relpath(file, current)
    except (OSError, ValueError):  # on another drive, or no current folder
        relative = os.pardir
    return one_line(Path(file).name if relative.startswith(os.pardir) else relative)


@lru_cache(maxsize=1024)
def _address(file: str, current: str) -> str:
    try:
        path = Path(current, file)
        return path.as_uri() if path.is_file() else ""
    except (OSError, ValueError):  # no name that a file can have
        return ""
