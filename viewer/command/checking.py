"""The command `autograd-tools check`: check every gradient of a script, or a saved file."""

from __future__ import annotations

import argparse
import sys
import threading
from collections import Counter
from pathlib import Path

import autograd_tools as ag
from autograd_tools.base.text import one_line
from autograd_tools.engine.changes import Change
from autograd_tools.engine.checks import Check, CheckError, checking
from autograd_tools.location.source_lines import code_at
from viewer.command import elsewhere
from viewer.command.arguments import Command
from viewer.command.messages import put
from viewer.command.outcome import fail, is_saved
from viewer.command.saved_files import JSON, check_file
from viewer.command.script import run
from viewer.labels import plural


def add_check(command: Command) -> None:
    """Declare the arguments of the command."""
    command.add_script("trace, profile or history")
    command.epilog = (
        "Each function runs a second time without recording and must return the same value. Arrays "
        "that a gradient reads must not change between their use and the backward pass. The exit "
        "status is 1 if there is a fault. For a saved trace, the command prints the node and "
        "column of each fault, and the expected content."
    )
    command.set_defaults(run=check)


class Faults(Check):
    """Collects the faults of a script's gradients, each with the number of gradients that have
    it.
    """

    def __init__(self) -> None:
        self.gradients = 0
        self.found: Counter[str] = Counter()
        self.unknown: Counter[str] = Counter()
        self._texts: dict[str, str] = {}  # of a function: the first, as numbers differ
        self._lock = threading.Lock()

    def count(self) -> None:
        """Count a gradient."""
        with self._lock:
            self.gradients += 1

    def fault(self, error: CheckError) -> None:
        """Add a fault."""
        with self._lock:
            self.found.update(
                [_line(change) for change in error.changes] or [self._of_function(error)]
            )

    def undecided(self, error: CheckError) -> None:
        """Add a value that could not be compared."""
        with self._lock:
            self.unknown[self._of_function(error)] += 1

    def _of_function(self, error: CheckError) -> str:
        return self._texts.setdefault(error.function, str(error))

    def text(self) -> str:
        """Return the report."""
        faults = plural(len(self.found), "fault") if self.found else "no fault"
        lines = [f"checked {plural(self.gradients, 'gradient')}: {faults}"]
        for text, times in (*self.found.items(), *self.unknown.items()):
            head, *rest = text.splitlines()
            lines += [f"{head} (×{times})" if times > 1 else head, *rest]
        return "\n".join(lines)


def _line(change: Change) -> str:
    """Return the user's line, the changed array and the remedy."""
    site, name = change.site, change.name or "buffer"
    variable = f", {change.name}" if change.name else ""
    place = f"{Path(site.file).name}:{site.line} in {site.function}: " if site.file else ""
    head = (
        f"{place}{change.argument}{variable}: {change.array} changed between its use and the "
        f"gradient; use a copy, such as {name}.copy()"
    )
    code = code_at(site.file, site.line)
    return "\n".join(map(one_line, [head, f"    {code}"] if code else [head]))


def check(args: argparse.Namespace) -> int:
    """Run the command; return 1 if a gradient, or the saved file, has a fault."""
    name = args.script.name
    if is_saved(args) or (args.script.is_path and name.endswith(JSON) and Path(name).is_file()):
        return check_file(name)
    faults = Faults()
    with checking(faults, everywhere=True), ag.after_gradients(faults.count):
        status = run(args.script)
    if not faults.gradients:
        return status or fail(
            f"{args.script} computed no gradient with autograd_tools, so there is nothing to check"
            f"{elsewhere.hint()}"
        )
    put(faults.text(), sys.stdout)
    return status or int(bool(faults.found))
