"""The choice of one gradient of a script, among the outermost or the nested ones."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import autograd_tools as ag
from autograd_tools import Tape
from autograd_tools.engine.listeners import Heard, listening
from autograd_tools.engine.state import innermost_open
from viewer.command.arguments import Command
from viewer.command.messages import say
from viewer.labels import plural


def add_choice(command: Command) -> None:
    """Add the arguments that choose the gradient of a script."""
    command.add_argument(
        "--step",
        type=int,
        default=1,
        metavar="N",
        help="take the script's N-th gradient (default: 1)",
    )
    command.add_argument(
        "--inner",
        action="store_true",
        help="count nested gradients instead, such as those of a Hessian",
    )


class Choice:
    """Takes a gradient by its number, from 1, and counts all.

    Without `inner`, a gradient inside another one is part of that one.
    """

    def __init__(self, number: int, inner: bool, take: Callable[[Any], object]) -> None:
        self.number, self.inner, self.take = number, inner, take
        self.kind = "inner gradient" if inner else "gradient"
        self.seen = 0  # of those that are counted
        self.inside = 0  # the gradient taken
        self._since = 0  # inner gradients since the last outermost one
        self.observing = ExitStack()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch a block; no gradient is kept once `observing` is closed."""
        with listening(self._hear), self.observing:
            self.observing.enter_context(ag.observe(self._look))
            yield

    def count(self, gradient: Any) -> None:
        """Count a gradient, and take it if it is the one."""
        self.seen += 1
        if self.seen == self.number:
            self.inside = self._since
            self.take(gradient)

    def _hear(self, heard: Heard) -> None:
        if not self.inner:
            self.count(heard.recording)
        self._since = 0

    def _look(self, tape: Tape) -> None:
        if innermost_open() is None:
            return
        self._since += 1
        if self.inner:
            self.count(tape)

    def missing(self) -> str:
        """Return why none was taken."""
        return f"{plural(self.seen, self.kind)}, so there is no {self.kind} {self.number} to show"

    def tell(self) -> None:
        """Say which of several gradients was taken, and how to ask for another."""
        inside = 0 if self.inner else self.inside
        if self.seen == 1 and not inside:
            return
        taken = f"using {self.kind} {self.number} of {self.seen:,}"
        taken += f" ({inside} nested)" if inside else ""
        hints = ["--step N selects another"] if self.seen > 1 else []
        hints += ["--inner selects a nested one"] if inside else []
        say("; ".join([taken, *hints]))


def check_choice(args: argparse.Namespace) -> None:
    """Raise ValueError for a step below 1."""
    if args.step < 1:
        raise ValueError(f"--step must be 1 or more, got {args.step}")
