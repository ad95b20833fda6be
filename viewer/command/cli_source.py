"""The command `autograd-tools source`: write a gradient of a script as NumPy source."""

from __future__ import annotations

import argparse
import sys
from typing import Any

import autograd_tools as ag
from autograd_tools import Tape
from autograd_tools.base.output import FixedPath, write_bytes
from viewer.command import elsewhere
from viewer.command.arguments import Command
from viewer.command.gradient_calls import gradient_call
from viewer.command.outcome import after, fail, tell
from viewer.command.script import run
from viewer.labels import plural


def add_source(command: Command) -> None:
    """Declare the arguments of the command."""
    add = command.add_argument
    add("-o", "--output", metavar="FILE", help="file to write (default: standard output)")
    add(
        "--function",
        metavar="NAME",
        help="count only gradients of the function with this name (default: any)",
    )
    add("--step", type=int, default=1, metavar="N", help="take the N-th gradient (default: 1)")
    add("--exact", action="store_true", help="reproduce the gradient bit for bit")
    command.add_script()
    command.set_defaults(run=run_source)


def run_source(args: argparse.Namespace) -> int:
    """Run the script, and write one of its gradients."""
    if args.step < 1:
        raise ValueError(f"--step must be 1 or more, got {args.step}")
    output = args.output and FixedPath.of(args.output)  # before the script changes the folder
    wanted = _Wanted(args.function, args.step, args.exact)
    with ag.observe(wanted):
        status = run(args.script)
    text = wanted.text
    if wanted.error or text is None:
        return status or fail(wanted.error or f"{args.script} computed {wanted.found()}")
    if output is None:
        print(text, end="")
        return status

    text = f"# Written by autograd_tools {ag.__version__} from {args.script}.\n{text}"

    def write() -> None:
        write_bytes(output, text.encode())
        tell(f"wrote {plural(text.count(chr(10)), 'line')}", output)

    return after(status, write)


class _Wanted:
    """Writes the gradient asked for, when the script computes it."""

    def __init__(self, function: str | None, step: int, exact: bool) -> None:
        self.function = function
        self.step = step
        self.exact = exact
        self.seen = 0
        self.others = 0
        self.text: str | None = None
        self.error = ""

    def __call__(self, tape: Tape) -> None:
        if self.text is not None or self.error:
            return
        call = gradient_call(sys._getframe(1), tape)
        if call is None or (self.function and self.function not in call[0]):
            self.others += 1
            return
        self.seen += 1
        if self.seen == self.step:
            self.text = ""  # the gradients within are not asked for
            self.text = None if not self._write(*call[1:]) else self.text

    def _write(self, f: Any, args: Any, kwargs: Any) -> bool:
        try:
            self.text = ag.source(f, *args, exact=self.exact, **kwargs)
        except TypeError as error:
            self.error = str(error)
        return not self.error

    def found(self) -> str:
        """Return what the script computed, for a message."""
        if self.seen:
            what = f"{plural(self.seen, 'gradient')}, so there is no gradient {self.step}"
            return f"{what} to write"
        if self.others and self.function:
            return f"no gradient of {self.function}, but {plural(self.others, 'other gradient')}"
        if self.others:
            return "gradients without a function; write ag.diff(f) or ag.grad(f)"
        return f"no gradient with autograd_tools, so there is nothing to write{elsewhere.hint()}"
