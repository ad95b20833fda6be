"""The handling of floating-point errors (`np.errstate`) while a function is captured."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

try:  # the same object as long as nothing changes them, which is quicker to compare
    from numpy._core.umath import _extobj_contextvar

    error_modes: Callable[[], Any] = _extobj_contextvar.get
except ImportError:
    error_modes = np.geterr


_last: tuple[Any, bool] = None, False  # the modes that were looked at, and what they do


def may_raise() -> bool:
    """Return whether some floating-point error raises an exception here."""
    global _last
    known, modes = _last, error_modes()
    if modes is not known[0]:
        known = _last = modes, "raise" in np.geterr().values()
    return known[1]


class FloatErrors:
    """The modes at the last call, and the names of the errors that the function ignores.

    Attributes
    ----------
    modes : object
        NumPy's own; it is another object after each change.
    ignored : set of str
    """

    def __init__(self) -> None:
        self.modes = error_modes()
        self.ignored: set[str] = set()
        self._first: Any = np.geterr()

    def note(self) -> bool:
        """Look at the modes; return whether the function lets one of them raise an error."""
        self.modes = error_modes()
        errors: Any = np.geterr()
        changed = [name for name, mode in errors.items() if mode != self._first[name]]
        self.ignored.update([name for name in changed if errors[name] == "ignore"])
        return any([errors[name] == "raise" for name in changed])
