"""Values that the engine can track (`Value`, `Param`, `Result`), and what a Param may hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import ndarray

from autograd_tools.base.containers import (
    field_names,
    has_fields,
    is_constant_leaf,
    is_number,
    leaves_of,
)

if TYPE_CHECKING:
    _Anything = Any  # for type checkers: a Value has whatever operators and methods its value has
else:
    _Anything = object


class Wrapping:
    """Base of whatever stands for a plain value: `Value`, and the recording with its final scalar."""

    __slots__ = ()
    value: Any


class Value(Wrapping, _Anything):
    """What the engine can follow: a `Param` of the user's or the `Result` of a primitive.

    `operators.py` gives it Python's operators, the methods of an array and NumPy's two protocols.
    """

    __slots__ = ("__weakref__", "value")


class Param(Value):
    """A leaf whose gradient is wanted.

    `value` is any number, array, tuple, list, dict or dataclass, and may be replaced between recordings
    (`w.value -= 0.1 * g`); a Param is known by its identity. Outside a recording it acts like its value.
    `name`, when given, is shown in trees and drawings; `opt` is free for an optimizer's state.
    """

    __slots__ = ("name", "opt")

    def __new__(cls, value: Any = None, opt: Any = None, *, name: str | None = None) -> Param:  # noqa: ARG004  those of __init__
        """Of a value with fields, make a Param that has them."""
        return super().__new__(FieldsParam if cls is Param and has_fields(value) else cls)

    def __init__(self, value: Any, opt: Any = None, *, name: str | None = None) -> None:
        check_differentiable(value, lambda: "a Param")
        if has_fields(value) and (
            taken := {"value", "name", "opt"}.intersection(field_names(value))
        ):
            raise TypeError(
                f"a Param has a {taken.pop()} of its own, and so cannot hold a {type(value).__name__}, which has a field of that name"
            )
        self.value = value
        self.opt = opt
        self.name = name


class FieldsParam(Param):
    """A Param of a named tuple or dataclass. Its fields are attributes, before the methods of an array that have their names."""

    __slots__ = ()


class Result(Value):
    """The output of a primitive while it is recorded: its value and its place on the recording."""

    __slots__ = ("index", "recording")
    recording: Any  # the Recording that holds it, which is defined above this module
    index: int


class NamedResult(Result):
    """A Result that is a named tuple. Its fields are attributes: that is apart from Result because a class with a
    `__getattr__` is slow to read any attribute of."""

    __slots__ = ()


class LostGradientError(TypeError):
    """An operation would turn a recorded value into a plain one and silently lose its gradient.

    The message says what to write instead.
    """

    __module__ = "autograd_tools"


def refuse_own_arithmetic(x: Any) -> None:
    """Raise a TypeError for arrays that compute otherwise than by NumPy's rules, by which gradients are computed."""
    if isinstance(x, np.matrix):
        raise TypeError(
            "np.matrix has no gradients, because its `*` is a matrix product; use np.asarray(m), and @ for products"
        )
    if isinstance(x, np.ma.MaskedArray):
        raise TypeError(
            "a masked array has no gradients; use m.filled(0), and np.where(m.mask, 0, x) or `where=` for what is masked"
        )


def check_differentiable(x: Any, holder: Callable[[], str]) -> None:
    """Raise a TypeError unless `x` is a number, an array of numbers, or a container of them; `holder()` is who holds it.

    In a container constants may stand beside numbers: a name, None, a switch, a function. There have to be numbers, though.
    """
    if isinstance(x, ndarray) and type(x) is not ndarray:
        refuse_own_arithmetic(x)
    if is_number(x):
        return
    leaves = leaves_of(x)
    constant = None
    for leaf in leaves:
        if isinstance(leaf, Value):
            raise TypeError(
                f"{holder()} cannot hold {leaf!r}: give its plain value, ag.value(x), or use it as it is"
            )
        if not is_number(leaf):
            constant = [leaf]
            if not is_constant_leaf(leaf):
                break
    else:
        if constant is None or any(map(is_number, leaves)):
            return
    leaf = constant[0]
    what = f"array of dtype {leaf.dtype}" if hasattr(leaf, "dtype") else type(leaf).__name__
    raise TypeError(
        f"{holder()} holds numbers, arrays of numbers, or tuples, lists, dicts and dataclasses of them; this one got {what}: {leaf!r}"
    )


def unwrap(x: Any) -> Any:
    """Return the plain value of a `Param`, a `Result` or a `Tape`, and anything else unchanged."""
    while isinstance(x, Wrapping):
        x = x.value
    return x


def result(value: Any, recording: Any, index: int) -> Result:
    """A Result; its class has no `__init__`, because one is made per operation and calling it takes as long as all else."""
    made = NamedResult() if type(value) is NamedResult or hasattr(value, "_fields") else Result()
    made.value = value
    made.recording = recording
    made.index = index
    return made
