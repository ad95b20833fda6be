"""Scopes: names that the user gives to parts of the computation graph."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, TypeVar

from autograd_tools.base.contexts import (
    Blocks,
    Opened,
    frame_of_block,
    frame_of_statement,
    generator_of,
    left,
)

F = TypeVar("F", bound=Callable[..., Any])


class OpenScope:
    """An open scope: its name, the id of the frame that opened it, and the offset there.

    The frame of a coroutine is kept: while it waits, a task that it started runs in its scopes.
    `moved` means that a scope around it has ended.
    """

    __slots__ = ("coroutine", "frame", "moved", "name", "offset", "opened", "statement")
    opened: Opened[OpenScope]  # its place in its context

    def __init__(self, name: str, frame: FrameType) -> None:
        self.name = name
        self.frame = id(frame)
        self.offset = frame.f_lasti
        self.moved = False
        self.statement = frame_of_statement(frame)
        self.coroutine = frame if frame.f_code.co_flags & inspect.CO_COROUTINE else None

    @property
    def waits(self) -> bool:
        """True while the coroutine that opened it is suspended."""
        return self.coroutine is not None and self.coroutine.f_back is None


scopes: Blocks[OpenScope] = Blocks("autograd_tools.scopes")
last_scope = scopes.last


def innermost_scope() -> object | None:
    """Return the innermost scope in effect, or an object for one call if those around changed."""
    opened = last_scope()
    if opened is not None:
        sure = opened.sure
        if sure is not None:
            return sure
    elif not scopes.of_generators:
        return None
    opened = scopes.innermost()
    inner = None if opened is None else opened.item
    return object() if inner is not None and inner.moved else inner


def _close(entered: OpenScope) -> None:
    inner = scopes.last()
    while inner is not None and inner is not entered.opened:
        if inner.item is not None:
            inner.item.moved, inner.sure = True, None
        inner = inner.before
    scopes.leave(entered.opened)
    entered.statement = None  # a frame keeps its variables


def close_stale_scopes() -> None:
    """Leave the scopes that an interrupt left open."""
    for stale in scopes.stale():
        _close(stale)


class scope:  # noqa: N801  used as a function: `with ag.scope("encoder"):`
    """Name a part of the computation graph: operations in the block belong to the scope `name`.

    Their backward pass belongs to it as well. Named functions become scopes automatically; lambdas
    and comprehensions do not. A scope also decorates a function, a coroutine function or a
    generator function: `@ag.scope("encoder")`.

    Parameters
    ----------
    name : str
        The name, not empty. Scopes nest; a trace stores the path from the outermost scope.

    Raises
    ------
    TypeError
        If `name` is not a non-empty string, or the scope decorates an async generator function.

    Examples
    --------
    >>> import numpy as np, autograd_tools as ag
    >>> w = ag.Param(np.ones(3))
    >>> with ag.record() as J:
    ...     with ag.scope("penalty"):
    ...         loss = np.sum(w ** 2)
    >>> J.trace().nodes[-1].scope
    ('penalty',)
    """

    def __init__(self, name: str) -> None:
        if not isinstance(name, str) or not name:
            raise TypeError(f"expected a non-empty string as the name of a scope, got {name!r}")
        self.name = name
        self._entered: list[OpenScope] = []  # and not left yet, in all contexts

    def __enter__(self) -> scope:
        frame = frame_of_block(sys._getframe(1))
        if last_scope() is not None:
            close_stale_scopes()
        entered = OpenScope(self.name, frame)
        scopes.enter(entered, generator_of(frame))
        self._entered.append(entered)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        found = left(self._entered, scopes, sys._getframe(1))
        if found is not None:
            _close(found)

    def __call__(self, function: F) -> F:
        """Run every call of `function` inside the scope."""
        if inspect.isasyncgenfunction(function):
            raise TypeError(
                f"scope {self.name!r} expects a function, got an async generator function; "
                f"write `with ag.scope({self.name!r}):` inside {function.__name__}"
            )
        scoped: Callable[..., Any]
        if inspect.iscoroutinefunction(function):

            async def scoped(*args: Any, **kwargs: Any) -> Any:
                with self:
                    return await function(*args, **kwargs)

        elif inspect.isgeneratorfunction(function):

            def scoped(*args: Any, **kwargs: Any) -> Any:
                with self:
                    return (yield from function(*args, **kwargs))

        else:

            def scoped(*args: Any, **kwargs: Any) -> Any:
                with self:
                    return function(*args, **kwargs)

        return functools.update_wrapper(scoped, function)  # type: ignore[return-value]
