"""The backward pass told step by step, in formulas with the names and numbers of the user's program."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from autograd_tools import Tape
from autograd_tools.base.text import Text, columns
from autograd_tools.debug.rule_formulas import RuleText, rule_of
from autograd_tools.tracing.columns import TraceNode
from autograd_tools.tracing.summaries import Summary
from viewer.inputs import Traceable, as_trace
from viewer.labels import number, plural
from viewer.terminal.equations import Equation, Names, equation_of
from viewer.text.lines import shorten

MOST_NODES = 40
IN_FULL = 6  # numbers of an array that are shown
LONGEST_FORMULA = 120  # characters
LONGEST_REMARK = 140
WIDEST = 56  # columns; what is wider pushes the next column to the right in its own line only

Row = tuple[str, str, str]  # an equation, what comes out, and a remark
Contribution = tuple[
    int, int
]  # a node, and the number of its argument, from which a gradient flows back

FORWARD = "Forward: each value is computed from those above it."
BACKWARD = "Backward, newest first: ∇v says how much the result grows with v."
NO_BACKWARD = "Nothing flowed back yet: J.backward(loss) computes the gradients of a number."
NOT_KNOWN = "rule not known here"


def explain(x: Traceable, *, max_nodes: int = MOST_NODES) -> Text:
    """The gradient as a lesson: what was computed; then, newest first, what flows back into each argument, and by which rule.

    `v3` is what node 3 computed, Params have their names, `c3` is a constant array in node 3, and `∇v3` is the gradient of the
    result with respect to `v3`. Of a Tape, arrays of up to 6 numbers are shown; a Trace does not have them. Of more than
    `max_nodes` nodes the oldest and the newest are told. ValueError for a `max_nodes` below 1.

    >>> import numpy as np, autograd_tools as ag, viewer
    >>> w = ag.Param(np.array([0.0, 1.0]), name="w")
    >>> print(viewer.explain(ag.diff(lambda: np.sum(np.sin(w) * 2))))
    Forward: each value is computed from those above it.
    1. w             float64[2] = [0 1]       Param
    2. v2 = sin(w)   float64[2] = [0 0.8415]
    3. v3 = v2 * 2   float64[2] = [0 1.683]
    4. v4 = sum(v3)  1.68294                  the result
    <BLANKLINE>
    Backward, newest first: ∇v says how much the result grows with v.
       ∇v4 = 1                       1
    4. ∇v3 = broadcast_to(∇v4, shape(v3))  float64[2] = [1 1]
    3. ∇v2 = ∇v3 * 2                 float64[2] = [2 2]
    2. ∇w = ∇v2 * cos(w)             float64[2] = [2 1.081]
    """
    if isinstance(max_nodes, bool) or not isinstance(max_nodes, int) or max_nodes < 1:
        raise ValueError(f"max_nodes= is a number from 1 on, and got {max_nodes!r}")
    return Text("\n".join(_Lesson(x, max_nodes).lines()))


class _Lesson:
    """A trace to be told, and the nodes of its tape, if there is one, which have the numbers."""

    def __init__(self, x: Traceable, most: int) -> None:
        self.trace = as_trace(x)
        self.nodes = x.nodes if isinstance(x, Tape) else None
        self.names = Names(self.trace)
        self.reached: np.ndarray = self.trace.columns.outgrad.there
        n, oldest = len(self.trace), most // 2
        self.ids = (
            [*range(1, n + 1)]
            if n <= most
            else [*range(1, oldest + 1), *range(n + 1 - most + oldest, n + 1)]
        )
        self._said: set[str] = set()  # what has been remarked on rules
        self._contributions: dict[int, list[Contribution]] = {}

    def lines(self) -> Iterator[str]:
        """The lines of the lesson."""
        result = self.trace.result
        if not self.ids:
            yield "Nothing was recorded: no Param was used."
            return
        yield FORWARD
        yield from self._told(self.ids, self._forward)
        yield ""
        if result is None:
            yield NO_BACKWARD
            return
        yield BACKWARD
        seed = (f"∇{self.names[result]} = 1", self._gradient(result), "")
        yield from self._told(self.ids[::-1], self._backward, seed)
        if missed := [self.names[id] for id in self.ids if not self.reached[id - 1]]:
            yield f"Nothing flows back to {', '.join(missed)}: ag.why_none tells why."

    def _told(
        self,
        ids: Sequence[int],
        tell: Callable[[TraceNode], Iterator[Row]],
        seed: Row | None = None,
    ) -> Iterator[str]:
        """Lines of what `tell` says of nodes, numbered, in columns."""
        rows: list[tuple[str, Row]] = [("", seed)] if seed else []
        for before, id in zip([ids[0], *ids], ids, strict=False):
            if abs(before - id) > 1:
                rows.append(
                    (
                        "",
                        (
                            f"… {plural(abs(before - id) - 1, 'node')} left out; max_nodes={len(self.trace)} tells all",
                            "",
                            "",
                        ),
                    )
                )
            rows += [(f"{id}.", row) for row in tell(self.trace[id])]
        digits = len(f"{max(ids)}.")
        widths = [
            max(
                [columns(row[i]) for _, row in rows if row[1] and columns(row[i]) <= WIDEST],
                default=0,
            )
            for i in (0, 1)
        ]
        for label, (equation, result, remark) in rows:
            yield f"{label:>{digits}} {_padded(equation, widths[0])}  {_padded(result, widths[1])}  {remark}".rstrip()

    def _forward(self, node: TraceNode) -> Iterator[Row]:
        """What a node computed, and the constant arrays that it took."""
        equation = self._equation(node)
        remarks = [
            f"{name} = {self._constant(node, at, text)}"
            for at, (name, text) in (equation.constants or {}).items()
        ]
        remarks += ["the result"] if node.id == self.trace.result else []
        remarks += (
            [node.kind.capitalize() if node.kind == "param" else node.kind]
            if node.kind != "result"
            else []
        )
        yield (
            equation.text,
            _numbers(self.nodes[node.id - 1].value if self.nodes else None, node.value),
            _remark(remarks),
        )

    def _backward(self, node: TraceNode) -> Iterator[Row]:
        """What flows back from a node into each of its arguments."""
        if node.kind != "result" or not self.reached[node.id - 1]:
            return
        equation = self._equation(node)
        for argument, given in enumerate((a for a in node.args if a.keyword is None), 1):
            if not given.nodes:
                continue
            ids = list(dict.fromkeys(given.nodes))
            rule = self._rule(node, argument, equation)
            found = [self._contributions_to(id) for id in ids]
            later = any(into[0] != (node.id, argument) for into in found if into)
            complete = [into[-1] == (node.id, argument) for into in found if into]
            remarks = [self._counted(id, (node.id, argument), many=len(ids) > 1) for id in ids[:3]]
            remarks += (
                [_broadcast(node, self.trace[ids[0]], self.names[ids[0]])] if len(ids) == 1 else []
            )
            remarks += [_flat(self.trace[id].outgrad) for id in ids[:1] if all(complete)]
            remarks += [rule.note] if rule.note not in self._said else []
            self._said.add(rule.note)
            result = ", ".join(self._gradient(id) for id in ids[:3]) if all(complete) else ""
            targets = ", ".join(f"∇{self.names[id]}" for id in ids[:3]) + (
                ", …" if len(ids) > 3 else ""
            )
            yield (
                f"{targets} {'+=' if later else '='} {shorten(rule.formula, LONGEST_FORMULA)}",
                result,
                _remark(remarks),
            )

    def _equation(self, node: TraceNode) -> Equation:
        return equation_of(node, self.trace, self.names)

    def _rule(self, node: TraceNode, argument: int, equation: Equation) -> RuleText:
        """The rule for an argument with the names of this lesson; a trace knows functions by their names only."""
        y = self.names[node.id]
        try:
            of = self.nodes[node.id - 1] if self.nodes else node.op
            return rule_of(
                of, argument, dy=f"∇{y}", y=y, args=equation.args, kwargs=equation.kwargs
            )
        except ValueError:
            return RuleText(f"{shorten(node.op)}[{argument}](∇{y})", NOT_KNOWN)

    def _contributions_to(self, id: int) -> list[Contribution]:
        """From where gradients flow back to a node, in the order in which they are added."""
        if id not in self._contributions:
            children = [
                self.trace[child]
                for child in reversed(self.trace[id].children)
                if self.reached[child - 1]
            ]
            self._contributions[id] = [
                (child.id, argument)
                for child in children
                for argument, given in enumerate((a for a in child.args if a.keyword is None), 1)
                if id in given.nodes
            ]
        return self._contributions[id]

    def _counted(self, id: int, own: Contribution, *, many: bool) -> str:
        """Which of the gradients of a node that are added up it is, where there are several."""
        into = self._contributions_to(id)
        if len(into) < 2:
            return ""
        count = (
            f"the sum of {len(into)}"
            if into[-1] == own
            else f"{into.index(own) + 1} of {len(into)} that are added"
        )
        return f"∇{self.names[id]} is {count}" if many else count

    def _gradient(self, id: int) -> str:
        return _numbers(self.nodes[id - 1].outgrad if self.nodes else None, self.trace[id].outgrad)

    def _constant(self, node: TraceNode, at: int, text: str) -> str:
        return f"{text}{_in_full(self.nodes[node.id - 1].args[at])}" if self.nodes else text


def _padded(text: str, width: int) -> str:
    return text + " " * (width - columns(text))


def _remark(parts: list[str]) -> str:
    return "; ".join(shorten(part, LONGEST_REMARK).removesuffix(".") for part in parts if part)


def _numbers(held: Any, summary: Summary | None) -> str:
    """A value: its type and shape, and its numbers where they are at hand and few."""
    return "None" if summary is None else f"{shorten(number(summary))}{_in_full(held)}"


def _in_full(held: Any) -> str:
    """The numbers of a small array."""
    small = (
        isinstance(held, np.ndarray)
        and held.ndim
        and 0 < held.size <= IN_FULL
        and held.dtype.kind in "biufc"
    )
    return f" = {_listed(held.tolist())}" if small else ""


def _listed(x: Any) -> str:
    if isinstance(x, list):
        return f"[{' '.join(map(_listed, x))}]"
    return str(x) if isinstance(x, int) else f"{x:.4g}"


def _flat(summary: Summary | None) -> str:
    """What is to be said of a gradient that is zero everywhere."""
    zero = (
        summary is not None
        and summary.shape is not None
        and summary.norm == 0
        and not summary.nans
        and not summary.infs
    )
    return "zero everywhere" if zero else ""


def _broadcast(node: TraceNode, parent: TraceNode, name: str) -> str:
    """Over which axes a gradient is summed, because the argument was repeated along them: of functions of single numbers."""
    function = getattr(np, node.op, None)
    if not (
        node.op in ("where", "clip")
        or (isinstance(function, np.ufunc) and function.signature is None)
    ):
        return ""
    if (
        node.value is None
        or parent.value is None
        or node.value.shape is None
        or parent.value.shape in (None, node.value.shape)
    ):
        return ""
    wide, narrow = node.value.shape, parent.value.shape or ()
    padded = (0,) * (len(wide) - len(narrow)) + narrow  # an axis that is not there differs from all
    axes = [str(axis) for axis, (n, m) in enumerate(zip(padded, wide, strict=True)) if n != m]
    return f"summed over ax{'i' if len(axes) == 1 else 'e'}s {', '.join(axes)}, because {name} was broadcast"
