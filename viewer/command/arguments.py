"""Arguments of the command line: those of the command, and those of the script."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NoReturn

from autograd_tools.base.text import unknown
from viewer.command.targets import SAVED, WORDS, Target, target_of
from viewer.profiles.groupings import GROUPINGS

NEGATIVE = {f"-{digit}" for digit in ".0123456789"}  # the first characters
OUR_WORDS = {  # of errors of argparse
    "^the following arguments are required: (.*)": r"expected \1, got nothing",
    "expected one argument$": "expected a value, got nothing",
    "ignored explicit argument (.*)": r"expected no value, got \1",
}
NUMBERS: dict[Any, str] = {int: "a whole number", float: "a number"}
LISTED = 8  # options in an error, if none is spelled like the unknown one


class Command(argparse.ArgumentParser):
    """A parser of one command.

    In a command that runs a script, the options before SCRIPT belong to the command. All that
    follows SCRIPT is the script's. A saved file takes no arguments, so options may follow it.
    """

    def __init__(self, **options: Any) -> None:
        self._nargs: dict[str, Any] = {}  # by the name of an option
        self._choices: dict[str, Any] = {}  # the same
        self._runs_script = False
        super().__init__(allow_abbrev=False, **options)

    def add_argument(self, *names: Any, **options: Any) -> argparse.Action:
        """Add an argument as argparse does, and note the names of an option."""
        action = super().add_argument(*names, **options)
        self._nargs |= dict.fromkeys(action.option_strings, action.nargs)
        self._choices |= dict.fromkeys(action.option_strings, action.choices or ())
        return action

    def error(self, message: str) -> NoReturn:
        """Print a message in our words, and end."""
        for pattern, ours in OUR_WORDS.items():
            message = re.sub(pattern, ours, message)
        super().error(message)

    def _get_value(self, action: argparse.Action, text: str) -> Any:
        expected = NUMBERS.get(action.type)
        try:
            return super()._get_value(action, text)
        except argparse.ArgumentError:
            if expected is None:
                raise
            raise argparse.ArgumentError(action, f"expected {expected}, got {text!r}") from None

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            raise argparse.ArgumentError(action, str(unknown("value", value, action.choices)))

    def add_script(self, saved: str = "") -> None:
        """Add SCRIPT, which may be a file of the kind `saved`."""
        other = f", or a saved {saved}" if saved else ""
        self.add_argument(
            "script",
            metavar="SCRIPT",
            nargs="?",
            help=f"a Python script, folder, zip file or notebook{other}; - is standard input",
        )
        self.add_argument("-m", metavar="MODULE", help="run a module, as `python -m` does")
        self.add_argument("-c", metavar="CODE", help="run code, as `python -c` does")
        self.add_argument(
            "--as-autograd",
            action="store_true",
            help="make `import autograd` import autograd_tools.compat instead of HIPS autograd",
        )
        self.add_argument(
            "--adapt",
            metavar="NAMES",
            action="append",
            default=[],
            help="make packages written for plain NumPy differentiable, such as seawater,pymap3d",
        )
        self.set_defaults(files=[])
        self._runs_script = True
        self.usage = f"{self.prog} [options] SCRIPT [the script's arguments]"

    def parse(self, words: Sequence[str]) -> argparse.Namespace:
        """Parse the words after the command's name; raise ValueError if there is no such script."""
        ours: list[str] = []
        theirs = list(words)
        script = None
        while theirs:
            if self._runs_script and not script and _names_script(theirs[0]):
                script, theirs = self._script(ours, theirs)
            elif _is_option(theirs[0]):
                ours += self._option(theirs)
            elif script:
                self.error(f"expected no argument for {script}, a saved file, got {theirs[0]!r}")
            else:
                ours.append(theirs.pop(0))
        found = self.parse_args(ours)
        if self._runs_script and not script:
            self.error("expected a SCRIPT, got nothing")
        if script:
            given = [name.strip() for names in found.adapt for name in names.split(",")]
            names = tuple(filter(None, given))
            script = replace(script, as_autograd=found.as_autograd, adapted=names)
        found.script = script
        return found

    def _script(self, ours: Sequence[str], words: Sequence[str]) -> tuple[Target, list[str]]:
        """Return the script that `words` begin with, and the words that are ours again."""
        explicit = words[0] == "--"
        if not words[explicit:]:
            self.error("expected a SCRIPT after --, got nothing")
        try:
            script = target_of(words[explicit:])
        except ValueError as error:
            raise ValueError(f"{error}{self._value_hint(ours, words[0])}") from None
        if script.kind == SAVED:
            return script, list(script.args)
        if not explicit:
            script = replace(script, hint=self._hint(ours, words, script))
        return script, []

    def _value_hint(self, ours: Sequence[str], word: str) -> str:
        """Return how to give a word to an option before it that may have a value."""
        name = ours[-1].removesuffix("=") if ours and ours[-1].endswith("=") else ""
        if self._nargs.get(name) != "?":
            return ""
        choices = ", ".join(filter(None, self._choices[name]))
        return f"; {name} takes {choices}" if choices else f"; for {name} write {name}={word}"

    def _hint(self, ours: Sequence[str], words: Sequence[str], script: Target) -> str:
        """Return a line about an option of ours after SCRIPT; 0.2.0 is the last version with it."""
        theirs = list(script.args)
        named = words[: len(words) - len(theirs)]
        while theirs and theirs[0] != "--":
            name = theirs[0].partition("=")[0]
            if name in {*self._nargs} - {*ours, "-h", "--help", *WORDS}:
                option = self._option(theirs)
                example = shlex.join([*self.prog.split(), *option, *named])
                return f"{name} after SCRIPT is for the script; for autograd-tools: {example}"
            theirs.pop(0)
        return ""

    def _option(self, words: list[str]) -> list[str]:
        """Remove an option with its value from the front of `words`, and return it for argparse."""
        word = words.pop(0)
        name, equals, _ = word.partition("=")
        if name not in self._nargs and word[:2] not in self._nargs:
            known = (option for option in self._nargs if option.startswith("--"))
            self.error(str(unknown("option", name, known, LISTED)))
        nargs = self._nargs.get(name, 0)  # 0: a value such as FILE of -oFILE is in the word
        if nargs == "?" and not equals:  # the next word may be SCRIPT
            is_value = words and words[0] in self._choices[name]
            return [f"{word}={words.pop(0) if is_value else ''}"]
        if nargs is None and not equals and words:
            # argparse takes -COLUMN and -3MB for options
            joined = word.startswith("--") and (word == "--sort" or words[0][:2] in NEGATIVE)
            return [f"{word}={words.pop(0)}"] if joined else [word, words.pop(0)]
        return [word]


def _is_option(word: str) -> bool:
    return word.startswith("-") and word != "-"


def _names_script(word: str) -> bool:
    return not _is_option(word) or word == "--" or word[:2] in WORDS


def grouping_names(names: str) -> tuple[str, ...]:
    """Return the groupings in a list with commas."""
    for name in names.split(","):
        if name not in GROUPINGS:
            raise argparse.ArgumentTypeError(str(unknown("grouping", name, GROUPINGS)))
    return tuple(names.split(","))
