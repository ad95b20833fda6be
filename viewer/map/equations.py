"""Both passes of each operation as formulas, shared by all nodes that have the same."""

from __future__ import annotations

from typing import TypeAlias

from autograd_tools import Trace
from autograd_tools.tracing.columns import Numbering, TraceNode
from viewer.terminal.equations import Names, equation_of
from viewer.terminal.vjp_texts import positional, rule_text

MOST_EQUATIONS = 20_000  # different equations; nodes with others have none
NONE = -1

# The forward equation, and for each argument its number, its VJP rule and a note. `v0` is the node,
# `v1`, `v2` … its parents, in order.
Equations: TypeAlias = list[list[object]]


def equations_of(trace: Trace) -> tuple[Equations, list[int]]:
    """Return the equations of a trace, and the number of that of each node, `NONE` for leaves."""
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
    return [_equation(trace, trace[row + 1]) for row in models[:MOST_EQUATIONS]], found


class _Places(Names):
    """The names of a node and its parents: `v0` and `v1`, `v2` …, by their places."""

    def __init__(self, node: TraceNode) -> None:
        self.own = {id: f"v{place}" for place, id in reversed([*enumerate(node.parents, 1)])}
        self.own[node.id] = "v0"


def _equation(trace: Trace, node: TraceNode) -> list[object]:
    names = _Places(node)
    equation = equation_of(node, trace, names)
    found: list[object] = [equation.text]
    for argument, given in positional(node):
        if given.nodes:
            rule = rule_text(node, argument, equation, trace, names, node.op)
            found.append([argument, rule.formula, rule.note])
    return found
