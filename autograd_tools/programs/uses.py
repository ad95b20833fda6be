"""Where the variables of a program are used last, whose memory they view, and which leave it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from autograd_tools.base.containers import tree_leaves
from autograd_tools.programs.loop import Loop
from autograd_tools.programs.program import Call, Program, Variable
from autograd_tools.programs.simplify import is_pure


class Uses:
    """The uses of the variables of a program with these steps.

    Attributes
    ----------
    results : list of Variable
        What leaves the program.
    roots : dict
        The variable whose memory each variable views, or itself. It differs from `x.root` where
        that one is no more in the program.
    last : dict
        The last step that uses each variable.
    ends : dict
        The last step that uses each root or a view of it.
    kept : set
        Roots whose memory somebody may see after the run, or see change.
    """

    def __init__(self, steps: Iterable[Any], program: Program) -> None:
        self.results = result_variables(program)
        self.roots: dict[Variable, Variable] = {x: x for x in program.inputs}
        self.last: dict[Variable, int] = {}
        self.ends: dict[Variable, int] = {}
        self.kept: set[Variable] = set()
        for number, step in enumerate(steps):
            given, made = list(step.inputs()), list(step.outputs())
            for y in made:
                if isinstance(step, Loop):
                    self.roots[y] = y
                else:
                    self._find_root(y, given)
            for x in (*given, *made):
                self.last[x] = self.ends[self.roots[x]] = number
            if isinstance(step, Loop):  # whose turns hand arrays on in many ways
                self.kept.update([self.roots[x] for x in (*given, *made)])
            if isinstance(step, Call):
                for root in step.writes:
                    self.ends[root] = number
                if not is_pure(step.func):  # which may hold on to its arguments
                    self.kept.update([self.roots[x] for x in given])
        self.kept.update([self.roots[x] for x in self.results])

    def _find_root(self, y: Variable, given: list[Variable]) -> None:
        if y.root is y:
            self.roots[y] = y
            return
        viewed = self.roots.get(y.root)
        if viewed is None:  # the root is gone, for one of the arguments that equals it
            candidates = {self.roots[x] for x in given if x.is_array} or {y}
            viewed = min(candidates, key=lambda x: x.number)
            if len(candidates) > 1:
                self.kept |= candidates
        self.roots[y] = viewed


def result_variables(program: Program) -> list[Variable]:
    """Return the variables in the result and in what Params are assigned."""
    leaves = tree_leaves([program.result, [x for _, x in program.assigned]])
    return [x for x in leaves if type(x) is Variable]
