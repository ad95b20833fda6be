"""The command `autograd-tools map`: a gradient and its profile as an interactive page."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, get_args

from autograd_tools import Timer, Trace
from autograd_tools.base.output import write_bytes
from viewer.command import profiling
from viewer.command.arguments import Command
from viewer.command.choice import add_choice, check_choice
from viewer.command.outcome import after, is_saved, tell
from viewer.facts.search import find
from viewer.inputs import as_trace, kind_of
from viewer.map.page import map_page, profile_parts
from viewer.options import Detail, Direction, HeatBy

AT_FIRST = ("by", "heat", "direction", "where")  # of `viewer.to_map`


def add_map(command: Command) -> None:
    """Declare the arguments of the command."""
    add = command.add_argument
    add("-o", "--output", metavar="FILE", help="page to write (default: SCRIPT's name, .html)")
    add_choice(command)
    add("--sample", action="store_true", help="also sample the Python code, with pyinstrument")
    add("--profile", metavar="FILE", help="saved profile to show with a saved trace")
    add("--by", choices=get_args(Detail), default="op", help="the smallest boxes (default: op)")
    add("--heat", choices=get_args(HeatBy), help="colour boxes by a measure")
    add("--focus", metavar="NODE", help="select a node: the name of a Param, or an id such as 12")
    add("--where", metavar="SEARCH", help="search for nodes, such as nan")
    add("--direction", choices=get_args(Direction), help="flow direction")
    command.add_script("trace")
    command.set_defaults(run=run_map)


def run_map(args: argparse.Namespace) -> int:
    """Profile the script and write the page, or write that of a saved file."""
    output, node = args.output or f"{args.script.stem}.html", args.focus
    if args.where:
        find(Trace(()), args.where)  # checks it before the script runs
    looks = {name: getattr(args, name) for name in AT_FIRST}
    looks["focus"] = int(node) if node is not None and node.isdecimal() else node
    if is_saved(args, step=1, inner=False, sample=False):
        return after(0, lambda: _write_saved(args, output, looks))
    if args.profile:
        raise ValueError("--profile adds a saved profile to a saved trace; a script gets its own")
    check_choice(args)
    of_profile = Command()
    profiling.add_profile(of_profile)
    defaults = vars(of_profile.parse_args([]))
    chosen = {name: getattr(args, name) for name in ("script", "step", "inner", "sample")}
    asked = {**defaults, **chosen, "map": True, "html": output, "looks": {"view": "graph", **looks}}
    return profiling.profile(argparse.Namespace(**asked))


def _write_saved(args: argparse.Namespace, output: str, looks: dict[str, Any]) -> None:
    path, title = args.script.name, Path(args.script.name).stem
    parts = profile_parts(Timer.load(args.profile)) if args.profile else ()
    x: Timer | Trace = Timer.load(path) if kind_of(path) == "profile" else as_trace(path)
    write_bytes(output, map_page(x, title, parts, **looks).encode())
    tell("mapped", output)
