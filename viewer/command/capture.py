"""The trace of one gradient of a script, for the commands that show one."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from autograd_tools import Tape, Trace
from autograd_tools.base.output import FixedPath
from viewer.adapters.gradients import EngineGradient
from viewer.command import elsewhere
from viewer.command.arguments import Command
from viewer.command.choice import Choice, add_choice, check_choice
from viewer.command.engines import EngineWatch
from viewer.command.outcome import after, fail, is_saved
from viewer.command.script import run
from viewer.inputs import as_trace


def add_trace(command: Command) -> None:
    """Add the arguments that choose the gradient of a script."""
    add_choice(command)
    command.add_argument("--save", metavar="FILE", help="also save the trace as JSON")
    command.add_script("trace")


class _Capture(Choice):
    """Keeps the trace of one of a script's gradients, once `look` has seen the tape.

    The gradients of other engines count as well, and have no tape.
    """

    def __init__(self, step: int, inner: bool, look: Callable[[Tape], object]) -> None:
        super().__init__(step, inner, self._take)
        self.look = look
        self.trace: Trace | None = None
        self.engines = EngineWatch(self.count, values=step == 1, number=step)

    def count(self, gradient: Tape | EngineGradient) -> None:
        """Count a gradient, and take it if it is the one."""
        super().count(gradient)
        self.engines.values = self.seen + 1 == self.number

    def _take(self, gradient: Tape | EngineGradient) -> None:
        self.trace = gradient.trace()
        if isinstance(gradient, Tape):
            self.look(gradient)
        else:
            self.engines.pause()


def captured(
    args: argparse.Namespace, look: Callable[[Tape], object] = lambda tape: None
) -> tuple[Trace | None, int]:
    """Return the trace asked for, and the exit status of the script that made it."""
    if is_saved(args, save=None, step=1, inner=False):
        return as_trace(args.script.name), 0
    check_choice(args)
    capture = _Capture(args.step, args.inner, look)
    save = args.save and FixedPath.of(args.save)  # before the script changes the folder
    with capture.watching(), capture.engines:
        status = run(args.script)
    trace, capture.seen = capture.trace, capture.seen + capture.engines.later
    if trace is None:
        none = f"no gradient with autograd_tools, so there is nothing to show{elsewhere.hint()}"
        return None, status or fail(
            f"{args.script} computed {capture.missing() if capture.seen else none}"
        )
    capture.tell()
    if save:
        status = after(status, lambda: trace.save(save))
    return trace, status
