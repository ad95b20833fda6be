"""Steps and loops made of nodes."""

from __future__ import annotations

from typing import Any

from autograd_tools.programs.rolling.nodes import Node, Values, with_inputs
from autograd_tools.programs.rolling.turns import Kept, LoopNode
from autograd_tools.programs.steps.loop import CARRIED, AnyStep, Entry, Loop, Stored
from autograd_tools.programs.steps.program import Call, Variable


class Builder:
    """Steps and loops made of nodes."""

    def __init__(self, values: Values) -> None:
        self.values = values

    def build(self, node: Node, inputs: list[Any]) -> AnyStep:
        """Return the step or loop of a node that reads these inputs."""
        if type(node) is LoopNode:
            return self._loop(node, inputs)
        step = node.step
        if is_pick(node):
            args = (inputs[0], step.args[1].index())
            return Call(step.func, args, {}, step.output, step.site)
        return with_inputs(step, iter(inputs))

    def _loop(self, node: LoopNode, inputs: list[Any]) -> Loop:
        given = iter(inputs)
        objects = self.values.objects
        variables = self._entry_variables(node)
        entries = []
        for source, variable in zip(node.sources, variables, strict=True):
            values = tuple([next(given) for _ in source.values])
            after: Any = None
            if source.kind == CARRIED:
                after = (
                    objects[node.made[source.next]]
                    if source.next >= 0
                    else variables[-2 - source.next]
                )
            entries.append(Entry(variable, source.kind, values, source.step, source.first(), after))
        body = []
        for inner, wires in zip(node.template, node.wires, strict=True):
            body.append(
                self.build(
                    inner, [variables[i] if kind else objects[node.made[i]] for kind, i in wires]
                )
            )
        stored = [
            Stored(
                objects[kept.number],
                objects[node.made[kept.slot]],
                tuple([next(given) for _ in kept.before]),
            )
            for kept in [node.kept[key] for key in sorted(node.kept)]
        ]
        return Loop(node.count, tuple(entries), tuple(body), tuple(stored))

    def _entry_variables(self, node: LoopNode) -> list[Variable]:
        """Return a variable for each entry, like the value in the last turn."""
        like = {}
        for inner, wires in zip(node.template, node.wires, strict=True):
            for number, (kind, i) in zip(inner.inputs, wires, strict=True):
                if kind:
                    like[i] = number
        count = len(node.sources)
        found = [like.get(i, node.sources[i].values[0]) for i in range(count)]
        return [placeholder(self.values.objects[number]) for number in found]


class Turn:
    """The index of a turn in a sequence, which is known when the loop has all that it stores."""

    def __init__(self, kept: Kept, turn: int) -> None:
        self.kept = kept
        self.turn = turn

    def index(self) -> int:
        """Return the index."""
        return self.turn + len(self.kept.before)


def is_pick(node: Node) -> bool:
    """Return whether a node reads what a loop made in one turn."""
    return type(node.step) is Call and any([type(x) is Turn for x in node.step.args])


def placeholder(like: Any, number: int = -1) -> Variable:
    """Return a new variable of the type, shape and memory of a variable or constant."""
    made = Variable(number, like)
    if type(like) is Variable:
        made.type, made.shape, made.dtype = like.type, like.shape, like.dtype
        made.root, made.name, made.order = like.root, like.name, like.order
        made.called = like.called
    return made
