"""Names of the files of code, such that their lines are those of the code.

Code from `exec` may bear any name, also that of a file with other lines; a file may have changed
since Python read it. Such code gets a name in angle brackets, under which no lines are found.

A function that cloudpickle sends to another process, as Dask does, loses the name of its file. The
variables of its module still have it.
"""

from __future__ import annotations

import linecache
import re
from collections.abc import Mapping, Sequence
from types import CodeType
from typing import Any

MOST = 4096  # codes to remember
SENT = "<dynamic-code>"  # the name that cloudpickle gives to the file of a function
FARTHEST = 100  # lines from the first decorator to `def`
NAMES = re.compile(r"\w+")

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
    try:
        lines = linecache.getlines(name)
    except ValueError:  # not a possible file name
        lines = []
    if lines:
        return name if fits(code, lines) else SENT if sent else f"<{name}>"
    # Once a traceback shows it, Python takes the lines of the module whose variables it has.
    own = name.startswith("<") or variables.get("__file__", name) == name
    return name if own else f"<{name}>"


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
