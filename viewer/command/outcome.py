"""Exit statuses of commands, saved files in place of a script, and the stream of a report."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import TextIO

from autograd_tools.base.output import is_regular, shown
from viewer.command.messages import put, say
from viewer.command.targets import SAVED

# Keywords of the viewer's functions in their messages, which are options here.
KEYWORD = re.compile(r"\b(where|columns|sort|limit|by|max_depth|max_nodes|rtol|atol)=(?= )")


def fail(message: str) -> int:
    """Print an error message, and return the exit status for it."""
    words = KEYWORD.sub(lambda found: f"--{found[1].replace('_', '-')}", message)
    say(words.replace("--max-depth", "--depth"))
    return 2


def after(status: int, write: Callable[[], object]) -> int:
    """Write a file after the script has run, and return its status, or 2 if only writing failed."""
    try:
        write()
    except (ValueError, OSError) as error:
        return status or fail(str(error))
    return status


def tell(message: str, path: str | PathLike[str]) -> None:
    """Print a line about a written file, on standard error if the file may be standard output."""
    put(f"{message}: {shown(path)}", sys.stdout if is_regular(path) else sys.stderr)


def is_saved(args: argparse.Namespace, **of_scripts: object) -> bool:
    """Return whether SCRIPT is a saved trace or profile.

    Options that need a script are given with their defaults. Raise ValueError if a saved file
    comes with another value of one of them.
    """
    saved: bool = args.script.kind == SAVED
    given = [f"--{name}" for name, default in of_scripts.items() if getattr(args, name) != default]
    if saved and given:
        raise ValueError(f"{given[0]} needs a script to run, and {args.script} is a saved file")
    return saved


@contextmanager
def output_of(args: argparse.Namespace) -> Iterator[TextIO]:
    """Yield the stream for the report.

    For a format other than text, all that the script and its processes print goes to standard
    error from here on, up to their exit.
    """
    if sys.stdout is None:
        with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
            yield nowhere
        return
    if args.format == "text":
        yield sys.stdout
        return
    sys.stdout.flush()
    null = os.open(os.devnull, os.O_WRONLY)
    while null <= 2:  # else a copy of the output would take the number of a closed standard error
        null = os.open(os.devnull, os.O_WRONLY)
    with os.fdopen(os.dup(1), "w", encoding=sys.stdout.encoding, errors="replace") as ours:
        os.dup2(null if sys.stderr is None else 2, 1)
        os.close(null)
        yield ours
