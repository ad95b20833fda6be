"""What makes two operations equal, apart from where their arguments come from: a number for each node."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from typing import Any

from autograd_tools import Trace
from autograd_tools.trace import Argument
from viewer.graph import Graph

# In the text of a constant: strings and the shapes of arrays, which stay as they are, or a number.
_PARTS = re.compile(r"""'[^']*'|"[^"]*"|[^\W\d]\w*(?:\[[\d,]*\])?|(\d[\d_]*(?:\.\d*)?(?:e[+-]?\d+)?j?)""")


class Numbers:
    """Gives equal things equal numbers."""

    def __init__(self) -> None:
        self._known: dict[Any, int] = {}

    def of(self, thing: Any) -> int:
        """The number of a thing, a new one if none that is equal was seen."""
        return self._known.setdefault(thing, len(self._known))


def signatures(graph: Graph, numbers: Numbers, apart: Iterable[int]) -> list[int]:
    """The numbers of the nodes by id: equal ones did the same, on the same line, and made a value of the same shape.

    Numbers among the arguments may differ, not their types; keyword arguments must be the same. Nodes `apart` are equal
    to no other.
    """
    columns, hidden, apart = graph.trace.columns, graph.hidden, set(apart)
    found = [-1]
    rows = zip(columns.kind, columns.op, columns.file, columns.line, columns.value.shape, columns.value.dtype, strict=True)
    for id, (row, args, parents) in enumerate(zip(rows, arguments(graph.trace), columns.parents, strict=True), 1):
        thing: Any = (row, _pattern(args), len(parents), id in hidden)
        if row[0] != "result":  # where a leaf was first met does not matter
            shape, dtype = row[4:]
            thing = (row[0], shape, dtype, columns.value.text[id - 1] if shape is None else "", id in hidden)
        found.append(numbers.of((thing, id) if id in apart else thing))
    return found


def arguments(trace: Trace) -> Iterable[tuple[Argument, ...]]:
    """The arguments of all nodes."""
    return getattr(trace.columns, "args", None) or (node.args for node in trace.nodes)


def _pattern(args: tuple[Argument, ...]) -> tuple[object, ...]:
    return tuple(len(arg.nodes) or (_without_numbers(arg.text) if arg.keyword is None else (arg.keyword, arg.text)) for arg in args)


@functools.lru_cache(maxsize=10_000)
def _without_numbers(text: str) -> str:
    """`float64[3]` as it is; `0.5` as `f`, `(1, :2)` as `(i, :i)`."""
    return _PARTS.sub(lambda part: part[0] if part[1] is None else _type(part[1]), text)


def _type(number: str) -> str:
    return "c" if number.endswith("j") else "f" if "." in number or "e" in number else "i"
