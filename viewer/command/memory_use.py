"""The memory of a script's gradient, and a plan that is tried on the script."""

from __future__ import annotations

import argparse
import functools
import gc
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import autograd_tools as ag
from autograd_tools import Tape, Trace, timing
from autograd_tools.engine.listeners import unheard
from autograd_tools.engine.saved import arrays_in, memory_of
from autograd_tools.engine.state import innermost_open
from autograd_tools.engine.values import unwrap
from viewer.command.arguments import Command
from viewer.command.memory_trial import Failed, Run, difference, trial_run
from viewer.command.messages import say
from viewer.command.progress import progress
from viewer.command.targets import Target
from viewer.profiles.memory_use.memory_report import MemoryUse
from viewer.profiles.memory_use.node_sizes import bytes_of_nodes
from viewer.profiles.memory_use.plans import MemoryPlan, Outcome, plan_of
from viewer.profiles.memory_use.program_parts import LOOP, Part
from viewer.profiles.memory_use.reading import use_of
from viewer.profiles.memory_use.recorded import Recorded, recorded
from viewer.profiles.memory_use.rewriting import changed
from viewer.profiles.memory_use.sizes import size_of
from viewer.profiles.memory_use.use import KeptTape
from viewer.text.places import NO_LINE, source_lines, source_text

MOST_TRIALS = 6
PACKAGE = '__import__("autograd_tools")'  # the name of the package in a changed source
NEAR = 0.87  # of the predicted time; another one is measured again
SAME = 1e-6  # the largest relative difference of two equal gradients
NOT_AGAIN = {"stdin": "standard input can be read only once", "notebook": "it is a notebook"}
UNSEEDED = "the program computes a different gradient in each run, so no plan can be checked"


def add_memory(command: Command) -> None:
    """Declare the arguments on memory."""
    command.add_argument(
        "--memory",
        nargs="?",
        choices=("", *timing.MEMORY),
        metavar="MODE",
        help="also print the memory of a gradient; with outputs, exact or nobytes, "
        "only count these bytes",
    )
    command.add_argument(
        "--budget",
        type=_size,
        metavar="SIZE",
        help="like --memory; also plan checkpoints for a peak such as 200MB, tried on SCRIPT",
    )


def _size(text: str) -> str:
    """Return a size as it was given, if it is one."""
    try:
        size_of(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def settle_memory(args: argparse.Namespace) -> None:
    """Tell `--memory` alone, which asks for the report, from one with the bytes to count."""
    args.memory_use = args.memory == "" or args.budget is not None
    args.memory = args.memory or None


class MemoryWatch:
    """Looks at the first gradient of a script after `skip`; that one is kept whole for it."""

    def __init__(self, args: argparse.Namespace, left_out: Callable[[int], None]) -> None:
        self.work: Recorded | None = None
        self.use: MemoryUse | None = None
        self.number = 0
        self.seen = 0
        self._skip: int = args.skip
        self._target: Target = args.script
        self._budget: str | None = args.budget
        self._folder = str(Path.cwd())
        self._left_out = left_out
        self._observing = ExitStack()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Look for the gradient in a block."""
        with self._observing, ag.after_gradients(self._count):
            if self._skip == 0:
                self._observing.enter_context(ag.observe(self._look))
            yield

    def _count(self) -> None:
        self.seen += 1
        if self.seen == self._skip:
            self._observing.enter_context(ag.observe(self._look))

    def _look(self, tape: Tape) -> None:
        inside = self.seen <= self._skip or innermost_open() is not None
        if self.work is not None or inside:
            return
        start = time.perf_counter_ns()
        self._observing.close()
        self.number = self.seen
        with ag.timer.disabled(), unheard():
            self.work = recorded(tape, tape.follows_params)
        self._left_out(time.perf_counter_ns() - start)

    def take(self, trace: Trace) -> None:
        """Take the gradient of another engine, if that tells its memory."""
        if trace.columns.buffers is None:
            say("the memory of this gradient is unknown: its engine does not report it")
        elif self.work is None:
            self.work = recorded(trace)

    def found(self) -> MemoryUse | None:
        """Return the memory of the gradient; None if there was none."""
        if self.use is None and self.work is not None:
            own = [] if self.work.buffers.frees else [*kept_tapes()]
            self.use = replace(use_of(self.work), tapes=own)
        return self.use

    def find_plan(self) -> bool:
        """Look for a plan for the budget and try it; return True if Ctrl-C ends that."""
        use = self.found()
        if use is None or self.work is None or self._budget is None or self.work.buffers.frees:
            return False
        start, said = time.monotonic(), "looking for a plan"

        def text() -> str:
            return f"autograd-tools: {said}, {time.monotonic() - start:.0f} s"

        try:
            with progress(text) as update:

                def clock() -> float:
                    update()
                    return time.monotonic()

                plan = plan_of(self.work, self._budget, clock=clock)
                self.use = replace(use, plan=replace(plan, note="Not tried: it was interrupted."))
                said = "trying a plan"
                self.use = replace(use, plan=self._tried(self.work, plan, update))
        except KeyboardInterrupt:
            return True
        return False

    def _tried(self, work: Recorded, plan: MemoryPlan, update: Callable[[], None]) -> MemoryPlan:
        target = self._target
        if not plan.changes:
            return plan
        if target.kind in NOT_AGAIN:
            return replace(plan, note=f"Not tried: {NOT_AGAIN[target.kind]}.")
        numbers = self.number, self.seen
        run = functools.partial(trial_run, target, self._folder, numbers, update)
        return tried(work, plan, _Runs(run))


def kept_tapes() -> Iterator[KeptTape]:
    """Yield the tapes of `ag.diff` that are alive, by the line that ended them."""
    gc.collect()
    found: dict[str, list[int]] = defaultdict(list)
    for tape in [x for x in gc.get_objects() if type(x) is Tape and x.follows_params]:
        values = [entry[1] for entry in tape.entries if entry and entry[0] is not None]
        arrays = (array for x in (*values, *tape.outgrads) for array in arrays_in(unwrap(x)))
        owners = {id(owner): owner.nbytes for owner in map(memory_of, arrays)}
        notes = [note for note in tape.notes or () if note.file]
        place = source_text(notes[-1].file, notes[-1].line) if notes else NO_LINE
        nodes = bytes_of_nodes(len(tape.entries), len(owners), keeps=True)
        found[place].append(sum(owners.values()) + nodes)
    for place, sizes in sorted(found.items()):
        yield KeptTape(place, len(sizes), sum(sizes))


class _Runs:
    """Runs of a program, without changes and with some."""

    def __init__(self, run: Callable[[dict[str, str]], Run]) -> None:
        self._run = run
        self.before: Run | None = None

    def tried(self, plan: MemoryPlan) -> MemoryPlan:
        """Return a plan with its outcome; raise Failed if its gradient is not the program's."""
        sources: dict[str, str] = {}
        for file in {change.file for change in plan.changes}:
            own = [change for change in plan.changes if change.file == file]
            sources[file] = changed("".join(source_lines(file)), own, PACKAGE)
        if self.before is None:
            self.before = self._run({})
        before, after = self.before, self._run(sources)
        plan = plan.timed(before.ns, before.forward_ns, before.system)
        apart = difference(before.gradient, after.gradient)
        if apart > SAME:
            again = difference(before.gradient, self._run({}).gradient)
            raise Failed(UNSEEDED if again > SAME else "it changes the gradient")
        if after.peak >= before.peak:
            raise Failed("it does not lower the peak")
        if not NEAR < after.ns / (plan.ns or 1) < 1 / NEAR:  # others may use the processor, too
            before = min(before, self._run({}), key=lambda run: run.ns)
            after = min(after, self._run(sources), key=lambda run: run.ns)
            self.before, plan = before, plan.timed(before.ns, before.forward_ns, before.system)
        outcome = Outcome(before.peak, after.peak, before.ns, after.ns, apart)
        return replace(plan, outcome=outcome)


def tried(work: Recorded, plan: MemoryPlan, runs: _Runs) -> MemoryPlan:
    """Return a plan that works on the program; parts that cannot be wrapped are left out."""
    known: dict[Part, str] = {}
    share = 1.0
    for _ in range(MOST_TRIALS):
        try:
            plan = runs.tried(plan)
        except Failed as failed:
            if runs.before is None or str(failed) == UNSEEDED:
                return replace(plan, note=f"Not tried: {failed}.")
            known[_at_fault(plan, str(failed))] = str(failed)
        else:
            peak = plan.outcome.peak if plan.outcome else 0
            if peak <= plan.budget or not plan.fits or share < 1:
                return plan
            share = 0.98 * plan.peak / peak  # it needs more than predicted
        better = plan_of(work, plan.wanted, known, share)
        if not better.changes or (share < 1 and better.changes == plan.changes):
            return plan if plan.outcome else better
        plan = better
    return replace(plan, note=f"Not tried: {MOST_TRIALS} plans failed.")


def _at_fault(plan: MemoryPlan, message: str) -> Part:
    """Return the part that an error is about, or else the last one of a plan."""
    parts = [part._replace(steps=0) for change in plan.changes for part in change.parts]
    named = [part for part in parts if f"checkpoint({part.name.rpartition('.')[2]})" in message]
    loops = [part for part in parts if part.name == LOOP and "checkpoint(part" in message]
    return (named or loops or parts)[-1]
