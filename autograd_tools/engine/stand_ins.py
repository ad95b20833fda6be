"""Substitute types, for programs that test the type of a recorded value."""

from typing import Any

from autograd_tools.engine.values import unwrap


class StandIn(type):
    """The class of types that stand for another: equal to it, with the same instances."""

    _kind: Any

    def __instancecheck__(cls, x: Any) -> bool:
        return isinstance(unwrap(x), cls._kind)

    def __subclasscheck__(cls, other: type) -> bool:
        return issubclass(other, cls._kind)

    def __eq__(cls, other: object) -> bool:
        return other is cls or other is cls._kind

    def __hash__(cls) -> int:
        return hash(cls._kind)
