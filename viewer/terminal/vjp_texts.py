"""The VJP rule of one argument of a node as a formula with the names of a view."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from autograd_tools import Trace
from autograd_tools.debug.rule_formulas import RuleText, rule_of
from autograd_tools.tracing.columns import Argument, TraceNode
from viewer.terminal.calls import call_of, chain_rule
from viewer.terminal.equations import Equation
from viewer.terminal.formulas import index_of, lecture_formula
from viewer.terminal.joined_formulas import formulas_of_each
from viewer.terminal.shared_rules import is_shared
from viewer.terminal.symbols import Names
from viewer.text.lines import shorten

MOST_SHOWN = 3  # arrays of a list that gradients flow into
NOT_KNOWN = "unknown VJP rule"
_PART = re.compile(r"(\.saved)?\[\d+\]")  # of a node with several results


@dataclass(frozen=True)
class Backward:
    """The gradients that flow into an argument: `∇x, ∇y`, their formulas, and a note.

    An `index` follows each target whose gradient goes into a part of it alone.
    """

    targets: str
    formula: str
    note: str = ""
    index: str = ""


def backward_of(
    node: TraceNode, argument: int, equation: Equation, trace: Trace, names: Names, of: Any
) -> Backward:
    """Return what flows into an argument, counted from 1; `of` is the operation's node or name."""
    (given,) = [arg for n, arg in positional(node) if n == argument]
    ids = list(dict.fromkeys(given.nodes))
    index = index_of(node.op, equation.args) if argument == 1 else ""
    rule = rule_text(node, argument, equation, trace, names, of)
    rule = RuleText(f"∇{names[node.id]}") if index else rule
    part = equation.args[argument - 1].removeprefix(names[ids[0]])
    index = part + index if _PART.fullmatch(part) else index
    targets = [f"∇{names[id]}{index}" for id in ids[:MOST_SHOWN]]
    targets += ["…"] * (len(ids) > MOST_SHOWN)
    return Backward(", ".join(targets), rule.formula, rule.note, index)


def rule_text(
    node: TraceNode, argument: int, equation: Equation, trace: Trace, names: Names, of: Any
) -> RuleText:
    """Return the rule for an argument, counted from 1; `of` is the operation's node or name."""
    y, kwargs = names[node.id], equation.kwargs or {}
    given = [arg for _, arg in positional(node)][argument - 1]
    call = call_of(node, trace, argument, equation, y)
    ids = list(dict.fromkeys(given.nodes))
    shown = [names[id] for id in ids[:MOST_SHOWN]] + ["…"] * (len(ids) > MOST_SHOWN)
    if not is_shared(call, trace.columns.engine):
        return RuleText(chain_rule(call, shown))
    with suppress(TypeError, ValueError, LookupError, ArithmeticError):  # of a damaged trace
        if more := formulas_of_each(call, [names[id] for id in given.nodes], MOST_SHOWN):
            return RuleText(more + ", …" * (len(ids) > MOST_SHOWN))
        formula, note = lecture_formula(call)
        if formula:
            return RuleText(formula, note)
    try:
        rule = rule_of(of, argument, dy=call.dy, y=y, args=equation.args, kwargs=kwargs)
    except ValueError:
        if trace.columns.engine:
            return RuleText(chain_rule(call, shown))
        return RuleText(f"{shorten(node.op)}[{argument}]({call.dy})", NOT_KNOWN)
    if not rule.is_internal:
        return rule
    is_clear = not re.search(r"^\w+: |^Make |\w_\w", rule.note)  # without names of this library
    note = re.sub(r"\bdy\b", call.dy, rule.note) if is_clear else ""
    return RuleText(chain_rule(call, shown), note)


def positional(node: TraceNode) -> Iterator[tuple[int, Argument]]:
    """Yield the positional arguments of a node with their numbers, from 1."""
    return enumerate((arg for arg in node.args if arg.keyword is None), 1)
