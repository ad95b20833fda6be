"""Nodes as equations, `v4 = w @ v3`: their names and calls in a lesson."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from rich.cells import cell_len

from autograd_tools import Trace
from autograd_tools.tracing.columns import Argument, TraceNode
from viewer.terminal.symbols import Names
from viewer.text.lines import shorten
from viewer.text.signs import infix

LONGEST_CONSTANT = 40
LONGEST_ARGUMENT = 120
DEEPEST = 3  # closing brackets of a cut call
CLOSING = {"(": ")", "[": "]", "{": "}"}
_ARRAY = re.compile(r"[a-z]+\d*\[[\d,]*\]")


@dataclass(frozen=True)
class Equation:
    """An equation of a node.

    `constants` has the names and texts of constant arrays, by the position of their argument,
    counted from 0.
    """

    text: str
    args: tuple[str, ...] = ()
    kwargs: Mapping[str, str] | None = None
    constants: Mapping[int, tuple[str, str]] | None = None


def equation_of(node: TraceNode, trace: Trace, names: Names) -> Equation:
    """Return a node as an equation, a leaf as its name alone."""
    if node.kind != "result":
        return Equation(names[node.id])
    given = [arg for arg in node.args if arg.keyword is None]
    arrays = [i for i, arg in enumerate(given) if not arg.nodes and _ARRAY.fullmatch(arg.text)]
    constant = f"{names.constant}{node.id}"
    called = {i: f"{constant}_{i + 1}" if len(arrays) > 1 else constant for i in arrays}
    args = tuple(called.get(i) or _argument(arg, trace, names) for i, arg in enumerate(given))
    kwargs = {arg.keyword: _argument(arg, trace, names) for arg in node.args if arg.keyword}
    call = "" if kwargs else infix(node.op, args)
    if not call:
        options = (f"{name}={text}" for name, text in kwargs.items())
        call = f"{shorten(node.op)}({', '.join([*args, *options])})"
    constants = {i: (name, given[i].text) for i, name in called.items()}
    return Equation(f"{names[node.id]} = {call}", args, kwargs, constants)


def _argument(argument: Argument, trace: Trace, names: Names) -> str:
    """Return an argument with the names of its nodes instead of their shapes."""
    if not argument.nodes:
        return shorten(argument.text, LONGEST_CONSTANT)
    pieces: list[str] = []
    end = 0
    for id in argument.nodes:
        operand = trace.columns.operand(id)
        start = argument.text.find(operand, end)
        if start < 0 and pieces and argument.text.endswith("...]"):  # a long list
            break
        if start < 0:
            listed = ", ".join(names[id] for id in argument.nodes)
            return cut(f"[{listed}]", LONGEST_ARGUMENT)
        pieces += [argument.text[end:start], names[id]]
        end = start + len(operand)
    return cut("".join([*pieces, argument.text[end:]]), LONGEST_ARGUMENT)


def cut(text: str, width: int) -> str:
    """Return a text of at most `width` columns, with `…` and the closing brackets where it is cut.

    >>> cut("stack([v1, v2, v3, v4], axis=1)", 15)
    'stack([v1, …])'
    """
    whole = shorten(text, max(len(text), 1))
    if cell_len(whole) <= width:
        return whole
    kept = shorten(whole, width - DEEPEST)[:-1]
    kept = kept[: kept.rfind(", ") + 2] if ", " in kept else kept
    open_brackets: list[str] = []
    for c in kept:
        if c in CLOSING:
            open_brackets.append(CLOSING[c])
        elif open_brackets and c == open_brackets[-1]:
            open_brackets.pop()
    return f"{kept}…{''.join(open_brackets[::-1])}"
