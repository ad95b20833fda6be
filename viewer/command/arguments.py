"""Arguments of the command line: which are the command's, and which are the script's."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any


class Command(argparse.ArgumentParser):
    """A parser of one command.

    In a command that runs a script, the words up to the first after SCRIPT that is no option of the
    command belong to the command. The rest is the script's, and `args` of the result.
    """

    def __init__(self, **options: Any) -> None:
        self._nargs: dict[str, Any] = {}  # by the name of an option
        super().__init__(allow_abbrev=False, **options)

    def add_argument(self, *names: Any, **options: Any) -> argparse.Action:
        """Add an argument as argparse does, and note the names of an option."""
        action = super().add_argument(*names, **options)
        self._nargs |= dict.fromkeys(action.option_strings, action.nargs)
        return action

    def add_script(self, saved: str = "") -> None:
        """Add SCRIPT, which may be a file of the kind `saved`."""
        other = f" or a saved {saved}" if saved else ""
        self.add_argument("script", metavar="SCRIPT", help=f"a Python script{other}")
        self.set_defaults(files=["script"])
        self.usage = f"{self.prog} [options] SCRIPT [options] [--] [the script's arguments]"

    def parse(self, words: Sequence[str]) -> argparse.Namespace:
        """Parse the words after the command's name."""
        ours: list[str] = []
        theirs = list(words)
        runs_script, seen_script = self.get_default("files") == ["script"], False
        while theirs:
            name, equals, _ = theirs[0].partition("=")
            if runs_script and seen_script and name not in self._nargs:
                break
            word, nargs = theirs.pop(0), self._nargs.get(name, 0)
            if nargs == "?" and not equals:  # the next word may be SCRIPT
                word += "="
            elif word == "--sort" and theirs:  # argparse takes -COLUMN for an option
                word += f"={theirs.pop(0)}"
            elif nargs is None and not equals and theirs:
                ours.append(word)
                word = theirs.pop(0)
            elif not word.startswith("-"):
                seen_script = True
            ours.append(word)
        found = self.parse_args(ours)
        found.args = theirs[1:] if theirs[:1] == ["--"] else theirs
        return found
