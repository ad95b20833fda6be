"""The command `autograd-tools compare A B`: compare two traces or two profiles."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any, get_args

from rich.console import Console

from autograd_tools import Timer
from viewer.command.arguments import Command
from viewer.command.choice import check_choice
from viewer.command.compared_scripts import is_script, scripts_saved
from viewer.command.messages import say
from viewer.command.outcome import after, tell
from viewer.comparing.compare_profiles import profiles_rows
from viewer.comparing.compare_traces import traces_rows
from viewer.comparing.comparison import (
    FORMATS,
    check_options,
    comparison,
    draw_compared,
    kind_of_both,
    map_profiles,
)
from viewer.comparing.noise import FEWEST, Change
from viewer.comparing.profile_changes import GROUPINGS, Comparison
from viewer.options import Detail
from viewer.terminal.text import NARROWEST
from viewer.text.lines import fold, painted, write

INDENT = "    "  # of the second row of a folded line


def add_compare(command: Command) -> None:
    """Declare the arguments of the command."""
    add = command.add_argument
    add("before", metavar="A", help="a saved trace or profile, or a script that needs no arguments")
    add("after", metavar="B", help="another one of the same kind")
    add("--profile", action="store_true", help="scripts: compare profiles instead of traces")
    add(
        "--step",
        type=int,
        metavar="N",
        help="scripts: compare the traces of their N-th gradients (default: 1)",
    )
    add(
        "--by",
        choices=list(dict.fromkeys([*GROUPINGS, *get_args(Detail)])),
        help=f"profiles: rows of the table, {', '.join(GROUPINGS)} (default: op); traces: the "
        f"smallest boxes of a drawing, {', '.join(get_args(Detail))} (default: op)",
    )
    add("--limit", type=int, metavar="N", help="profiles: number of rows (default: 15)")
    add(
        "--fail-over",
        type=percent,
        metavar="10%",
        help="profiles: exit with status 1 if the total, or a row above 5%% of it, is "
        "significantly slower by more than this",
    )
    add(
        "--everything",
        action="store_true",
        default=None,
        help="traces: also list the consequences of changes",
    )
    add("--rtol", type=float, metavar="X", help="traces: relative tolerance (default: 1e-5)")
    add(
        "-o",
        "--output",
        metavar="FILE",
        help="draw changed traces, such as changes.svg; .html: a page for traces or profiles",
    )
    add("--format", choices=list(FORMATS), default="text", help="output format (default: text)")
    command.set_defaults(run=run_compare, files=["before", "after"])


def percent(text: str) -> float:
    """Return `10%` as 0.1."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*%", text.strip())
    if found is None:
        raise argparse.ArgumentTypeError(f"expected a percentage such as 10%, got {text!r}")
    return float(found[1]) / 100


def run_compare(args: argparse.Namespace) -> int:
    """Compare; return 1 if something is slower by more than `--fail-over`."""
    kind = _kind(args)
    if args.fail_over is not None and kind != "profile":
        raise ValueError("--fail-over needs two profiles, got two traces")
    if args.output and kind == "profile" and not args.output.endswith((".html", ".html.gz")):
        raise ValueError(f"--output of two profiles must end in .html, got {args.output}")
    given = {name: getattr(args, name) for name in ("by", "limit", "everything", "rtol")}
    given = {name: value for name, value in given.items() if value is not None}
    if kind == "trace" and "by" in given and not args.output:
        raise ValueError("--by of two traces needs a drawing; write -o changes.svg")
    with scripts_saved((args.before, args.after), kind, args.step) as saved:
        args.before, args.after = saved
        if args.output:
            return _draw_changes(args, given) if kind == "trace" else _map_changes(args, given)
        found, options = comparison(*saved, **given)
    _print_changes(found, args.format, options)
    if isinstance(found, Comparison) and args.fail_over is not None:
        return _verdict(found, args.fail_over)
    return 0


def _kind(args: argparse.Namespace) -> str:
    """Return "trace" or "profile": that of the saved file if there is one."""
    saved = [path for path in (args.before, args.after) if not is_script(path)]
    asked = "profile" if args.profile else "trace"
    kind = kind_of_both(saved[0], saved[-1]) if saved else asked
    if args.profile and kind == "trace":
        raise ValueError("--profile compares two profiles, got a saved trace")
    if args.step is not None and (kind == "profile" or len(saved) == 2):
        raise ValueError("--step applies only to the traces of scripts")
    args.step = 1 if args.step is None else args.step
    check_choice(args)
    return kind


def _draw_changes(args: argparse.Namespace, given: dict[str, Any]) -> int:
    looks = {name: given.pop(name) for name in ("by", "rtol") if name in given}
    check_options("trace", given)

    def write_changes() -> None:
        draw_compared(args.before, args.after, args.output, **looks)
        tell("drew the changes", args.output)

    return after(0, write_changes)


def _map_changes(args: argparse.Namespace, given: dict[str, Any]) -> int:
    for name in given:
        raise ValueError(f"--{name} does not apply to a page, which compares lines")
    before, after_ = (Timer.load(path) for path in (args.before, args.after))
    names = Path(args.before).stem, Path(args.after).stem

    def write_changes() -> None:
        map_profiles(before, after_, args.output, names)
        tell("mapped the changes", args.output)

    return after(0, write_changes)


def _print_changes(found: Any, format: str, options: dict[str, Any]) -> None:
    console = Console(highlight=False, markup=False)
    is_profile = isinstance(found, Comparison)
    if format == "text" and console.is_terminal:
        width = max(console.width - len(INDENT), NARROWEST)
        rows = (profiles_rows if is_profile else traces_rows)(found, **options)
        folded = (row for long in rows for row in fold(long, width, rest=INDENT))
        write(painted(folded, console), console.file)
    else:
        write([FORMATS[format][is_profile](found, **options)], console.file)


def _verdict(found: Comparison, limit: float) -> int:
    """Print the rows that are slower by more than the limit, and return 1 if there are any."""
    if not found.known:
        message = f"--fail-over checks nothing: it needs {FEWEST} gradients in each profile"
        say(message)
    failures = found.failures(limit)
    for row in failures:
        say(f"{_slower(row)}, more than {limit:.0%}")
    return 1 if failures else 0


def _slower(row: Change) -> str:
    name = "the total" if row.part == "total" else f"{row.key} {row.part}"
    return f"{name} is {(row.ratio or 1) - 1:.1%} slower"
