"""Places in the user's code, as text relative to the current folder and as links."""

from __future__ import annotations

import linecache
import os
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from autograd_tools.base.text import one_line
from autograd_tools.location.source_lines import cell_of

OUTSIDE = "(outside any function)"
NO_LINE = "(no line)"  # of leaves


def source_text(file: str, line: int) -> str:
    """Return `train.py:12`, or an empty string without a file."""
    return f"{path_text(file)}:{line}" if file else ""


def scope_text(scope: Iterable[str]) -> str:
    """Return `loss / encoder`, or `OUTSIDE` for an empty scope."""
    return " / ".join(scope) or OUTSIDE


def path_text(file: str) -> str:
    """Return a path relative to the current folder, or the file's name if it is not below it.

    A notebook's cell has its number: `In[3]`.
    """
    return cell_of(file) or _path_text(file, _current())


def link_of(file: str, line: int) -> str:
    """Return the address of a line of a file, or an empty string if the file does not exist."""
    address = _address(file, _current())
    return f"{address}#{line}" if address else ""


def source_lines(file: str) -> list[str]:
    """Return the current lines of a file, or none if it does not exist."""
    try:
        linecache.checkcache(file)
        return linecache.getlines(file)
    except ValueError:  # not a possible file name
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
    except (OSError, ValueError):  # not a possible file name
        return ""
