"""File names and source lines of code objects.

Code from `exec` may bear any name, also that of a file with other lines; a file may have changed
since Python read it. Such code gets a name in angle brackets, under which no lines are found.

A function that cloudpickle sends to another process, as Dask does, loses the name of its file. The
variables of its module still have it. The lines of a file are kept as they were when it ran.
"""

from __future__ import annotations

import linecache
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from types import CodeType
from typing import Any

MOST = 4096  # codes to remember
SENT = "<dynamic-code>"  # the name that cloudpickle gives to the file of a function
FARTHEST = 100  # lines from the first decorator to `def`
NAMES = re.compile(r"\w+")

_lines: dict[str, list[str]] = {}  # by name of a file
_known: dict[int, tuple[CodeType, str]] = {}  # by id of the code, which stays alive


def file_of(code: CodeType, variables: Mapping[str, Any] | None = None) -> str:
    """Return the name of the file of some code, whose global variables may help."""
    found = _known.get(id(code))
    if found is None or found[0] is not code:
        if len(_known) >= MOST:
            _known.clear()
        found = _known[id(code)] = code, _file_of(code, variables or {})
    return found[1]


def _file_of(code: CodeType, variables: Mapping[str, Any]) -> str:
    name = code.co_filename
    sent = name == SENT and type(variables.get("__file__")) is str
    if sent:
        name = variables["__file__"]
    lines = _lines_of(code, name)
    if lines and fits(code, lines):
        _lines[name] = lines
        return name
    if lines:
        return SENT if sent else f"<{name}>"
    # Once a traceback shows it, Python takes the lines of the module whose variables it has.
    own = name.startswith("<") or variables.get("__file__", name) == name
    return name if own else f"<{name}>"


def lines_as_run(file: str) -> list[str]:
    """Return the lines of a file as they were when it ran, else those that Python knows now."""
    try:
        return _lines.get(file) or linecache.getlines(file)
    except ValueError:  # not a possible file name
        return []


def _lines_of(code: CodeType, name: str) -> list[str]:
    """Return the lines that some code was compiled from, if its file has changed since as well."""
    before = _lines.get(name)
    try:
        if before is not None:
            linecache.checkcache(name)  # the module may be a new one
        lines = linecache.getlines(name)
    except ValueError:  # not a possible file name
        return []
    is_old = before is not None and lines != before and not _has(lines, code) and _has(before, code)
    return before if before is not None and is_old else lines


def _has(lines: Sequence[str], code: CodeType) -> bool:
    """Return whether some code is compiled from the lines of a file."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            whole = compile("".join(lines), code.co_filename, "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return code in _codes(whole)


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _codes(inner)


def fits(code: CodeType, lines: Sequence[str]) -> bool:
    """Return whether these lines of a file are the source of some code, as far as names show."""
    if not code.co_name.startswith("<"):
        here = lines[code.co_firstlineno - 1 :][:FARTHEST]
        head = re.compile(rf"\s*((async\s+)?def|class)\s+{re.escape(code.co_name)}\b")
        decorated = here[:1] and here[0].lstrip().startswith("@")
        if not any(map(head.match, here if decorated else here[:1])):
            return False
    spans = [(first, last) for first, last, _, _ in code.co_positions() if first and last]
    first, last = min((a for a, _ in spans), default=1), max((b for _, b in spans), default=0)
    text = "".join(lines[first - 1 : last])
    used = {*code.co_names, *code.co_varnames[code.co_argcount :], *code.co_freevars}
    told = {name for name in used if name.isidentifier() and not name.startswith("_")}
    # Some tools, such as pytest, add names.
    return 2 * len(told.intersection(NAMES.findall(text))) >= len(told)
