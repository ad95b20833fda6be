"""The operators and methods of a `Value`: those of Python, of arrays and of containers.

All of them end in `calls.call`. Conversions that would silently drop a gradient raise a TypeError
that says what to write instead.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator
from types import MethodType
from typing import Any

import numpy as np

from autograd_tools.api.attributes import install_attributes
from autograd_tools.api.callers import calls_adapted, for_sparse, unit
from autograd_tools.api.copying import install_copies
from autograd_tools.api.dispatch import (
    call_numpy,
    call_with_out,
    is_recorded,
    lost_gradient,
    reject_if_recorded,
)
from autograd_tools.api.texts import recorded_text
from autograd_tools.base.containers import field_names, is_number
from autograd_tools.base.traced import plain_array
from autograd_tools.engine.calls import CONSTANTS, is_constant, plain
from autograd_tools.engine.describe import describe
from autograd_tools.engine.detached import CALL_PATH, note_detached
from autograd_tools.engine.fast_calls import item
from autograd_tools.engine.foreign import to_arrays
from autograd_tools.engine.registry import PRIMITIVES, ZEROGRADS
from autograd_tools.engine.state import live, open_tapes
from autograd_tools.engine.values import (
    FieldsParam,
    NamedResult,
    Param,
    Result,
    Value,
    held,
    unwrap,
)
from autograd_tools.location.locators import OPERATORS
from autograd_tools.rules import ufunc_methods
from autograd_tools.rules.filling import BLANKS, Flat, at, blank, expose
from autograd_tools.rules.indexing import field_of, getitem, unpack_fields
from autograd_tools.rules.writing import assign, check_param, write_result

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
    for name in vars(_Body).keys() - vars(_Empty).keys():
        setattr(Value, name, _Body.__dict__[name])
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
    instead = {"shape": "x.reshape(shape)", "dtype": "x.astype(dtype)"}.get(name, "another array")

    def refuse(self: Any, item: Any) -> None:
        raise AttributeError(
            f"x.{name} of a recorded value cannot be assigned; write x = {instead}"
        )

    return refuse


def _nested(x: Any) -> Any:
    """Return the elements of an array in nested lists."""
    return [_nested(row) for row in x] if np.ndim(x) else x


class _Empty:
    pass


class _Body:
    """Methods that are not in a table, which `install` copies to `Value`."""

    __hash__ = object.__hash__  # by identity, though == compares values
    __pandas_priority__ = 5000  # above a DataFrame: pandas leaves its operators to us

    def __array_ufunc__(self: Any, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method == "__call__":
            primitive = PRIMITIVES.get(ufunc)
            if primitive is None or kwargs:
                return call_numpy(ufunc, inputs, kwargs)
            return primitive.fast(*inputs)
        if method == "at" and isinstance(inputs[0], Result):
            return at(ufunc, *inputs)
        if ufunc in ZEROGRADS:
            if open_tapes:
                note_detached(f"{ufunc.__name__}.{method}", inputs)
            return getattr(ufunc, method)(*plain(inputs), **plain(kwargs))
        if kwargs.get("out") is not None:

            def record(args: tuple[Any, ...], options: dict[str, Any]) -> Any:
                return ufunc_methods.find(ufunc, method)(*args, **options)

            return call_with_out(getattr(ufunc, method), record, inputs, kwargs)
        if not is_recorded(inputs):
            return getattr(ufunc, method)(*plain(inputs), **plain(kwargs))
        return ufunc_methods.find(ufunc, method)(*inputs, **kwargs)

    def __array_function__(
        self: Any,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        y = call_numpy(func, args, kwargs)
        return blank(y, (self,)) if func in BLANKS else y  # of np.zeros(shape, like=x)

    def __array__(self: Any, dtype: Any = None, copy: bool | None = None) -> Any:
        if (made := for_sparse(self)) is not None:
            return made
        x = reject_if_recorded(
            self,
            "np.array or np.asarray (or a NumPy function that calls them)",
            "use np.stack([x, y]) to join values, x itself if it is an array, "
            "x.astype(np.float32) for np.float32(x), and a @ x instead of a.dot(x)",
        )
        y = np.array(x, dtype=dtype) if copy or dtype is not None else plain_array(x)
        return expose(y, (self,))

    def __float__(self: Any) -> float:
        return float(
            reject_if_recorded(
                self,
                "float(x), a function of `math`, or writing into an array",
                "use NumPy's functions, such as np.sin(x) and np.stack([x, y]), x itself for "
                "float(x), f'{x:.3f}' for '%.3f' % x, and np.zeros_like(x), which holds recorded "
                "values, for np.zeros(n)",
            )
        )

    def __complex__(self: Any) -> complex:
        return complex(reject_if_recorded(self, "complex(x)", "write x + 0j"))

    def __bytes__(self: Any) -> bytes:
        return bytes(reject_if_recorded(self, "bytes(x)", "use ag.value(x).tobytes()"))

    def item(self: Any, *args: Any) -> Any:
        if calls_adapted() and is_recorded((self,)):
            return np.reshape(self, -1)[args[0] if args else 0] if len(args) < 2 else self[args]
        return plain_array(reject_if_recorded(self, "x.item()", "use x itself")).item(*args)

    def tolist(self: Any) -> Any:
        if calls_adapted() and is_recorded((self,)):
            return _nested(self)
        return plain_array(reject_if_recorded(self, "x.tolist()", "use list(x)")).tolist()

    def __format__(self: Any, spec: str) -> str:
        return recorded_text(self, format(unwrap(self), spec)) if spec else str(self)

    def __repr__(self: Any) -> str:
        return recorded_text(self, describe(self))

    def __str__(self: Any) -> str:
        x = unwrap(self)
        return recorded_text(self, str(x) if is_number(x) else describe(self))

    def __divmod__(self: Any, other: Any) -> Any:
        return self // other, self % other

    def __rdivmod__(self: Any, other: Any) -> Any:
        return other // self, other % self

    # Containers and indexing.
    def __contains__(self: Any, item: Any) -> bool:
        return plain(item) in unwrap(self)

    def __iter__(self: Any) -> Iterator[Any]:
        x = unwrap(self)
        if isinstance(x, dict):
            return iter(x)
        iter(x)  # a number is an error
        return (self[i] for i in range(len(x)))

    def __setitem__(self: Any, index: Any, item: Any) -> None:
        """Assign: `x` becomes a new recorded value, and so do its views; earlier reads keep the
        old one.
        """
        if isinstance(self, Result):
            assign(self, _index(index), item)
            return
        check_param(self, item)
        unwrap(self)[_index(index)] = to_arrays(plain(item))
        self.value = self.value  # recordings hear of assignments

    # Methods that write.
    def fill(self: Any, value: Any) -> None:
        self[...] = value

    def put(self: Any, indices: Any, values: Any, mode: str = "raise") -> None:
        call_numpy(np.put, (self, indices, values, mode), {})

    def sort(self: Any, axis: int = -1, kind: Any = None) -> None:
        self[...] = np.sort(self, axis, kind)

    def partition(self: Any, kth: Any, axis: int = -1) -> None:
        self[...] = np.partition(self, kth, axis)

    @property
    def flat(self: Any) -> Any:
        x = live(self)
        return Flat(self) if isinstance(x, Value) else unwrap(self).flat

    @flat.setter
    def flat(self: Any, values: Any) -> None:
        put = np.resize(values, np.shape(self))
        self[...] = put

    def view(self: Any, *kind: Any, **options: Any) -> Any:
        if (kind or options) and is_recorded((self,)):
            raise lost_gradient("x.view(dtype)", "write x.astype(dtype) for other numbers")
        if not is_recorded((self,)):
            return unwrap(self).view(*kind, **options)
        return self[...] if isinstance(unwrap(self), np.ndarray) else +self

    # Methods of an array with other arguments than the function.
    def compress(self: Any, condition: Any, axis: int | None = None) -> Any:
        return call_numpy(np.compress, (condition, self), {"axis": axis})

    def astype(
        self: Any,
        dtype: Any,
        order: Any = "K",
        casting: Any = "unsafe",
        subok: bool = True,
        copy: bool = True,
    ) -> Any:
        held = plain_array(unwrap(self))
        if casting != "unsafe":
            np.empty(0, held.dtype).astype(
                dtype, casting=casting
            )  # a cast that it forbids is NumPy's error
        if not copy and held.astype(dtype, order, casting, subok, copy) is held:
            return self
        y = call_numpy(np.astype, (self, dtype), {})
        return y if order == "K" else call_numpy(np.copy, (y,), {"order": order})

    def clip(self: Any, min: Any = None, max: Any = None, *out: Any, **options: Any) -> Any:
        return call_numpy(np.clip, (self, min, max, *out), options)

    def conjugate(self: Any) -> Any:
        if np.iscomplexobj(self):
            return call_numpy(np.conjugate, (self,), {})
        return self if is_recorded((self,)) else unwrap(self)

    conj = conjugate

    def copy(self: Any, order: Any = "C") -> Any:
        if not isinstance(unwrap(self), np.ndarray):
            return +self
        return call_numpy(np.copy, (self,), {"order": order})

    def transpose(self: Any, *axes: Any) -> Any:
        return call_numpy(np.transpose, (self, _one_tuple(axes) if axes else None), {})

    def reshape(self: Any, *shape: Any, **options: Any) -> Any:
        return call_numpy(np.reshape, (self, _one_tuple(shape)), options)

    def flatten(self: Any, order: Any = "C") -> Any:
        flat = call_numpy(np.ravel, (self,), {} if order == "C" else {"order": order})
        same = np.shares_memory(unwrap(flat), unwrap(self))
        return call_numpy(np.copy, (flat,), {}) if same else flat


def _read(self: Any, index: Any) -> Any:
    return getitem.first(self, (index,) if type(index) in CONSTANTS else (_index(index),))


def _index(index: Any) -> Any:
    """Return an index without tracked values and foreign arrays."""
    return index if is_constant(index) else to_arrays(plain(index))


def _one_tuple(args: tuple[Any, ...]) -> Any:
    """Return the shape of `x.reshape(2, 3)` or `x.reshape((2, 3))`."""
    return args[0] if len(args) == 1 else args
