"""What programs take from HIPS autograd's tracer."""

from typing import Any

from autograd_tools.compat.extend import notrace_primitive, primitive
from autograd_tools.engine.state import live
from autograd_tools.engine.values import Result, Value, unwrap


class Kind(type):
    """The class of `Box` and its kin, which are not made: their instances are the recorded values that hold the type `holds`."""

    holds: Any

    def __instancecheck__(cls, x: Any) -> bool:
        return isbox(x) and isinstance(unwrap(x), cls.holds)


class Box(metaclass=Kind):
    """Any recorded value."""

    holds: type | tuple[type, ...] = object


def isbox(x: Any) -> bool:
    """Whether `x` is recorded."""
    return isinstance(live(x), Result)


def getval(x: Any) -> Any:
    """The plain value of `x`."""
    return unwrap(x)


Value._value = property(unwrap)  # the attribute by which these programs look at what is recorded

__all__ = ["Box", "getval", "isbox", "notrace_primitive", "primitive"]
