"""The command line: `autograd-tools show|draw|explain|profile SCRIPT [args]`, on a script as it is; `merge`, `compare` of saved files."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

import autograd_tools as ag
from autograd_tools import Tape, Timer, Trace, timing
from autograd_tools.timing.formats import count_text, percent_text, time_text
from autograd_tools.timing.records import PHASES
from viewer.cli_compare import add_compare, run_compare
from viewer.draw import FORMATS, check_format, draw
from viewer.explain import MOST_NODES, explain
from viewer.grouped import GROUPINGS
from viewer.hotspots import hotspot_lines
from viewer.inputs import as_trace
from viewer.script import run
from viewer.subject import Options
from viewer.text import VIEWS, check_options, show, write
from viewer.timings import timer_lines

SAVED = b'{"format":"autograd_tools.'  # how a saved trace or profile begins


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return the exit status: the script's own, or 2 when the command could not do its part."""
    parser = _parser()
    ours, theirs = _split(parser, list(sys.argv[1:] if argv is None else argv))
    args = parser.parse_args(_joined(ours))
    args.args = theirs
    for path in FILES[args.command](args) if args.command in FILES else [args.script]:
        if not Path(path).is_file():
            return _fail(f"there is no file {path}")
    try:
        status = COMMANDS[args.command](args)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read our output, such as `head`, has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (ValueError, OSError) as error:
        return _fail(str(error))
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="autograd-tools", description="Look inside the gradients of a script, without changing it.")
    parser.add_argument("--version", action="version", version=f"autograd-tools {ag.__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    one = commands.add_parser("show", help="print the graph of a gradient in the terminal")
    one.add_argument("--view", choices=list(VIEWS), default="list", help="how to print it (default: list)")
    one.add_argument(
        "--where", metavar="WORDS", help="only nodes of which all words are true: nan, op=matmul, 'scope=enc* bytes>1e6', text"
    )
    one.add_argument("--columns", metavar="NAMES", help="columns of the table: id,op,shape,∇norm,∇histogram and more")
    one.add_argument("--sort", metavar="COLUMN", help="order of the list or table; -COLUMN from the largest")
    one.add_argument("--limit", type=int, metavar="N", help="rows to show (default: all; 1000 in a terminal, 200 of a tree)")
    one.add_argument("--depth", type=int, metavar="N", help="how deep to open the tree")
    one.add_argument("--by", choices=list(GROUPINGS), help="a table with a row for each of these, to see where gradients vanish or explode")
    two = commands.add_parser("draw", help="draw the graph of a gradient")
    two.add_argument("-o", "--output", metavar="FILE", help=f"where to draw it: {', '.join(FORMATS)} (default: SCRIPT's name, .svg)")
    five = commands.add_parser("explain", help="tell a gradient step by step: what was computed, and what flows back by which rule")
    five.add_argument("--max-nodes", type=int, default=MOST_NODES, metavar="N", help=f"operations to tell (default: {MOST_NODES})")
    for command in (one, two, five):
        command.add_argument("--step", type=int, default=1, metavar="N", help="which of the script's gradients (default: 1, the first)")
        command.add_argument("--save", metavar="FILE", help="save the trace as JSON as well")
    three = commands.add_parser("profile", help="tell where the time of the gradients goes, by operation and by line")
    three.add_argument("-o", "--output", metavar="FILE", help="save the profile as JSON")
    three.add_argument("--limit", type=int, default=12, metavar="N", help="rows in each table (default: 12)")
    three.add_argument("--timer", action="store_true", help="print the timer's whole table as well")
    four = commands.add_parser("merge", help="add saved profiles up, such as those of several processes")
    four.add_argument("profiles", nargs="+", metavar="PROFILE", help="a saved profile")
    four.add_argument("-o", "--output", metavar="FILE", required=True, help="where to save the sum as JSON")
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
    options = {name: action for action in commands[argv[0]]._actions for name in action.option_strings}
    seen_script, i = False, 1
    while i < len(argv):
        name, _, given = argv[i].partition("=")
        if name in options:
            i += 1 if given or options[name].nargs == 0 else 2
        elif argv[i] == "--" and seen_script:
            return argv[:i], argv[i + 1 :]
        elif seen_script or argv[i].startswith("-"):
            break
        else:
            seen_script = True
            i += 1
    return (argv[:i], argv[i:]) if seen_script else (argv, [])


def _joined(argv: list[str]) -> list[str]:
    """`--sort -bytes` as `--sort=-bytes`, which argparse takes for the value that it is."""
    words = iter(argv)
    return [f"{word}={next(words, '')}" if word == "--sort" else word for word in words]


def _fail(message: str) -> int:
    print(f"autograd-tools: {message}", file=sys.stderr)
    return 2


def _is_saved(args: argparse.Namespace) -> bool:
    """Whether SCRIPT is a saved trace or profile; what is asked of a script only is refused then."""
    with Path(args.script).open("rb") as file:
        saved = file.read(len(SAVED)) == SAVED or Path(args.script).suffix == ".json"
    given = [name for name in ("save", "step") if getattr(args, name, None) not in (None, 1)]
    given += ["output"] if args.command == "profile" and args.output else []
    if saved and (given or args.args):
        raise ValueError(
            f"{args.script} is saved, and no script: --{given[0] if given else args.args[0].lstrip('-')} has no meaning for it"
        )
    return saved


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


def _captured(args: argparse.Namespace, look: Callable[[Tape], object] = lambda tape: None) -> tuple[Trace | None, int]:
    """The trace asked for, and the exit status of the script that made it."""
    if _is_saved(args):
        return as_trace(args.script), 0
    if args.step < 1:
        raise ValueError(f"--step counts gradients from 1, and got {args.step}")
    capture, save = _Capture(args.step, look), args.save and Path(args.save).absolute()  # before the script goes elsewhere
    with ag.observe(capture):
        status = run(args.script, args.args)
    trace = capture.trace
    if trace is None:
        count = f"{capture.seen} gradient{'s' * (capture.seen > 1)}" if capture.seen else "no gradient with autograd_tools"
        return None, status or _fail(f"{args.script} computed {count}, so there is no number {args.step} to show")
    if save:
        status = _after(status, lambda: trace.save(save))
    return trace, status


def _after(status: int, write: Callable[[], object]) -> int:
    """Write a file after the script has run, and return the script's status; 2 if that is 0 and the file cannot be written."""
    try:
        write()
    except (ValueError, OSError) as error:
        return status or _fail(str(error))
    return status


def _show(args: argparse.Namespace) -> int:
    names = {"where": "where", "columns": "columns", "sort": "sort", "limit": "limit", "depth": "max_depth", "by": "by"}
    asked = {option: getattr(args, name) for name, option in names.items()}
    check_options(args.view, Options(**asked))  # before the script runs, which may take long
    trace, status = _captured(args)
    if trace is not None:
        show(trace, args.view, **asked)
    return status


def _explain(args: argparse.Namespace) -> int:
    explain(Trace(()), max_nodes=args.max_nodes)  # before the script runs, which may take long
    told: list[str] = []
    trace, status = _captured(args, lambda tape: told.append(explain(tape, max_nodes=args.max_nodes)))
    if trace is not None:
        write(told[0] if told else explain(trace, max_nodes=args.max_nodes), sys.stdout)
    return status


def _draw(args: argparse.Namespace) -> int:
    output = Path(args.output or f"{Path(args.script).stem}.svg")
    check_format(output)
    place = output.absolute()
    trace, status = _captured(args)
    if trace is not None:
        status = _after(status, lambda: draw(trace, place) and print(f"drew {len(trace)} nodes: {output}"))
    return status


def _profile(args: argparse.Namespace) -> int:
    if _is_saved(args):
        _report(Timer.load(args.script), args)
        return 0
    if not timing.ENABLED:
        return _again_with_timer()
    os.environ.pop("AUTOGRAD_TIMER", None)  # ours, not the script's: what it starts runs as it would
    place = args.output and Path(args.output).absolute()
    ag.reset_timer()
    status = run(args.script, args.args)
    if not ag.timer.records:
        return status or _fail(f"{args.script} computed no gradient with autograd_tools, so there is nothing to profile")
    timer = Timer.from_dict(ag.timer.to_dict())  # stopped: what it says does not change while it is shown
    if place:
        status = _after(status, lambda: timer.save(place))
    _report(timer, args)
    return status


def _again_with_timer() -> int:
    """Start this command again with the timer on, which is read when autograd_tools is imported."""
    options = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]  # as multiprocessing does
    command = [sys.executable, *options, "-m", "autograd_tools", *sys.argv[1:]]
    environment = {**os.environ, "AUTOGRAD_TIMER": "shapes"}
    if os.name == "nt":  # where exec returns to the shell before the program ends
        return subprocess.call(command, env=environment)
    return os.execve(command[0], command, environment)


def _report(timer: Timer, args: argparse.Namespace) -> None:
    """Print the hotspots by operation and by line, and how much of the run they are."""
    console = Console(highlight=False, markup=False)
    width = console.width if console.is_terminal else None
    blocks = [hotspot_lines(timer, by, limit=args.limit, width=width) for by in ("op", "line")]
    blocks += [[Text(_summary(timer))], *([timer_lines(timer, width=width)] if args.timer else [])]
    for block in blocks:
        if console.is_terminal:
            console.print()
            console.print(*block, sep="\n")
        else:
            write("\n" + "\n".join(line.plain for line in block), console.file)


def _summary(timer: Timer) -> str:
    """What share of the whole run the tables are about."""
    calls, spent = 0, dict.fromkeys(PHASES, 0)
    for record, counts in timer.records.items():
        calls += counts.calls * (record.phase == "forward")
        spent[record.phase] += counts.ns
    total = timer.total_ns
    engine = spent["record"] + spent["sum_outgrads"]
    parts = (("forward", spent["forward"]), ("backward", spent["backward"]), ("recording and adding up", engine))
    shares = ", ".join(f"{what} {time_text(ns)} ({percent_text(ns, total)})" for what, ns in parts)
    return f"{count_text(calls)} operations in a run of {time_text(total)}: {shares}; the rest is the script's own."


def _merge(args: argparse.Namespace) -> int:
    first, *others = [Timer.load(path) for path in args.profiles]
    first.merge(*others).save(args.output)
    print(f"merged {len(args.profiles)} profile{'s' * bool(others)}: {args.output}")
    return 0


COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "show": _show,
    "draw": _draw,
    "explain": _explain,
    "profile": _profile,
    "merge": _merge,
    "compare": run_compare,
}
# The files of the commands that take no script.
FILES: dict[str, Callable[[argparse.Namespace], list[str]]] = {
    "merge": lambda args: args.profiles,
    "compare": lambda args: [args.before, args.after],
}
