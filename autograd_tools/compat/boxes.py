"""Recorded values under the names of HIPS autograd's boxes."""

from typing import Any, ClassVar

import numpy as np

from autograd_tools.engine.state import live
from autograd_tools.engine.values import Blank, Result, Value, unwrap


class Kind(type):
    """The class of `Box` and its variants, which have no instances of their own.

    Recorded values that hold the type `holds` pass isinstance.
    """

    holds: Any

    def __instancecheck__(cls, x: Any) -> bool:
        return isbox(x) and isinstance(unwrap(x), cls.holds)

    @property
    def __faithful__(cls) -> bool:
        """True if the class alone decides, so that plum looks up a method once for each class."""
        return issubclass(np.ndarray, cls.holds)

    def __subclasscheck__(cls, other: type) -> bool:
        return super().__subclasscheck__(other) or (cls.__faithful__ and issubclass(other, Result))

    def __getattr__(cls, name: str) -> Any:
        return getattr(Result, name)

    def __setattr__(cls, name: str, x: Any) -> None:
        """Set an attribute; an operator, such as `__mul__`, becomes that of recorded values."""
        if callable(vars(Value).get(name)):
            setattr(Result, name, x)
        else:
            super().__setattr__(name, x)


class Box(metaclass=Kind):
    """Any recorded value."""

    holds: type | tuple[type, ...] = object
    types: ClassVar[set[Any]] = set()  # programs add to these two, without effect
    type_mappings: ClassVar[dict[Any, Any]] = {}

    @classmethod
    def register(cls, value_type: type) -> None:
        """Let recorded values that hold `value_type` pass isinstance of this class."""
        Box.types.add(cls)
        Box.type_mappings[value_type] = Box.type_mappings[cls] = cls
        if cls is not Box:
            held = vars(cls).get("holds", ())
            cls.holds = (*(held if isinstance(held, tuple) else (held,)), value_type)


def isbox(x: Any) -> bool:
    """Return True if `x` is recorded, or was by an earlier recording."""
    return isinstance(live(x) if type(x) is Blank else x, Result)


def getval(x: Any) -> Any:
    """Return the plain value of `x`."""
    return unwrap(x)


Value._value = property(unwrap)  # programs for HIPS autograd read this attribute
