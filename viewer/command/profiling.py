"""The command `autograd-tools profile`: measure a script's gradients and report the times."""

from __future__ import annotations

import argparse
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from pyinstrument.session import Session

import autograd_tools as ag
from autograd_tools import History, Timer
from autograd_tools.api.engine_cost import engine_cost
from autograd_tools.base.options import BytesCounted
from autograd_tools.base.output import FixedPath, is_regular, write_bytes
from autograd_tools.base.signals import Guard, name_of
from autograd_tools.base.text import encodable
from autograd_tools.timing import instrument
from autograd_tools.timing.apart import measure_apart
from autograd_tools.timing.recorder import WHOLE
from autograd_tools.tracing.history_files import FORMATS
from viewer.adapters.gradients import EngineGradient
from viewer.command import elsewhere, profile_report, sampling
from viewer.command.arguments import Command, grouping_names
from viewer.command.checkpoints import Checkpoints, seconds
from viewer.command.children import Children, saved_children, start_no_workers
from viewer.command.engines import EngineWatch
from viewer.command.history_option import settle_history, show_history
from viewer.command.memory_trial import end_trials
from viewer.command.memory_use import MemoryWatch, add_memory, settle_memory
from viewer.command.outcome import after, fail, is_saved, output_of, tell
from viewer.command.profile_page import to_html
from viewer.command.profile_report import REPORTS, Report
from viewer.command.progress import progress
from viewer.command.script import INTERRUPTED, run
from viewer.command.source_watch import SourceWatch
from viewer.command.watched_gradient import WatchedGradient
from viewer.command.window import Window
from viewer.labels import plural
from viewer.map.timeline_part import MOST_CALLS
from viewer.profiles.advice import tips
from viewer.profiles.groupings import GROUPINGS
from viewer.profiles.memory_use.reading import memory
from viewer.profiles.overview import WITHOUT, has_shapes
from viewer.profiles.roofline import peaks_for
from viewer.profiles.timeline import to_chrome_trace, to_collapsed, to_firefox, to_speedscope

# The formats of a timeline, by the end of the file's name; the first that fits is taken. To add
# one, add an entry with a function that takes a timer and a path.
TIMELINES: dict[str, Callable[..., str]] = {
    ".speedscope.json": to_speedscope,
    ".firefox.json": to_firefox,
    ".json": to_chrome_trace,
    ".folded": to_collapsed,
}


def add_profile(command: Command) -> None:
    """Declare the arguments of the command."""
    add = command.add_argument
    add("-o", "--output", metavar="FILE", help="save the profile as JSON")
    add("--skip", type=int, default=0, metavar="N", help="do not measure the first N gradients")
    add("--steps", type=int, metavar="N", help="measure N gradients, then let the script finish")
    add("--children", action="store_true", help="also measure the processes that the script starts")
    add(
        "--checkpoint",
        type=seconds,
        metavar="TIME",
        help="save the profile every 60s, 5m or 1h while the script runs; needs -o",
    )
    add("--sample", action="store_true", help="also sample the Python code, with pyinstrument")
    add(
        "--format",
        choices=["text", *REPORTS],
        default="text",
        help="output format (default: text); otherwise, the script's output goes to standard error",
    )
    add("--timeline", metavar="FILE", help=f"write a timeline of calls: {', '.join(TIMELINES)}")
    add("--html", metavar="FILE", help="write an interactive page")
    add(
        "--history",
        nargs="?",
        metavar="=FILE",
        help="also print the loss and the gradient norms of each step, and where they go wrong; "
        f"save them with FILE or -o: {', '.join(FORMATS)}",
    )
    add("--limit", type=int, default=12, metavar="N", help="rows of each table (default: 12)")
    add(
        "--by",
        type=grouping_names,
        default=(),
        metavar="NAMES",
        help=f"tables to print, from {','.join(GROUPINGS)} (default: op,line)",
    )
    add(
        "--annotate",
        nargs="?",
        metavar="=FILE",
        help="also print the source with times, for all files or for one",
    )
    add(
        "--arithmetic",
        action="store_true",
        help="also print FLOP/s and bytes/s, in percent of this machine's peaks",
    )
    add(
        "--source",
        action="store_true",
        help="also print the most expensive line with its gradient as NumPy source",
    )
    add_memory(command)
    add("--timer", action="store_true", help="also print the full timer table")
    command.add_script("profile")
    command.set_defaults(run=profile, step=None, inner=False, looks={}, map=False)


def profile(args: argparse.Namespace) -> int:
    """Run the command, and return the exit status."""
    window = Window(args.skip, args.steps)
    if args.limit < 0:
        raise ValueError(f"--limit must be 0 or more, got {args.limit}")
    if args.annotate is not None and args.format != "text":
        raise ValueError(f"--annotate prints text and does not work with --format {args.format}")
    if args.timeline:
        _timeline_for(args.timeline)
    settle_history(args)
    settle_memory(args)
    if is_saved(
        args,
        **dict.fromkeys(("output", "steps", "memory", "checkpoint", "budget")),
        skip=0,
        children=False,
        source=False,
    ):
        path = args.script.name
        if args.history is not None:
            return show_history(args)
        samples = Path(path).with_suffix(sampling.ENDING)
        session = sampling.load(samples) if args.sample else None
        report = _report(args, Timer.load(path), session)
        if args.memory_use:
            report = replace(report, memory=memory(report.timer))
        return _finish(report, args, 0, sys.stdout)
    if args.checkpoint and not args.output:
        raise ValueError("--checkpoint saves the profile; write -o FILE as well")
    if args.children and (args.skip or args.steps):
        name = "--skip" if args.skip else "--steps"
        raise ValueError(f"--children measures whole runs and does not work with {name}")
    for name in ("output", "html", "timeline", "history"):  # before the script changes the folder
        setattr(args, name, getattr(args, name) and FixedPath.of(getattr(args, name)))
    with _timer_on(args), output_of(args) as output:
        return _profile_script(args, window, output)


@contextmanager
def _timer_on(args: argparse.Namespace) -> Iterator[None]:
    """Measure a block as asked for; a timer that is on stays on its level."""
    process, end = os.getpid(), None
    if not instrument.ENABLED or (args.memory or ag.timer.memory) != ag.timer.memory:
        memory: BytesCounted = args.memory or "outputs"
        end = measure_apart(memory, 0, lambda totals: None, add=False)
        os.environ["AUTOGRAD_TIMER"] = f"shapes,{memory}"
    if not args.children:  # it must not reach the processes that the script starts
        os.environ.pop("AUTOGRAD_TIMER", None)
    try:
        yield
    finally:
        if end is not None and os.getpid() == process:  # a forked one saves its profile later
            end()


def _timeline_for(path: str | os.PathLike[str]) -> Callable[..., str]:
    """Return the writer of a timeline by its name; a pipe or device may have no ending."""
    for ending, write_timeline in TIMELINES.items():
        if str(path).removesuffix(".gz").endswith(ending):
            return write_timeline
    if not Path(path).suffix and not is_regular(path):
        return to_chrome_trace
    supported = ", ".join(TIMELINES)
    raise ValueError(f"cannot write a timeline to {str(path)!r}; supported: {supported}")


def _report(
    args: argparse.Namespace,
    timer: Timer,
    session: Session | None,
    gradients: str = "",
    history: History | None = None,
) -> Report:
    return Report(
        *(timer, args.limit, args.timer, session, gradients, args.by, args.arithmetic, history)
    )


def _profile_script(args: argparse.Namespace, window: Window, output: TextIO) -> int:
    with saved_children() if args.children else nullcontext() as children:
        measured = _Run(args, window, output, children)
        ag.reset_timer()
        if args.timeline:
            ag.timer.keep_events()
        elif args.html:
            ag.timer.keep_events(MOST_CALLS)
        guard = Guard(measured.ended_by, (*WHOLE, Checkpoints.save.__code__))
        guard.install()
        try:
            status = measured.run()
            stopped = measured.look_at_memory()
            with guard.finishing() as interrupts:
                status = measured.write(status)
            return status or (INTERRUPTED if interrupts or stopped else 0)
        finally:
            guard.remove()


class _Run:
    """The measured run of a script."""

    def __init__(
        self, args: argparse.Namespace, window: Window, output: TextIO, children: Children | None
    ) -> None:
        self.args, self.window = args, window
        self.output, self.children = output, children
        self.engine = engine_cost()  # before the script, whose end may be sudden
        self.sampler = sampling.Sampler()
        self.history: History | None = None
        self.streams = sys.stdout, sys.stderr
        self.memory = MemoryWatch(args, window.leave_out) if args.memory_use else None
        number = args.step or window.skip + 1
        self.gradient = WatchedGradient(number, args.inner, window.leave_out)
        self.looks = bool(args.html or args.memory_use)
        self.engines = EngineWatch(self._note, values=self.looks and number == 1, number=number)
        self.source = SourceWatch(args.skip, window.leave_out) if args.source else None
        self.timer: Timer | None = None  # once the script has ended

    def run(self) -> int:
        """Run the script, and count, time and sample it; wait for its processes if they count."""
        try:
            with ExitStack() as stack:
                update = stack.enter_context(progress(self.window.text))
                stack.enter_context(ag.after_gradients(self.window.count))
                if self.args.history is not None:
                    self.history = stack.enter_context(ag.history())
                if self.args.checkpoint:
                    checkpoints = Checkpoints(self.args.checkpoint, self._save_checkpoint)
                    stack.enter_context(checkpoints.watching())
                    stack.enter_context(ag.after_gradients(checkpoints.after_gradient))
                stack.enter_context(ag.after_gradients(update))
                if self.memory:
                    stack.enter_context(self.memory.watching())
                if self.args.html:
                    stack.enter_context(self.gradient.watching())
                stack.enter_context(self.engines)
                if self.source:
                    stack.enter_context(self.source.watching())
                name = str(self.args.script)
                sample = self.sampler.sampling(name) if self.args.sample else None
                status = run(self.args.script, sample)
                self.engines.stop()
                self.window.note_rest(self.engines.rest)
                if self.children:
                    self.children.wait()
                return status
        except KeyboardInterrupt:  # pressed again
            return INTERRUPTED

    def _note(self, gradient: EngineGradient) -> None:
        """Note a gradient of another engine."""
        if self.looks:
            is_new = self.gradient.trace is None
            self.gradient.count(gradient)
            if self.memory and is_new and self.gradient.trace:
                self.memory.take(self.gradient.trace)
            self.engines.values = self.gradient.seen + 1 == self.gradient.number
        self.window.note(gradient)

    def _save_checkpoint(self, waits: bool) -> None:
        """Save the profile so far; `waits` says whether the script waits for it."""
        start = time.perf_counter_ns()
        with ag.timer.still(1.0):
            timer = self._measured()
        if timer.records and not self.window.is_empty:
            timer.about["unfinished"] = True
            with suppress(OSError):  # the run goes on; the last save reports the error
                timer.save(self.args.output)
        if self.history and self.args.history:
            with suppress(OSError):
                self.history.save(self.args.history)
        if waits and threading.current_thread() is threading.main_thread():
            self.window.leave_out(time.perf_counter_ns() - start)

    def look_at_memory(self) -> bool:
        """Plan checkpoints if that was asked for; return True if Ctrl-C ends the search."""
        if self.memory is None:
            return False
        self.timer = self._measured()  # without the time of the search
        return self.memory.find_plan()

    def _measured(self) -> Timer:
        if self.timer is not None:
            return self.timer
        timer = self.window.measured()
        return self.children.merged(timer) if self.children else timer

    def ended_by(self, number: int) -> None:
        """Write the results before a signal ends the run, which is in the middle of anything."""
        sys.stdout, sys.stderr = self.streams
        start_no_workers()
        try:
            self.sampler.stop()
            if self.children:
                self.children.terminate()
            end_trials()
            with ag.timer.still(0.2, last=True):
                timer = self._measured()
            timer.about["signal"] = name_of(number)
            if self.args.output and timer.records and not self.window.is_empty:
                timer.save(self.args.output)  # first, as little time may be left
            self.write(0, timer)
        except Exception as error:
            fail(f"{name_of(number)} ended the run, and the results are incomplete: {error!r}")
        finally:
            self.output.flush()

    def write(self, status: int, timer: Timer | None = None) -> int:
        """Write the files and the report, and return the exit status."""
        args = self.args
        timer, session = timer or self._measured(), self.sampler.session
        if self.children:
            self.children.remove()
        if not timer.records or self.window.is_empty:
            ended = "signal" in timer.about
            return status or (0 if ended else fail(f"{args.script} computed {self._missing()}"))
        timer.peaks = peaks_for(timer.records).to_dict()
        timer.engine = None if self.window.is_elsewhere else self.engine
        if self.engines.without_gradient:
            timer.about[WITHOUT] = self.engines.without_gradient
        if args.output:
            if has_shapes(timer):
                tips(timer)  # so that its trials are saved
            status = after(status, lambda: timer.save(args.output))
            samples = Path(args.output).with_suffix(sampling.ENDING)
            if session and is_regular(args.output):  # nothing stands beside a pipe or device
                status = after(status, lambda: sampling.save(session, samples))
        report = _report(args, timer, session, self.window.summary(), self.history)
        report = replace(report, trace=self.gradient.trace)
        if args.map and not report.trace:
            return status or fail(f"{args.script} computed {self.gradient.missing()}")
        if args.map:
            self.gradient.tell()
        if self.memory:
            report = replace(report, memory=self.memory.found())
        if self.source:
            report = replace(report, hottest=self.source.found(timer))
        return _finish(report, args, status, self.output)

    def _missing(self) -> str:
        """Return the reason why nothing was measured."""
        seen, skip = self.window.seen, self.window.skip
        if seen and skip:
            return f"{plural(seen, 'gradient')}, so --skip {skip} leaves nothing to profile"
        if self.children or not any(".popen_" in name for name in sys.modules):
            return (
                f"no gradient with autograd_tools, so there is nothing to profile{elsewhere.hint()}"
            )
        return (
            "no gradient with autograd_tools in its own process, so there is nothing to profile; "
            "write --children to profile the processes that it starts"
        )


def _finish(report: Report, args: argparse.Namespace, status: int, output: TextIO) -> int:
    """Print the report, write the page and the timeline asked for, and return the status."""
    if args.history and (history := report.history):
        status = after(status, lambda: history.save(args.history))
    if args.timeline:
        write_timeline = _timeline_for(args.timeline)
        status = after(status, lambda: write_timeline(report.timer, args.timeline))
    if args.html:
        name = Path(str(args.script)).name
        status = after(
            status, lambda: write_bytes(args.html, to_html(report, name, **args.looks).encode())
        )
    if args.map:
        if not status:
            tell(f"mapped {plural(len(report.trace or ()), 'node')}", args.html)
        return status
    if args.format != "text":
        output.write(encodable(REPORTS[args.format](report), output.encoding))
        return status
    profile_report.print_text(report)
    if args.annotate is not None:
        status = after(status, lambda: profile_report.print_source(report, args.annotate or None))
    return status
