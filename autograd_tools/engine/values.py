"""Values that the engine can track (`Value`, `Param`, `Result`), and what a Param may hold."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Any

from numpy import ndarray, number

from autograd_tools.base.containers import (
    LEAVES,
    field_names,
    has_fields,
    is_constant_leaf,
    is_number,
    tree_leaves,
)
from autograd_tools.base.foreign import conversion, is_foreign, refuse_own_arithmetic

if TYPE_CHECKING:

    class _Anything(Any):
        """For type checkers: a Value has whatever operators and methods its value has.

        Operators are written out, or `w * 2` would be an int, by the methods of 2.
        """

        def _with(self, other: Any, /) -> Any: ...

        __add__ = __sub__ = __mul__ = __truediv__ = __floordiv__ = __mod__ = __pow__ = _with
        __radd__ = __rsub__ = __rmul__ = __rtruediv__ = __rfloordiv__ = __rmod__ = __rpow__ = _with
        __matmul__ = __rmatmul__ = __lt__ = __le__ = __gt__ = __ge__ = _with

else:
    _Anything = object


NUMBERS = (int, float, complex, number)
WITH_OWN_ARRAYS = (
    *("autograd_tools.", "viewer.", "json.", "numpy.ma.", "numpy.matrixlib."),
    *("jax.", "torch.", "pandas.", "xarray.", "dask.", "cupy.", "tensorflow.", "scipy."),
)
_is_box = False
ASK_FOR_OTHERS = ("abc", "numpy._core.numeric")  # isinstance of an abstract class, np.isscalar


class Wrapping:
    """Base of the objects that wrap a plain value: `Value`, and a recording with its scalar."""

    __slots__ = ()
    value: Any


@functools.cache
def _knows_us(module: str) -> bool:
    """Return whether a module leaves arrays of other classes to us, and takes over NumPy's."""
    if _is_box and not module.startswith("numpy."):
        return True
    return f"{module}.".startswith(WITH_OWN_ARRAYS)


def become_boxes(module: str | None) -> None:
    """Let recorded values be no arrays and numbers for `isinstance`, but `ArrayBox` of a module.

    Packages read these names, to find the functions of the module. None undoes it.
    """
    global _is_box
    _is_box = module is not None
    _knows_us.cache_clear()
    for kind in (Value, Param, FieldsParam, Result, NamedResult, Blank):
        kind.__module__ = module or __name__
    for kind, name in ((Result, "Result"), (NamedResult, "NamedResult"), (Blank, "Blank")):
        kind.__name__ = kind.__qualname__ = "ArrayBox" if _is_box else name


def _passes_for(x: Any) -> type:
    """Return the class that `isinstance` sees: that of the array or number which `x` stands for."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and (caller := frame.f_globals.get("__name__", "")) in ASK_FOR_OTHERS:
        frame = frame.f_back
    if _knows_us(caller):
        return type(x)
    own, kind = type(x), type(x.value)
    while issubclass(kind, Value):
        x = x.value
        kind = type(x.value)
    return kind if kind is ndarray or issubclass(kind, NUMBERS) else own


def _change_class(x: Any, kind: type) -> None:
    vars(object)["__class__"].__set__(x, kind)


class Value(Wrapping, _Anything):
    """Base class of tracked values: the user's `Param` and the `Result` of a primitive.

    It has Python's operators, the methods of a NumPy array and NumPy's two dispatch protocols
    (`__array_ufunc__` and `__array_function__`); `autograd_tools.api.operators` installs them.
    `isinstance(x, float)` tests the plain value; `type(x)` is the class of `x` itself.
    """

    __slots__ = ("__weakref__", "value")
    __class__ = property(_passes_for, _change_class)


class Param(Value):
    """A leaf of the computation graph whose gradient is wanted.

    Outside a recording it acts like its value. A Param is identified by identity, not by value.

    Parameters
    ----------
    value : number, numpy.ndarray or pytree
        A number, an array of numbers, or arbitrarily nested tuples, lists, dicts, named tuples and
        dataclasses of them. Non-numeric leaves (a string, a function) are constants. You may
        replace it between recordings, `w.value -= 0.1 * g`; the new value is checked as well.
    opt : object, optional
        Free for an optimizer's state.
    name : str, optional
        The name in trees, listings and drawings. Without one, views use the variable that holds it.

    Raises
    ------
    TypeError
        If `value` holds no number, or something that is neither a number nor a constant.

    Examples
    --------
    >>> import numpy as np, autograd_tools as ag
    >>> w = ag.Param(np.ones((2, 3)))
    >>> w, float(np.sum(w))
    (P(float64[2,3]), 6.0)
    """

    __slots__ = ("name", "opt")

    def __init__(self, value: Any, opt: Any = None, *, name: str | None = None) -> None:
        self.value = value
        self.opt = opt
        self.name = name

    def __setattr__(self, name: str, x: Any) -> None:
        if name == "value":
            check_held(x)
            kind = FieldsParam if has_fields(x) else Param
            if type(self) is not kind and type(self) in (Param, FieldsParam):
                self.__class__ = kind
            for callback in _on_assignment:
                callback(self, x)
        object.__setattr__(self, name, x)


class FieldsParam(Param):
    """A Param of a named tuple or dataclass: its fields are attributes and hide array methods."""

    __slots__ = ()


class Result(Value):
    """The output of a primitive while it is recorded.

    Attributes
    ----------
    value : number, numpy.ndarray or pytree
        The plain value, or a Result of an outer recording.
    recording : Recording
        The recording that holds it.
    index : int
        Its entry on that recording, counted from 0.
    frozen : bool
        True if the engine keeps it: it is one version of an array, and does not see later writes
        into the array.
    """

    __slots__ = ("frozen", "index", "recording")
    recording: Any  # a Recording, whose module imports this one
    index: int


class NamedResult(Result):
    """A Result whose value is a named tuple: its fields are attributes.

    A class of its own, because `__getattr__` slows every attribute access of a class.
    """

    __slots__ = ()


class Blank(Result):
    """An array made by `np.zeros_like(x)` and the like: a constant until it is written into.

    Its index is UNUSED until an operation uses it, and USED until it enters the recording. After
    the recording it acts like a plain array.
    """

    __slots__ = ()

    @property
    def __array_interface__(self) -> dict[str, Any]:
        """The memory of the array, for which NumPy asks `__array__` during the recording."""
        if self.recording.is_open:
            raise AttributeError("a recorded array has no '__array_interface__'; write ag.value(x)")
        self.index = min(self.index, EXPOSED)
        return unwrap(self).__array_interface__

    def __buffer__(self, flags: int) -> memoryview:  # since Python 3.12
        if self.recording.is_open:
            raise BufferError("a recorded array has no buffer; write ag.value(x)")
        self.index = min(self.index, EXPOSED)
        return memoryview(unwrap(self))


UNUSED, USED, EXPOSED = -1, -2, -3  # EXPOSED: a plain array has its memory, too


class LostGradientError(TypeError):
    """An operation would turn a recorded value into a plain one and silently lose its gradient.

    The message says what to write instead.
    """

    __module__ = "autograd_tools"


def check_differentiable(x: Any, holder: Callable[[], str]) -> None:
    """Raise a TypeError unless `x` is a number, an array of numbers, or a pytree with at least one.

    Constants beside the numbers are allowed: a name, None, a switch, a function. `holder()` names
    the owner of `x` in the message.
    """
    leaves = [x] if type(x) is ndarray else tree_leaves(x)
    for leaf in leaves:
        if isinstance(leaf, ndarray) and type(leaf) is not ndarray:
            refuse_own_arithmetic(leaf)
    if is_number(x):
        return
    constant = None
    for leaf in leaves:
        if isinstance(leaf, Value):
            raise TypeError(
                f"{holder()} cannot hold {leaf!r}: pass its plain value, ag.value(x), "
                "or use it directly"
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
    if is_foreign(leaf):
        got = f"{type(leaf).__name__}; write {conversion(leaf)}"
    else:
        got = f"{what}: {leaf!r}"
    raise TypeError(
        f"{holder()} holds a number, a numeric array, or a pytree of them (tuples, lists, dicts, "
        f"dataclasses); got {got}"
    )


def check_held(x: Any) -> None:
    """Raise a TypeError unless `x` may be the value of a Param."""
    check_differentiable(x, lambda: "a Param")
    if has_fields(x) and (taken := {"value", "name", "opt"}.intersection(field_names(x))):
        raise TypeError(
            f"a Param has its own attribute {taken.pop()!r}, so it cannot hold a "
            f"{type(x).__name__} with a field of that name; rename the field"
        )


_on_assignment: list[Callable[[Param, Any], None]] = []


def on_assignment(callback: Callable[[Param, Any], None]) -> Callable[[Param, Any], None]:
    """Call `callback(param, x)` before a Param gets the value `x`; also a decorator."""
    _on_assignment.append(callback)
    return callback


def unwrap(x: Any) -> Any:
    """Return the plain value of a `Param`, a `Result` or a `Tape`, and anything else unchanged."""
    if type(x) in LEAVES:
        return x
    while issubclass(type(x), Wrapping):  # isinstance would ask what a Param passes for
        if issubclass(type(x), Result):
            if x.recording.writes is not None:
                x.recording.writes.update(x)
            x = below(x)
        else:
            x = x.value
    return x


def held(x: Any) -> Any:
    """Return the plain value that `x` was recorded with, of the shape and dtype of `unwrap(x)`."""
    while issubclass(type(x), Result):
        x = x.value
    return x


def below(x: Result) -> Any:
    """Return the value of a Result of a closed recording, as the user sees it."""
    y = x.value
    if type(y) in LEAVES:
        return y
    if isinstance(y, Result) and y.recording.writes is not None and not is_frozen(x):
        return result(y.value, y.recording, y.index)  # follows what is written
    return y


def is_frozen(x: Result) -> bool:
    """Return whether `x` stands for one version of its array."""
    return getattr(x, "frozen", False)


def frozen(x: Result) -> Result:
    """Return the present version of `x`, which does not follow later writes."""
    if is_frozen(x):
        return x
    kept = result(x.value, x.recording, x.index)
    kept.frozen = True
    return kept


def result(value: Any, recording: Any, index: int) -> Result:
    """Make a Result. Its class has no `__init__`: calling one would double the cost of an
    operation.
    """
    named = type(value) not in LEAVES and hasattr(value, "_fields")
    made = NamedResult() if named or type(value) is NamedResult else Result()
    made.value = value
    made.recording = recording
    made.index = index
    return made
