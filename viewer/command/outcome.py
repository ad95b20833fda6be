"""How a command ends, and saved files in the script's place."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from autograd_tools.base.documents import kind_of_file


def fail(message: str) -> int:
    """Print an error message, and return the exit status for it."""
    print(f"autograd-tools: {message}", file=sys.stderr)
    return 2


def after(status: int, write: Callable[[], object]) -> int:
    """Write a file after the script has run, and return its status, or 2 if only writing failed."""
    try:
        write()
    except (ValueError, OSError) as error:
        return status or fail(str(error))
    return status


def is_saved(args: argparse.Namespace, **of_scripts: object) -> bool:
    """Return whether SCRIPT is a saved trace or profile.

    Options that need a script are given with their defaults. Raise ValueError if a saved file
    comes with another value of one of them, or with arguments.
    """
    saved = kind_of_file(args.script) is not None
    saved |= Path(args.script).suffix == ".json"  # loading another one says what is wrong
    given = [f"--{name}" for name, default in of_scripts.items() if getattr(args, name) != default]
    given += args.args[:1]
    if saved and given:
        raise ValueError(f"{given[0]} needs a script to run, and {args.script} is a saved file")
    return saved
