"""Errors of code that does not support recorded values: advice, and the error they hide."""

from __future__ import annotations

import re

from autograd_tools.engine.values import LostGradientError

NAMED = r"\b(Result|NamedResult|Blank|ArrayBox)\b"  # in errors of code that knows no recorded value
# In errors of compiled code: of Numba, pybind11 and Python's own functions in C.
COMPILED = r"from PyObject|for built-in operation|incompatible function arguments"


def note_instead(error: TypeError) -> None:
    """Note on an error what to write, if its text tells that it is about a recorded value."""
    if named := re.search(NAMED, str(error)):
        note = f"{named[0]} is the class of a recorded value; write ag.value(x) for a plain one"
    elif re.search(COMPILED, str(error)):
        note = (
            "compiled code takes no recorded value; adapt a package of Numba's functions, "
            "ag.adapt(name), or give the function a rule, ag.primitive(rule, ...)"
        )
    else:
        return
    if note not in getattr(error, "__notes__", ()):
        error.add_note(note)


def hides_refusals(error: BaseException | None) -> bool:
    """Return whether the error may come from C code that dropped the error of a conversion."""
    if error is None or isinstance(error, LostGradientError):
        return False
    packages, trace = [""], error.__traceback__
    while trace is not None:
        packages.append(trace.tb_frame.f_globals.get("__name__", "").partition(".")[0])
        trace = trace.tb_next
    # A solver that goes on with the error still set makes the user's next `-x` an AttributeError
    # or a TypeError, depending on what Python has in its caches.
    broken = isinstance(error, (AttributeError, TypeError)) and "scipy" in packages
    return (
        broken
        or isinstance(error, SystemError)
        or type(error).__module__ in ("struct", "_minpack")
        or packages[-1] == "scipy"
    )
