"""The command line: `autograd-tools show|draw|explain|profile SCRIPT [args]`, on a script as it is; `merge`, `compare` of saved files."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import autograd_tools as ag
from autograd_tools import Tape, Timer, Trace
from viewer.command import profiling
from viewer.command.cli_compare import add_compare, run_compare
from viewer.command.outcome import after, fail, is_saved
from viewer.command.script import run
from viewer.drawing.files import FORMATS, check_format, draw
from viewer.inputs import as_trace
from viewer.terminal.explanation import MOST_NODES, explain
from viewer.terminal.grouped import GROUPINGS
from viewer.terminal.subject import Options
from viewer.terminal.text import VIEWS, check_options, show, write


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return the exit status: the script's own, or 2 when the command could not do its part."""
    parser = _parser()
    ours, theirs = _split(parser, list(sys.argv[1:] if argv is None else argv))
    args = parser.parse_args(_joined(ours))
    args.args = theirs
    for path in FILES[args.command](args) if args.command in FILES else [args.script]:
        if not Path(path).is_file():
            return fail(f"there is no file {path}")
    try:
        status = COMMANDS[args.command](args)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read our output, such as `head`, has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (ValueError, OSError) as error:
        return fail(str(error))
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="autograd-tools",
        description="Look inside the gradients of a script, without changing it.",
    )
    parser.add_argument("--version", action="version", version=f"autograd-tools {ag.__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    one = commands.add_parser("show", help="print the graph of a gradient in the terminal")
    one.add_argument(
        "--view", choices=list(VIEWS), default="list", help="how to print it (default: list)"
    )
    one.add_argument(
        "--where",
        metavar="WORDS",
        help="only nodes of which all words are true: nan, op=matmul, 'scope=enc* bytes>1e6', text",
    )
    one.add_argument(
        "--columns",
        metavar="NAMES",
        help="columns of the table: id,op,shape,∇norm,∇histogram and more",
    )
    one.add_argument(
        "--sort", metavar="COLUMN", help="order of the list or table; -COLUMN from the largest"
    )
    one.add_argument(
        "--limit",
        type=int,
        metavar="N",
        help="rows to show (default: all; 1000 in a terminal, 200 of a tree)",
    )
    one.add_argument("--depth", type=int, metavar="N", help="how deep to open the tree")
    one.add_argument(
        "--by",
        choices=list(GROUPINGS),
        help="a table with a row for each of these, to see where gradients vanish or explode",
    )
    two = commands.add_parser("draw", help="draw the graph of a gradient")
    two.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help=f"where to draw it: {', '.join(FORMATS)} (default: SCRIPT's name, .svg)",
    )
    two.add_argument(
        "--backward",
        action="store_true",
        help="draw what flows back, too: a dashed arrow against each other one",
    )
    five = commands.add_parser(
        "explain",
        help="tell a gradient step by step: what was computed, and what flows back by which rule",
    )
    five.add_argument(
        "--max-nodes",
        type=int,
        default=MOST_NODES,
        metavar="N",
        help=f"operations to tell (default: {MOST_NODES})",
    )
    for command in (one, two, five):
        command.add_argument(
            "--step",
            type=int,
            default=1,
            metavar="N",
            help="which of the script's gradients (default: 1, the first)",
        )
        command.add_argument("--save", metavar="FILE", help="save the trace as JSON as well")
    three = commands.add_parser(
        "profile", help="tell where the time of the gradients goes, by operation and by line"
    )
    profiling.add_options(three)
    four = commands.add_parser(
        "merge", help="add saved profiles up, such as those of several processes"
    )
    four.add_argument("profiles", nargs="+", metavar="PROFILE", help="a saved profile")
    four.add_argument(
        "-o", "--output", metavar="FILE", required=True, help="where to save the sum as JSON"
    )
    add_compare(commands)
    for command, what in ((one, "trace"), (two, "trace"), (three, "profile"), (five, "trace")):
        command.add_argument("script", metavar="SCRIPT", help=f"a Python script, or a saved {what}")
        command.usage = f"autograd-tools {command.prog.split()[-1]} [options] SCRIPT [options] [--] [the script's arguments]"
    return parser


def _split(parser: argparse.ArgumentParser, argv: list[str]) -> tuple[list[str], list[str]]:
    """Our arguments and the script's: options right before and after SCRIPT are ours, and all from the first other one is its."""
    commands = next(a.choices for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    if not argv or argv[0] not in commands or argv[0] in FILES:  # which run no script
        return argv, []
    options = {
        name: action for action in commands[argv[0]]._actions for name in action.option_strings
    }
    seen_script, i = False, 1
    while i < len(argv):
        name, _, given = argv[i].partition("=")
        if name in options:
            i += 1 if given or options[name].nargs in (0, "?") else 2
        elif argv[i] == "--" and seen_script:
            return argv[:i], argv[i + 1 :]
        elif seen_script or argv[i].startswith("-"):
            break
        else:
            seen_script = True
            i += 1
    return (argv[:i], argv[i:]) if seen_script else (argv, [])


def _joined(argv: list[str]) -> list[str]:
    """`--sort -bytes` as `--sort=-bytes`, which argparse takes for the value that it is; and after `--annotate` none, unless by `=`."""
    words = iter(argv)
    return [
        f"{word}={next(words, '') if word == '--sort' else ''}"
        if word in ("--sort", "--annotate")
        else word
        for word in words
    ]


class _Capture:
    """Keeps the trace of one of the gradients that a script computes, after `look` has seen the tape with its numbers."""

    def __init__(self, step: int, look: Callable[[Tape], object]) -> None:
        self.step = step
        self.look = look
        self.seen = 0
        self.trace: Trace | None = None

    def __call__(self, tape: Tape) -> None:
        self.seen += 1
        if self.seen == self.step:
            self.trace = tape.trace()
            self.look(tape)


def _captured(
    args: argparse.Namespace, look: Callable[[Tape], object] = lambda tape: None
) -> tuple[Trace | None, int]:
    """The trace asked for, and the exit status of the script that made it."""
    if is_saved(args, save=None, step=1):
        return as_trace(args.script), 0
    if args.step < 1:
        raise ValueError(f"--step counts gradients from 1, and got {args.step}")
    capture, save = (
        _Capture(args.step, look),
        args.save and Path(args.save).absolute(),
    )  # before the script goes elsewhere
    with ag.observe(capture):
        status = run(args.script, args.args)
    trace = capture.trace
    if trace is None:
        count = (
            f"{capture.seen} gradient{'s' * (capture.seen > 1)}"
            if capture.seen
            else "no gradient with autograd_tools"
        )
        return None, status or fail(
            f"{args.script} computed {count}, so there is no number {args.step} to show"
        )
    if save:
        status = after(status, lambda: trace.save(save))
    return trace, status


def _show(args: argparse.Namespace) -> int:
    names = {
        "where": "where",
        "columns": "columns",
        "sort": "sort",
        "limit": "limit",
        "depth": "max_depth",
        "by": "by",
    }
    asked = {option: getattr(args, name) for name, option in names.items()}
    check_options(args.view, Options(**asked))  # before the script runs, which may take long
    trace, status = _captured(args)
    if trace is not None:
        show(trace, args.view, **asked)
    return status


def _explain(args: argparse.Namespace) -> int:
    explain(Trace(()), max_nodes=args.max_nodes)  # before the script runs, which may take long
    told: list[str] = []
    trace, status = _captured(
        args, lambda tape: told.append(explain(tape, max_nodes=args.max_nodes))
    )
    if trace is not None:
        write(told[0] if told else explain(trace, max_nodes=args.max_nodes), sys.stdout)
    return status


def _draw(args: argparse.Namespace) -> int:
    output = Path(args.output or f"{Path(args.script).stem}.svg")
    check_format(output)
    place = output.absolute()
    trace, status = _captured(args)
    if trace is not None:
        status = after(
            status,
            lambda: (
                draw(trace, place, backward=args.backward)
                and print(f"drew {len(trace)} nodes: {output}")
            ),
        )
    return status


def _merge(args: argparse.Namespace) -> int:
    first, *others = [Timer.load(path) for path in args.profiles]
    first.merge(*others).save(args.output)
    print(f"merged {len(args.profiles)} profile{'s' * bool(others)}: {args.output}")
    return 0


COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "show": _show,
    "draw": _draw,
    "explain": _explain,
    "profile": profiling.profile,
    "merge": _merge,
    "compare": run_compare,
}
# The files of the commands that take no script.
FILES: dict[str, Callable[[argparse.Namespace], list[str]]] = {
    "merge": lambda args: args.profiles,
    "compare": lambda args: [args.before, args.after],
}
