"""Operators on functions of one argument as operators on functions of several."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from autograd_tools.api.functions import FunctionOf, named
from autograd_tools.compat.util import subvals


def unary_to_nary(operator: Callable[..., Any]) -> Callable[..., Any]:
    """Make `operator(f, x, ...)`, for functions of one argument, `made(f, argnum=0, ...)(*args)`.

    `argnum` counts from 0; a tuple or list of numbers reaches `operator` as one tuple.
    """

    @functools.wraps(operator)
    def made(
        f: Callable[..., Any], argnum: Any = 0, *options: Any, **named_options: Any
    ) -> Callable[..., Any]:
        known = isinstance(argnum, int) or (
            isinstance(argnum, (tuple, list)) and all(isinstance(n, int) for n in argnum)
        )
        if not (known and callable(f)):
            raise TypeError(
                f"{operator.__name__} expects a function and argnum, an int or a tuple or list of "
                "ints"
            )
        applied = FunctionOf(_applied, f, made, argnum, options, named_options)
        return named(applied, operator.__name__)

    return made


def wraps(f: Any, name: str = "{fun}", doc: str = "{doc}", **words: Any) -> Callable[[Any], Any]:
    """Return a decorator that sets a name and docstring: `{fun}` and `{doc}` are those of `f`."""
    words = {"fun": getattr(f, "__name__", "[unknown name]"), "doc": f.__doc__, **words}

    def decorate(made: Any) -> Any:
        made.__name__, made.__doc__ = name.format(**words), doc.format(**words)
        return made

    return decorate


def wrap_nary_f(f: Any, operator: Any, argnum: Any) -> Callable[[Any], Any]:
    """Return a decorator that names a function after an operator, its function and argument."""
    doc = "    {op} of function {fun} with respect to argument number {argnum}."
    name = "{op}_of_{fun}_wrt_argnum_{argnum}"
    return wraps(f, name, doc, op=get_name(operator), argnum=argnum)


def get_name(f: Any) -> str:
    """Return the name of a function."""
    return getattr(f, "__name__", "[unknown name]")


def get_doc(f: Any) -> str:
    """Return the docstring of a function."""
    return getattr(f, "__doc__", "")


def _applied(
    f: Callable[..., Any],
    made: Any,
    argnum: Any,
    options: tuple[Any, ...],
    named_options: dict[str, Any],
    /,
    *args: Any,
    **kwargs: Any,
) -> Any:
    """Apply the operator that `made` wraps; `made` itself can be pickled by its name."""
    if len(args) == 1 and argnum == 0 and not kwargs:
        return made.__wrapped__(f, args[0], *options, **named_options)
    several = isinstance(argnum, (tuple, list))

    def unary(x: Any) -> Any:
        inputs = list(args)
        for n, item in zip(argnum, x, strict=True) if several else [(argnum, x)]:
            inputs[n] = item
        return f(*inputs, **kwargs)

    unary.__name__ = getattr(f, "__name__", type(f).__name__)
    unary.calls = f  # type: ignore[attr-defined]  # for is_first_call
    x = tuple(args[n] for n in argnum) if several else args[argnum]
    return made.__wrapped__(unary, x, *options, **named_options)


__all__ = ["get_doc", "get_name", "subvals", "unary_to_nary", "wrap_nary_f", "wraps"]
