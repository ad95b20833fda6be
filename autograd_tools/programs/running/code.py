"""The program that runs: its steps as the code of one Python function, which reuses its memory."""

from __future__ import annotations

import cmath
import itertools
import operator
from collections.abc import Callable, Container, Iterator
from types import CodeType, FunctionType
from typing import Any

import numpy as np

from autograd_tools.base.containers import tree_leaves
from autograd_tools.base.memory import no_collections
from autograd_tools.base.traced import Attribute, Method, UfuncMethod
from autograd_tools.engine.cotangents import add_at
from autograd_tools.engine.saved import memory_of
from autograd_tools.programs.capturing.signatures import kind_of
from autograd_tools.programs.rolling.loops import rolled
from autograd_tools.programs.running import scalars
from autograd_tools.programs.running.block_code import ChainCode
from autograd_tools.programs.running.blocks import SMALLEST, Chain, with_chains
from autograd_tools.programs.running.buffers import nbytes, planned
from autograd_tools.programs.running.claims import checked, claimed
from autograd_tools.programs.running.loop_code import can_run, loop_lines
from autograd_tools.programs.running.lowering import lowered
from autograd_tools.programs.running.uses import Uses, result_variables
from autograd_tools.programs.steps.loop import SAME, Loop
from autograd_tools.programs.steps.program import Call, Check, Program, Variable
from autograd_tools.programs.steps.signs import INFIX, PREFIX

LITERALS = (bool, int, str, type(None))
NAMED_OUT = (np.maximum, np.minimum)  # NumPy wants no third argument by position
SPACE = {"empty": np.empty, "array": np.array, "cycle": itertools.cycle, "islice": itertools.islice}
LONG = 300  # steps of a program that runs in loops
TOO_LONG = 5000  # steps of one that does so even if its arrays are large, and better run in blocks
LARGE = 2**15  # bytes of an array that is freed as soon as nobody needs it


class LeftPathError(Exception):
    """A check gave another outcome than in the captured run: `found`, at the check `number`."""

    def __init__(self, number: int, found: Any) -> None:
        self.number = number
        self.found = found


class Code:
    """The text of a program's function, and the objects that it names.

    `outside` has the ids of arrays that somebody else may change. An `exact` function computes
    scalars as NumPy does.
    """

    @no_collections
    def __init__(
        self, program: Program, outside: Container[int] = (), *, exact: bool = False
    ) -> None:
        self.outside = outside
        self.program = program = _in_loops(program)
        self.steps = with_chains(lowered(program, outside), program)
        self.floats = set() if exact else scalars.float_variables(self.steps, program)
        self.uses = Uses(self.steps, program.inputs, result_variables(program))
        self.plan = planned(self.steps, self.uses)
        self.space: dict[str, Any] = {
            "LeftPathError": LeftPathError,
            **SPACE,
            **scalars.FUNCTIONS_BY_NAME,
        }
        self.outcomes: list[Any] = []  # of the checks
        self.turn = ""  # the text of the outcomes in earlier turns, in a loop
        self._names: dict[Any, str] = {}
        self._registers: dict[Variable, str] = {}
        self._free: list[str] = []
        self._count = 0
        self._buffers: dict[tuple[Any, ...], str] = {}
        self._turns: dict[Variable, str] = {}  # the names of rows and pairs
        self._views: list[str] = []  # lines that make views of the buffers

    @no_collections
    def function(self) -> Callable[..., Any]:
        """Compile the program to a function of its inputs, which returns the leaves of its result
        and of what it assigns. Calls at the same time have buffers of their own.
        """
        name = f"<program {self.program.name}>"
        exec(compile("\n".join(self.lines()), name, "exec"), self.space)
        made: Any = self.space.pop("program")
        if self._buffers or self._turns:
            code, views = made.__code__, compile("\n".join(self._views), name, "exec")
            made = claimed(lambda: self._with_memory(code, views))
        if self.floats and not any([x.written for x in self.program.inputs]):
            made = checked(made, lambda: Code(self.program, self.outside, exact=True).function())
        result: Callable[..., Any] = made
        return result

    def lines(self) -> Iterator[str]:
        """Yield the lines of the function."""
        last = self._last_uses()
        yield f"def program({', '.join(map(self.define, self.program.inputs))}):"
        for number, step in enumerate(self.steps):
            yield from [f"    {line}" for line in self.step_lines(step)]
            for x in last.get(number, ()):
                self.release(x)
                if nbytes(x) >= LARGE and (name := self._registers.get(x, ""))[:1] == "v":
                    yield f"    {name} = None"
        numbers = {self._registers[x] for x in self.uses.results if x in self.floats}
        for name in sorted(numbers):
            yield f"    if {name} - {name} != 0: raise OverflowError"
        leaves = [
            *tree_leaves(self.program.result),
            *tree_leaves([x for _, x in self.program.assigned]),
        ]
        yield f"    return ({''.join([self._leaf(x) + ', ' for x in leaves])})"

    def step_lines(self, step: Any) -> Iterator[str]:
        """Yield the lines of a step."""
        if isinstance(step, Check):
            yield from self._check(step)
        elif isinstance(step, Chain):
            yield from self._chain(step)
        elif isinstance(step, Loop):
            yield from loop_lines(step, self)
        else:
            yield self._call(step)
            if step.checks_shape:
                for x in step.outputs():
                    kind = (x.type, x.shape, x.dtype)
                    found = f"{self._constant(kind_of)}({self._registers[x]})"
                    yield from self._compare(found, self._constant(kind), kind)

    def _with_memory(self, code: CodeType, views: CodeType) -> Callable[..., Any]:
        """Return the function with buffers of its own."""
        space = dict(self.space)
        blocks = [np.empty(size, np.uint8) for size in self.plan.blocks]
        for (block, shape, dtype, order), name in self._buffers.items():
            space[name] = np.ndarray(shape, dtype, blocks[block], order=order)
        for x, name in self._turns.items():
            found = [blocks[block] for block in self.plan.blocks_of(x)]
            if x in self.plan.rows:
                space[f"{name}a"] = whole = np.ndarray(
                    (self.plan.rows[x][1], *x.shape), x.dtype, found[0]
                )
                space[name] = [*whole][:: -1 if x in self.plan.backwards else 1]
            else:
                like: dict[str, Any] = {"dtype": x.dtype, "order": x.order}
                space[name] = [np.ndarray(x.shape, buffer=part, **like) for part in found]
        exec(views, space)
        return FunctionType(code, space)

    def _last_uses(self) -> dict[int, list[Variable]]:
        """Return by step the variables with a name that no later step reads."""
        results = set(self.uses.results)
        found: dict[int, list[Variable]] = {}
        for x, number in self.uses.last.items():
            if x not in results and not self.plan.is_fixed(x):
                found.setdefault(number, []).append(x)
        return found

    def _leaf(self, x: Any) -> str:
        if type(x) is np.ndarray and id(memory_of(x)) not in self.outside:
            return f"{self._constant(x)}.copy('K')"
        return self.text(x)

    def define(self, x: Variable) -> str:
        """Give a variable a name."""
        if x in self.plan.places:
            key = (self.plan.places[x], x.shape, x.dtype, x.order)
            name = self._buffers.setdefault(key, f"b{len(self._buffers)}")
        elif x in self.plan.views:
            name = f"w{len(self._views)}"
        else:
            name = self._free.pop() if self._free else f"v{self._count}"
            self._count += 1
        self._registers[x] = name
        return name

    def name(self, x: Variable, name: str) -> None:
        """Give a variable a name that others have, too."""
        self._registers[x] = name

    def turns(self, x: Variable) -> str:
        """Return the text of the arrays that turns write a variable into; empty if none are."""
        if x not in self.plan.rows and x not in self.plan.pairs:
            return ""
        name = self._turns.setdefault(x, f"r{len(self._turns)}")
        return name if x in self.plan.rows else f"cycle({name})"

    def joined(self, loop: Loop) -> list[Call]:
        """Return the calls of a loop that run once for all turns."""
        return self.plan.joined.get(loop, [])

    def joined_line(self, call: Call, loop: Loop) -> str:
        """Return the line of such a call."""
        entries = {entry.variable: entry for entry in loop.entries}

        def text(x: Any) -> str:
            entry = entries.get(x) if type(x) is Variable else None
            if entry is None:
                return f"{self.turns(x)}a" if type(x) is Variable else self.text(x)
            if entry.kind == SAME:
                return self.text(entry.values[0])
            end = entry.start + entry.step * (loop.count - 1)
            rows = f"{self.turns(self.plan.sequences[entry.values[0]])}a"
            first, last = sorted((entry.start, end))
            self._views.append(f"w{len(self._views)} = {rows}[{first}:{last + 1}]")
            return f"w{len(self._views) - 1}"

        given = [text(x) for x in call.args]
        return self._into(call, given, f"{self.turns(call.output)}a")

    def release(self, x: Variable) -> None:
        """Let others have the name of a variable, if it is its own."""
        name = self._registers.get(x, "")  # none for what is read in one call for all turns alone
        if name[:1] == "v":
            self._free.append(name)

    def held(self, x: Any, like: Variable) -> str:
        """Return the text of a value in the form in which a variable is held."""
        return self._float(x) if like in self.floats and like.type is not list else self.text(x)

    def _check(self, check: Check) -> Iterator[str]:
        x, expected = self._registers[check.variable], check.expected
        if check.convert is bool:
            yield f"if {'not ' if expected else ''}{x}:"
            yield f"    raise LeftPathError({self.turn}{len(self.outcomes)}, {not expected})"
            self.outcomes.append(expected)
            return
        if check.convert is float:  # tells zeros of either sign apart, and knows NaN
            found = f"{self._constant(float.hex)}({self._constant(float)}({x}))"
            yield from self._compare(found, repr(float.hex(expected)), float.hex(expected))
            return
        found = f"{self._constant(check.convert)}({x})"
        yield from self._compare(found, self.text(expected), expected)

    def _compare(self, found: str, text: str, expected: Any) -> Iterator[str]:
        is_nan = isinstance(expected, (float, complex)) and cmath.isnan(expected)
        yield f"if (found := {found}) {'== found' if is_nan else f'!= {text}'}:"
        yield f"    raise LeftPathError({self.turn}{len(self.outcomes)}, found)"
        self.outcomes.append(expected)

    def _call(self, call: Call) -> str:
        y = call.output
        if type(y) is Variable and y in self.floats and call.func is not operator.getitem:
            text = self._float_expression(call)
            return f"{self.define(y)} = {text}"
        if type(y) is Variable and y in self.plan.places:
            given = list(map(self.text, call.args))
            return self._into(call, given, self.define(y))
        if type(y) is Variable and y in self._turns:
            return self._into(call, list(map(self.text, call.args)), self._registers[y])
        text = self._expression(call)
        if type(y) is Variable and y in self.plan.views:
            self._views.append(f"{self.define(y)} = {text}")
            return "pass"
        return text if y is None else f"{self._target(y)} = {text}"

    def _chain(self, chain: Chain) -> Iterator[str]:
        for x in chain.kept:
            if x.is_array:
                name = self.define(x)
                if x not in self.plan.places:
                    dtype = self._constant(x.dtype)
                    yield f"{name} = empty({x.shape}, {dtype}, {x.order!r})"
        code = ChainCode(chain, self.text, self._into)
        yield from code.lines()
        yield from [f"{self.define(x)} = {text}" for x, text in code.ends()]

    def _target(self, output: Any) -> str:
        if type(output) is Variable:
            return self.define(output)
        if isinstance(output, (tuple, list)):
            return f"({''.join([self._target(x) + ', ' for x in output])})"
        return "_"

    def _float_expression(self, call: Call) -> str:
        """Return the text of arithmetic on floats of Python's."""
        func, args = call.func, call.args
        if func in (operator.pow, np.power) and type(args[1]) is int and args[1] == 2:
            func, args = np.square, args[:1]
        pattern = scalars.TEXTS.get(func) or scalars.COMPARISONS[func]
        return pattern.format(*map(self._float, args))

    def _float(self, x: Any) -> str:
        if type(x) is not Variable:
            return self.text(x if type(x) is int else float(x))
        name = self._registers[x]
        if x in self.floats or x.type not in (np.float64, np.bool_):
            return name
        return f"float({name})" if x.type is np.float64 else f"bool({name})"

    def _into(self, call: Call, given: list[str], out: str) -> str:
        """Return the text of a call that writes its output into an array."""
        if type(call.func) is Method:
            return f"{given[0]}.{call.func.name}({', '.join([*given[1:], out])})"
        if type(call.func) is UfuncMethod:
            given += ["0"] if len(given) == 1 and "axis" not in call.kwargs else []
            given += [self.text(call.kwargs["axis"])] if "axis" in call.kwargs else []
            given += ["None", out, *(["True"] if call.kwargs.get("keepdims") else [])]
        else:
            given.append(f"out={out}" if call.func in NAMED_OUT else out)
        return f"{self._constant(call.func)}({', '.join(given)})"

    def _expression(self, call: Call) -> str:
        func, args = call.func, call.args
        if func in INFIX and not call.kwargs:
            return f"{self.text(args[0])} {INFIX[func]} {self.text(args[1])}"
        if func in PREFIX:
            return f"{PREFIX[func]}{self.text(args[0])}"
        if func is operator.getitem:
            return f"{self.text(args[0])}[{self.text(args[1])}]"
        if func is operator.setitem:
            return f"{self.text(args[0])}[{self.text(args[1])}] = {self.text(args[2])}"
        if func is add_at:
            return f"{self.text(args[0])}[{self.text(args[1])}] += {self.text(args[2])}"
        if type(func) is Attribute:
            return f"{self.text(args[0])}.{func.name}"
        given = [*map(self.text, args), *[f"{k}={self.text(x)}" for k, x in call.kwargs.items()]]
        if type(func) is Method:
            return f"{given[0]}.{func.name}({', '.join(given[1:])})"
        return f"{self._constant(func)}({', '.join(given)})"

    def text(self, x: Any) -> str:
        """Return the text of an argument."""
        kind = type(x)
        if kind is Variable:
            name = self._registers[x]
            if x in self.floats and x.type in (np.float64, np.bool_):
                return f"as_float64({name})" if x.type is np.float64 else f"as_bool({name})"
            return name
        if kind in LITERALS or (kind is float and x - x == 0):
            return f"({x!r})" if kind in (int, float) and x < 0 else repr(x)
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
        key: Any = id(x)
        if type(x) is UfuncMethod:
            key, x = x, getattr(x.ufunc, x.name)
        elif type(x) is np.ndarray and x.ndim == 0 and x.dtype.kind == "f":
            key = (x.dtype, x.tobytes())
        name = self._names.get(key)
        if name is None:
            name = self._names[key] = f"c{len(self._names)}"
            self.space[name] = x
        return name


def _in_loops(program: Program) -> Program:
    """Return a long program with its equal steps in loops, if that makes it short."""
    if len(program.steps) < LONG or any([isinstance(step, Loop) for step in program.steps]):
        return program
    if len(program.steps) < TOO_LONG:
        made_in_steps = [x for step in program.steps for x in step.outputs()]
        if any([x.is_array and x.size >= SMALLEST for x in made_in_steps]):
            return program
    made = rolled(program)
    return made if can_run(made.steps) and 4 * len(made.steps) < len(program.steps) else program
