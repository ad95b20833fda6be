"""Recorded values under the names of HIPS autograd's boxes."""

from typing import Any, ClassVar

from autograd_tools.engine.state import live
from autograd_tools.engine.values import Result, Value, unwrap


class Kind(type):
    """The class of `Box` and its variants, which have no instances of their own.

    Recorded values that hold the type `holds` pass isinstance.
    """

    holds: Any

    def __instancecheck__(cls, x: Any) -> bool:
        return isbox(x) and isinstance(unwrap(x), cls.holds)


class Box(metaclass=Kind):
    """Any recorded value."""

    holds: type | tuple[type, ...] = object
    type_mappings: ClassVar[dict[Any, Any]] = {}  # programs add to it, without effect


def isbox(x: Any) -> bool:
    """Return True if `x` is recorded."""
    return isinstance(live(x), Result)


def getval(x: Any) -> Any:
    """Return the plain value of `x`."""
    return unwrap(x)


Value._value = property(unwrap)  # programs for HIPS autograd read this attribute
