"""The paths of a compiled function: one program for each path through its branches."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_tools.base.containers import children_of, tree_leaves, tree_replace
from autograd_tools.programs.capturing.signatures import signature_of
from autograd_tools.programs.running.code import LeftPathError
from autograd_tools.programs.steps.program import Program

MOST_PATHS = 16  # programs of one signature


@dataclass(eq=False)
class Path:
    """A program and its function; `outcomes` are those of its checks."""

    program: Program
    function: Callable[..., Any]
    outcomes: list[Any]

    def __post_init__(self) -> None:
        y = self.program.result
        parts = y if type(y) is tuple and y else (y,)
        leaves = all([children_of(part) is None for part in parts])
        self.is_flat = leaves and not self.program.assigned
        results = y, [x for _, x in self.program.assigned]
        self._form = tree_replace(results, itertools.repeat(0.0))

    def params(self) -> list[Any] | None:
        """Return the numbers of the Params that are inputs; None if these have another form now."""
        found: list[Any] = []
        for param, key in self.program.params:
            held, now, _ = signature_of(param.value)
            if now != key:
                return None
            found += held
        return found

    def run(self, inputs: list[Any], *, assigns: bool = True) -> Any:
        """Run the program, assign its Params and return its result."""
        program = self.program
        if program.ignored:
            modes: Any = dict.fromkeys(program.ignored, "ignore")
            with np.errstate(**modes):
                leaves = self.function(*inputs)
        else:
            leaves = self.function(*inputs)
        if self.is_flat:
            return leaves if type(program.result) is tuple else leaves[0]
        y, values = tree_replace(self._form, iter(leaves))
        for (param, _), value in zip(program.assigned, values, strict=True) if assigns else ():
            param.value = value
        return y

    def goes(self, other: Path, left: LeftPathError) -> bool:
        """Return whether it goes the way on which another path was left."""
        n = left.number
        return (
            len(self.outcomes) > n
            and self.outcomes[:n] == other.outcomes[:n]
            and type(self.outcomes[n]) is type(left.found)
            and bool(self.outcomes[n] == left.found)
        ) or self.program.params != other.program.params


def often_left(paths: list[Path]) -> str:
    """Say which line reads the number that differs between the paths."""
    a, b = paths[0], paths[1]
    pairs = zip(a.outcomes, b.outcomes, a.program.checks(), strict=False)
    sites = [site for x, y, site in pairs if x != y]
    at = f"at {sites[0].file}:{sites[0].line} " if sites and sites[0].file else ""
    return (
        f"the number that Python reads {at}was different in each of {MOST_PATHS} runs; pass what "
        "it selects as an argument, such as X[i:i + 10], or write np.take(X, i, axis=0) for X[i]"
    )


def overlap(inputs: list[Any], paths: list[Path]) -> bool:
    """Return whether arguments that are written into, or Params, share memory."""
    params = [
        x for path in paths for param, _ in path.program.params for x in tree_leaves(param.value)
    ]
    given = [x for x in inputs if isinstance(x, np.ndarray)]
    arrays = {id(x): x for x in (*given, *params) if isinstance(x, np.ndarray)}
    pairs = itertools.combinations(arrays.values(), 2)
    is_twice = len({*map(id, given)}) < len(given)
    return is_twice or any([np.may_share_memory(a, b) for a, b in pairs])
