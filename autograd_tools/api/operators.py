"""The operators and methods of a `Value`, as tables: those of Python, arrays and containers.

All of them end in `calls.call`. Conversions that would silently drop a gradient raise a TypeError
that says what to write instead.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from types import MethodType
from typing import Any

import numpy as np

from autograd_tools.api.attributes import install_attributes
from autograd_tools.api.callers import unit
from autograd_tools.api.copying import install_copies
from autograd_tools.api.dispatch import call_numpy
from autograd_tools.api.methods import Methods, index_of
from autograd_tools.base.containers import field_names
from autograd_tools.base.traced import plain_array
from autograd_tools.engine.calls import CONSTANTS, plain
from autograd_tools.engine.describe import describe
from autograd_tools.engine.detached import CALL_PATH, note_detached
from autograd_tools.engine.fast_calls import item
from autograd_tools.engine.foreign import to_arrays
from autograd_tools.engine.registry import PRIMITIVES
from autograd_tools.engine.state import open_tapes
from autograd_tools.engine.values import FieldsParam, NamedResult, Param, Value, held, unwrap
from autograd_tools.location.locators import OPERATORS
from autograd_tools.rules.indexing import field_of, getitem, unpack_fields
from autograd_tools.rules.writing import write_result

CALL_PATH.add(__file__)

# Python's operators and their ufuncs.
BINARY = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "truediv": np.divide,
    "floordiv": np.floor_divide,
    "mod": np.remainder,
    "pow": np.power,
    "matmul": np.matmul,
    "and": np.bitwise_and,
    "or": np.bitwise_or,
    "xor": np.bitwise_xor,
    "lshift": np.left_shift,
    "rshift": np.right_shift,
}
UNARY = {"neg": np.negative, "pos": np.positive, "abs": np.absolute}
COMPARISONS = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}

# Methods of an array that are NumPy functions with the same name and order of arguments.
METHODS = """
    all any argmax argmin argpartition argsort choose cumprod cumsum diagonal dot max mean min
    nonzero prod ptp ravel repeat round searchsorted squeeze std sum swapaxes take trace var
"""
PROPERTIES = {"T": "transpose", "mT": "matrix_transpose", "real": "real", "imag": "imag"}
# Methods of a dict.
OF_DICTS: dict[str, Callable[..., Any]] = {
    "keys": lambda x: unwrap(x).keys(),
    "values": lambda x: [x[key] for key in unwrap(x)],
    "items": lambda x: [(key, x[key]) for key in unwrap(x)],
    "get": lambda x, key, default=None: x[key] if key in unwrap(x) else default,
}
PARTS = ("real", "imag")  # that can be assigned
# The gradient of these results is zero, or they are no numbers.
CONVERSIONS: tuple[Callable[..., Any], ...] = (
    *(int, operator.index, bool, round, len),
    *(operator.invert, math.trunc, math.floor, math.ceil),
)
ATTRIBUTES = ("shape", "ndim", "size", "dtype", "nbytes", "itemsize")


def install() -> None:
    """Give `Value` its operators, methods and protocols."""
    for name, ufunc in BINARY.items():
        plainly = getattr(operator, f"__{name}__")
        apply = PRIMITIVES[ufunc].make_fast() if ufunc in PRIMITIVES else _zero(ufunc, plainly)
        _set_operator(name, apply)
        _set_operator(f"r{name}", _reflected(apply))
        _set_operator(f"i{name}", _in_place(apply, getattr(operator, f"i{name}")))
    for name, ufunc in UNARY.items():
        _set_operator(name, PRIMITIVES[ufunc].make_fast())
    for name, sign in COMPARISONS.items():
        _set(f"__{name}__", _comparison(sign, getattr(operator, name)))
    for name in METHODS.split():
        _set(name, _method(getattr(np, name)))
    for name, function in PROPERTIES.items():
        read = _method(getattr(np, function))
        setattr(Value, name, property(read, _writing(read)) if name in PARTS else property(read))
    for convert in CONVERSIONS:
        _set(f"__{convert.__name__}__", _conversion(convert))
    for name in ATTRIBUTES:
        setattr(Value, name, property(_attribute(name), _not_assigned(name)))
    _set("__getitem__", item(getitem, _read))
    for name in vars(Methods).keys() - vars(_Empty).keys():
        setattr(Value, name, Methods.__dict__[name])
    install_copies()
    install_attributes()
    for name, method in OF_DICTS.items():
        setattr(Value, name, _of_dict(name, method))
    Value.unit = property(unit)
    NamedResult.__getattr__ = _field
    FieldsParam.__getattribute__ = _field_first  # type: ignore[method-assign]
    FieldsParam.__call__ = lambda self, *args, **kwargs: unpack_fields(self)(*args, **kwargs)


def _field(self: Any, name: str) -> Any:
    """Return a field of a named tuple, such as the result of np.linalg.slogdet."""
    own = ("value", "name", "opt", "recording", "index")  # may not be set yet
    if not name.startswith("_") and name not in own:
        fields = getattr(unwrap(self), "_fields", ())
        if name in fields:
            return self[fields.index(name)]
    raise AttributeError(f"a {type(self).__name__} has no attribute {name!r}", name=name, obj=self)


def _field_first(self: Any, name: str) -> Any:
    """Return a field or method of the value of a Param, or else the attribute of the Param."""
    if not name.startswith("__") and name not in Param.__slots__ and name != "value":
        held = self.value
        if name in field_names(held) or hasattr(type(held), name):
            return field_of(self, name)
    return object.__getattribute__(self, name)


def _set(name: str, method: Callable[..., Any]) -> None:
    method.__name__ = name
    method.__qualname__ = f"Value.{name}"
    setattr(Value, name, method)


def _set_operator(name: str, method: Callable[..., Any]) -> None:
    _set(f"__{name}__", method)
    OPERATORS.add(id(method.__code__))


def _reflected(apply: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda a, b: apply(b, a)


def _in_place(apply: Callable[[Any, Any], Any], in_place: Any) -> Callable[[Any, Any], Any]:
    return lambda x, other: write_result(x, apply, in_place, other)


def _zero(ufunc: np.ufunc, operate: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def apply(a: Any, b: Any) -> Any:
        if open_tapes:
            note_detached(ufunc.__name__, (a, b))
        a, b = (to_arrays(plain(x), ufunc.__name__) for x in (a, b))
        try:
            return operate(a, b)
        except ZeroDivisionError:
            return ufunc(a, b)

    return apply


def _comparison(sign: str, compare: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def apply(a: Any, b: Any) -> Any:
        if open_tapes:
            note_detached(sign, (a, b))
        return compare(unwrap(a), to_arrays(plain(b), sign))

    return apply


def _conversion(convert: Callable[..., Any]) -> Callable[..., Any]:
    def method(self: Any, *args: Any) -> Any:
        if open_tapes:
            note_detached(convert.__name__, (self,))
        return convert(unwrap(self), *args)

    return method


def _method(func: Callable[..., Any]) -> Callable[..., Any]:
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return call_numpy(func, (self, *args), kwargs)

    return method


def _of_dict(name: str, method: Callable[..., Any]) -> property:
    """Make a method that arrays lack, so that `hasattr(x, "keys")` tells a dict."""

    def get(self: Any) -> Any:
        if isinstance(unwrap(self), dict):
            return MethodType(method, self)
        raise AttributeError(f"{describe(self)} has no attribute {name!r}", name=name, obj=self)

    return property(get)


def _writing(read: Callable[[Any], Any]) -> Callable[[Any, Any], None]:
    """Return the setter of `x.real` and `x.imag`, which are views."""

    def assign(self: Any, item: Any) -> None:
        read(self)[...] = item

    return assign


def _attribute(name: str) -> Callable[[Any], Any]:
    read = operator.attrgetter(name)

    def get(self: Value) -> Any:
        if open_tapes:
            note_detached(name, (self,))
        try:
            return read(held(self.value))
        except AttributeError:  # of a number or a list
            return read(plain_array(unwrap(self)))

    return get


def _not_assigned(name: str) -> Callable[[Any, Any], None]:
    instead = {"dtype": "x.astype(dtype)"}.get(name, "another array")

    def refuse(self: Any, item: Any) -> None:
        raise AttributeError(
            f"x.{name} of a recorded value cannot be assigned; write x = {instead}"
        )

    return refuse


class _Empty:
    pass


def _read(self: Any, index: Any) -> Any:
    return getitem.first(self, (index,) if type(index) in CONSTANTS else (index_of(index),))
