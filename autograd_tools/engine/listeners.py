"""Callbacks that run after every gradient."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

from autograd_tools.base.contexts import listed


class Heard(NamedTuple):
    """A gradient as listeners hear of it: its recording still has the outgrads of the leaves.

    `value` is the plain value that was differentiated. `forward_ns` is the time in which the
    operations were recorded, None if that began before the first listener came.
    """

    recording: Any
    value: Any
    forward_ns: int | None
    backward_ns: int


telling = ContextVar("telling", default=False)  # the listeners hear of the current gradient
listeners: dict[object, Callable[[Heard], object]] = {}
readers: dict[object, Callable[[Heard], object]] = {}  # those that need every gradient


def listening(callback: Callable[[Heard], object]) -> AbstractContextManager[None]:
    """Call `callback(heard)` after every gradient in the block that is not inside another one."""
    return listed(listeners, callback)


@contextmanager
def reading(callback: Callable[[Heard], object]) -> Iterator[None]:
    """Do `listening`, and let compiled functions compute their gradients here, too."""
    with listed(readers, callback), listening(callback):
        yield


def after_gradients(callback: Callable[[], None]) -> AbstractContextManager[None]:
    """Call `callback()` after every gradient in the block, in the thread that computed it.

    A nested gradient is part of the outer one. A Jacobian counts as one gradient per row. Unlike
    `observe`, this keeps nothing alive.

    Parameters
    ----------
    callback : callable
        A function without arguments.

    Examples
    --------
    >>> import autograd_tools as ag
    >>> seen = []
    >>> with ag.after_gradients(lambda: seen.append("gradient")):
    ...     slope = ag.grad(lambda x: x ** 2)(3.0)
    >>> seen
    ['gradient']
    """
    return listening(lambda _: callback())


@contextmanager
def unheard() -> Iterator[None]:
    """Call no listener for the gradients in a block."""
    token = telling.set(True)
    try:
        yield
    finally:
        telling.reset(token)
