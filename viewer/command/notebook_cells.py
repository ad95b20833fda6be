"""The code cells of a Jupyter notebook, run in order as one program."""

from __future__ import annotations
import __future__

import ast
import inspect
import json
import linecache
import re
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from autograd_tools.base.text import one_line
from viewer.command.messages import say

# A line that only IPython understands, such as `%matplotlib inline`, `files = !ls` and `np.sum?`.
MAGIC = re.compile(r"\s*([\w\s,.]+=\s*)?[%!]|\s*\?|\s*[\w.]+\?+\s*$")
TIMED = ("%time", "%%time", "%%capture")  # followed by Python that runs
FUTURES = sum(getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)
PYTHON = "python"
SHOWN = 40  # characters of a skipped line


def load_notebook(path: str, names: dict[str, Any]) -> Callable[[], None]:
    """Return a function that runs the code cells of a notebook in `names`.

    The third of them is the file `path[3]` in tracebacks and tables. Lines that only IPython
    understands are skipped with a notice. `await` works outside of functions.
    """
    skipped: list[str] = []
    cells = {
        f"{Path.cwd() / path}[{number}]": _python_of(source, skipped)
        for number, source in enumerate(_sources(path), 1)
    }
    if skipped:
        shown = ", ".join(one_line(line[:SHOWN]) for line in dict.fromkeys(skipped))
        say(f"{path}: skipped lines of IPython: {shown}")
    for file, source in cells.items():  # without a time of change, they stay
        linecache.cache[file] = len(source), None, source.splitlines(keepends=True), file
    names["display"] = print
    return lambda: _run(cells, names)


def _run(cells: dict[str, str], names: dict[str, Any]) -> None:
    import asyncio  # it takes 40 ms, and only notebooks need it

    sys.excepthook = traceback.print_exception  # Python's own shows no lines of cells before 3.13
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    with asyncio.Runner() as loop:
        for file, source in cells.items():
            code = compile(source, file, "exec", flags, dont_inherit=True)
            flags |= code.co_flags & FUTURES  # for the cells that follow
            if code.co_flags & inspect.CO_COROUTINE:
                loop.run(eval(code, names))
            else:
                exec(code, names)


def _sources(path: str) -> list[str]:
    """Return the source of each code cell."""
    try:
        document = json.loads(Path(path).read_bytes())
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"{path} is not complete JSON; it may have been cut off: {error}"
        ) from None
    try:
        version, about = document["nbformat"], document["metadata"]
        languages = [
            about.get("language_info", {}).get("name"),
            about.get("kernelspec", {}).get("language"),
        ]
        language = next(filter(None, languages), PYTHON)
        cells = document["cells"] if version == 4 else []
        sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    except (KeyError, TypeError, AttributeError) as error:
        fault = f"{type(error).__name__}: {error}"
        raise ValueError(f"{path} is not a notebook, or damaged: {fault}") from None
    if version != 4:
        raise ValueError(f"{path} has notebook format {version}, expected 4; save it in Jupyter")
    if str(language).lower() != PYTHON:
        raise ValueError(f"{path} is a notebook of {language}, expected one of Python")
    return sources


def _python_of(source: str, skipped: list[str]) -> str:
    """Return a cell as Python, with the lines that only IPython understands left empty.

    A line is one of those only where Python finds an error in it: `% b` may continue `x = (a`.
    """
    lines = source.split("\n")
    first = next((i for i, line in enumerate(lines) if line.strip()), 0)
    if lines[first].startswith("%%") and not lines[first].startswith(TIMED):
        skipped.append(lines[first])
        return ""
    while (number := _wrong_line(lines)) is not None and MAGIC.match(lines[number]):
        text = lines[number].lstrip()
        indent = lines[number].removesuffix(text)
        word, _, rest = text.partition(" ")
        if word in TIMED:
            lines[number] = indent + rest * (word == "%time")
            continue
        skipped.append(text)
        while lines[number].endswith("\\") and number + 1 < len(lines):
            lines[number], number = f"{indent}pass", number + 1
        lines[number] = f"{indent}pass"
    return "\n".join(lines)


def _wrong_line(lines: list[str]) -> int | None:
    """Return the index of the first line that is no Python."""
    try:
        ast.parse("\n".join(lines))
    except SyntaxError as error:
        return min(error.lineno or 1, len(lines)) - 1
    except (ValueError, RecursionError, MemoryError):  # as `compile` will say
        return None
    return None
