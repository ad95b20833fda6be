"""A NumPy function called on recorded values: the primitive that records it, or an error."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_tools.api.callers import instead_of_caller, numpy_function
from autograd_tools.base.containers import with_children
from autograd_tools.engine.calls import call, holds_tracked, innermost, is_constant, plain
from autograd_tools.engine.describe import describe
from autograd_tools.engine.detached import CALL_PATH, note_detached
from autograd_tools.engine.foreign import to_arrays
from autograd_tools.engine.primitives import NoRuleError, name_of
from autograd_tools.engine.registry import COMPOSITES, EXACT, PRIMITIVES, ZEROGRADS
from autograd_tools.engine.state import innermost_open, open_tapes
from autograd_tools.engine.values import LostGradientError, Result, Value, result, unwrap
from autograd_tools.rules import special
from autograd_tools.rules.filling import BLANKS, WRITERS, blank, expose, write_out
from autograd_tools.rules.like import LIKE

CALL_PATH.add(__file__)

# Functions that write into their first argument, and the replacement that makes a new array.
IN_PLACE = {
    **dict.fromkeys((np.put, np.place, np.putmask, np.put_along_axis), "np.where"),
    np.fill_diagonal: "np.where(np.eye(n, dtype=bool), x, a)",
}


def call_numpy(  # noqa: PLR0912  the frequent cases first
    func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """Call a NumPy function with recorded values among its arguments, and record the call."""
    if (kwargs or len(args) > 2) and (out := _out_of(func, args, kwargs)) is not None:
        if kwargs.get("out") is None:  # it came by position
            names = _names(func)
            first = names.index("out")
            args, kwargs = (
                args[:first],
                {**dict(zip(names[first:], args[first:], strict=False)), **kwargs},
            )
            kwargs["out"] = out
        return call_with_out(func, functools.partial(call_numpy, func), args, kwargs)
    primitive = PRIMITIVES.get(func)
    if primitive is not None:
        if len(args) == 1 and not kwargs:
            return primitive.first(args[0])
        if len(args) == len(primitive.rules) == 2 and not kwargs and not primitive.fields:
            return primitive.fast(*args)
        if args and all(map(is_constant, args[1:])) and all(map(is_constant, kwargs.values())):
            return primitive.first(args[0], args[1:], kwargs)
        return call(primitive, args, kwargs)
    args, kwargs = to_arrays(args), {name: to_arrays(item) for name, item in kwargs.items()}
    if func in WRITERS and isinstance(args[0], Result):
        return WRITERS[func](*args, **kwargs)
    if func in ZEROGRADS or (func in BLANKS and not is_recorded((*args[1:], *kwargs.values()))):
        return _call_plain(func, args, kwargs)
    if not is_recorded((*args, *kwargs.values())):
        return expose(func(*plain(args), **plain(kwargs)), (*args, *kwargs.values()))
    if func in COMPOSITES:
        return _compose(func, args, kwargs)
    if func in LIKE:
        return LIKE[func](*args, **kwargs)
    primitive = special.find(func)
    if primitive is not None:
        return call(primitive, args, kwargs)
    if func in ZEROGRADS:  # SciPy's, registered by `special.find`
        return _call_plain(func, args, kwargs)
    raise _no_rule(func, args)


def _compose(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Record the functions that compose `func`; NumPy computes the value unless they are exact."""
    if func in EXACT:
        y = COMPOSITES[func](*args, **kwargs)
    else:
        value = func(*plain(args), **plain(kwargs))
        y = with_value(COMPOSITES[func](*args, **kwargs), value, (*args, *kwargs.values()))
    if open_tapes and not holds_tracked(y):
        note_detached(name_of(func), (*args, *kwargs.values()))
    return y


def with_value(y: Any, value: Any, args: tuple[Any, ...] = ()) -> Any:
    """Return `y` with another value in each Result; an argument that is returned keeps its own.

    The entry keeps the value that its rules compare with their arguments.
    """
    if isinstance(y, Result):
        if all([y is not arg for arg in args]):
            y.value = _below_with_value(y.value, value)
        return y
    if isinstance(y, (tuple, list)):
        parts = [with_value(part, own, args) for part, own in zip(y, value, strict=True)]
        return with_children(value, parts)
    return value


def _below_with_value(y: Any, value: Any) -> Any:
    """Return a Result of an outer recording with another value; the entry keeps the old one."""
    if not isinstance(y, Result):
        return value
    made = result(_below_with_value(y.value, value), y.recording, y.index)
    made.frozen = True
    return made


@functools.cache
def _names(func: Callable[..., Any]) -> list[str]:
    """Return the names of arguments that come by position; NumPy handles `out` of a ufunc."""
    try:
        parameters = inspect.signature(func).parameters.values()
    except ValueError:  # a function without a signature
        return []
    return [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]


def _out_of(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return the array that a call names as `out`, also by position; None without one."""
    out = kwargs.get("out")
    if out is None and len(args) > 2:
        names = _names(func)
        if "out" in names[: len(args)]:
            out = args[names.index("out")]
    return out


def _call_plain(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call a function whose result has no gradient, or a new array that can be written into."""
    given = (*args, *kwargs.values())
    if open_tapes:
        note_detached(name_of(func), given)
    y = func(*plain(args), **plain(kwargs))
    return blank(y, given) if func in BLANKS else y


def call_with_out(
    func: Callable[..., Any],
    record: Callable[[tuple[Any, ...], dict[str, Any]], Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    """Call a function that writes into `out`, which must be recorded if an argument is.

    `record(args, kwargs)` calls it without `out`, and records the call.
    """
    rest = {name: arg for name, arg in kwargs.items() if name != "out"}
    out = kwargs["out"]
    out = out[0] if type(out) is tuple and len(out) == 1 else out
    recorded = is_recorded((*args, *rest.values()))
    if isinstance(out, Result) and kwargs.get("where", True) is True:
        y = record(args, rest) if recorded else func(*plain(args), **plain(rest))
        return write_out(out, y, func, args, rest)
    if recorded or is_recorded((kwargs["out"],)):
        raise LostGradientError(
            f"{name_of(func)}(out=...): a plain array cannot hold a recorded value; omit `out` "
            "and use the return value, and write `a = a + x` for `a += x`"
        )
    return func(*plain(args), **plain(kwargs))


def is_recorded(args: tuple[Any, ...]) -> bool:
    """Return True if an open recording tracks one of the arguments."""
    return innermost(args, sequences=True) is not None


def _no_rule(func: Callable[..., Any], args: tuple[Any, ...]) -> TypeError:
    name = name_of(func)
    module = "scipy" if name.startswith("special.") else "np"
    called = func_name = f"{module}.{name}"
    if isinstance(func, np.ufunc) and module == "np" and not hasattr(np, name):  # the user's own
        called, func_name = f"the ufunc {name}", "f"
    if name == "copyto":
        return TypeError(
            "np.full, np.full_like and np.copyto write into a plain array, which cannot hold a "
            "recorded value; write np.ones(shape) * x instead of np.full(shape, x)"
        )
    if func in IN_PLACE:
        return TypeError(
            f"np.{name} writes into an array, which would lose a gradient; write into "
            f"np.zeros_like(x) of a recorded x, or build a new value with {IN_PLACE[func]}"
        )
    tracked = next((describe(arg) for arg in args if isinstance(arg, Value)), "a recorded value")
    return NoRuleError(
        f"{called} has no gradient rule, and was called on {tracked} while recording; "
        f"give it one with ag.primitive(rule, ...)({func_name}), declare a zero gradient with "
        f"ag.zerograd({func_name}), or detach the value with ag.value(x)"
    )


def lost_gradient(what: str, instead: str) -> LostGradientError:
    """Return the error for `what`, which would detach a value; `instead` is the remedy."""
    return LostGradientError(
        f"{what} would turn a recorded value into a plain one and lose its gradient; {instead}, "
        "or detach it with ag.value(x)"
    )


def reject_if_recorded(self: Any, what: str, instead: str) -> Any:
    """Return the plain value, unless that would lose a gradient."""
    if is_recorded((self,)):
        if name := numpy_function():
            what = f"np.{name}, which does not dispatch on this argument,"
            instead = f"use autograd_tools.numpy.{name}, which does, or {instead}"
        error = lost_gradient(*(instead_of_caller() or (what, instead)))
        if (recording := innermost_open()) is not None:
            recording.refused = error  # SciPy's C code may raise another one instead
        raise error
    return unwrap(self)
