"""Places in the user's code, as text relative to the current folder and as links."""

from __future__ import annotations

import linecache
import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
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


def apart(files: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the paths of files as text, and their names, with as much of a path as differs.

    >>> apart(["/a/x/f.py", "/a/y/f.py", "/a/g.py"])[1]
    ['x/f.py', 'y/f.py', 'g.py']
    """
    paths = [path_text(file) for file in files]
    whole = [re.split(r"[\\/]", one_line(file)) for file in files]
    return _distinct(paths, whole), _distinct([re.split(r"[\\/]", p)[-1] for p in paths], whole)


def place_texts(places: Iterable[tuple[str, int]]) -> dict[tuple[str, int], str]:
    """Return the text of each place, `train.py:12` or `NO_LINE`; those of two files differ."""
    known = list(dict.fromkeys(places))
    files = list(dict.fromkeys(file for file, _ in known if file))
    names = dict(zip(files, apart(files)[0], strict=True))
    return {(file, n): f"{names[file]}:{n}" if file else NO_LINE for file, n in known}


def _distinct(names: list[str], whole: list[list[str]]) -> list[str]:
    """Return names, those of several files with more of their paths until all differ."""
    found = list(names)
    for length in range(2, max(map(len, whole), default=0) + 1):
        counts = Counter(found)
        if max(counts.values(), default=0) == 1:
            break
        for n, name in enumerate(found):
            if counts[name] > 1:
                found[n] = "/".join(whole[n][-length:])
    return found


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
