"""`autograd-tools profile SCRIPT`: where the time of the script's gradients goes, and what Python did besides."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import autograd_tools as ag
from autograd_tools import Timer, timing
from autograd_tools.base.documents import write_bytes
from viewer.command import profile_report, sampling
from viewer.command.outcome import after, fail, is_saved
from viewer.command.profile_page import to_html
from viewer.command.profile_report import FORMATS, Report
from viewer.command.progress import progress
from viewer.command.script import run
from viewer.command.window import Window, plural_of
from viewer.profiles.groupings import GROUPINGS
from viewer.profiles.roofline import peaks_for
from viewer.profiles.timeline import to_chrome_trace, to_collapsed, to_speedscope


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("-o", "--output", metavar="FILE", help="save the profile as JSON")
    parser.add_argument(
        "--skip",
        type=int,
        default=0,
        metavar="N",
        help="leave the first N gradients out, as a warm-up",
    )
    parser.add_argument(
        "--steps",
        type=int,
        metavar="N",
        help="measure N gradients, and let the script run on unmeasured",
    )
    parser.add_argument(
        "--sample",
        action="store_true",
        help="show where Python itself was as well, by pyinstrument",
    )
    parser.add_argument("--format", choices=["text", *FORMATS], default="text", help=FORMAT_HELP)
    parser.add_argument(
        "--timeline", metavar="FILE", help=f"write every call along time: {', '.join(TIMELINES)}"
    )
    parser.add_argument(
        "--html", metavar="FILE", help="write a report as a page that needs nothing else"
    )
    parser.add_argument(
        "--limit", type=int, default=12, metavar="N", help="rows in each table (default: 12)"
    )
    parser.add_argument("--by", type=_groupings, default=(), metavar="NAMES", help=BY_HELP)
    parser.add_argument(
        "--annotate",
        nargs="?",
        metavar="=FILE",
        help="print the source of all files or one, with times in the margin",
    )
    parser.add_argument(
        "--arithmetic",
        action="store_true",
        help="tell how much arithmetic it is, and how far from this machine's peaks",
    )
    parser.add_argument(
        "--memory",
        choices=timing.MEMORY,
        help="whose bytes to count (default: outputs, of what operations return)",
    )
    parser.add_argument(
        "--timer", action="store_true", help="print the timer's whole table as well"
    )


# What writes a timeline, by the end of a file's name, the first that fits.
TIMELINES: dict[str, Callable[..., str]] = {
    ".speedscope.json": to_speedscope,
    ".json": to_chrome_trace,
    ".folded": to_collapsed,
}
BY_HELP = f"tables by any of {','.join(GROUPINGS)} (default: op,line)"
FORMAT_HELP = (
    "how to tell it (default: text); of the others the script's own output goes to standard error"
)


def _groupings(names: str) -> tuple[str, ...]:
    """What `--by` names, with commas."""
    wrong = [name for name in names.split(",") if name not in GROUPINGS]
    if wrong:
        raise argparse.ArgumentTypeError(
            f"no hotspots by {wrong[0]!r}; there are: {', '.join(GROUPINGS)}"
        )
    return tuple(names.split(","))


def profile(args: argparse.Namespace) -> int:
    """Run the command, and return the exit status."""
    window = Window(args.skip, args.steps)
    if args.limit < 0:
        raise ValueError(f"--limit is 0 rows or more, and got {args.limit}")
    if args.annotate is not None and args.format != "text":
        raise ValueError(f"--annotate prints text, and --format {args.format} has no place for it")
    if args.timeline and not args.timeline.endswith(tuple(TIMELINES)):
        raise ValueError(
            f"no timeline in {args.timeline}; its name may end in {', '.join(TIMELINES)}"
        )
    if is_saved(args, output=None, skip=0, steps=None, memory=None):
        session = (
            sampling.load(Path(args.script).with_suffix(sampling.ENDING)) if args.sample else None
        )
        return _tell(
            Report(
                Timer.load(args.script),
                args.limit,
                args.timer,
                session,
                by=args.by,
                arithmetic=args.arithmetic,
            ),
            args,
            0,
            sys.stdout,
        )
    if not timing.ENABLED or (args.memory or ag.timer.memory) != ag.timer.memory:
        return _again_with_timer(args.memory or "outputs")
    os.environ.pop(
        "AUTOGRAD_TIMER", None
    )  # ours, not the script's: what it starts runs as it would
    for name in ("output", "html", "timeline"):  # before the script goes elsewhere
        setattr(args, name, getattr(args, name) and Path(getattr(args, name)).absolute())
    with _output_of(args) as output:
        return _profile_script(args, window, output)


def _profile_script(args: argparse.Namespace, window: Window, output: TextIO) -> int:
    sampler = sampling.Sampler()
    ag.reset_timer()
    if args.timeline:
        ag.timer.keep_events()
    status = _run(args, window, sampler)
    timer, session = window.measured(), sampler.session
    if not timer.records or window.seen <= args.skip > 0:
        return status or fail(f"{args.script} computed {_missing(window)}")
    timer.peaks = peaks_for(timer.records).to_dict()
    if args.output:
        status = after(status, lambda: timer.save(args.output))
    if args.output and session:
        status = after(
            status, lambda: sampling.save(session, args.output.with_suffix(sampling.ENDING))
        )
    return _tell(
        Report(timer, args.limit, args.timer, session, window.summary(), args.by, args.arithmetic),
        args,
        status,
        output,
    )


def _run(args: argparse.Namespace, window: Window, sampler: sampling.Sampler) -> int:
    """Run the script with all that looks at it."""
    with progress(window.text) as update:

        def count() -> None:
            window.count()
            update()

        with ag.after_gradients(count):
            return run(
                args.script, args.args, sampler.sampling(args.script) if args.sample else None
            )


@contextmanager
def _output_of(args: argparse.Namespace) -> Iterator[TextIO]:
    """Where the report goes. If it is to stand alone there, what the script and its processes print goes to standard error from
    here on, up to what they print at their exit."""
    if args.format == "text":
        yield sys.stdout
        return
    sys.stdout.flush()
    with os.fdopen(os.dup(1), "w", encoding=sys.stdout.encoding, errors="replace") as ours:
        os.dup2(2, 1)
        yield ours


def _missing(window: Window) -> str:
    """What a script did not do."""
    if window.seen and window.skip:
        return f"{plural_of(window.seen)}, so --skip {window.skip} leaves nothing to profile"
    elsewhere = any(name.startswith("multiprocessing.popen_") for name in sys.modules)
    return (
        "no gradient with autograd_tools"
        + (" in its own process" if elsewhere else "")
        + ", so there is nothing to profile"
    )


def _again_with_timer(memory: str) -> int:
    """Start this command again with the timer on, which is read when autograd_tools is imported."""
    options = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]  # as multiprocessing does
    command = [sys.executable, *options, "-m", "autograd_tools", *sys.argv[1:]]
    environment = {**os.environ, "AUTOGRAD_TIMER": f"shapes,{memory}"}
    if os.name == "nt":  # where exec returns to the shell before the program ends
        return subprocess.call(command, env=environment)
    return os.execve(command[0], command, environment)


def _tell(report: Report, args: argparse.Namespace, status: int, output: TextIO) -> int:
    """Print the report, write the page and the timeline if there are to be any, and return the status."""
    if args.timeline:
        write_timeline = next(
            write for ending, write in TIMELINES.items() if str(args.timeline).endswith(ending)
        )
        status = after(status, lambda: write_timeline(report.timer, args.timeline))
    if args.html:
        status = after(
            status, lambda: write_bytes(args.html, to_html(report, Path(args.script).name).encode())
        )
    if args.format == "text":
        profile_report.text(report)
        if args.annotate is not None:
            status = after(status, lambda: profile_report.annotated(report, args.annotate or None))
    else:
        output.write(FORMATS[args.format](report))
    return status
