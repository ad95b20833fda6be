"""A gradient explained: both passes as formulas with the names and numbers of the program."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
from rich.cells import cell_len

import autograd_tools as ag
from autograd_tools import Tape
from autograd_tools.base.containers import is_floating, tree_leaves
from autograd_tools.base.text import Text
from autograd_tools.tracing.columns import TraceNode
from autograd_tools.tracing.summaries import Summary
from viewer import passes
from viewer.graph import Graph
from viewer.groups import Group
from viewer.inputs import Traceable, as_trace
from viewer.labels import by_reason, few, has_floats, heading, number, plural
from viewer.terminal.equations import Equation, cut, equation_of
from viewer.terminal.latex import Latex, lines_in_latex
from viewer.terminal.symbols import Names, Unnamed, words_of
from viewer.terminal.text import NARROWEST
from viewer.terminal.vjp_texts import MOST_SHOWN, backward_of, positional
from viewer.text.lines import Row, Span, fold, plain, shorten

MOST_NODES = 40
IN_FULL = 6  # elements of an array that are shown
LONGEST_FORMULA = 120  # columns
LONGEST_REMARK = 140
FOLDED = 4  # columns of what is folded
WIDEST = 56  # columns; a wider text shifts the rest of its own line only

Line = tuple[str, str, str]  # an equation, its value, and a remark
Labelled = tuple[str, Line]
Contribution = tuple[int, int]  # a node, and the number of its argument that a gradient flows from

FORWARD = "Forward: each value is computed from those above it."
BACKWARD = "Backward, newest first: ∇v says how much the result grows with v."
NO_BACKWARD = "No backward pass yet; J.backward(loss) computes the gradients of a scalar."


def explain(
    x: Traceable | Callable[..., Any],
    *args: Any,
    max_nodes: int = MOST_NODES,
    latex: bool = False,
    width: int | None = None,
) -> Text | Latex:
    """Walk through a gradient step by step, in formulas.

    The forward pass shows each operation as an equation with its value; the backward pass, newest
    first, shows the gradient of each argument and the VJP rule that computes it. `v3` is the value
    of node 3, Params have their names, `c3` is a constant array in node 3, and `∇v3` is the
    gradient of the result with respect to `v3`. A Param is `v1` if another Param or a function has
    the same name; nodes are `v_3` if a name or function looks like `v3`.

    Three or more equal steps of a loop, or equal calls, are explained once, using the first of
    them.

    Parameters
    ----------
    x : Tape, Trace, path or function
        With a tape, arrays of up to 6 elements are shown in full; a trace contains no arrays.
    *args
        The arguments of a function. The text then ends with its gradient as NumPy source.
    max_nodes : int, default 40
        The maximum number of nodes: the oldest and the newest are explained.
    latex : bool, default False
        Return LaTeX, which notebooks render.
    width : int, optional
        The number of terminal columns, at least 20, to which lines are folded.

    Returns
    -------
    Text or Latex
        The explanation: a string that an interactive session prints unquoted, or a string of LaTeX.

    Raises
    ------
    ValueError
        If `max_nodes` is below 1 or `width` below 20.

    Examples
    --------
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
    if not args:
        return lesson(x, max_nodes, latex=latex, width=width)  # type: ignore[arg-type]
    if not callable(x):
        raise TypeError(f"expected a function before its arguments, got {type(x).__name__}: {x!r}")
    told = lesson(ag.trace(x, *args), max_nodes, latex=latex, width=width)
    return told if latex else Text(f"{told}\n\nIn NumPy:\n\n{_source_of_gradient(x, args)}")


def _source_of_gradient(f: Callable[..., Any], args: tuple[Any, ...]) -> str:
    """Return the source of the gradient with respect to each argument that is a number."""
    numbers = [i for i, x in enumerate(args) if any(map(is_floating, tree_leaves(x)))]
    return ag.source(ag.grad(f, numbers[0] if len(numbers) == 1 else tuple(numbers)), *args)


def lesson(
    x: Traceable, most: int, *, latex: bool, width: int | None, option: str = "max_nodes="
) -> Text | Latex:
    """Return what `explain` returns; `option` is how more nodes are asked for."""
    if isinstance(most, bool) or not isinstance(most, int) or most < 1:
        raise ValueError(f"max_nodes= must be 1 or more, got {most!r}")
    if width is not None and width < NARROWEST:
        raise ValueError(f"width= must be {NARROWEST} or more, got {width}")
    made = _Lesson(x, most, option)
    if latex:
        return lines_in_latex([line for _, line in made.all_lines()])
    return plain(made.rows(width))


class _Lesson:
    """A trace to explain, and the nodes of its tape, if there is one, which hold the arrays."""

    def __init__(self, x: Traceable, most: int, option: str) -> None:
        self.option = option
        self.trace = as_trace(x)
        self.nodes = x.nodes if isinstance(x, Tape) else None
        self.names: Names = Unnamed()
        self.reached: np.ndarray = self.trace.columns.outgrad.there
        graph = passes.fold(self.trace)
        ids, oldest = _told(graph), most // 2
        self.ids = ids if len(ids) <= most else [*ids[:oldest], *ids[oldest - most :]]
        self.left_out = len(ids) - len(self.ids)
        self.cut = self.ids[oldest] if self.left_out else 0  # the first id after those left out
        self.folds = _folds(graph)
        self._said: set[str] = set()  # remarks on rules, each made once
        self._contributions: dict[int, list[Contribution]] = {}
        self._arguments: dict[int, dict[int, list[int]]] = {}
        words = [words_of(line[0]) for label, line in self.all_lines() if label]
        self.names = Names(self.trace, set().union(*words))
        self._said.clear()

    def rows(self, width: int | None) -> Iterator[Row]:
        """Yield the lines of the lesson, folded to a width."""
        lines: list[Labelled] = []
        for label, line in self.all_lines():
            if label is None:  # a text of its own between two parts
                yield from _in_columns(lines, width)
                yield from fold([Span(line[0])], width)
                lines = []
            else:
                lines.append((label, line))
        yield from _in_columns(lines, width)

    def all_lines(self) -> Iterator[tuple[str | None, Line]]:
        """Yield the lines with the numbers of their nodes; None for a text of its own."""
        result = self.trace.result
        if not self.ids:
            yield None, ("Nothing was recorded: no Param was used.", "", "")
            return
        yield None, (FORWARD, "", "")
        yield from self._numbered(self.ids, self._forward)
        yield None, ("", "", "")
        if result is None:
            yield None, (NO_BACKWARD, "", "")
            return
        if any(self.reached):
            yield None, (BACKWARD, "", "")
            yield "", (self._first(result), self._gradient(result), "")
            yield from self._numbered(self.ids[::-1], self._backward)
        known = self.trace.columns.reasons
        missed = [id for id in self.ids if not self.reached[id - 1]]
        if unknown := [self.names[id] for id in missed if not known and has_floats(self.trace[id])]:
            yield None, (f"No gradient reaches {few(unknown)}; see ag.why_none.", "", "")
        reasons = {self.names[id]: known[id - 1] for id in missed if id - 1 in known}
        if reasons:
            if any(self.reached):
                yield None, ("", "", "")
            yield None, ("Params without gradients:", "", "")
            yield from ((None, (line, "", "")) for line in by_reason(reasons))

    def _first(self, result: int) -> str:
        """Return the gradient that a backward pass starts from: 1, or an array of the caller."""
        own = self.trace[result].outgrad
        is_array = own is not None and bool(own.shape)
        return f"∇{self.names[result]} {'is given' if is_array else '= 1'}"

    def _numbered(
        self, ids: Sequence[int], lines_of: Callable[[TraceNode], Iterator[Line]]
    ) -> Iterator[Labelled]:
        """Yield the lines of some nodes with their numbers, and what stands between them."""
        backward = ids[0] > ids[-1]
        for before, id in zip([0, *ids], ids, strict=False):
            if self.left_out and before and self.cut in (id, before) and abs(before - id) > 1:
                more = f"pass {self.option}{len(self.ids) + self.left_out} to see them all"
                yield "", (f"… {plural(self.left_out, 'node')} omitted; {more}", "", "")
            for first, last, text in self.folds:
                if id == (last if backward else first):
                    yield "", (text, "", "")
            for line in lines_of(self.trace[id]):
                yield f"{id}.", line

    def _forward(self, node: TraceNode) -> Iterator[Line]:
        """Yield the equation of a node, with the constant arrays in it."""
        equation = self._equation(node)
        constants = (equation.constants or {}).items()
        remarks = [f"{name} = {self._constant(node, i, text)}" for i, (name, text) in constants]
        if node.id == self.trace.result:
            remarks.append("the result")
        if node.kind != "result":
            kind = "Param" if node.kind == "param" else node.kind
            remarks.append(kind if node.id in self.names.own else f"{kind} {node.name}".rstrip())
        held = self.nodes[node.id - 1].value if self.nodes else None
        yield equation.text, _value(held, node.value), _remark(remarks)

    def _backward(self, node: TraceNode) -> Iterator[Line]:
        """Yield the gradients that flow from a node into its arguments."""
        if node.kind != "result" or not self.reached[node.id - 1]:
            return
        equation = self._equation(node)
        for argument, given in positional(node):
            if given.nodes:
                yield self._into(node, argument, list(dict.fromkeys(given.nodes)), equation)

    def _into(self, node: TraceNode, argument: int, ids: list[int], equation: Equation) -> Line:
        own, shown = (node.id, argument), ids[:MOST_SHOWN]
        of = self.nodes[node.id - 1] if self.nodes else node.op  # a trace has names only
        rule = backward_of(node, argument, equation, self.trace, self.names, of)
        found = [into for id in ids if (into := self._contributions_to(id))]
        later = any(into[0] != own for into in found)
        complete = all(into[-1] == own for into in found)
        remarks = [self._term(id, own, many=len(ids) > 1) for id in shown]
        if len(ids) == 1:
            remarks.append(_broadcast(node, self.trace[ids[0]], self.names[ids[0]]))
        if complete:
            remarks.append(_flat(self.trace[ids[0]].outgrad))
        if rule.note not in self._said:
            remarks.append(rule.note)
        self._said.add(rule.note)
        sign = "+=" if later or rule.index else "="
        text = f"{rule.targets} {sign} {cut(rule.formula, LONGEST_FORMULA)}"
        return text, ", ".join(map(self._gradient, shown)) if complete else "", _remark(remarks)

    def _equation(self, node: TraceNode) -> Equation:
        return equation_of(node, self.trace, self.names)

    def _contributions_to(self, id: int) -> list[Contribution]:
        """Return the gradients that are accumulated at a node, in order."""
        if id not in self._contributions:
            self._contributions[id] = [
                (child, argument)
                for child in reversed(self.trace[id].children)
                if self.reached[child - 1]
                for argument in self._arguments_of(child)[id]
            ]
        return self._contributions[id]

    def _arguments_of(self, child: int) -> Mapping[int, list[int]]:
        """Return the positional arguments of a node that hold each other one."""
        if child not in self._arguments:
            held = self._arguments[child] = defaultdict(list)
            for argument, given in positional(self.trace[child]):
                for id in dict.fromkeys(given.nodes):
                    held[id].append(argument)
        return self._arguments[child]

    def _term(self, id: int, own: Contribution, *, many: bool) -> str:
        """Return the place of a gradient among several that are accumulated."""
        into = self._contributions_to(id)
        if len(into) < 2:
            return ""
        last = into[-1] == own
        term = f"the sum of {len(into)}" if last else f"term {into.index(own) + 1} of {len(into)}"
        return f"∇{self.names[id]} is {term}" if many else term

    def _gradient(self, id: int) -> str:
        return _value(self.nodes[id - 1].outgrad if self.nodes else None, self.trace[id].outgrad)

    def _constant(self, node: TraceNode, at: int, text: str) -> str:
        return f"{text}{_elements(self.nodes[node.id - 1].args[at])}" if self.nodes else text


def _told(graph: Graph) -> list[int]:
    """Return the nodes to explain: the first of many equal ones, both of two."""
    pairs = (group.copies[1] for group in graph.root.inner() if group.times == 2)
    first = _first_computed(graph)
    return sorted({first.get(id, id) for id in (*graph.alike, *chain.from_iterable(pairs))})


def _first_computed(graph: Graph) -> dict[int, int]:
    """Return the node to explain for one of a first copy, which a recursion computes last."""
    found: dict[int, int] = {}
    for group in graph.root.inner():
        if group.times > 2:
            for model, id in zip(group.copies[0], min(group.copies, key=min), strict=True):
                found[model] = found.get(id, id)
    return found


def _folds(graph: Graph) -> list[tuple[int, int, str]]:
    """Return the first and the last node of each folded group that is explained, and a heading."""
    found, first = [], _first_computed(graph)
    for whole in graph.root.inner():
        for group in whole.members:
            if not isinstance(group, Group) or group.kind == "leaves" or group.times <= 2:
                continue
            own = [first[id] for id in group.copies[0] if id in graph.alike]
            of = f" of {heading(whole)}" if whole.kind in ("loop", "recursion") else ""
            text = f"{heading(group)}{of}: {group.times:,} times alike; the first:"
            found += [(min(own), max(own), text)] if own else []
    return found


def _in_columns(lines: Sequence[Labelled], width: int | None) -> Iterator[Row]:
    """Yield lines with their labels, in columns; a line that is too wide folds without them."""
    digits = max((len(label) for label, _ in lines), default=0)
    widest = WIDEST if width is None else min(WIDEST, width // 2)
    widths = []
    for i in (0, 1):
        sizes = [cell_len(line[i]) for _, line in lines if line[1]]
        widths.append(max((size for size in sizes if size <= widest), default=0))
    for label, (text, value, remark) in lines:
        columns = [text, *filter(None, (value, remark))]
        padded = "  ".join(map(_padded, columns, [*widths, 0][: len(columns)]))
        row = f"{label:>{digits}} {padded}".rstrip()
        if width is None or cell_len(row) <= width:
            yield [Span(row)]
            continue
        indent = " " * (digits + 1 + FOLDED)
        yield from fold([Span(f"{label:>{digits}} {text}")], width, "", indent)
        rest = "  ".join(columns[1:])
        yield from fold([Span(rest)], width, indent, indent) if rest else ()


def _padded(text: str, width: int) -> str:
    return text + " " * (width - cell_len(text))


def _remark(parts: list[str]) -> str:
    return "; ".join(shorten(part, LONGEST_REMARK).removesuffix(".") for part in parts if part)


def _value(held: Any, summary: Summary | None) -> str:
    """Return the type and shape of a value, with its elements if they are known and few."""
    return "None" if summary is None else f"{shorten(number(summary))}{_elements(held)}"


def _elements(held: Any) -> str:
    small = isinstance(held, np.ndarray) and held.ndim and 0 < held.size <= IN_FULL
    return f" = {_listed(held.tolist())}" if small and held.dtype.kind in "biufc" else ""


def _listed(x: Any) -> str:
    if isinstance(x, list):
        return f"[{' '.join(map(_listed, x))}]"
    return str(x) if isinstance(x, int) else f"{x:.4g}"


def _flat(summary: Summary | None) -> str:
    if summary is None or summary.shape is None or summary.norm != 0:
        return ""
    return "" if summary.nans or summary.infs else "zero everywhere"


def _broadcast(node: TraceNode, parent: TraceNode, name: str) -> str:
    """Return the axes over which a gradient is summed because the argument was broadcast."""
    function = getattr(np, node.op, None)
    elementwise = isinstance(function, np.ufunc) and function.signature is None
    wide = node.value.shape if node.value else None
    narrow = parent.value.shape if parent.value else None
    if wide is None or narrow in (None, wide):
        return ""
    if not elementwise and node.op not in ("where", "clip"):
        return ""
    assert narrow is not None
    padded = (0,) * (len(wide) - len(narrow)) + narrow  # a missing axis differs from all
    axes = [str(axis) for axis, (n, m) in enumerate(zip(padded, wide, strict=True)) if n != m]
    if not axes:
        return ""
    noun = "axis" if len(axes) == 1 else "axes"
    return f"summed over {noun} {', '.join(axes)}, because {name} was broadcast"
