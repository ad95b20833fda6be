"""Constants of NumPy's scalars as Python's numbers, where that gives the same numbers."""

from __future__ import annotations

import operator
from dataclasses import replace
from typing import Any, TypeGuard

import numpy as np

from autograd_tools.base.containers import tree_leaves
from autograd_tools.base.traced import Method
from autograd_tools.programs.rolling.renaming import Renamed, renamed_leaves, renamed_step
from autograd_tools.programs.steps.arithmetic import QUOTIENTS, WITH_SIGNS
from autograd_tools.programs.steps.program import Call, Check, Program, Step, Variable

OF_PYTHON: dict[Any, Any] = {
    np.multiply: operator.mul, np.add: operator.add, np.subtract: operator.sub,
    np.negative: operator.neg, np.true_divide: operator.truediv,
}  # fmt: skip


def with_plain_numbers(program: Program, *, exact: bool) -> Program:
    """Return a program with `2.0` for `np.float64(2.0)`, unless anybody sees the difference."""
    plain: set[Variable] = set()  # np.float64 so far, and float then
    if not exact and not _has_single_precision(program):
        program, plain = _with_raised_floats(program)
    steps, results = program.steps, (program.result, [x for _, x in program.assigned])
    divided = {x for step in steps if _is_python_quotient(step) for x in step.args[1:]}  # type: ignore[union-attr]
    found: list[Step] = []
    renamed: Renamed = {}
    for step in steps:
        new: Any = renamed_step(step, renamed)
        if isinstance(new, Call) and new.func == Method("item") and new.args[0] in plain:
            renamed[new.output] = new.args[0]
            continue
        new = _plain(new, plain, divided) if _is_concerned(new, plain) else new
        if new is None:
            return program
        found.append(new)
    if plain.intersection([x for x in tree_leaves(results) if type(x) is Variable]):
        return program
    for x in plain:
        x.type, x.dtype = float, None
    result, assigned = renamed_leaves(results, renamed)
    params = [param for param, _ in program.assigned]
    pairs = list(zip(params, assigned, strict=True))
    return replace(program, steps=found, result=result, assigned=pairs)


def _with_raised_floats(program: Program) -> tuple[Program, set[Variable]]:
    """Return a program with `x**2` for `np.float64(x)**2`, and these powers; other powers of a
    float may fail, or be complex.
    """
    floats: dict[Variable, Any] = {}
    powers: set[Variable] = set()
    steps: list[Step] = []
    for step in program.steps:
        if isinstance(step, Call) and step.func is np.float64:
            floats[step.output] = step.args[0]
        if _is_whole_power(step) and step.args[0] in floats:
            steps.append(step.calling(step.func, (floats[step.args[0]], step.args[1])))
            powers.add(step.output)
        else:
            steps.append(step)
    return replace(program, steps=steps), powers


def _has_single_precision(program: Program) -> bool:
    """Return whether some array is of less than double precision, which a float takes on."""
    made = [x for step in program.steps if isinstance(step, Call) for x in step.outputs()]
    dtypes = {x.dtype for x in (*program.inputs, *[x for _, x in program.outside], *made)}
    return not dtypes.isdisjoint(map(np.dtype, (np.float16, np.float32, np.complex64)))


def _is_whole_power(step: Any) -> TypeGuard[Call]:
    """Return whether a step raises a value to a whole power."""
    if not isinstance(step, Call) or step.func is not operator.pow:
        return False
    base, power = step.args
    return type(base) is Variable and type(power) is int and power >= 0


def _is_concerned(step: Step, plain: set[Variable]) -> bool:
    if isinstance(step, Call) and any([type(x) is np.float64 for x in step.args]):
        return True
    return not plain.isdisjoint(step.inputs())


def _plain(step: Step, plain: set[Variable], divided: set[Any]) -> Step | None:
    """Return a step on Python's numbers, and note its output; None if it gives something else."""
    if isinstance(step, Check) or step.kwargs or type(step.output) is not Variable:
        return None
    args = [float(x) if type(x) is np.float64 else x for x in step.args]
    if step.func in QUOTIENTS:
        if not _is_safe_divisor(args[1], plain, divided):
            return None
    elif step.func is np.broadcast_to:
        return step.calling(step.func, tuple(args))
    elif step.func not in WITH_SIGNS and not _is_whole_power(step):
        return None
    variables = [x for x in args if type(x) is Variable]
    has_array = any([type(x) is np.ndarray for x in args])
    if any([x.dtype not in (None, np.dtype(float)) for x in variables]):
        return None
    if not has_array and all([x in plain or x.type in (int, float) for x in variables]):
        plain.add(step.output)
        func = OF_PYTHON.get(step.func, step.func)
        return step.calling(func, tuple(args))
    return step.calling(step.func, tuple(args))


def _is_safe_divisor(x: Any, plain: set[Variable], divided: set[Any]) -> bool:
    """Return whether division by a value, or by Python's number in its place, is the same."""
    if type(x) is not Variable:
        return bool(np.all(x))
    return x not in plain and (x in divided or x.type in (np.float64, np.ndarray))


def _is_python_quotient(step: Step) -> bool:
    """Return whether a step divides Python's numbers, which fails for zero."""
    if not isinstance(step, Call) or step.func is not operator.truediv:
        return False
    kinds = [x.type if type(x) is Variable else type(x) for x in step.args]
    return all([kind in (int, float) for kind in kinds])
