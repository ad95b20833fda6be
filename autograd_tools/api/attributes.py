"""Attributes of a `Value` that depend on its value: those of arrays, of numbers, of containers.

An attribute that the plain value lacks is missing here, too: a number has no `__len__`. One that
would give away the plain numbers is an AttributeError while recording, and says what to write.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_tools.api.dispatch import is_recorded, reject_if_recorded
from autograd_tools.engine.detached import CALL_PATH, note_detached
from autograd_tools.engine.state import open_tapes
from autograd_tools.engine.values import Result, Value, unwrap
from autograd_tools.engine.writes import move

CALL_PATH.add(__file__)

# Attributes that hold no numbers, and methods whose result has no gradient.
PLAIN = "strides flags device is_integer bit_length bit_count"
# Attributes that give away the numbers or the memory of an array, and what to write instead.
DETACHING = {
    "base": "np.shares_memory(x, y)",
    "byteswap": "x.astype(x.dtype.newbyteorder())",
    "numerator": "x itself",
    "denominator": "1",
    "resize": "np.resize(x, shape)",
    "setflags": "x.copy() for an array that others do not see",
    **dict.fromkeys(
        ("ctypes", "data", "dump", "dumps", "getfield", "hex", "setfield", "tobytes", "tofile"), ""
    ),
}


class MissingAttributeError(AttributeError, TypeError):
    """`len(x)` of a number is a TypeError; hasattr(x, "__len__") is False."""


class PlainAttribute:
    """An attribute of the plain value."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, x: Any, owner: type | None = None) -> Any:
        if x is None:
            return self
        held = unwrap(x)
        if not hasattr(held, self.name):
            raise missing(held, self.name)
        self.read(x)
        return getattr(held, self.name)

    def read(self, x: Any) -> None:
        """Note that `x` is read as a plain value."""
        if open_tapes:
            note_detached(self.name, (x,))


class DetachingAttribute(PlainAttribute):
    """An attribute of the plain value, which is an error while recording."""

    def __init__(self, instead: str) -> None:
        self.instead = instead

    def read(self, x: Any) -> None:
        """Raise an error if `x` is recorded."""
        if is_recorded((x,)):
            instead = f"write {self.instead}, or " if self.instead else "use "
            raise AttributeError(
                f"a recorded value has no {self.name!r}, which would lose its gradient; "
                f"{instead}ag.value(x).{self.name} for the plain value",
                name=self.name,
                obj=x,
            )


class MethodOf:
    """A method that a `Value` has if its value has one of that name: a number has no `__len__`."""

    def __init__(self, method: Callable[..., Any]) -> None:
        self.method = method

    def __get__(self, x: Any, owner: type | None = None) -> Any:
        if x is None:
            return self.method
        held = unwrap(x)
        if not hasattr(held, self.method.__name__):
            raise missing(held, self.method.__name__)
        return self.method.__get__(x)


def missing(held: Any, name: str) -> MissingAttributeError:
    """Return the error of the plain value for an attribute that it lacks."""
    kind = type(held).__name__
    if name == "__len__":
        return MissingAttributeError(
            f"object of type {kind!r} has no len(); a function of another library, such as "
            "torch.tensor(x), takes ag.value(x)"
        )
    return MissingAttributeError(f"{kind!r} object has no attribute {name!r}")


def as_integer_ratio(self: Any) -> tuple[int, int]:
    """Return the plain fraction, which is an error while recording."""
    x = reject_if_recorded(
        self,
        "x.as_integer_ratio(), a function of `statistics`, or a Fraction",
        "use NumPy's functions, such as np.mean(np.stack([x, y])), and x itself",
    )
    return x.as_integer_ratio()


def __array_namespace__(self: Any, *, api_version: str | None = None) -> Any:  # noqa: N807
    """Return the module whose functions take recorded arrays: the array API's entry."""
    unwrap(self).__array_namespace__(api_version=api_version)  # an unknown version is an error
    return importlib.import_module("autograd_tools.numpy")  # which is made of this package


def to_device(self: Any, device: str, /, *, stream: None = None) -> Any:
    """Return the array itself, which is on the only device, the CPU."""
    unwrap(self).to_device(device, stream=stream)  # another one is an error
    return self


def assign_shape(self: Any, shape: Any) -> None:
    """Do `x.shape = shape`: `x` becomes a view of another shape."""
    made = np.reshape(self, shape)
    if not isinstance(self, Result) or not np.shares_memory(unwrap(made), unwrap(self)):
        raise AttributeError(
            "x.shape of a Param, a number or an array that needs a copy cannot be assigned; "
            "write x = np.reshape(x, shape)"
        )
    move(self, made)


def install_attributes() -> None:
    """Give `Value` the attributes of these tables."""
    Value.shape = Value.shape.setter(assign_shape)
    for name in PLAIN.split():
        _set(name, PlainAttribute())
    for name, instead in DETACHING.items():
        _set(name, DetachingAttribute(instead))
    Value.as_integer_ratio = MethodOf(as_integer_ratio)
    Value.__len__ = MethodOf(Value.__len__)
    Value.__array_namespace__ = MethodOf(__array_namespace__)
    Value.to_device = MethodOf(to_device)


def _set(name: str, attribute: PlainAttribute) -> None:
    attribute.name = name
    setattr(Value, name, attribute)
