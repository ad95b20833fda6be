"""The source of a program: a module with one function that people can read and NumPy runs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from types import FrameType
from typing import Any, NamedTuple

import numpy as np

from autograd_tools.base.containers import tree_leaves
from autograd_tools.engine.describe import describe
from autograd_tools.location.code_files import file_of
from autograd_tools.programs.capturing.input_kinds import is_floating_input, is_input
from autograd_tools.programs.capturing.names_outside import NamesOutside
from autograd_tools.programs.capturing.outside_inputs import OutsideInputs
from autograd_tools.programs.rolling.loops import rolled
from autograd_tools.programs.rolling.started_sums import with_started_sums
from autograd_tools.programs.rolling.trial import compute_numbers
from autograd_tools.programs.rolling.whole_turns import with_whole_turns
from autograd_tools.programs.steps.loop import Loop, size_of_steps
from autograd_tools.programs.steps.program import NOWHERE, Call, Check, Program, Variable
from autograd_tools.programs.steps.simplify import without_unread
from autograd_tools.programs.writing.arguments import (
    RESERVED,
    Argument,
    arguments_of,
    constants_in,
    held_arrays,
    kind_text,
    param_arguments,
    quoted,
)
from autograd_tools.programs.writing.attempts import attempted
from autograd_tools.programs.writing.body import MARK, Body
from autograd_tools.programs.writing.call_text import array_text, is_name
from autograd_tools.programs.writing.plain_numbers import with_plain_numbers
from autograd_tools.programs.writing.single_writes import with_single_writes
from autograd_tools.programs.writing.tidy import tidied
from autograd_tools.programs.writing.wrapping import wrapped_text

MOST_CONSTANTS = 8  # that a docstring lists
MOST_WRITTEN = 1000  # numbers of an array that has no name outside


def source(f: Callable[..., Any], *args: Any, exact: bool = False, **kwargs: Any) -> str:
    """Return the source of a function as a module that imports only NumPy (and SciPy).

    The module contains one function that computes the same as `f` for these arguments: for a
    gradient, the forward pass and then the backward pass. Equal steps are loops, names are those of
    your variables, and `d_name` is the gradient with respect to `name`. Its parameters are the
    arguments of `f`, then the Params that `f` reads and arrays of more than 16 elements from
    outside. Its docstring lists them, and the numbers and small arrays that are constants.

    Parameters
    ----------
    f : callable
        A function of numbers, arrays and pytrees of them: a loss, or `ag.grad(loss)`,
        `ag.value_and_grad(loss)`, `ag.hessian_vector_product(loss)` and so on.
    *args, **kwargs
        Arguments of `f`. The source raises a ValueError for other shapes or precisions and, where
        `f` branches on a value, for values that take another branch.
    exact : bool
        Reproduce the numbers bit for bit. Otherwise, sums over all axes may add in another order,
        and `x + 0` is `x`.

    Returns
    -------
    source : str

    Raises
    ------
    UncapturedError
        If `f` reads numbers in a way that no program can repeat.

    Notes
    -----
    `f` runs several times. Its changes outside are undone, and arrays from outside are replaced
    meanwhile, so no other thread should use them.

    See Also
    --------
    compile : run such a program, optimized for speed.

    Examples
    --------
    >>> import numpy as np, autograd_tools as ag
    >>> def loss(w, x):
    ...     return np.sum((w * x) ** 2)
    >>> print(ag.source(ag.grad(loss), np.ones(3), np.ones(3)))
    import numpy as np
    <BLANKLINE>
    <BLANKLINE>
    def grad_loss(w, x):
        ...
    """
    if not callable(f):
        raise TypeError(
            f"source() expects a function, got {describe(f)}; write ag.source(f, *args)"
        )
    return _module(f, args, kwargs, exact, sys._getframe(1)).text()


class SourceLine(NamedTuple):
    """A line of a source, and the user's line that it belongs to; `gradients` counts the backward
    passes around it.
    """

    text: str
    file: str
    line: int
    gradients: int


def source_by_line(f: Callable[..., Any], *args: Any, **kwargs: Any) -> list[SourceLine]:
    """Return the lines of the source of a call, without comments."""
    found: list[SourceLine] = []
    gradients, line, file = "0", "0", ""
    for text in _module(f, args, kwargs, False, sys._getframe(1)).text(marked=True).splitlines():
        if text.lstrip().startswith(MARK):
            gradients, line, file = text.lstrip().removeprefix(MARK).split(" ", 2)
        else:
            found.append(SourceLine(text, file, int(line), int(gradients)))
    return found


def _module(f: Any, args: Any, kwargs: Any, exact: bool, asking: FrameType) -> _Module:
    f = getattr(f, "function", f) if type(f).__name__ == "Compiled" else f
    attempt = attempted(f, args, kwargs)
    run, outside = attempt.run, attempt.outside
    captured = run.program
    numbers = dict(zip(captured.inputs, run.inputs, strict=True))
    numbers.update([(variable, x) for x, variable in captured.outside])
    _forget(captured.steps, asking)
    ends = _ends(captured.steps)
    captured = with_plain_numbers(captured, exact=exact)
    captured = captured if exact else with_single_writes(captured)
    results = tree_leaves([captured.result, *[x for _, x in captured.assigned]])
    steps = without_unread(captured.steps, results, captured.inputs)
    held = held_arrays(replace(captured, steps=steps), outside.places)
    inputs = [*captured.inputs, *[x for one in held for x, _, _ in one.leaves]]
    flat = replace(captured, steps=steps, inputs=inputs)
    program = tidied(rolled(flat), exact=exact)
    if any([isinstance(step, Loop) for step in program.steps]) and not exact:  # 0.0 + -0.0 is 0.0
        tries = [with_started_sums(flat)]
        for steps in (flat.steps, captured.steps) if not captured.writes_inputs else ():
            whole = with_whole_turns(replace(flat, steps=steps))
            if compute_numbers(whole, steps, numbers):
                tries.append(whole)
        for steps in tries:
            other = tidied(rolled(replace(flat, steps=steps)), exact=exact)
            program = min(program, other, key=lambda x: size_of_steps(x.steps))
    is_leaf = is_input if attempt.integers else is_floating_input
    arguments = arguments_of(f, program, args, kwargs, is_leaf)
    return _Module(f, program, arguments, ends, held, outside)


def _forget(steps: list[Any], frame: FrameType | None) -> None:
    """Let the steps belong to the lines of the function: to none of those that ask for the source,
    and to no rule, but for checks.
    """
    asking = set()
    while frame is not None:
        code = frame.f_code
        asking.add((file_of(code, frame.f_globals), frame.f_lineno, code.co_qualname))
        frame = frame.f_back
    for step in steps:
        kept = step.site if isinstance(step, Check) else step.site._replace(rule="")
        step.site = NOWHERE if step.site[:3] in asking else kept


def _ends(steps: list[Any]) -> set[Any]:
    """Return the last calls of lines, whose results the lines assign: their sites and functions."""
    return {
        (step.site, step.func)
        for step, after in pairwise([*steps, None])
        if isinstance(step, Call) and (after is None or after.site != step.site)
    }


class _Module:
    """The parts of a module."""

    def __init__(
        self,
        f: Any,
        program: Program,
        arguments: list[Argument],
        ends: set[Any],
        held: list[Argument],
        taken_in: OutsideInputs,
    ) -> None:
        self.taken_in = taken_in
        self.ends = ends
        self.f = f
        self.program = program
        self.outside = NamesOutside(f)
        self.name = _function_name(program.name)
        self.arguments = arguments
        count = sum([len(argument.leaves) for argument in self.arguments])
        self.taken = {self.name, *RESERVED}
        self._of_variables: set[str] = set()
        self.params = param_arguments(program, [self._param(p) for p, _ in program.params], count)
        for argument in held:
            self._name_held(argument)
        self.held = [x for x in held if not x.is_written]
        self.written = [x for x in held if x.is_written]
        self.constants: list[Argument] = []
        self._named: dict[int, str] = {}

    def text(self, *, marked: bool = False) -> str:
        """Return the module; `marked` lines have the user's lines before them."""
        arguments = [*self.arguments, *self.params, *self.held]
        self.taken.update([argument.name for argument in arguments])
        given = (arguments, self.written)
        body = Body(self.program, *given, self._wanted(), self.ends, self.taken, self._constant)
        body.is_marked = marked
        self._of_variables = {*body.naming.names.values()}
        lines = body.lines(self.constants)
        imports = sorted(
            {"import numpy as np", *body.writing.imports}, key=lambda x: x[:4] != "impo"
        )
        names = [argument.name for argument in (*arguments, *self.constants)]
        head = f"def {self.name}({', '.join(names)}):"
        return "\n".join([*imports, "", "", head, *self._docstring(), *lines, ""])

    def _param(self, param: Any) -> str:
        """Return a name for a Param: its own, or that of a variable that holds it."""
        for name in (param.name, self.outside.of(param), "param"):
            text = _as_name(name or "")
            if text:
                return self._free(text)
        return self._free("param")

    def _name_held(self, argument: Argument) -> None:
        """Give an argument for arrays from outside the name of their variable."""
        old = argument.name
        wished = [x for x in (_own_name(old), _as_name(old)) if x not in self._used()]
        argument.name = name = self._free((*wished, _as_name(old))[0] or "constant")
        argument.leaves = [
            (x, name + place[len(old) :], own.replace(old, name, 1) if own == old else own)
            for x, place, own in argument.leaves
        ]

    def _free(self, name: str) -> str:
        """Return a name that no other argument has."""
        known = self._used()
        found, n = name, 1
        while found in known:
            n += 1
            found = f"{name}_{n}"
        self.taken.add(found)
        return found

    def _used(self) -> set[str]:
        arguments = {argument.name for argument in self.arguments}
        return arguments | self.taken | self._of_variables

    def _constant(self, x: Any) -> str:
        """Return the name of an argument for a constant that is too long to write."""
        name = self._named.get(id(x))
        if name is None:
            known = self.outside.of(x)
            if not known and type(x) is np.ndarray and (text := array_text(x, MOST_WRITTEN)):
                return text
            wished = _as_name(known) or getattr(x, "__name__", "constant")
            name = self._named[id(x)] = self._free(wished if is_name(wished) else "constant")
            self.constants.append(Argument(name, x))
        return name

    def _docstring(self) -> Iterator[str]:
        """Yield the docstring: what it computes, and what each argument was."""
        whole = [*self.arguments, *self.params, *self.held, *self.constants]
        told = [f"{argument.name} {self._told(argument)}" for argument in whole]
        fixed = self._fixed({argument.name for argument in whole})
        text = f"{self.program.name}: {'; '.join(filter(None, [', '.join(told), fixed]))}."
        text = " ".join(text.replace("\\", "/").replace('"', "'").splitlines())
        line = f'    """{text}"""'
        if len(line) <= 100 and not self.program.assigned:
            yield line
            return
        yield from wrapped_text(line.strip().removesuffix('"""'))
        if self.program.assigned:
            names = [self._held(param) for param, _ in self.program.assigned]
            yield f"    Returns the result, and the new values of {', '.join(names)}."
        yield '    """'

    def _told(self, argument: Argument) -> str:
        """Return what an argument was; of an object, that the source does not read it."""
        is_read = argument.leaves or argument in self.constants or any(constants_in(argument))
        return _told(argument.value) if is_read else "(not read)"

    def _fixed(self, arguments: set[str]) -> str:
        """Return the names of what is a constant: numbers and arrays from outside."""
        found = [x.name for x in self.written]
        for name, x in self.taken_in.numbers.items():
            found.append(name if x is None else f"{name} = {x}")
        names = [_own_name(name) for name in self.taken_in.left_out_names()]
        found += [x if x not in arguments else f"what is computed from {x}" for x in names]
        if len(found) > MOST_CONSTANTS:
            found = [*found[:MOST_CONSTANTS], "..."]
        return f"constants {', '.join(found)}" if found else ""

    def _held(self, param: Any) -> str:
        for (known, _), argument in zip(self.program.params, self.params, strict=True):
            if known is param:
                return argument.name
        return "a Param"

    def _wanted(self) -> dict[Variable, str]:
        """Return names for the results of a gradient: `d_` and the argument."""
        f = self.f
        wanted: dict[Variable, str] = {}
        kind = getattr(f, "__name__", "").partition("(")[0]
        if kind == "gradient" and isinstance(self.program.result, dict):
            items = self.program.result.items()
            return {x: f"d_{name}" for name, x in items if type(x) is Variable}
        if type(f).__name__ != "FunctionOf" or kind not in ("grad", "value_and_grad"):
            return wanted
        result, argnum = self.program.result, f.args[2]
        if kind == "value_and_grad":
            _, result = result
        found = result if isinstance(argnum, tuple) else (result,)
        for n, x in zip(f.args[1], found, strict=True):
            leaves = [leaf for leaf in tree_leaves(x) if type(leaf) is Variable]
            owns = [own for _, _, own in self.arguments[n].leaves]
            if len(leaves) == len(owns):
                for leaf, own in zip(leaves, owns, strict=True):
                    wanted.setdefault(leaf, f"d_{own}")
        return wanted


def _told(x: Any) -> str:
    leaves = tree_leaves(x)
    if len(leaves) == 1 and leaves[0] is x:
        if isinstance(x, (np.ndarray, np.generic, int, float, complex)):
            return kind_text(x)
        is_plain = isinstance(x, (str, bool, type(None)))
        return quoted(x) if is_plain else "function" if callable(x) else type(x).__name__
    kinds = list(dict.fromkeys([kind_text(leaf) for leaf in leaves]))
    return f"{type(x).__name__} of {', '.join(kinds[:8])}{', ...' if len(kinds) > 8 else ''}"


def _function_name(name: str) -> str:
    """Return the name of a function as one word: `grad_loss` for `grad(loss)`."""
    return _as_name(name.replace("<lambda>", "f")) or "f"


def _own_name(label: str) -> str:
    """Return the last name of a place: `X` for `model.data.X`."""
    return _as_name(label.rpartition(".")[2]) or _as_name(label)


def _as_name(text: str) -> str:
    words = "".join([c if c.isalnum() or c == "_" else " " for c in text]).split()
    found = "_".join(words).removeprefix("self_")
    return found if is_name(found) else ""
