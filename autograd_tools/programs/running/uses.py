"""The last uses of a program's variables, the memory they view, and those that leave it."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any

from autograd_tools.base.containers import tree_leaves
from autograd_tools.programs.steps.loop import CARRIED, Loop
from autograd_tools.programs.steps.program import Call, Program, Variable, variables_in
from autograd_tools.programs.steps.simplify import is_pure


class Uses:
    """The uses of the variables of a program, or of the body of a loop, with these steps.

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
    bodies : dict
        The uses in the bodies of loops whose turns hand on arrays of their own alone.
    """

    def __init__(
        self, steps: Iterable[Any], inputs: list[Variable], results: list[Variable]
    ) -> None:
        self.results = results
        self.roots: dict[Variable, Variable] = {x: x for x in inputs}
        self.last: dict[Variable, int] = {}
        self.ends: dict[Variable, int] = {}
        self.kept: set[Variable] = set()
        self.bodies: dict[Loop, Uses] = {}
        self._views: dict[Variable, list[Variable]] = {}  # out of loops, and what they may view
        for number, step in enumerate(steps):
            given, made = list(step.inputs()), list(step.outputs())
            self._keep_viewed(given)
            if isinstance(step, Loop):
                self._find_roots(step, given, made)
            else:
                for y in made:
                    self._find_root(y, given)
            for x in (*given, *made):
                self.last[x] = self.ends[self.roots[x]] = number
            if isinstance(step, Call):
                if step.func is operator.getitem and given[0].type is list:  # of a loop's turns
                    self.roots[made[0]] = self.roots[given[0]]
                for root in step.writes:
                    self.ends[root] = number
                if not is_pure(step.func):  # which may hold on to its arguments
                    self.kept.update([self.roots[x] for x in given])
        self._keep_viewed(self.results)
        self.kept.update([self.roots[x] for x in self.results])

    def _keep_viewed(self, read: list[Variable]) -> None:
        """Keep what a view out of a loop that is read may view."""
        for x in read:
            self.kept.update([self.roots[viewed] for viewed in self._views.get(x, ())])

    def _find_roots(self, loop: Loop, given: list[Variable], made: list[Variable]) -> None:
        """Find the roots of what a loop makes; keep all that it may hand on in other ways."""
        inner = Uses(loop.body, [entry.variable for entry in loop.entries], [])
        self.roots |= {y: y for y in made}
        before = [x for stored in loop.stored for x in variables_in(stored.before)]
        self.kept.update([self.roots[x] for x in before])
        if not _hands_on_its_own(loop, inner):
            self.kept.update([self.roots[x] for x in (*given, *made)])
            return
        self.bodies[loop] = inner
        own = {y for y in made if inner.roots.get(y) is y}
        for y in made:
            root = inner.roots.get(y, y)
            if root in own:
                self.roots[y] = root
            else:
                self._views[y] = given
        for stored in loop.stored:
            self.roots[stored.sequence] = stored.variable
            self._views.pop(stored.sequence, None)

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


def _hands_on_its_own(loop: Loop, inner: Uses) -> bool:
    """Return whether arrays of their own go from turn to turn, and nothing is written."""
    for step in loop.body:
        if isinstance(step, Loop) or (
            isinstance(step, Call) and (step.writes or step.checks_shape)
        ):
            return False
    outputs = {x for step in loop.body for x in step.outputs()}
    handed = [entry.next for entry in loop.entries if entry.kind == CARRIED]
    carried = all([x in outputs and inner.roots[x] in outputs for x in handed if x is not None])
    return (
        carried
        and not inner.kept
        and all([inner.roots[x.variable] is x.variable for x in loop.stored])
    )


def result_variables(program: Program) -> list[Variable]:
    """Return the variables in the result and in what Params are assigned."""
    leaves = tree_leaves([program.result, [x for _, x in program.assigned]])
    return [x for x in leaves if type(x) is Variable]
