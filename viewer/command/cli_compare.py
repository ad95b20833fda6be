"""The command `autograd-tools compare A B`: what changed between two saved traces or profiles, for people, programs and CI."""

from __future__ import annotations

import argparse
import re
import sys
from typing import Any

from rich.console import Console

from viewer.comparing.compare_profiles import profile_rows
from viewer.comparing.compare_traces import trace_rows
from viewer.comparing.comparison import FORMATS, comparison, draw_compared, kind_of_both
from viewer.comparing.noise import FEWEST, Change
from viewer.comparing.profile_changes import GROUPINGS, Comparison
from viewer.terminal.text import NARROWEST, write
from viewer.text.lines import fold, painted

INDENT = "    "  # of what does not fit on a line


def add_compare(commands: Any) -> None:
    """Add the command to those of a parser."""
    command = commands.add_parser(
        "compare", help="tell what changed between two saved traces, or two saved profiles"
    )
    command.add_argument("before", metavar="A", help="a saved trace or profile")
    command.add_argument("after", metavar="B", help="another one of the same kind")
    command.add_argument("--by", choices=list(GROUPINGS), help="rows of profiles (default: op)")
    command.add_argument(
        "--limit", type=int, metavar="N", help="rows of profiles to show (default: 15)"
    )
    command.add_argument(
        "--everything",
        action="store_true",
        default=None,
        help="of traces also what differs because of other changes",
    )
    command.add_argument(
        "--rtol",
        type=float,
        metavar="X",
        help="of traces by which share numbers may differ (default: 1e-5)",
    )
    command.add_argument(
        "--fail-over",
        type=percent,
        metavar="10%",
        help="exit with status 1 if the time in all, or a row of more than 5%% of it, got slower by more than this and beyond the noise",
    )
    command.add_argument(
        "--format", choices=list(FORMATS), default="text", help="how to print it (default: text)"
    )
    command.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="draw two traces as one graph that marks what changed, such as changes.svg",
    )


def percent(text: str) -> float:
    """`10%` as 0.1."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*%", text.strip())
    if found is None:
        raise argparse.ArgumentTypeError(f"a share such as 10% is needed, and got {text!r}")
    return float(found[1]) / 100


def run_compare(args: argparse.Namespace) -> int:
    """Compare; the exit status is 1 if something got slower by more than `--fail-over`."""
    kind = kind_of_both(args.before, args.after)
    for option, needed in (("output", "trace"), ("fail_over", "profile")):
        if getattr(args, option) is not None and kind != needed:
            raise ValueError(
                f"--{option.replace('_', '-')} is for two {needed}s, and these are {kind}s"
            )
    names = ("by", "limit", "everything", "rtol")
    found, options = comparison(
        args.before,
        args.after,
        **{name: value for name in names if (value := getattr(args, name)) is not None},
    )
    if args.output:
        given = {} if args.rtol is None else {"rtol": args.rtol}
        print(f"drew what changed: {draw_compared(args.before, args.after, args.output, **given)}")
        return 0
    _print(found, args.format, options)
    return (
        _verdict(found, args.fail_over)
        if isinstance(found, Comparison) and args.fail_over is not None
        else 0
    )


def _print(found: Any, format: str, options: dict[str, Any]) -> None:
    console = Console(highlight=False, markup=False)
    if format == "text" and console.is_terminal:
        width = max(console.width - len(INDENT), NARROWEST)
        rows = (profile_rows if isinstance(found, Comparison) else trace_rows)(found, **options)
        write(
            painted((row for long in rows for row in fold(long, width, rest=INDENT)), console),
            console.file,
        )
    else:
        write(FORMATS[format][isinstance(found, Comparison)](found, **options), console.file)


def _verdict(found: Comparison, limit: float) -> int:
    """Say what got slower by more than the limit, and return 1 if anything did."""
    if not found.known:
        print(
            f"autograd-tools: nothing fails, because noise is not known of fewer than {FEWEST} gradients",
            file=sys.stderr,
        )
    failures = found.failures(limit)
    for row in failures:
        print(f"autograd-tools: {_told(row)}, over {limit:.0%}", file=sys.stderr)
    return 1 if failures else 0


def _told(row: Change) -> str:
    what = "all gradients" if row.part == "total" else f"{row.key} {row.part}"
    return f"{what} got slower by {(row.ratio or 1) - 1:.1%}"
