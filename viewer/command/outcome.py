"""What the commands of the command line have in common: saved files in the script's place, and how a command ends."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from autograd_tools.base.documents import kind_of_file


def fail(message: str) -> int:
    """Say what went wrong, and return the status for it."""
    print(f"autograd-tools: {message}", file=sys.stderr)
    return 2


def after(status: int, write: Callable[[], object]) -> int:
    """Write a file after the script has run, and return the script's status; 2 if that is 0 and the file cannot be written."""
    try:
        write()
    except (ValueError, OSError) as error:
        return status or fail(str(error))
    return status


def is_saved(args: argparse.Namespace, **of_scripts: object) -> bool:
    """Whether SCRIPT is a saved trace or profile. What is asked of a script only, by its usual value, is refused then."""
    saved = Path(args.script).suffix == ".json" or kind_of_file(args.script) is not None
    given = [
        f"--{name}" for name, usual in of_scripts.items() if getattr(args, name) != usual
    ] + args.args[:1]
    if saved and given:
        raise ValueError(f"{args.script} is saved, and no script: {given[0]} has no meaning for it")
    return saved
