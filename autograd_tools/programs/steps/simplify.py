"""Simplification of programs: unused calls and repeated calls are removed."""

from __future__ import annotations

import operator
from collections.abc import Callable, Container, Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from autograd_tools.base.containers import tree_leaves, tree_replace
from autograd_tools.base.memory import no_collections
from autograd_tools.base.traced import PYTHONS, Method, UfuncMethod
from autograd_tools.engine.cotangents import add_at
from autograd_tools.programs.steps.program import (
    Call,
    Check,
    Program,
    Step,
    Variable,
    mapped,
    variables_in,
)

TESTS = frozenset({"cholesky", "cholesky_banded"})  # that fail for some matrices
FRESH = frozenset({np.zeros, np.empty, np.zeros_like, np.empty_like, np.copy, Method("copy")})
_ours = frozenset(x for x in (*vars(operator).values(), add_at) if callable(x))


@no_collections
def simplified(program: Program) -> Program:
    """Return a program with the same results and fewer calls."""
    steps, renamed = _without_repeats(program.steps, _handed_out(program))

    def rename(x: Any) -> Any:
        return tree_replace(
            x,
            iter(
                [
                    renamed.get(leaf, leaf) if type(leaf) is Variable else leaf
                    for leaf in tree_leaves(x)
                ]
            ),
        )

    result = rename(program.result)
    assigned = [(param, rename(x)) for param, x in program.assigned]
    kept = without_unread(
        steps, [*tree_leaves(result), *tree_leaves([x for _, x in assigned])], program.inputs
    )
    return replace(program, steps=kept, result=result, assigned=assigned)


def is_pure(func: Callable[..., Any]) -> bool:
    """Return whether equal arguments give equal results, and a call has no other effect."""
    if isinstance(func, (np.ufunc, Method, UfuncMethod)) or func in _ours:
        return True
    return (getattr(func, "__module__", "") or "").partition(".")[0] in ("numpy", "scipy")


def is_test(func: Callable[..., Any]) -> bool:
    """Return whether a call may be there for its error alone."""
    return getattr(func, "__name__", "") in TESTS


def _handed_out(program: Program) -> set[Variable]:
    """Return the roots of the results: each has memory of its own, as in the function."""
    leaves = tree_leaves([program.result, *[x for _, x in program.assigned]])
    return {x.root for x in leaves if type(x) is Variable}


def _without_repeats(
    steps: list[Step], handed_out: Container[Variable] = ()
) -> tuple[list[Step], dict[Variable, Any]]:
    """Return the steps without repeated calls, and what stands for the outputs of these.

    A number of Python's that a check has read is a constant from there on.
    """
    renamed: dict[Variable, Any] = {}
    known: dict[Any, Any] = {}
    kept: list[Step] = []
    repeating = _Repeating(steps)

    def rename(x: Any) -> Any:
        return renamed.get(x, x) if type(x) is Variable else x

    for step in steps:
        if type(step) is Check:
            x, expected = rename(step.variable), step.expected
            if type(x) is not Variable:
                continue  # a constant now
            checked = step if x is step.variable else Check(x, step.convert, expected, step.site)
            if known.setdefault((x, step.convert), checked) is checked:
                kept.append(checked)
            if x.type in PYTHONS and type(expected) is x.type and step.convert is not hash:
                renamed[step.variable] = renamed[x] = expected
            continue
        assert type(step) is Call
        call = _renamed(step, rename) if renamed else step
        if type(call.output) is Variable:
            if call.output.type in PYTHONS and _is_constant(call):
                renamed[call.output] = call.func(*call.args)
                continue
            is_handed_out = call.output.root in handed_out
        else:
            is_handed_out = any([x.root in handed_out for x in call.outputs()])
        if not is_handed_out and repeating.may(call):
            key = _quick_key(call) or (call.func, _key(call.args), _key(call.kwargs))
            before = known.setdefault(key, call.output)
            if before is not call.output:
                renamed.update(zip(call.outputs(), variables_in(before), strict=True))
                continue
        kept.append(call)
    for made in kept if renamed else ():
        for x in made.outputs():
            x.root = rename(x.root)
    return kept, renamed


class _Repeating:
    """Which calls may repeat others."""

    def __init__(self, steps: Iterable[Step]) -> None:
        self._pure: dict[Any, bool] = {}  # by function
        self._is_written = any([type(step) is Call and bool(step.writes) for step in steps])

    def may(self, call: Call) -> bool:
        """Return whether an equal call before gives what this one gives."""
        func = call.func
        is_pure_here = self._pure.get(func)
        if is_pure_here is None:
            is_pure_here = self._pure[func] = func not in FRESH and is_pure(func)
        if not is_pure_here or call.writes:
            return False
        if not self._is_written:
            return True
        return not any([x.root.written for x in (*call.inputs(), *call.outputs())])


def _quick_key(call: Call) -> Any:
    """Return what `_key` tells calls apart by, for variables and usual numbers; else None."""
    if call.kwargs:
        return None
    found = [call.func]
    for x in call.args:
        kind = type(x)
        if kind is Variable:
            found.append(x)
        elif (kind is float or kind is int) and x - x == 0 != x:
            found += (kind, x)
        else:
            return None
    return tuple(found)


def _renamed(call: Call, rename: Callable[[Any], Any]) -> Call:
    args = mapped(call.args, rename)
    if args is call.args and not call.kwargs:
        return call
    kwargs = mapped(call.kwargs, rename)
    return call.calling(call.func, args, kwargs)


def _is_constant(call: Call) -> bool:
    """Return whether a call computes a number of Python's from numbers of Python's."""
    numbers = all([type(arg) in PYTHONS for arg in call.args])
    return numbers and not call.kwargs and call.func in _ours


def _key(x: Any) -> Any:
    """Return something to compare arguments by: constants by type and value, arrays by identity."""
    kind = type(x)
    if kind is Variable:
        return x
    if kind in (tuple, list):
        return (kind, *map(_key, x))
    if kind is dict:
        return (dict, *((name, _key(item)) for name, item in x.items()))
    if kind is slice:
        return (slice, _key(x.start), _key(x.stop), _key(x.step))
    if kind is np.ndarray:
        return (
            (kind, x.shape, x.dtype, x.tobytes())
            if x.nbytes <= 4096 and x.dtype != object
            else (kind, id(x))
        )
    if kind in (int, float, complex, bool, str, type(None)) or isinstance(x, np.generic):
        return (kind, repr(x))
    try:
        hash(x)
    except TypeError:
        return (kind, id(x))
    return x


def without_unread(steps: list[Step], results: list[Any], inputs: list[Variable]) -> list[Step]:
    """Return the steps without calls whose outputs nobody reads."""
    read = {x for x in results if type(x) is Variable}
    roots = {x.root for x in (*read, *inputs)}
    pure: dict[Any, bool] = {}
    kept: list[Step] = []
    for step in reversed(steps):
        if type(step) is Call:
            func, y = step.func, step.output
            if func not in pure:
                pure[func] = is_pure(func) and not is_test(func)
            needed = (
                (y in read if type(y) is Variable else any([x in read for x in step.outputs()]))
                or step.checks_shape  # the function may have read its shape alone
                or not pure[func]
                or any([root in roots for root in step.writes])
            )
            if not needed:
                continue
        kept.append(step)
        for x in step.inputs():
            read.add(x)
            roots.add(x.root)
    return kept[::-1]
