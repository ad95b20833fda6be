"""scipy.optimize: roots of functions, differentiated by the implicit function theorem.

The solver sees plain values. From its root, Newton steps record how the root depends on each
recorded value that the function uses: n steps have the first 2**n - 1 derivatives of the root.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import optimize

from autograd_tools.api.derivatives import elementwise_grad, jacobian
from autograd_tools.api.dispatch import with_value
from autograd_tools.engine.calls import plain
from autograd_tools.engine.state import recordings
from autograd_tools.scipy.arguments import array, is_recorded
from autograd_tools.scipy.steps import is_plain_call, refuse_steps

Function = Callable[..., Any]
__all__ = [
    "bisect",
    "brenth",
    "brentq",
    "fsolve",
    "newton",
    "ridder",
    "root",
    "root_scalar",
    "toms748",
]


class _OneEquation:
    """A function of a number, or of each element of an array."""

    slope = staticmethod(elementwise_grad)

    @staticmethod
    def divide(slope: Any, y: Any) -> Any:
        return y / slope


class _System:
    """A function of a vector that returns one."""

    slope = staticmethod(jacobian)
    divide = staticmethod(np.linalg.solve)


def _recorded(root: Any, f: Function, kind: Any) -> Any:
    """Return a root as a value that depends on the recorded values that `f` uses."""
    if not is_recorded(f(root)):
        return root
    y, first = root, None
    same = np.eye(len(root)) if kind is _System else 1.0
    for _ in range(len(recordings.in_effect()) + 1):
        slope = kind.slope(f)(y)
        first = plain(slope) if first is None else first
        step = kind.divide(slope, f(y))
        is_near = np.abs(plain(step)) <= 1e-3 * (1 + np.abs(root))
        is_simple = np.abs(kind.divide(first, plain(slope)) - same) <= 0.1
        if not (np.all(is_near) and np.all(is_simple)):
            raise ValueError(
                f"expected a simple root, because others have no gradient, got {root!r}: Newton's "
                "method does not converge from it; if it is simple, set smaller tolerances"
            )
        y = y - step
    return with_value(y, root)


def _plainly(x: Any, solver: str) -> Any:
    """Return a plain argument; a function returns plain values."""
    if not callable(x):
        return plain(x)

    def call(*args: Any) -> Any:
        y = plain(array(x(*args)))
        refuse_steps(solver, y)
        return y

    return call


def _solver(name: str, kind: Any = _OneEquation) -> Function:
    """Return a solver of SciPy whose root has a gradient."""
    theirs = getattr(optimize, name)
    signature = inspect.signature(theirs)

    @functools.wraps(theirs, assigned=("__name__", "__qualname__"))
    def solve(*args: Any, **kwargs: Any) -> Any:
        if is_plain_call():
            return theirs(*args, **kwargs)
        given = signature.bind(*args, **kwargs).arguments
        function = next(iter(given.values()))
        rest = given.get("args", ())
        rest = tuple(rest) if isinstance(rest, tuple) or name == "newton" else (rest,)
        has_slope = given.get("fprime", given.get("jac")) is True  # f returns it, too

        def f(x: Any) -> Any:
            y = function(x, *rest)
            return array(y[0] if has_slope else y)

        found = theirs(**{key: _plainly(x, name) for key, x in given.items()})
        if isinstance(found, optimize.OptimizeResult):
            key = "x" if name == "root" else "root"
            found[key] = _recorded(found[key], f, kind)
            return found
        if isinstance(found, tuple):
            return type(found)((_recorded(found[0], f, kind), *found[1:]))
        return _recorded(found, f, kind)

    solve.__doc__ = f"""scipy.optimize.{name}, whose root has a gradient of any order.

    Recorded values may be among the arguments, or be used by the function from elsewhere. The root
    does not depend on the starting point, whose gradient is zero.
    """
    return solve


bisect = _solver("bisect")
brenth = _solver("brenth")
brentq = _solver("brentq")
newton = _solver("newton")
ridder = _solver("ridder")
root_scalar = _solver("root_scalar")
toms748 = _solver("toms748")
fsolve = _solver("fsolve", _System)
root = _solver("root", _System)
