"""Nodes as equations, `v4 = w @ v3`: what they are called in a lesson, and what their calls look like there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from autograd_tools import Trace
from autograd_tools.tracing.columns import Argument, TraceNode
from viewer.text.lines import shorten

LONGEST_NAME = 24  # characters
LONGEST_CONSTANT = 40
_OUR_NAMES = re.compile(r"[vc]\d+(_\d+)?")
_ARRAY = re.compile(r"[a-z]+\d*\[[\d,]*\]")

# Operations that are written otherwise than as a call, with their arguments in place of 0 and 1.
SIGNS = {
    "add": "{} + {}",
    "subtract": "{} - {}",
    "multiply": "{} * {}",
    "divide": "{} / {}",
    "power": "{} ** {}",
    "remainder": "{} % {}",
    "matmul": "{} @ {}",
    "getitem": "{}[{}]",
    "getattr": "{}.{}",
    "negative": "-{}",
    "positive": "+{}",
}

UNQUOTED = {
    "getitem": "()",
    "getattr": "'",
}  # what these signs need not around their second argument


class Names:
    """What nodes are called: Params and inputs by their name, if no other has the same; else `v3`, by their number."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.times = Counter(trace.columns.name)

    def __getitem__(self, id: int) -> str:
        own = self.trace.columns.name[id - 1]
        return (
            shorten(own, LONGEST_NAME)
            if own.strip() and self.times[own] == 1 and not _OUR_NAMES.fullmatch(own)
            else f"v{id}"
        )


@dataclass(frozen=True)
class Equation:
    """What a node computes; `constants` has the names and texts of arguments that are constant arrays, by position from 0."""

    text: str
    args: tuple[str, ...] = ()
    kwargs: Mapping[str, str] | None = None
    constants: Mapping[int, tuple[str, str]] | None = None


def equation_of(node: TraceNode, trace: Trace, names: Names) -> Equation:
    """A node as an equation; a leaf is its name alone."""
    if node.kind != "result":
        return Equation(names[node.id])
    given = [argument for argument in node.args if argument.keyword is None]
    arrays = [
        position
        for position, argument in enumerate(given)
        if not argument.nodes and _ARRAY.fullmatch(argument.text)
    ]
    called = {
        position: f"c{node.id}_{position + 1}" if len(arrays) > 1 else f"c{node.id}"
        for position in arrays
    }
    args = tuple(
        called.get(position) or _operand(argument, trace, names)
        for position, argument in enumerate(given)
    )
    kwargs = {
        argument.keyword: shorten(argument.text, LONGEST_CONSTANT)
        for argument in node.args
        if argument.keyword
    }
    form = SIGNS.get(node.op, "")
    if kwargs or not args or form.count("{}") != len(args):
        call = f"{shorten(node.op)}({', '.join([*args, *(f'{name}={text}' for name, text in kwargs.items())])})"
    else:
        call = form.format(args[0], *(arg.strip(UNQUOTED.get(node.op, "")) for arg in args[1:]))
    return Equation(
        f"{names[node.id]} = {call}",
        args,
        kwargs,
        {at: (name, given[at].text) for at, name in called.items()},
    )


def _operand(argument: Argument, trace: Trace, names: Names) -> str:
    """An argument with the names of the nodes in it instead of their shapes."""
    pieces, rest = [], argument.text
    for id in argument.nodes:
        node = trace[id]
        shown = (
            f"{'R' if node.kind == 'result' else 'P'}({node.value.text if node.value else None})"
        )
        before, found, after = rest.partition(shown)
        if not found:
            return f"[{', '.join(names[id] for id in argument.nodes)}]"
        pieces += [before, names[id]]
        rest = after
    return "".join(pieces) + rest if argument.nodes else shorten(rest, LONGEST_CONSTANT)
