"""The gradients of HIPS autograd as traces: `trace(f, *args)`."""

from __future__ import annotations

import importlib.metadata
import sys
import warnings
from collections.abc import Callable
from typing import Any

try:
    import autograd
except ImportError as error:
    raise ImportError(
        "viewer.adapters.hips needs HIPS autograd; pip install 'autograd-tools[hips]'"
    ) from error

from autograd_tools import Trace
from viewer.adapters.gradients import Done
from viewer.adapters.hips.recording import HipsRecorder

__all__ = ["trace"]
TESTED = ("1.8", "1.9")
_version = importlib.metadata.version("autograd")

if not _version.startswith(tuple(f"{version}." for version in TESTED)):
    warnings.warn(
        f"viewer.adapters.hips is tested with HIPS autograd {', '.join(TESTED)}, got {_version}",
        stacklevel=2,
    )


def trace(f: Callable[..., Any], *args: Any, argnum: int | tuple[int, ...] = 0) -> Trace:
    """Return the gradient of HIPS autograd, `grad(f, argnum)(*args)`, as a trace.

    Parameters
    ----------
    f : callable
        A function that returns a scalar.
    *args
        Its arguments.
    argnum : int or tuple of int
        The arguments to differentiate, counted from 0.

    Returns
    -------
    trace : Trace
        The nodes, for every view: values with statistics, lines, scopes, loops, forward times, and
        the time of the rule of each argument.

    Raises
    ------
    TypeError
        If `f` returns no scalar.
    ValueError
        If the result does not depend on the arguments.
    """
    found: list[Trace] = []
    recording = HipsRecorder(lambda own: found.append(own.trace()), sys._getframe(), values=True)
    recording.start()
    try:
        autograd.grad(f, argnum)(*args)
    finally:
        recording.stop()
    if not found:
        raise ValueError(f"expected a function with an argument argnum={argnum}, got one without")
    return found[-1]


def recorder(done: Done, *, values: bool, number: int) -> HipsRecorder:
    """Return a recorder of a whole program, for the commands."""
    return HipsRecorder(done, None, values=values)
