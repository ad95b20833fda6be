"""Gradients that were computed and that nobody asked for: those that lead to no Param of which the gradient was read."""

from __future__ import annotations

from collections import defaultdict

from autograd_tools import Tape, Trace


def unused(trace: Trace, asked: set[int]) -> dict[tuple[str, int], int]:
    """By file and line the nanoseconds of gradients that lead to none of the nodes `asked`, by their numbers.

    If no gradient was asked for, nothing is known: somebody may have looked at them in another way.
    """
    spent: dict[tuple[str, int], int] = defaultdict(int)
    wanted = {0: False}  # by number; 0 stands for a constant
    for node in trace if asked else ():
        wanted[node.id] = node.id in asked or any(wanted[parent] for parent in node.parents)
        for argument, ns in (node.backward_ns or {}).items():
            if node.file and not any(wanted[parent] for parent in node.args[argument - 1].nodes):
                spent[node.file, node.line] += ns
    return dict(spent)


def not_asked(tape: Tape) -> list[str]:
    """The Params of a tape whose gradients nobody has asked for, by name, or as what they hold."""
    leaves = [
        node for node in tape.trace() if node.kind == "param" and node.id - 1 not in tape.asked
    ]
    return [node.name or node.call for node in leaves]
