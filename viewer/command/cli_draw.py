"""The command `autograd-tools draw`: draw the computation graph of a gradient."""

from __future__ import annotations

import argparse
import os
from contextlib import ExitStack
from typing import Any, get_args

from autograd_tools import Trace
from autograd_tools.base.output import FixedPath
from autograd_tools.timing import instrument
from autograd_tools.timing.instrument import levels, switch
from viewer.command.arguments import Command
from viewer.command.capture import add_trace, captured
from viewer.command.outcome import after, is_saved, tell
from viewer.files import FORMATS, draw, format_of
from viewer.graph import Graph
from viewer.labels import plural
from viewer.options import Detail, Direction, HeatBy, check_drawing
from viewer.passes import MAX_NODES, focus, group
from viewer.passes.fitting import check_budget
from viewer.passes.focusing import reduced

OPTIONS = ("backward", "direction", "heat", "links", "where")  # of `viewer.draw`


def add_draw(command: Command) -> None:
    """Declare the arguments of the command."""
    add = command.add_argument
    add(
        "-o",
        "--output",
        metavar="FILE",
        help=f"file to draw, ending in {', '.join(FORMATS)} (default: SCRIPT's name, .svg)",
    )
    add("--backward", action="store_true", help="also draw the gradients that flow back")
    add("--heat", choices=get_args(HeatBy), help="colour boxes by a measure, with a legend")
    add("--by", choices=get_args(Detail), default="op", help="the smallest boxes (default: op)")
    add(
        "--focus",
        metavar="NODE",
        help="highlight the paths from a node to the result: a Param's name, or an id such as 12",
    )
    add("--where", metavar="SEARCH", help="highlight the nodes that match a search, such as nan")
    add("--scope", metavar="NAME", help="draw only the nodes in functions or scopes with this name")
    add(
        "--line",
        metavar="FILE:LINE",
        help="draw only the nodes of a source line, such as train.py:12",
    )
    add("--open", metavar="NAME", help="expand a folded group: its name, or the id of a node in it")
    add(
        "--max-nodes",
        type=int,
        default=MAX_NODES,
        metavar="N",
        help=f"collapse groups until at most N boxes are left (default: {MAX_NODES})",
    )
    add(
        "--direction",
        choices=get_args(Direction),
        help="flow direction (default: whichever fits better)",
    )
    add("--links", metavar="EDITOR", help="link boxes to the source: file, vscode, pycharm")
    add_trace(command)
    command.set_defaults(run=run_draw)


def run_draw(args: argparse.Namespace) -> int:
    """Draw; `--heat time` switches the timer on."""
    output = FixedPath.of(args.output or f"{args.script.stem}.svg")
    check_drawing({"links": args.links}, format_of(output))
    check_budget(args.max_nodes)
    with ExitStack() as stack:
        if args.heat == "time" and not instrument.ENABLED and not is_saved(args):
            stack.callback(switch, *levels())
            switch(True, lines=False, shapes=False, kept=False)
        if args.heat == "time":  # ours must not reach the processes that the script starts
            os.environ.pop("AUTOGRAD_TIMER", None)
        trace, status = captured(args)
    if trace is None:
        return status

    def write_picture() -> None:
        graph = _part(trace, args)
        options: dict[str, Any] = {name: getattr(args, name) for name in OPTIONS}
        draw(graph, output, focus=_id_or_name(args.focus), **options)
        tell(f"drew {plural(len(trace), 'node')}", output)

    return after(status, write_picture)


def _part(trace: Trace, args: argparse.Namespace) -> Graph:
    """Return what is to be drawn of a trace."""
    graph = group(trace)
    if args.scope or args.line:
        graph = focus(graph, scope=args.scope, line=args.line)
    options: dict[str, Any] = {name: getattr(args, name) for name in ("by", "heat")}
    opened = _id_or_name(args.open) if args.open else ()
    return reduced(graph, args.max_nodes, open=opened, show=_id_or_name(args.focus), **options)


def _id_or_name(text: str | None) -> Any:
    return int(text) if text is not None and text.isdecimal() else text
