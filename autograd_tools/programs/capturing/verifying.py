"""A second run of a function, whose steps must equal those of the first."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np

from autograd_tools.base.traced import Traced
from autograd_tools.programs.capturing.capture import Capture
from autograd_tools.programs.steps.program import NOWHERE, Call, Check, Site, Step, Variable


class Verifying(Capture):
    """A run that compares each step with one of an earlier run, and notes none.

    Its values have the variables of the earlier run, so that equal arguments are one object.

    Attributes
    ----------
    first : Capture
        The earlier run.
    different : Site or None
        The line of the first step that differs.
    """

    def __init__(
        self, first: Capture, change: Callable[[Any], Any] | None = None, *, integers: bool = True
    ) -> None:
        super().__init__(change, integers=integers)
        self.first = first
        self.different: Site | None = None
        self.done = 0  # steps
        self._sites = _SitesOf(self)  # type: ignore[assignment]

    def current(self) -> Site:
        """Return the line of the step that is next in the earlier run."""
        steps = self.first.steps
        return steps[self.done].site if self.done < len(steps) else NOWHERE

    def variable(self, like: Any, root: Variable | None = None, name: str = "") -> Variable:
        """Return the variable that the earlier run made here, if it is of the same kind."""
        made = super().variable(like, root, name)
        number = made.number
        known = self.first.variables[number] if number < len(self.first.variables) else made
        if self.different is not None or not _equal_kinds(made, known):
            return made
        self.variables[number] = known
        return known

    def mark_written(self, roots: list[Variable]) -> None:
        """Do nothing: the earlier run has."""

    def note(self, step: Step) -> None:
        """Compare a step."""
        here = self.current()
        is_known = self.done < len(self.first.steps)
        if self.different is None:
            known = self.first.steps[self.done] if is_known else None
            if not is_known or not equal(_content(step), _content(known)):
                self.different = here
        self.done += 1

    def missing(self) -> Site | None:
        """Return the line of the first step that differs, or that this run has not done."""
        if self.different is None and self.done < len(self.first.steps):
            return self.current()
        return self.different

    def simple_call(self, func: Callable[..., Any], args: tuple[Any, ...]) -> Traced | None:
        """Do a call that equals the next step, without a look at anything else; else None."""
        step: Any = self.first.steps[self.done] if self.done < len(self.first.steps) else None
        if self.different is not None or type(step) is not Call or step.func is not func:
            return super().simple_call(func, args)
        values = []
        for x, known in zip(args, step.args, strict=False):
            if type(x) is Traced:
                if x.variable is not known or x.capture is not self:
                    return super().simple_call(func, args)
                values.append(x.plain)
            elif x is known or equal(x, known):
                values.append(x)
            else:
                return super().simple_call(func, args)
        y, made = self.computed(func, tuple(values), {}), step.output
        kind = type(y)
        if kind is not np.float64 and (kind is not np.ndarray or y.base is not None):
            return None
        if made.number != len(self.variables) or any([y is x for x in values]):
            return None
        if kind is not made.type or y.shape != made.shape or y.dtype != made.dtype:
            return None
        self.variables.append(made)
        self.done += 1
        return Traced(y, made, self)


class _SitesOf:
    """The lines of an earlier run."""

    def __init__(self, verifying: Verifying) -> None:
        self.current = verifying.current

    def finish(self) -> None:
        """Do nothing."""


def _equal_kinds(x: Variable, y: Variable) -> bool:
    return x.shape == y.shape and x.dtype == y.dtype and x.type is y.type


def _content(step: Any) -> Any:
    if type(step) is Check:
        return (step.variable, step.convert, step.expected)
    return (step.func, step.args, step.kwargs, step.output)


def equal(x: Any, y: Any) -> bool:
    """Return whether two nested arguments are the same, variables by their numbers and kinds."""
    kind = type(x)
    if x is y:
        return True
    if kind is not type(y):
        return False
    if kind is Variable:
        return x.number == y.number and _equal_kinds(x, y)
    if isinstance(x, (tuple, list)):
        return len(x) == len(y) and all(map(equal, x, y))
    if kind is dict:
        return x.keys() == y.keys() and all([equal(x[key], y[key]) for key in x])
    if kind is slice:
        return equal((x.start, x.stop, x.step), (y.start, y.stop, y.step))
    if kind is np.ndarray:
        return x.dtype == y.dtype and x.shape == y.shape and x.tobytes() == y.tobytes()
    if hasattr(kind, "tocoo"):  # a sparse array of SciPy
        a, b = x.tocoo(), y.tocoo()
        return equal((a.shape, a.data, a.row, a.col), (b.shape, b.data, b.row, b.col))
    if kind is FunctionType and x.__code__ is y.__code__:  # made again, as by a decorator
        parts = [(f.__closure__ or (), f.__defaults__, f.__kwdefaults__) for f in (x, y)]
        return equal(*[([cell.cell_contents for cell in cells], *rest) for cells, *rest in parts])
    try:
        return bool(x == y) or (repr(x) == repr(y) and "nan" in repr(x))
    except (TypeError, ValueError):
        return False
