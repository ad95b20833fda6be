"""Both passes of each operation as formulas, shared by all nodes that have the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from autograd_tools import Trace
from autograd_tools.tracing.columns import Numbering, TraceNode
from viewer.terminal.equations import equation_of
from viewer.terminal.symbols import Places, pieces, words_of
from viewer.terminal.vjp_texts import backward_of, positional

MOST_EQUATIONS = 20_000  # different equations; nodes with others have none
NONE = -1

# A text with symbols: 0 for the node, 1, 2 … for its parents in order, -1 for a constant array.
Formula: TypeAlias = list[str | int]
# The forward equation, its constant arrays, and for each argument its number, the gradients that
# flow into it, their formula and a note.
Equation: TypeAlias = tuple[Formula, Formula, list[tuple[int, Formula, Formula, Formula]]]

# A node by its id: the trace and the node that it was, and the ids of all its parents there, 0 for
# one of another trace.
Origin: TypeAlias = Callable[[int], tuple[Trace, TraceNode, Sequence[int]]]


def equations_of(trace: Trace, origin: Origin | None = None) -> tuple[list[Equation], list[int]]:
    """Return the equations of a trace, and the number of that of each node, `NONE` for leaves.

    Of a trace made of others, `origin` says where each node comes from.
    """
    origin = origin or (lambda id: (trace, trace[id], trace.columns.parents[id - 1]))
    columns = trace.columns
    form = columns.value.form.tolist()
    known: Numbering[tuple[object, ...]] = Numbering()
    models: list[int] = []  # a row of each equation
    found = []
    for row, (number, ids) in enumerate(zip(columns.signature, columns.parents, strict=True)):
        if not ids:
            found.append(NONE)
            continue
        same = ids if len(set(ids)) < len(ids) else ()
        places = tuple(map(same.index, same)) if same else ()
        key = (number, form[row], *(form[id - 1] for id in ids), places)
        equation = known[key]
        if equation == len(models):
            models.append(row)
        found.append(equation if equation < MOST_EQUATIONS else NONE)
    return [_equation(*origin(row + 1)) for row in models[:MOST_EQUATIONS]], found


def words_of_all(equations: Iterable[Equation]) -> set[str]:
    """Return the words of equations besides their symbols."""
    found: set[str] = set()
    for forward, _, rules in equations:
        for formula in (forward, *(formula for _, _, formula, _ in rules)):
            found |= words_of(" ".join(x if isinstance(x, str) else ")" for x in formula))
    return found


def _equation(trace: Trace, node: TraceNode, parents: Sequence[int]) -> Equation:
    names = Places(node.id, parents)
    equation = equation_of(node, trace, names)
    constants = (f"{name} = {text}" for name, text in (equation.constants or {}).values())
    rules = []
    for argument, given in positional(node):
        if given.nodes:
            into = backward_of(node, argument, equation, trace, names, node.op)
            targets, formula, note = map(pieces, (into.targets, into.formula, into.note))
            rules.append((argument, targets, formula, note))
    return pieces(equation.text), pieces(", ".join(constants)), rules
