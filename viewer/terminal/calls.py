"""A call whose VJP rule is explained: its texts and shapes."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from autograd_tools import Trace
from autograd_tools.tracing.columns import Argument, TraceNode
from viewer.terminal.equations import Equation
from viewer.text.signs import items_of

Shape = tuple[int, ...] | None  # None where unknown


@dataclass(frozen=True)
class Call:
    """The texts of a call with those of its gradient and value, and the shapes of all arrays.

    `argument` is the number of the argument whose gradient is explained, from 1.
    """

    op: str
    argument: int
    dy: str
    y: str
    args: Sequence[str]
    kwargs: Mapping[str, str]
    shapes: Sequence[Shape]
    shape: Shape  # of the value
    parts: Sequence[Shape] = ()  # of the arrays in a list of them
    is_complex: bool = False

    @property
    def x(self) -> str:
        """The text of the argument."""
        return self.args[self.argument - 1]

    @property
    def other(self) -> str:
        """The text of the other one of the first two arguments."""
        return self.args[2 - self.argument] if 2 - self.argument < len(self.args) else ""

    def ndim(self, argument: int) -> int:
        """Return the number of dimensions of an argument, of the value for 0; -1 if unknown."""
        shape = self.shapes[argument - 1] if argument else self.shape
        return -1 if shape is None else len(shape)

    def option(self, name: str, position: int, default: Any = None) -> Any:
        """Return the value of an option; one that is no literal as text."""
        given = self.args[position - 1] if len(self.args) >= position else None
        text = self.kwargs.get(name, given)
        if text is None:
            return default
        with suppress(ValueError, SyntaxError):
            return ast.literal_eval(text)
        return text

    def takes(self, most: int, options: str = "") -> bool:
        """Return whether it has at most these options and this number of other arguments."""
        return len(self.args) <= most and self.kwargs.keys() <= {*options.split()}

    def format(self, form: str) -> str:
        """Return a formula with the texts of this call."""
        return form.format(*self.args, dy=self.dy, y=self.y, x=self.x, other=self.other)


def before(axis: int, ndim: int) -> str:
    """Return the beginning of an index at an axis: `:, ` for the second one."""
    return "..., " if axis == -1 and ndim > 1 else ":, " * (axis % ndim)


def call_of(node: TraceNode, trace: Trace, argument: int, equation: Equation, y: str) -> Call:
    """Return a node as a call to explain; `y` is its name."""
    given = [arg for arg in node.args if arg.keyword is None]
    values = [trace[id].value for id in (node.id, *node.parents)]
    listed = given[argument - 1].text
    return Call(
        node.op,
        argument,
        f"∇{y}",
        y,
        equation.args,
        equation.kwargs or {},
        [_shape(arg, trace) for arg in given],
        node.value.shape if node.value else None,
        [_shape_in(item) for item in items_of(listed) if item != "..."],
        any("complex" in (value.dtype or "") for value in values if value),
    )


def chain_rule(call: Call, names: Sequence[str]) -> str:
    """Return the rule of a function that has no formula: `∇v3 · ∂v3/∂x`."""
    of = names[0] if len(names) == 1 else f"({', '.join(names)})"
    return f"{call.dy} · ∂{call.y}/∂{of}"


def _shape(arg: Argument, trace: Trace) -> Shape:
    if len(arg.nodes) == 1 and arg.text == trace.columns.operand(arg.nodes[0]):
        value = trace[arg.nodes[0]].value
        return value.shape if value else None
    return None if arg.nodes else _shape_in(arg.text)


def _shape_in(text: str) -> Shape:
    """Return the shape that a description tells: that of `R(float64[2,3])` or of a number."""
    inner = re.sub(r"^[PRT]\((.*)\)$", r"\1", text)
    if found := re.fullmatch(r"[a-z]+\d*\[([\d,]*)\]", inner):
        return tuple(int(n) for n in found[1].split(",") if n)
    return () if re.fullmatch(r"[-+\d.]\S*|nan|inf|True|False", inner) else None
