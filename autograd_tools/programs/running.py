"""The program that runs: its steps as the code of one Python function."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autograd_tools.base.containers import tree_leaves
from autograd_tools.base.traced import Attribute, Method, UfuncMethod
from autograd_tools.engine.cotangents import add_at
from autograd_tools.programs.program import Call, Check, Program, Variable

INFIX = {
    getattr(operator, f"__{name}__"): sign
    for name, sign in {
        "add": "+", "sub": "-", "mul": "*", "truediv": "/", "floordiv": "//", "mod": "%",
        "pow": "**", "matmul": "@", "and": "&", "or": "|", "xor": "^", "lshift": "<<",
        "rshift": ">>", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!=",
    }.items()
}  # fmt: skip
IN_PLACE = {
    getattr(operator, f"__i{name}__"): f"{sign}="
    for name, sign in {
        "add": "+", "sub": "-", "mul": "*", "truediv": "/", "floordiv": "//", "mod": "%",
        "pow": "**", "matmul": "@", "and": "&", "or": "|", "xor": "^", "lshift": "<<",
        "rshift": ">>",
    }.items()
}  # fmt: skip
PREFIX = {operator.neg: "-", operator.pos: "+", operator.invert: "~"}
LITERALS = (bool, int, str, type(None))


class LeftPathError(Exception):
    """A check gave another outcome than in the captured run: `found`, at the check `number`."""

    def __init__(self, number: int, found: Any) -> None:
        self.number = number
        self.found = found


class Code:
    """The text of a program's function, and the objects that it names."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.space: dict[str, Any] = {"LeftPathError": LeftPathError}
        self._names: dict[int, str] = {}
        self._registers: dict[Variable, str] = {}
        self._free: list[str] = []
        self._count = 0
        self.outcomes: list[Any] = []  # of the checks

    def function(self) -> Callable[..., Any]:
        """Compile the program to a function of its inputs, which returns the leaves of its result
        and of what it assigns.
        """
        source = "\n".join(self.lines())
        exec(compile(source, f"<program {self.program.name}>", "exec"), self.space)
        made: Callable[..., Any] = self.space["program"]
        return made

    def lines(self) -> Iterator[str]:
        """Yield the lines of the function."""
        program = self.program
        last = _last_uses(program)
        yield f"def program({', '.join(map(self._define, program.inputs))}):"
        for number, step in enumerate(program.steps):
            if isinstance(step, Check):
                yield from self._check(step, len(self.outcomes))
                self.outcomes.append(step.expected)
            else:
                yield from self._call(step)
                if step.checks_shape:
                    for x in step.outputs():
                        name = self._registers[x]
                        yield f"    if (found := getattr({name}, 'shape', ())) != {x.shape}:"
                        yield f"        raise LeftPathError({len(self.outcomes)}, found)"
                        self.outcomes.append(x.shape)
            dead = last.get(number, ())
            for x in dead:
                self._free.append(self._registers[x])
        leaves = [*tree_leaves(program.result), *tree_leaves([x for _, x in program.assigned])]
        yield f"    return ({''.join([self._leaf(x) + ', ' for x in leaves])})"

    def _leaf(self, x: Any) -> str:
        if type(x) is np.ndarray:
            return f"{self._constant(x)}.copy()"
        return self.text(x)

    def _define(self, x: Variable) -> str:
        name = self._free.pop() if self._free else f"v{self._count}"
        self._count += 1
        self._registers[x] = name
        return name

    def _check(self, check: Check, number: int) -> Iterator[str]:
        x, expected = self.text(check.variable), check.expected
        if check.convert is bool:
            yield f"    if {'not ' if expected else ''}{x}:"
            yield f"        raise LeftPathError({number}, {not expected})"
            return
        convert = self._constant(check.convert)
        yield f"    if (found := {convert}({x})) != {self.text(expected)}:"
        yield f"        raise LeftPathError({number}, found)"

    def _call(self, call: Call) -> Iterator[str]:
        text = self._expression(call)
        if call.output is None:
            yield f"    {text}"
        else:
            yield f"    {self._target(call.output)} = {text}"

    def _target(self, output: Any) -> str:
        if type(output) is Variable:
            return self._define(output)
        if isinstance(output, (tuple, list)):
            return f"({''.join([self._target(x) + ', ' for x in output])})"
        return "_"

    def _expression(self, call: Call) -> str:
        func, args = call.func, call.args
        if func in INFIX and not call.kwargs:
            return f"{self.text(args[0])} {INFIX[func]} {self.text(args[1])}"
        if func in PREFIX:
            return f"{PREFIX[func]}{self.text(args[0])}"
        if func in IN_PLACE:
            target = self.text(args[0])
            sign = IN_PLACE[func] if call.output is None else IN_PLACE[func][:-1]
            return f"{target} {sign} {self.text(args[1])}"
        if func is operator.getitem:
            return f"{self.text(args[0])}[{self._index(args[1])}]"
        if func is operator.setitem:
            return f"{self.text(args[0])}[{self._index(args[1])}] = {self.text(args[2])}"
        if func is add_at:
            return f"{self.text(args[0])}[{self._index(args[1])}] += {self.text(args[2])}"
        if type(func) is Attribute:
            return f"{self.text(args[0])}.{func.name}"
        given = [*map(self.text, args), *[f"{k}={self.text(x)}" for k, x in call.kwargs.items()]]
        if type(func) is Method:
            return f"{given[0]}.{func.name}({', '.join(given[1:])})"
        if type(func) is UfuncMethod:
            return f"{self._constant(getattr(func.ufunc, func.name))}({', '.join(given)})"
        return f"{self._constant(func)}({', '.join(given)})"

    def _index(self, x: Any) -> str:
        return self.text(x)

    def text(self, x: Any) -> str:
        """Return the text of an argument."""
        kind = type(x)
        if kind is Variable:
            return self._registers[x]
        if kind in LITERALS or (kind is float and x - x == 0):
            return repr(x) if kind is not float or x >= 0 else f"({x!r})"
        if kind is tuple:
            return f"({''.join([self.text(item) + ', ' for item in x])})"
        if kind is list:
            return f"[{', '.join(map(self.text, x))}]"
        if kind is slice:
            return f"slice({self.text(x.start)}, {self.text(x.stop)}, {self.text(x.step)})"
        if kind is dict:
            return "{" + ", ".join(f"{k!r}: {self.text(item)}" for k, item in x.items()) + "}"
        return self._constant(x)

    def _constant(self, x: Any) -> str:
        name = self._names.get(id(x))
        if name is None:
            name = self._names[id(x)] = f"c{len(self._names)}"
            self.space[name] = x
        return name


def _last_uses(program: Program) -> dict[int, list[Variable]]:
    """Return by step the variables that no later step reads and that are no results."""
    results = {
        x
        for x in tree_leaves([program.result, [x for _, x in program.assigned]])
        if type(x) is Variable
    }
    last: dict[Variable, int] = {}
    for number, step in enumerate(program.steps):
        for x in step.outputs():
            last[x] = number
        for x in step.inputs():
            last[x] = number
    found: dict[int, list[Variable]] = {}
    for x, number in last.items():
        if x not in results:
            found.setdefault(number, []).append(x)
    return found
