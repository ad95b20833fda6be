"""NumPy's warnings of division by zero, overflow and invalid values, at the user's line.

NumPy warns at the line of the innermost Python code, which is the engine's: Python then shows one
warning for the whole program, at a line that says nothing. So NumPy gives the text of a warning to
`Warner` while something is recorded or differentiated (its mode "log" in place of "warn"), which
warns again at the user's line. Nothing runs unless NumPy warns; other modes stay as they are.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from types import FrameType
from typing import Any

import numpy as np

from autograd_tools.base.modules import variables_in
from autograd_tools.engine.rule_sites import passing, running, site_of
from autograd_tools.location.users_code import is_users

# What `np.errstate` uses. It takes ten times as long, which a short gradient would feel. A NumPy
# without these names warns at the engine's line.
_umath: Any = getattr(getattr(np, "_core", None), "umath", None)
_handling: Any = getattr(_umath, "_extobj_contextvar", None)

# The error handling of NumPy before and in between, None for the same.
Modes = tuple[Any, Any]


class Warner:
    """A log for NumPy that warns."""

    def write(self, message: str) -> None:
        """Warn at the line of the user that made the operation, or the one it differentiates."""
        text = message.removeprefix("Warning: ").rstrip("\n")
        file, line, variables = _place(sys._getframe(1))
        warnings.warn_explicit(
            text,
            RuntimeWarning,
            file,
            line,
            module=variables.get("__name__"),
            registry=variables.setdefault("__warningregistry__", {}),
        )


WARNER = Warner()
_known: Modes = (None, None)  # the last: most gradients have the same
_registries: dict[str, dict[str, Any]] = {}  # of files that are no modules


def modes() -> Modes | None:
    """Return the error handling now and at the user's line; None if NumPy warns there now."""
    global _known
    if _handling is None:
        return None
    before = _handling.get()
    known = _known
    if before is known[1]:
        return None
    if before is not known[0]:
        _known = known = before, _between()
    return known


def warn_at_user(found: Modes) -> None:
    """Let NumPy warn at the user's line until `warn_as_before(found)`."""
    if found[1] is not None:
        _handling.set(found[1])


def _between() -> Any:
    """Return the current error handling with warnings at the user's line; None for the same."""
    modes = np.geterr()
    warned = {kind: "log" for kind, mode in modes.items() if mode == "warn"}
    if not warned or not {"call", "log"}.isdisjoint(modes.values()):
        return None  # a handler of the user gets all
    return _umath._make_extobj(**{**modes, **warned}, call=WARNER)


def warn_as_before(found: Modes, error: BaseException | None = None) -> None:
    """Restore the error handling; what the block itself changed with `np.seterr` stays.

    After an interrupt, which may have left an `np.errstate` of a rule open, nothing stays.
    """
    before, between = found
    now = _handling.get()
    if now is before:
        return
    if now is between or (error is not None and not isinstance(error, (Exception, GeneratorExit))):
        _handling.set(before)
    elif between is not None:
        warn_plainly()


def warn_plainly() -> None:
    """Let NumPy warn by itself where it warns at the user's line."""
    if np.geterrcall() is WARNER:
        np.seterr(**{kind: "warn" for kind, mode in np.geterr().items() if mode == "log"})  # type: ignore[arg-type]
        np.seterrcall(None)


def at_user(function: Callable[..., Any], *args: Any) -> Any:
    """Call `function(*args)`, and let NumPy warn at the user's line in it."""
    found = modes()
    if found is None:
        return function(*args)
    try:
        try:
            before, between = found
            if between is not None:
                _handling.set(between)
            y = function(*args)
            if _handling.get() is between:
                _handling.set(before)
            else:
                warn_as_before(found)
        except BaseException as error:
            warn_as_before(found, error)
            raise
    except BaseException as error:
        warn_as_before(found, error)
        raise
    return y


def _place(frame: FrameType | None) -> tuple[str, int, dict[str, Any]]:
    """Return the file and line to warn at, and the global variables there."""
    innermost = frame
    while frame is not None and not is_users(frame):
        recording = passing(frame)
        index = None if recording is None else running(recording)
        if index is not None:
            site = site_of(recording, index)
            if site.file:
                return site.file, site.line, _variables(site.file)
        frame = frame.f_back
    found: Any = frame or innermost
    return found.f_code.co_filename, found.f_lineno, found.f_globals


def _variables(file: str) -> dict[str, Any]:
    """Return the global variables of the module in a file."""
    found = next(variables_in({file}), None)
    return _registries.setdefault(file, {}) if found is None else found
