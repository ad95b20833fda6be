"""Traces in the terminal: as a list, a tree of scopes, or a table."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from rich.console import Console, ConsoleOptions, RenderableType
from rich.table import Table
from rich.text import Text

from autograd_tools import Trace
from autograd_tools.text import one_line
from autograd_tools.trace import TraceNode
from viewer.inputs import Traceable, as_trace

NARROWEST = 20  # columns
WIDE = 1_000_000  # columns, for text that must not wrap


def show(x: Traceable, view: str = "list", *, file: IO[str] | None = None) -> None:
    """Print a trace: in colour and folded to the width of a terminal, in plain lines to a pipe or file.

    `view` is "list" (a line a node, as the seed has it), "tree" (by scope) or "table" (a column for each fact).
    """
    console = Console(file=file, highlight=False)
    console.width = max(console.width, NARROWEST)
    if console.is_terminal:
        console.print(_render(as_trace(x), view))
    else:
        write(to_text(x, view), console.file)


def write(text: str, file: IO[str]) -> None:
    """Write a text and a line end; what the encoding of the file cannot say becomes a question mark."""
    encoding = getattr(file, "encoding", None) or "utf-8"
    file.write(text.encode(encoding, "replace").decode(encoding) + "\n")


def to_text(x: Traceable, view: str = "list", *, width: int | None = None) -> str:
    """A trace as plain text; lines are folded to `width` columns if it is given.

    >>> import numpy as np, autograd_tools as ag, viewer
    >>> w = ag.Param(np.ones(3), name="w")
    >>> print(viewer.to_text(ag.diff(lambda: np.sum(w * 2)), "tree"))
    3 nodes
    ├── 1. w = P(float64[3]) ∇=float64[3]
    ├── 2. float64[3] = multiply(P(float64[3]), 2) ∇=float64[3]
    └── 3. 6.0 = sum(R(float64[3])) ∇=1.0
    """
    if width is not None and width < NARROWEST:
        raise ValueError(f"a width of at least {NARROWEST} columns is needed, and got {width}")
    trace = as_trace(x)
    if view == "list" and width is None:
        return str(trace)
    return plain_text(_render(trace, view), width)


def plain_text(renderable: RenderableType, width: int | None = None) -> str:
    """What rich would print, without colours."""
    console = Console(file=io.StringIO(), width=width or WIDE, color_system=None, highlight=False, force_terminal=False)
    console.print(renderable)
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines())  # type: ignore[attr-defined]


def _render(trace: Trace, view: str) -> RenderableType:
    if view not in VIEWS:
        raise ValueError(f"no view {view!r}; there are: {', '.join(VIEWS)}")
    return VIEWS[view](trace)


def _list(trace: Trace) -> RenderableType:
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column(overflow="fold")
    for node in trace:
        grid.add_row(Text(f"{node.id}.", style="dim"), _line(node))
    return grid


def _line(node: TraceNode) -> Text:
    """A line of a listing, in colour."""
    line = Text()
    if node.kind == "result":
        line.append(_value(node), style="default")
        line.append(" = ")
        name, rest = node.call[: len(node.op)], node.call[len(node.op) :]
        line.append(one_line(name), style="bold cyan")
        line.append(one_line(rest))
    else:
        line.append(one_line(node.call), style="bold green")
    if node.outgrad is not None:
        line.append(one_line(f" ∇={node.outgrad.text}"), style="yellow")
    return line


def _value(node: TraceNode) -> str:
    return one_line(node.value.text) if node.value else "R(None)"


def _tree(trace: Trace) -> RenderableType:
    """Nodes below the calls of functions and the scopes they ran in."""
    root = _Branch(Text(f"{len(trace)} nodes", style="dim"))
    branches: dict[tuple[int, ...], _Branch] = {(): root}
    for node in trace:
        home = trace[node.children[0]] if node.kind != "result" and node.children else node  # a leaf stands at its first use
        branch = root
        for depth, name in enumerate(home.scope, 1):
            path = home.calls[:depth]
            if path not in branches:
                branches[path] = _Branch(Text(one_line(name), style="bold magenta"))
                branch.below.append(branches[path])
            branch = branches[path]
        named = Text(f"{one_line(node.name)} = " if node.name else "")
        branch.below.append(_Branch(Text(f"{node.id}. ", style="dim") + named + _line(node)))
    return root


@dataclass
class _Branch:
    """A line of a tree and the branches below it, for rich to print: folded, however deep it is."""

    text: Text
    below: list[_Branch] = field(default_factory=list)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        todo = [(self, "", "")]
        while todo:
            branch, guide, deeper = todo.pop()
            room = max(options.max_width // 2, options.max_width - len(guide))
            for line in branch.text.wrap(console, room, overflow="fold"):
                line.rstrip()
                yield Text(guide[-(options.max_width - room) :] if room < options.max_width else "", style="dim") + line
                guide = deeper
            marks = [("├── ", "│   ")] * (len(branch.below) - 1) + [("└── ", "    ")]
            todo += [(b, deeper + first, deeper + rest) for b, (first, rest) in zip(branch.below[::-1], marks[::-1], strict=False)]


def _table(trace: Trace) -> RenderableType:
    """A column for each fact about a node."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for header, style in (
        ("", "dim"),
        ("operation", "cyan"),
        ("value", ""),
        ("gradient", "yellow"),
        ("∇ norm", "yellow"),
        ("source", "dim"),
    ):
        table.add_column(header, style=style, overflow="fold", justify="right" if header in ("", "∇ norm") else "left")
    for node in trace:
        operation = node.op if node.kind == "result" else f"{node.kind} {node.name}".rstrip()
        norm = node.outgrad.norm if node.outgrad else None
        table.add_row(
            str(node.id),
            Text(one_line(operation)),
            Text(_value(node)),
            Text(one_line(node.outgrad.text) if node.outgrad else ""),
            "" if norm is None else f"{norm:.3g}",
            Text(one_line(f"{Path(node.file).name}:{node.line}")) if node.file else "",
        )
    return table


# Adding a view is adding an entry here.
VIEWS: dict[str, Callable[[Trace], RenderableType]] = {"list": _list, "tree": _tree, "table": _table}
