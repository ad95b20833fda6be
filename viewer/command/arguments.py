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

    def add_script(self, saved: str) -> None:
        """Add SCRIPT, which may be a file of the kind `saved`."""
        self.add_argument("script", metavar="SCRIPT", help=f"a Python script or a saved {saved}")
        self.set_defaults(files=["script"])
        self.usage = f"{self.prog} [options] SCRIPT [options] [--] [the script's arguments]"

    def parse(self, words: Sequence[str]) -> argparse.Namespace:
        """Parse the words after the command's name."""
        ours, theirs = (
            self._split(words) if self.get_default("files") == ["script"] else (words, [])
        )
        found = self.parse_args([*self._joined(ours)])
        found.args = theirs
        return found

    def _split(self, words: Sequence[str]) -> tuple[Sequence[str], list[str]]:
        """Return the words of the command, and those of the script."""
        seen_script, i = False, 0
        while i < len(words):
            name, _, value = words[i].partition("=")
            if name in self._nargs:
                i += 1 if value or self._nargs[name] in (0, "?") else 2
            elif words[i] == "--" and seen_script:
                return words[:i], [*words[i + 1 :]]
            elif seen_script or words[i].startswith("-"):
                break
            else:
                seen_script = True
                i += 1
        return (words[:i], [*words[i:]]) if seen_script else (words, [])

    def _joined(self, words: Sequence[str]) -> list[str]:
        """Join `--sort -id`, which argparse takes for two options, and `--annotate` to no value."""
        rest = iter(words)
        return [
            f"{word}={next(rest, '')}"
            if word == "--sort"
            else f"{word}="
            if self._nargs.get(word) == "?"
            else word
            for word in rest
        ]
