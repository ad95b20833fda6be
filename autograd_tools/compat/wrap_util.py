"""Making operators on functions of one argument into operators on functions of any."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from autograd_tools.api.differentiate import named


def unary_to_nary(operator: Callable[..., Any]) -> Callable[..., Any]:
    """The operator `made(f, argnum=0, ...)(*args)` of an `operator(f, x, ...)` on functions of one argument.

    `argnum` is the number of an argument, or a tuple or list of them, which `operator` sees as one tuple.
    """

    @functools.wraps(operator)
    def made(
        f: Callable[..., Any], argnum: Any = 0, *options: Any, **named_options: Any
    ) -> Callable[..., Any]:
        several = isinstance(argnum, (tuple, list))
        if not callable(f) or not all(
            isinstance(n, int) for n in (argnum if several else [argnum])
        ):
            raise TypeError(
                f"{operator.__name__} takes a function and the number of an argument, or a tuple or list of them"
            )

        def applied(*args: Any, **kwargs: Any) -> Any:
            def unary(x: Any) -> Any:
                inputs = list(args)
                for n, item in zip(argnum, x, strict=True) if several else [(argnum, x)]:
                    inputs[n] = item
                return f(*inputs, **kwargs)

            unary.__name__ = getattr(f, "__name__", type(f).__name__)
            return operator(
                unary,
                tuple(args[n] for n in argnum) if several else args[argnum],
                *options,
                **named_options,
            )

        return named(applied, operator.__name__, f)

    return made
