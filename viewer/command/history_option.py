"""The option --history of `profile`, and saved histories in place of a script."""

from __future__ import annotations

import argparse

from autograd_tools import History
from autograd_tools.base.documents import kind_of_file
from autograd_tools.tracing.history_files import FORMATS, format_for
from viewer.command.outcome import after
from viewer.command.profile_report import print_history
from viewer.command.targets import SAVED

# Options that a saved history has nothing for, with their defaults.
OF_PROFILES = {
    **dict.fromkeys(("html", "timeline", "annotate")),
    **dict.fromkeys(("sample", "arithmetic", "timer"), False),
    "by": (),
    "format": "text",
}


def settle_history(args: argparse.Namespace) -> None:
    """Take the file of -o for the history if a profile has no such format, and check its name."""
    is_history = args.script.kind == SAVED and kind_of_file(args.script.name) == "history"
    if args.history is None and not is_history:
        return
    args.history = args.history or ""
    if args.output and not args.history and not _is_profile(args.output):
        args.history, args.output = args.output, None
    if args.history:
        try:
            format_for(args.history)
        except ModuleNotFoundError as error:
            raise ValueError(str(error)) from None


def _is_profile(path: str) -> bool:
    return not path.removesuffix(".gz").endswith(tuple({*FORMATS} - {".json"}))


def show_history(args: argparse.Namespace) -> int:
    """Print a saved history, write it to another file if asked, and return the exit status."""
    for name, default in OF_PROFILES.items():
        if getattr(args, name) != default:
            raise ValueError(f"--{name} needs a profile, and {args.script} is a saved history")
    history = History.load(args.script.name)
    print_history(history, args.limit)
    return after(0, lambda: history.save(args.history)) if args.history else 0
