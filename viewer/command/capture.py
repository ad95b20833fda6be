"""The trace of one gradient of a script, for the commands that show one."""

from __future__ import annotations

import argparse
from collections.abc import Callable

import autograd_tools as ag
from autograd_tools import Tape, Trace
from autograd_tools.base.output import FixedPath
from viewer.adapters.gradients import EngineGradient
from viewer.command import elsewhere
from viewer.command.arguments import Command
from viewer.command.engines import EngineWatch
from viewer.command.outcome import after, fail, is_saved
from viewer.command.script import run
from viewer.inputs import as_trace
from viewer.labels import plural


def add_trace(command: Command) -> None:
    """Add the arguments that choose the gradient of a script."""
    command.add_argument(
        "--step",
        type=int,
        default=1,
        metavar="N",
        help="take the script's N-th gradient (default: 1)",
    )
    command.add_argument("--save", metavar="FILE", help="also save the trace as JSON")
    command.add_script("trace")


class _Capture:
    """Keeps the trace of one of a script's gradients, once `look` has seen the tape.

    The gradients of other engines count as well, and have no tape.
    """

    def __init__(self, step: int, look: Callable[[Tape], object]) -> None:
        self.step = step
        self.look = look
        self.seen = 0
        self.trace: Trace | None = None
        self.engines = EngineWatch(self._note, values=step == 1, number=step)

    def _note(self, gradient: EngineGradient) -> None:
        self.seen += 1
        if self.seen == self.step:
            self.trace = gradient.trace()
            self.engines.pause()
        self.engines.values = self.seen + 1 == self.step

    def __call__(self, tape: Tape) -> None:
        self.seen += 1
        if self.seen == self.step:
            self.trace = tape.trace()
            self.look(tape)
        self.engines.values = self.seen + 1 == self.step


def captured(
    args: argparse.Namespace, look: Callable[[Tape], object] = lambda tape: None
) -> tuple[Trace | None, int]:
    """Return the trace asked for, and the exit status of the script that made it."""
    if is_saved(args, save=None, step=1):
        return as_trace(args.script.name), 0
    if args.step < 1:
        raise ValueError(f"--step must be 1 or more, got {args.step}")
    capture = _Capture(args.step, look)
    save = args.save and FixedPath.of(args.save)  # before the script changes the folder
    with ag.observe(capture), capture.engines:
        status = run(args.script)
    trace = capture.trace
    if trace is None:
        found, missing, other = "no gradient with autograd_tools", "nothing", elsewhere.hint()
        if capture.seen:
            found, missing = plural(capture.seen, "gradient"), f"no gradient {args.step}"
            other = ""
        return None, status or fail(
            f"{args.script} computed {found}, so there is {missing} to show{other}"
        )
    if save:
        status = after(status, lambda: trace.save(save))
    return trace, status
