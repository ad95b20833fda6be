"""The command line: show, draw, explain or profile the gradients of an unchanged script."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from rich.console import Console

import autograd_tools as ag
from autograd_tools import Tape, Timer, Trace
from autograd_tools.base.signals import end_interrupted
from autograd_tools.base.text import unknown
from viewer.command import checking, cli_compare, profiling
from viewer.command.arguments import Command
from viewer.command.capture import add_trace, captured
from viewer.command.cli_draw import add_draw
from viewer.command.cli_map import add_map
from viewer.command.cli_source import add_source
from viewer.command.gradient_calls import gradient_call, written
from viewer.command.outcome import after, fail, is_saved, tell
from viewer.command.script import INTERRUPTED
from viewer.labels import plural
from viewer.options import View
from viewer.terminal.explanation import MOST_NODES, lesson
from viewer.terminal.grouped import GROUPINGS
from viewer.terminal.subject import Options
from viewer.terminal.text import NARROWEST, VIEWS, check_options, show
from viewer.text.lines import write

IN_PLACE = ("--version", "--help", "-h")  # in place of a command


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status: the script's own, or 2 if the command failed.

    Without `argv`, this is the program: after Ctrl-C it ends as Python does.
    """
    try:
        status = _main(argv)
    except KeyboardInterrupt:  # while the command wrote its output
        status = INTERRUPTED
    if status is INTERRUPTED and argv is None:
        end_interrupted()
    return status


def _main(argv: Sequence[str] | None) -> int:
    words = list(sys.argv[1:] if argv is None else argv)
    parser, commands = _parsers()
    command = commands.get(words[0]) if words else None
    if words and not command and words[0] not in IN_PLACE:
        kind, known = ("option", IN_PLACE) if words[0].startswith("-") else ("command", commands)
        parser.error(str(unknown(kind, words[0], known, len(commands))))
    try:
        args = command.parse(words[1:]) if command else parser.parse_args(words)
        for name in args.files:
            paths = getattr(args, name)
            for path in paths if isinstance(paths, list) else [paths]:
                if not Path(path).is_file():
                    return fail(f"there is no file {path}")
        status: int = args.run(args)
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:  # the reader of our output, such as `head`, has stopped
        with suppress(AttributeError, OSError):  # the script may have replaced it
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (ValueError, OSError) as error:
        return fail(str(error))
    return status


def _parsers() -> tuple[argparse.ArgumentParser, dict[str, Command]]:
    """Return the parser of the program, and that of each command by its name."""
    parser = argparse.ArgumentParser(
        prog="autograd-tools",
        description="Look inside the gradients of a Python script, without changing it.",
        epilog="`autograd-tools COMMAND --help` describes a command.",
    )
    parser.add_argument("--version", action="version", version=f"autograd-tools {ag.__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=Command)
    for name, (describe, summary) in COMMANDS.items():
        describe(
            commands.add_parser(
                name, help=summary, description=f"{summary[0].upper()}{summary[1:]}."
            )
        )
    return parser, dict(commands.choices)


def _add_show(command: Command) -> None:
    add = command.add_argument
    add(
        "--view",
        choices=list(VIEWS),
        help="output view (default: list; table with --by or --columns, tree with --depth)",
    )
    add(
        "--where",
        metavar="WORDS",
        help="show only nodes that match all words, such as 'nan' or 'op=matmul bytes>1e6'",
    )
    add("--columns", metavar="NAMES", help="table columns, such as id,op,shape,∇norm")
    add(
        "--sort",
        metavar="COLUMN",
        help="sort a list or table by a column; -COLUMN sorts in descending order",
    )
    add(
        "--limit",
        type=int,
        metavar="N",
        help="number of rows (default: 100000, 1000 in a terminal, 200 in a tree)",
    )
    add("--depth", type=int, metavar="N", help="levels of the tree to expand")
    add(
        "--by",
        choices=[*GROUPINGS, "function"],
        help="group the rows of a table, to see gradients vanish or explode; the leaves of a tree",
    )
    add_trace(command)
    command.set_defaults(run=_show)


def _add_explain(command: Command) -> None:
    command.add_argument(
        "--max-nodes",
        type=int,
        default=MOST_NODES,
        metavar="N",
        help=f"number of operations to explain (default: {MOST_NODES})",
    )
    command.add_argument("--latex", action="store_true", help="write formulas in LaTeX")
    command.add_argument(
        "--source", action="store_true", help="also write the gradient as NumPy source"
    )
    add_trace(command)
    command.set_defaults(run=_explain)


def _add_merge(command: Command) -> None:
    command.add_argument("profiles", nargs="+", metavar="PROFILE", help="a saved profile")
    command.add_argument("-o", "--output", metavar="FILE", required=True, help="JSON file to write")
    command.set_defaults(run=_merge, files=["profiles"])


def _show(args: argparse.Namespace) -> int:
    names = ("where", "columns", "sort", "limit", "by")
    asked: dict[str, Any] = {name: getattr(args, name) for name in names}
    asked["max_depth"] = args.depth
    table, tree = args.by or args.columns, args.depth is not None
    view: View = args.view or ("table" if table else "tree" if tree else "list")
    check_options(view, Options(**asked))  # before the script runs, which may take long
    trace, status = captured(args)
    if trace is not None:
        show(trace, view, **asked)
    return status


def _explain(args: argparse.Namespace) -> int:
    console = Console()
    width = max(console.width, NARROWEST) if console.is_terminal else None

    def told(x: Tape | Trace) -> str:
        return lesson(x, args.max_nodes, latex=args.latex, width=width, option="--max-nodes ")

    told(Trace(()))  # checks the options before the script runs
    if args.source:
        is_saved(args, source=False)
    texts: list[str] = []

    def look(tape: Tape) -> None:
        texts.append(told(tape))
        if args.source:
            texts.extend(["", *written(gradient_call(sys._getframe(1), tape))])

    trace, status = captured(args, look)
    if trace is not None:
        write(texts or [told(trace)], sys.stdout)
    return status


def _merge(args: argparse.Namespace) -> int:
    first, *others = [Timer.load(path) for path in args.profiles]
    total = first.merge(*others)

    def write_total() -> None:
        total.save(args.output)
        tell(f"merged {plural(len(args.profiles), 'profile')}", args.output)

    return after(0, write_total)


# The commands. To add one, write a function that declares its arguments, with `run` and `files`
# (the arguments that are paths of files) among its defaults, and add an entry here.
COMMANDS: dict[str, tuple[Callable[[Command], None], str]] = {
    "show": (_add_show, "print the computation graph of a gradient"),
    "draw": (add_draw, "draw the computation graph of a gradient"),
    "map": (add_map, "write an interactive page: graph, source, profile and search"),
    "explain": (_add_explain, "explain a gradient step by step: each operation and VJP rule"),
    "source": (add_source, "write a gradient as readable NumPy source"),
    "profile": (profiling.add_profile, "show where gradients spend their time"),
    "check": (checking.add_check, "check every gradient of a script, or a saved file"),
    "merge": (_add_merge, "combine saved profiles, such as those of several processes"),
    "compare": (cli_compare.add_compare, "compare two scripts, saved traces or saved profiles"),
}
