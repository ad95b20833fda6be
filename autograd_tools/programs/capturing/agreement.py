"""Two runs of a function that have to agree: what differs between them is no constant.

The second run gets copies of the arguments with slightly other numbers, so that a constant which
depends on them shows as well.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from types import FunctionType
from typing import Any

import numpy as np

from autograd_tools.base.containers import tree_leaves, tree_replace
from autograd_tools.base.memory import no_collections
from autograd_tools.engine.primitives import name_of
from autograd_tools.programs.capturing.capture import UncapturedError, is_input
from autograd_tools.programs.capturing.outside_inputs import OutsideInputs
from autograd_tools.programs.capturing.param_inputs import Rehearsal, params_captured
from autograd_tools.programs.capturing.runs import CapturedRun, captured
from autograd_tools.programs.capturing.undoing import State
from autograd_tools.programs.steps.program import NOWHERE, Check, Site, Variable

NEAR = 2.0**-20  # the relative change of an input


@no_collections
def agreed(
    f: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    objects: Iterable[tuple[Any, str]] = (),
    *,
    integers: bool = True,
    outside: OutsideInputs | None = None,
    named: bool = False,
) -> CapturedRun:
    """Run a function plainly and capture it twice, and return the first capture.

    If `named`, its variables have the user's names. What the runs change in `objects` is undone. A
    plain run that fills a cache may change them.

    Raises
    ------
    UncapturedError
        If the captures differ, draw random numbers or change the objects.
    """
    state = State(objects)
    capture = functools.partial(
        captured, f, args, kwargs, integers=integers, outside=outside, named=named
    )
    try:
        return _agreed(f, args, kwargs, state, capture)
    except BaseException:
        state.restore()
        raise


def _agreed(
    f: Any, args: Any, kwargs: Any, state: State, capture: Callable[..., CapturedRun]
) -> CapturedRun:
    run = capture()
    if state.draws():
        again = capture()
        raise _final(f, f"{name_of(f)} draws random numbers", _difference(run, again))
    state.clear_caches()
    changed = state.changed()
    if changed:  # perhaps something that the first run computes and keeps
        state.restore()
    expected = _plain_result(f, args, kwargs)
    if changed:
        filled = state.again()
        run = capture()
        if filled.changed():
            _refuse(f"it changes {changed}; pass it as an argument and return it, or use a Param")
    other = _second(capture)
    if other is None or _difference(run, other) is not None:
        other = capture()
    site = _difference(run, other)
    if site is not None:
        raise _final(f, f"two runs of {name_of(f)} on the same arguments differ", site)
    state.clear_caches()
    if not close(expected, run.result):
        _refuse(
            f"{name_of(f)} returns another value while it is captured; write isinstance(x, kind) "
            "for type(x) is kind"
        )
    return run._replace(expected=expected)


def _plain_result(f: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """Return the result of a run on copies of the arguments and Params."""
    known: dict[int, Any] = {}

    def copy(x: Any) -> Any:
        return known.setdefault(id(x), x.copy("K")) if isinstance(x, np.ndarray) else x

    leaves = tree_leaves((args, kwargs))
    given, options = tree_replace((args, kwargs), map(copy, leaves))
    with params_captured(Rehearsal()):
        return f(*given, **options)


def _refuse(why: str) -> None:
    raise UncapturedError(why)


def _final(f: Callable[..., Any], what: str, site: Site | None) -> UncapturedError:
    at = f", first at {site.file}:{site.line} in {site.function}" if site and site.file else ""
    error = UncapturedError(
        f"{what}{at}: pass random numbers, counters and whatever else changes between calls as "
        "arguments"
    )
    error.is_final = True
    return error


def _second(capture: Callable[..., CapturedRun]) -> CapturedRun | None:
    """Capture a function on slightly other numbers; None if it does not take these."""
    try:
        with np.errstate(all="ignore"):
            return capture(_nearby)
    except Exception:
        return None


def close(y: Any, other: Any) -> bool:
    """Return whether two results are equal to rounding."""
    leaves, others = tree_leaves(y), tree_leaves(other)
    if list(map(type, leaves)) != list(map(type, others)):
        return False
    return all(map(_leaves_close, leaves, others))


def _leaves_close(x: Any, y: Any) -> bool:
    if not is_input(x):
        return _equal(x, y)
    rounding = 1e-4 if np.result_type(x).itemsize // (1 + np.iscomplexobj(x)) < 8 else 1e-10
    scale = np.max(np.abs(x), initial=0, where=np.isfinite(x)) if np.size(x) else 0
    return np.shape(x) == np.shape(y) and np.allclose(
        x, y, rtol=rounding, atol=rounding * scale, equal_nan=True
    )


def _nearby(x: Any) -> Any:
    """Return a number or array with slightly other numbers, and integers as they are."""
    if isinstance(x, (float, complex)) or getattr(x, "dtype", np.dtype(bool)).kind in "fc":
        return (
            type(x)(x * (1 + NEAR))
            if not isinstance(x, np.ndarray)
            else (x * (1 + NEAR)).astype(x.dtype)
        )
    return _copied(x)


def _copied(x: Any) -> Any:
    return x.copy("K") if isinstance(x, np.ndarray) else x


def _difference(a: CapturedRun, b: CapturedRun) -> Site | None:
    """Return where two runs first differ; None if they are the same."""
    for x, y in zip(a.program.steps, b.program.steps, strict=False):
        if type(x) is not type(y) or not (_equal_at_once(x, y) or _equal(_content(x), _content(y))):
            return x.site
    if len(a.program.steps) != len(b.program.steps):
        longer = max(a.program.steps, b.program.steps, key=len)
        return longer[min(len(a.program.steps), len(b.program.steps))].site
    ends = [[run.program.result, [x for _, x in run.program.assigned]] for run in (a, b)]
    return None if _equal(*map(tree_leaves, ends)) else NOWHERE


def _equal_at_once(x: Any, y: Any) -> bool:
    """Return True for most calls that are equal: quick, and False where it is not known."""
    if type(x) is Check or x.func is not y.func or x.kwargs or len(x.args) != len(y.args):
        return False
    for a, b in zip(x.args, y.args, strict=True):
        if a is not b and not (type(a) is type(b) is Variable and a.number == b.number):
            return False
    return type(x.output) is Variable and _equal(x.output, y.output)


def _content(step: Any) -> Any:
    if type(step) is Check:
        return (step.variable, step.convert, step.expected)
    return (step.func, step.args, step.kwargs, step.output)


def _equal(x: Any, y: Any) -> bool:
    """Return whether two nested arguments are the same, variables by their numbers and kinds."""
    kind = type(x)
    if x is y:
        return True
    if kind is not type(y):
        return False
    if kind is Variable:
        return bool(
            x.number == y.number and x.shape == y.shape and x.dtype == y.dtype and x.type is y.type
        )
    if isinstance(x, (tuple, list)):
        return len(x) == len(y) and all(map(_equal, x, y))
    if kind is dict:
        return x.keys() == y.keys() and all([_equal(x[key], y[key]) for key in x])
    if kind is slice:
        return _equal((x.start, x.stop, x.step), (y.start, y.stop, y.step))
    if kind is np.ndarray:
        return x.dtype == y.dtype and x.shape == y.shape and x.tobytes() == y.tobytes()
    if kind is FunctionType and x.__code__ is y.__code__:  # made again, as by a decorator
        parts = [(f.__closure__ or (), f.__defaults__, f.__kwdefaults__) for f in (x, y)]
        return _equal(*[([cell.cell_contents for cell in cells], *rest) for cells, *rest in parts])
    try:
        return bool(x == y) or (repr(x) == repr(y) and "nan" in repr(x))
    except (TypeError, ValueError):
        return False
