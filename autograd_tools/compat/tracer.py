"""What programs take from HIPS autograd's tracer."""

from typing import Any

from autograd_tools.compat.extend import notrace_primitive, primitive
from autograd_tools.core import Result, live, value


def isbox(x: Any) -> bool:
    """Whether `x` is recorded."""
    return isinstance(live(x), Result)


def getval(x: Any) -> Any:
    """The plain value of `x`."""
    return value(x)


__all__ = ["getval", "isbox", "notrace_primitive", "primitive"]
