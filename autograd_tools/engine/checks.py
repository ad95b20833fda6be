"""The mode of `check=True`: in which contexts recordings are checked, and what a fault does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any

from autograd_tools.base.contexts import listed


class CheckError(ValueError):
    """A gradient would be wrong: an array that it reads has changed, or the value is not NumPy's.

    The backward pass raises it for the changes that it detects, `check=True` for all.

    Attributes
    ----------
    changes : list
        The changed arrays: `argument`, `array`, `name` and `site`, the user's line that used it.
    function : str
        The function whose values differ, or an empty string.

    Examples
    --------
    >>> import numpy as np, autograd_tools as ag
    >>> buffer = np.ones(1000)
    >>> def f(x):
    ...     y = np.sum(buffer * x)
    ...     buffer[:] = 0.0
    ...     return y
    >>> try:
    ...     ag.grad(f)(np.ones(1000))
    ... except ag.CheckError as error:
    ...     print(str(error).partition(";")[0])
    an array changed between its use and the gradient, which would be wrong
    """

    __module__ = "autograd_tools"

    def __init__(
        self, message: str, changes: list[Any] | None = None, *, function: str = ""
    ) -> None:
        super().__init__(message)
        self.changes = changes or []
        self.function = function


class Check:
    """A handler of faults. This one raises them."""

    def fault(self, error: CheckError) -> None:
        """Take a fault of a gradient."""
        raise error

    def undecided(self, error: CheckError) -> None:
        """Take the reason why values could not be compared."""
        raise error


_of_context: ContextVar[Check | None] = ContextVar("check", default=None)
_everywhere: dict[object, Check] = {}
OFF = Check()
blocks: dict[object, None] = {}  # of `checking`, in all threads


@contextmanager
def checking(check: Check | None, *, everywhere: bool = False) -> Iterator[None]:
    """Check all that this context, or with `everywhere` any thread, records in the block.

    None changes nothing.
    """
    if check is None:
        yield
        return
    before = _of_context.get()
    with listed(blocks, None), listed(_everywhere, check) if everywhere else nullcontext():
        try:
            try:
                _of_context.set(check)
                yield
            finally:
                _of_context.set(before)  # and not reset(): the block may end in another context
        finally:
            _of_context.set(before)


def current_check() -> Check | None:
    """Return the check of this context, if there is one."""
    if not blocks:
        return None
    check = _of_context.get() or next(iter(list(_everywhere.values())), None)
    return None if check is OFF else check
