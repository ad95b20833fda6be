"""Agreement of two runs of a function: a value that differs between them is not a constant.

The second run gets copies of the arguments with slightly other numbers, so that a constant which
depends on them shows as well.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from autograd_tools.base.containers import tree_leaves, tree_replace
from autograd_tools.base.memory import no_collections
from autograd_tools.engine.primitives import name_of
from autograd_tools.programs.capturing.capture import UncapturedError
from autograd_tools.programs.capturing.input_kinds import is_input
from autograd_tools.programs.capturing.outside_inputs import OutsideInputs
from autograd_tools.programs.capturing.param_inputs import Rehearsal, params_captured
from autograd_tools.programs.capturing.runs import CapturedRun, captured
from autograd_tools.programs.capturing.undoing import State
from autograd_tools.programs.capturing.verifying import Verifying, equal
from autograd_tools.programs.steps.program import NOWHERE, Site

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
        again = capture(first=run.capture)
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
    capture = functools.partial(capture, first=run.capture)
    other = _second(capture)
    if other is None or _difference(run, other) is not None:
        other = capture()
    site = _difference(run, other)
    if site is not None:
        raise _final(f, f"two runs of {name_of(f)} on the same arguments differ", site)
    state.clear_caches()
    if not close(expected, run.result):
        _refuse(
            f"{name_of(f)} returns a different value while it is captured; write "
            "isinstance(x, kind) for type(x) is kind"
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
            return capture(change=_nearby)
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
        return equal(x, y)
    if np.shape(x) == np.shape(y) and np.array_equal(x, y):
        return True
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


def _difference(run: CapturedRun, other: CapturedRun) -> Site | None:
    """Return where a run first differs from the first one; None if they are the same."""
    assert isinstance(other.capture, Verifying)
    site = other.capture.missing()
    if site is not None:
        return site
    ends = [[one.program.result, [x for _, x in one.program.assigned]] for one in (run, other)]
    return None if equal(*map(tree_leaves, ends)) else NOWHERE
