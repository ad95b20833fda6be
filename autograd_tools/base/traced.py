"""A placeholder for an input while a program is captured: it logs each NumPy call.

To the engine it is a plain value: no recording tracks it. It passes for the array or number that it
stands for, and has its operators and methods, which all end in `capture.call(func, args, kwargs)`.
A conversion to a plain Python value ends in `capture.read`, which notes the outcome.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

BINARIES = (
    *("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul"),
    *("and", "or", "xor", "lshift", "rshift"),
)
COMPARISONS = ("lt", "le", "gt", "ge", "eq", "ne")
UNARY = ("neg", "pos", "abs", "invert")
READS: tuple[Callable[..., Any], ...] = (bool, int, float, complex, operator.index)
# Attributes that do not depend on the numbers.
STATIC = frozenset(
    {"shape", "ndim", "size", "dtype", "nbytes", "itemsize", "strides", "flags", "base"}
)
OF_MEMORY = frozenset({"base", "flags"})  # of those, what the engine alone may ask
NUMBERS_OWN: dict[str, Any] = {"shape": (), "ndim": 0, "size": 1}  # as np.shape(2) and so on
PYTHONS = (int, float, complex, bool)
DATA = frozenset({"T", "mT", "real", "imag"})  # attributes that are arrays
HIDDEN = [
    "ctypes",
    "data",
    "tofile",
    "tobytes",
    "dump",
    "dumps",
    "getfield",
    "setfield",
    "hex",
    "as_integer_ratio",
]


class Method:
    """The method of an array as a function: `Method("astype")(x, float)` is `x.astype(float)`."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        """Call the method."""
        return getattr(x, self.name)(*args, **kwargs)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.name == self.name

    def __hash__(self) -> int:
        return hash((type(self), self.name))

    def __repr__(self) -> str:
        return f".{self.name}"


class Attribute(Method):
    """The attribute of an array as a function: `Attribute("T")(x)` is `x.T`."""

    __slots__ = ()

    def __call__(self, x: Any, *_: Any, **__: Any) -> Any:
        """Return the attribute."""
        return getattr(x, self.name)


class UfuncMethod:
    """The method of a ufunc as a function, such as `np.add.reduce`."""

    __slots__ = ("name", "ufunc")

    def __init__(self, ufunc: np.ufunc, name: str) -> None:
        self.ufunc = ufunc
        self.name = name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the method."""
        return getattr(self.ufunc, self.name)(*args, **kwargs)

    def __eq__(self, other: object) -> bool:
        return type(other) is UfuncMethod and (other.ufunc, other.name) == (self.ufunc, self.name)

    def __hash__(self) -> int:
        return hash((self.ufunc, self.name))

    def __repr__(self) -> str:
        return f"{self.ufunc.__name__}.{self.name}"


def _passes_for(x: Any) -> type:
    return type(x.plain)


class Traced:
    """A value of a program that is being captured.

    Attributes
    ----------
    plain : number or numpy.ndarray
        The value in the run that is captured.
    variable : Variable
        Its name in the program.
    capture : Capture
        The capture it belongs to.
    """

    __slots__ = ("__weakref__", "capture", "plain", "variable")
    __class__ = property(_passes_for)

    def __init__(self, plain: Any, variable: Any, capture: Any) -> None:
        self.plain = plain
        self.variable = variable
        self.capture = capture

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if any(map(_has_own_dispatch, inputs)) or any(
            map(_has_own_dispatch, kwargs.get("out", ()))
        ):
            return NotImplemented
        func = ufunc if method == "__call__" else UfuncMethod(ufunc, method)
        return self.capture.call(func, inputs, kwargs)

    def __array_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        if any([kind is not Traced and not issubclass(kind, np.ndarray) for kind in types]):
            return NotImplemented
        return self.capture.call(func, args, kwargs)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return self.capture.refuse(
            "np.array or np.asarray (or a function that calls them)", "use the array itself", self
        )

    def __getattr__(self, name: str) -> Any:
        if name in STATIC and hasattr(self.plain, name):
            if name in OF_MEMORY:
                self.capture.look_at_memory(name, self)
            return getattr(self.plain, name)
        if name in DATA:
            return self.capture.call(Attribute(name), (self,), {})
        if name in NUMBERS_OWN and type(self.plain) in PYTHONS:
            return NUMBERS_OWN[name]
        if name[:2] == "__":
            raise AttributeError(f"{type(self.plain).__name__} has no attribute {name!r} here")
        found = getattr(self.plain, name)
        if name in HIDDEN:
            return self.capture.refuse(f"x.{name}", "use NumPy's functions", self)
        if not callable(found):
            return self.capture.call(Attribute(name), (self,), {})
        return lambda *args, **kwargs: self.capture.call(Method(name), (self, *args), kwargs)

    def __hash__(self) -> int:
        return (
            object.__hash__(self) if isinstance(self, np.ndarray) else self.capture.read(self, hash)
        )

    def __len__(self) -> int:
        return len(self.plain)

    def __iter__(self) -> Iterator[Any]:
        iter(self.plain)  # a number is an error
        return (self[i] for i in range(len(self.plain)))

    def __getitem__(self, index: Any) -> Any:
        return self.capture.call(operator.getitem, (self, index), {})

    def __setitem__(self, index: Any, item: Any) -> None:
        self.capture.call(operator.setitem, (self, index, item), {})

    def __contains__(self, item: Any) -> bool:
        return bool(self.capture.call(operator.contains, (self, item), {}))

    def __repr__(self) -> str:
        return self.capture.refuse("the text of a value", "leave out print and f-strings", self)

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return self.__repr__()

    def __round__(self, digits: int | None = None) -> Any:
        return self.capture.call(round, (self,) if digits is None else (self, digits), {})

    def __divmod__(self, other: Any) -> Any:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> Any:
        return other // self, other % self

    def __copy__(self) -> Any:
        return self.capture.call(Method("copy"), (self,), {})

    def __deepcopy__(self, memo: Any) -> Any:
        return self.__copy__()

    def __reduce__(self) -> Any:
        return self.capture.refuse("pickling", "send and save plain values", self)


def _has_own_dispatch(x: Any) -> bool:
    """Return whether `x` computes with NumPy's functions itself, as a recorded value does."""
    kind = type(x)
    if kind is Traced or kind is np.ndarray:
        return False
    own = getattr(kind, "__array_ufunc__", np.ndarray.__array_ufunc__)
    return own is not np.ndarray.__array_ufunc__


def _binary(func: Callable[[Any, Any], Any], *, reflected: bool = False) -> Callable[..., Any]:
    def method(self: Any, other: Any) -> Any:
        if _has_own_dispatch(other):
            return NotImplemented
        return self.capture.call(func, (other, self) if reflected else (self, other), {})

    return method


def _unary(func: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda self: self.capture.call(func, (self,), {})


def _conversion(convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda self: self.capture.read(self, convert)


def _install() -> None:
    for name in BINARIES:
        func = getattr(operator, f"__{name}__")
        setattr(Traced, f"__{name}__", _binary(func))
        setattr(Traced, f"__r{name}__", _binary(func, reflected=True))
        setattr(Traced, f"__i{name}__", _binary(getattr(operator, f"__i{name}__")))
    for name in COMPARISONS:
        setattr(Traced, f"__{name}__", _binary(getattr(operator, name)))
    for name in UNARY:
        setattr(Traced, f"__{name}__", _unary(getattr(operator, f"__{name}__")))
    for convert in READS:
        setattr(Traced, f"__{convert.__name__}__", _conversion(convert))


_install()


captures = 0  # open ones, of all threads


def opaque(func: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function whose calls on traced values are one step of the program."""

    @functools.wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        capture = capture_of(args) or capture_of(tuple(kwargs.values()))
        return func(*args, **kwargs) if capture is None else capture.call(func, args, kwargs)

    return call


def capture_of(x: Any) -> Any:
    """Return the capture of a traced value in nested arguments; None without one."""
    if not captures:
        return None
    kind = type(x)
    if kind is Traced:
        return x.capture
    if kind is slice:
        x = (x.start, x.stop, x.step)
    if kind in (tuple, list, slice):
        return next((found for item in x if (found := capture_of(item)) is not None), None)
    return None


def part_of_plain(x: Any, index: Any) -> Any:
    """Do `x[index]`, also of a plain array at a traced index, which NumPy does not dispatch."""
    capture = capture_of(index) if type(x) is np.ndarray else None
    return x[index] if capture is None else capture.call(operator.getitem, (x, index), {})


def numpys_float(x: Any) -> Any:
    """Return `np.float64(x)`, traced where `x` is."""
    return np.float64(x) if type(x) is float else x.capture.call(np.float64, (x,), {})


def python_number(x: Any) -> bool:
    """Return whether `x` is a traced number of Python's, which has no dtype."""
    return type(x) is Traced and type(x.plain) in PYTHONS


def plain_array(x: Any, dtype: Any = None) -> Any:
    """Do `np.asarray`, also for traced values and lists of them."""
    capture = capture_of(x)
    if capture is None:
        return np.asarray(x, dtype)
    return capture.call(np.asarray, (x,) if dtype is None else (x, dtype), {})
