"""What makes a `Value` act like its value: operators, array methods, containers, and NumPy's two protocols.

Everything ends in `calls.call`. What NumPy or Python would turn into plain numbers behind our back
raises a TypeError that says what to write instead.
"""

from __future__ import annotations

import functools
import inspect
import operator
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import numpy as np

from autograd_tools.base.containers import field_names
from autograd_tools.base.memory import open_tapes
from autograd_tools.engine.calls import (
    CONSTANTS,
    call,
    holds_tracked,
    innermost,
    is_constant,
    plain,
)
from autograd_tools.engine.core import (
    FieldsParam,
    LostGradientError,
    NamedResult,
    Param,
    Result,
    Value,
    following_params,
    value,
)
from autograd_tools.engine.describe import describe
from autograd_tools.engine.detached import ON_THE_WAY, note_cut
from autograd_tools.engine.primitives import COMPOSITES, PRIMITIVES, ZEROGRADS, name_of
from autograd_tools.rules import special, ufunc_methods
from autograd_tools.rules.indexing import field_of, getitem, opened, setitem
from autograd_tools.rules.like import LIKE

# Python's operators, by the ufunc that says the same.
ON_THE_WAY.add(__file__)
BINARY = {
    **{
        "add": np.add,
        "sub": np.subtract,
        "mul": np.multiply,
        "truediv": np.divide,
        "pow": np.power,
        "mod": np.remainder,
    },
    **{"matmul": np.matmul, "floordiv": np.floor_divide},
}
UNARY = {"neg": np.negative, "pos": np.positive, "abs": np.absolute}
COMPARISONS = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}

# Functions that write into their first argument, with what makes a new array instead.
IN_PLACE = {
    **dict.fromkeys((np.put, np.place, np.putmask, np.put_along_axis), "np.where"),
    np.fill_diagonal: "np.where(np.eye(n, dtype=bool), x, a)",
}

# The methods of an array that are functions of NumPy by the same name and order of arguments.
METHODS = (
    *(
        "all",
        "any",
        "argmax",
        "argmin",
        "argpartition",
        "argsort",
        "astype",
        "choose",
        "clip",
        "conj",
        "conjugate",
    ),
    *(
        "copy",
        "cumprod",
        "cumsum",
        "diagonal",
        "dot",
        "max",
        "mean",
        "min",
        "nonzero",
        "prod",
        "ptp",
        "ravel",
    ),
    *(
        "repeat",
        "round",
        "searchsorted",
        "squeeze",
        "std",
        "sum",
        "swapaxes",
        "take",
        "trace",
        "var",
    ),
)
ATTRIBUTES = ("shape", "ndim", "size", "dtype", "nbytes", "itemsize")


def install() -> None:
    """Give `Value` its operators, methods and protocols."""
    for name, ufunc in BINARY.items():
        apply = PRIMITIVES[ufunc].make_fast() if ufunc in PRIMITIVES else _zero(ufunc)
        _set(f"__{name}__", apply)
        _set(f"__r{name}__", _reflected(apply))
    for name, ufunc in UNARY.items():
        _set(f"__{name}__", PRIMITIVES[ufunc].make_fast())
    for name, sign in COMPARISONS.items():
        _set(f"__{name}__", _comparison(sign, getattr(operator, name)))
    for name in METHODS:
        _set(name, _method(getattr(np, name)))
    for name in ATTRIBUTES:
        setattr(Value, name, property(_attribute(name)))
    for name, definition in _Body.__dict__.items():
        if name not in (
            "__module__",
            "__dict__",
            "__weakref__",
            "__doc__",
            "__qualname__",
            "__firstlineno__",
            "__static_attributes__",
        ):
            setattr(Value, name, definition)
    NamedResult.__getattr__ = _field
    FieldsParam.__getattribute__ = _field_first  # type: ignore[method-assign]
    FieldsParam.__call__ = lambda self, *args, **kwargs: opened(self)(*args, **kwargs)


def _field(self: Any, name: str) -> Any:
    """A field of a named tuple, such as the one that np.linalg.slogdet returns."""
    if not name.startswith("_") and name not in (
        "value",
        "name",
        "opt",
        "recording",
        "index",
    ):  # which may not be set yet
        fields = getattr(value(self), "_fields", ())
        if name in fields:
            return self[fields.index(name)]
    raise AttributeError(f"a {type(self).__name__} has no attribute {name!r}", name=name, obj=self)


def _field_first(self: Any, name: str) -> Any:
    """A field or method of what a Param holds, and what every Param has where there is none of that name."""
    if not name.startswith("__") and name not in Param.__slots__ and name != "value":
        held = self.value
        if name in field_names(held) or hasattr(type(held), name):
            return field_of(self, name)
    return object.__getattribute__(self, name)


def _set(name: str, method: Callable[..., Any]) -> None:
    method.__name__ = name
    method.__qualname__ = f"Value.{name}"
    setattr(Value, name, method)


def _reflected(apply: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda a, b: apply(b, a)


def _zero(ufunc: np.ufunc) -> Callable[[Any, Any], Any]:
    def apply(a: Any, b: Any) -> Any:
        if open_tapes:
            note_cut(ufunc.__name__, (a, b))
        return ufunc(plain(a), plain(b))

    return apply


def _comparison(sign: str, compare: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def apply(a: Any, b: Any) -> Any:
        if open_tapes:
            note_cut(sign, (a, b))
        return compare(value(a), plain(b))

    return apply


def _method(func: Callable[..., Any]) -> Callable[..., Any]:
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return _function(func, (self, *args), kwargs)

    return method


def _attribute(name: str) -> Callable[[Any], Any]:
    read = operator.attrgetter(name)

    def get(self: Value) -> Any:
        if open_tapes:
            note_cut(name, (self,))
        try:
            return read(self.value)
        except AttributeError:  # a number or a list
            return read(np.asarray(value(self)))

    return get


def _function(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call a NumPy function on arguments of which some are Values."""
    if (
        (kwargs and kwargs.get("out") is not None)
        or (len(args) > 2 and _out(func, args) is not None)
    ) and _is_recorded((*args, *kwargs.values())):
        raise LostGradientError(
            f"{name_of(func)}(out=...): a plain array cannot hold a recorded value; leave `out` away and use what is returned, "
            "and write `a = a + x` for `a += x`"
        )
    primitive = PRIMITIVES.get(func)
    if primitive is not None:
        if len(args) == 1 and not kwargs:
            return primitive.first(args[0])
        if args and all(map(is_constant, args[1:])) and all(map(is_constant, kwargs.values())):
            return primitive.first(args[0], args[1:], kwargs)
        return call(primitive, args, kwargs)
    if func in ZEROGRADS:
        if open_tapes:
            note_cut(name_of(func), (*args, *kwargs.values()))
        return func(*plain(args), **plain(kwargs))
    if not _is_recorded((*args, *kwargs.values())):
        return func(*plain(args), **plain(kwargs))
    if func in COMPOSITES:
        y = COMPOSITES[func](*args, **kwargs)
        if open_tapes and not holds_tracked(y):
            note_cut(name_of(func), (*args, *kwargs.values()))
        return y
    if func in LIKE:
        return LIKE[func](*args, **kwargs)
    primitive = special.find(func)
    if primitive is not None:
        return call(primitive, args, kwargs)
    if func in ZEROGRADS:  # as of now
        return func(*plain(args), **plain(kwargs))
    raise _no_rule(func, args)


@functools.cache
def _place_of_out(func: Callable[..., Any]) -> int | None:
    """The position at which a function takes `out`; NumPy itself tells us of the one of a ufunc."""
    try:
        parameters = inspect.signature(func).parameters.values()
    except ValueError:  # a function without a signature
        return None
    return next(
        (
            i
            for i, p in enumerate(parameters)
            if p.name == "out" and p.kind is p.POSITIONAL_OR_KEYWORD
        ),
        None,
    )


def _out(func: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    """The array given by position to write into."""
    place = _place_of_out(func)
    return args[place] if place is not None and place < len(args) else None


def _is_recorded(args: tuple[Any, ...]) -> bool:
    return innermost(args, sequences=True) is not None


def _no_rule(func: Callable[..., Any], args: tuple[Any, ...]) -> TypeError:
    name = name_of(func)
    module = "scipy" if name.startswith("special.") else "np"
    called = func_name = f"{module}.{name}"
    if isinstance(func, np.ufunc) and module == "np" and not hasattr(np, name):  # somebody's own
        called, func_name = f"the ufunc {name}", "f"
    if name == "copyto":
        return TypeError(
            "np.full, np.full_like and np.copyto write into a plain array, which cannot hold a recorded value; "
            "write np.ones(shape) * x instead of np.full(shape, x)"
        )
    if func in IN_PLACE:
        return TypeError(
            f"np.{name} writes into an array, which would lose a gradient; build a new value with {IN_PLACE[func]}"
        )
    tracked = next((describe(arg) for arg in args if isinstance(arg, Value)), "a recorded value")
    return TypeError(
        f"{called} has no gradient rule, and was called on {tracked} while recording; "
        f"give it one with ag.primitive(rule, ...)({func_name}), declare a zero gradient with ag.zerograd({func_name}), "
        "or pass ag.value(x) to treat x as a constant"
    )


def _converts(what: str, instead: str) -> LostGradientError:
    return LostGradientError(
        f"{what} would turn a recorded value into a plain one and lose its gradient; {instead}, or use ag.value(x) for the plain value"
    )


def _reject_if_recorded(self: Any, what: str, instead: str) -> Any:
    """The plain value, unless that would lose a gradient."""
    if _is_recorded((self,)):
        package = _scipy_caller()
        if package:
            what, instead = (
                f"a function of {package}",
                f"use the one of the same name in autograd_tools.{package} if there is one",
            )
        raise _converts(what, instead)
    return value(self)


def _scipy_caller() -> str:
    """The package of SciPy that asks for a plain value, as far as the stack tells; nothing if it is somebody else."""
    frame: FrameType | None = sys._getframe(1)
    found = ""
    while frame is not None:
        top, _, module = frame.f_globals.get("__name__", "").partition(".")
        if top == "scipy":
            package = module.partition(".")[0]
            found = (
                f"scipy.{package}" if package and not package.startswith("_") else found or "scipy"
            )
        elif found or top not in ("numpy", "autograd_tools"):
            break
        frame = frame.f_back
    return found


class _Body:
    """The methods that are not entries of a table; `install` copies them to `Value`."""

    __hash__ = object.__hash__  # by identity, though == compares values

    def __array_ufunc__(self: Any, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method == "__call__":
            primitive = PRIMITIVES.get(ufunc)
            return (
                _function(ufunc, inputs, kwargs)
                if primitive is None or kwargs
                else primitive.fast(*inputs)
            )
        if ufunc in ZEROGRADS:
            if open_tapes:
                note_cut(f"{ufunc.__name__}.{method}", inputs)
            return getattr(ufunc, method)(*plain(inputs), **plain(kwargs))
        if not _is_recorded(inputs):
            return getattr(ufunc, method)(*plain(inputs), **plain(kwargs))
        if kwargs.get("out") is not None:
            return _function(ufunc, inputs, kwargs)  # the error that every `out` is
        return ufunc_methods.find(ufunc, method)(*inputs, **kwargs)

    def __array_function__(
        self: Any,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        return _function(func, args, kwargs)

    def __array__(self: Any, dtype: Any = None, copy: bool | None = None) -> Any:
        x = _reject_if_recorded(
            self,
            "np.array or np.asarray (or a NumPy function that calls them)",
            "use np.stack([x, y]) to join values, x itself where it is an array already, x.astype(np.float32) for np.float32(x), and "
            "a @ x instead of a.dot(x)",
        )
        return np.array(x, dtype=dtype) if copy or dtype is not None else np.asarray(x)

    def __float__(self: Any) -> float:
        return float(
            _reject_if_recorded(
                self,
                "float(x), a function of `math`, or writing into an array",
                "use NumPy's functions, such as np.sin(x) and np.stack([x, y]), and x itself for float(x)",
            )
        )

    def __complex__(self: Any) -> complex:
        return complex(_reject_if_recorded(self, "complex(x)", "write x + 0j"))

    def item(self: Any, *args: Any) -> Any:
        return np.asarray(_reject_if_recorded(self, "x.item()", "use x itself")).item(*args)

    def tolist(self: Any) -> Any:
        return np.asarray(_reject_if_recorded(self, "x.tolist()", "use list(x)")).tolist()

    # The gradient of what these return is zero, or they are not numbers.
    def __int__(self: Any) -> int:
        if open_tapes:
            note_cut("int", (self,))
        return int(value(self))

    def __index__(self: Any) -> int:
        if open_tapes:
            note_cut("index", (self,))
        return operator.index(value(self))

    def __bool__(self: Any) -> bool:
        if open_tapes:
            note_cut("bool", (self,))
        return bool(value(self))

    def __round__(self: Any, ndigits: int | None = None) -> Any:
        if open_tapes:
            note_cut("round", (self,))
        return round(value(self), ndigits)

    def __format__(self: Any, spec: str) -> str:
        return format(value(self), spec) if spec else repr(self)

    def __repr__(self: Any) -> str:
        return describe(self)

    def __divmod__(self: Any, other: Any) -> Any:
        return self // other, self % other

    def __rdivmod__(self: Any, other: Any) -> Any:
        return other // self, other % self

    # Containers and indexing.
    def __len__(self: Any) -> int:
        if open_tapes:
            note_cut("len", (self,))
        return len(value(self))

    def __contains__(self: Any, item: Any) -> bool:
        return plain(item) in value(self)

    def __getitem__(self: Any, index: Any) -> Any:
        return getitem.first(self, (index,) if type(index) in CONSTANTS else (plain(index),))

    def __iter__(self: Any) -> Iterator[Any]:
        x = value(self)
        if isinstance(x, dict):
            return iter(x)
        return (self[i] for i in range(len(x)))

    def __setitem__(self: Any, index: Any, item: Any) -> None:
        """`x[index] = v`: from here on `x` is a new recorded value; whoever has read the old one keeps what was read."""
        if isinstance(self, Result):
            if not (self.recording.is_open and isinstance(value(self), np.ndarray)):
                why = (
                    "its recording has ended"
                    if isinstance(value(self), np.ndarray)
                    else "it is no array"
                )
                raise TypeError(
                    f"{self!r} cannot be written into, because {why}: write into a copy of its plain value, ag.value(x)"
                )
            made = call(setitem, (self, plain(index), item))
            self.value, self.recording, self.index = made.value, made.recording, made.index
            return
        if following_params() is not None:
            raise TypeError(
                f"{self!r}: writing into a Param would change the value that its gradient belongs to; "
                "write into a recorded value made of it, such as x = w + 0"
            )
        if _is_recorded((item,)):
            raise _converts(
                "writing a recorded value into a Param", "keep it in a variable of its own"
            )
        value(self)[index] = plain(item)

    def keys(self: Any) -> Any:
        return value(self).keys()

    def values(self: Any) -> Any:
        return [self[key] for key in value(self)]

    def items(self: Any) -> Any:
        return [(key, self[key]) for key in value(self)]

    def get(self: Any, key: Any, default: Any = None) -> Any:
        return self[key] if key in value(self) else default

    # Methods of an array whose arguments differ from the function's.
    @property
    def T(self: Any) -> Any:
        return _function(np.transpose, (self,), {})

    @property
    def mT(self: Any) -> Any:
        return _function(np.matrix_transpose, (self,), {})

    @property
    def real(self: Any) -> Any:
        return _function(np.real, (self,), {})

    @property
    def imag(self: Any) -> Any:
        return _function(np.imag, (self,), {})

    def compress(self: Any, condition: Any, axis: int | None = None) -> Any:
        return _function(np.compress, (condition, self), {"axis": axis})

    def transpose(self: Any, *axes: Any) -> Any:
        return _function(np.transpose, (self, _one_tuple(axes) if axes else None), {})

    def reshape(self: Any, *shape: Any, order: Any = "C") -> Any:
        return _function(
            np.reshape, (self, _one_tuple(shape)), {} if order == "C" else {"order": order}
        )

    def flatten(self: Any, order: Any = "C") -> Any:
        return _function(np.ravel, (self,), {} if order == "C" else {"order": order})


def _one_tuple(args: tuple[Any, ...]) -> Any:
    """`x.reshape(2, 3)` and `x.reshape((2, 3))` are the same."""
    return args[0] if len(args) == 1 else args


__all__ = ["Param", "Result", "Value", "install"]
