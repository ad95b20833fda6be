"""The methods of a `Value` whose code is their own: protocols, conversions, writes and copies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autograd_tools.api.callers import calls_adapted, for_sparse
from autograd_tools.api.dispatch import (
    call_numpy,
    call_with_out,
    is_recorded,
    lost_gradient,
    reject_if_recorded,
)
from autograd_tools.api.texts import recorded_text
from autograd_tools.base.containers import is_number
from autograd_tools.base.traced import plain_array
from autograd_tools.engine.calls import is_constant, plain
from autograd_tools.engine.describe import describe
from autograd_tools.engine.detached import CALL_PATH, note_detached
from autograd_tools.engine.foreign import to_arrays
from autograd_tools.engine.registry import PRIMITIVES, ZEROGRADS
from autograd_tools.engine.state import live, open_tapes
from autograd_tools.engine.values import Result, Value, unwrap
from autograd_tools.rules import ufunc_methods
from autograd_tools.rules.filling import BLANKS, Flat, at, blank, expose
from autograd_tools.rules.writing import assign, check_param

CALL_PATH.add(__file__)


class Methods:
    """Methods of a `Value`, which are copied to it."""

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
        """Return an element as a number of Python's; a recorded one is an error."""
        if calls_adapted() and is_recorded((self,)):
            return np.reshape(self, -1)[args[0] if args else 0] if len(args) < 2 else self[args]
        return plain_array(reject_if_recorded(self, "x.item()", "use x itself")).item(*args)

    def tolist(self: Any) -> Any:
        """Return nested lists of numbers; of recorded ones an error."""
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
            assign(self, index_of(index), item)
            return
        check_param(self, item)
        unwrap(self)[index_of(index)] = to_arrays(plain(item))
        self.value = self.value  # recordings hear of assignments

    # Methods that write.
    def fill(self: Any, value: Any) -> None:
        """Write a value into each element."""
        self[...] = value

    def put(self: Any, indices: Any, values: Any, mode: str = "raise") -> None:
        """Write values at flat indices."""
        call_numpy(np.put, (self, indices, values, mode), {})

    def sort(self: Any, axis: int = -1, kind: Any = None) -> None:
        """Sort in place along an axis."""
        self[...] = np.sort(self, axis, kind)

    def partition(self: Any, kth: Any, axis: int = -1) -> None:
        """Partition in place along an axis."""
        self[...] = np.partition(self, kth, axis)

    @property
    def flat(self: Any) -> Any:
        """The elements in a row, to read and to write."""
        x = live(self)
        return Flat(self) if isinstance(x, Value) else unwrap(self).flat

    @flat.setter
    def flat(self: Any, values: Any) -> None:
        put = np.resize(values, np.shape(self))
        self[...] = put

    def view(self: Any, *kind: Any, **options: Any) -> Any:
        """Return a view, without `kind`: of recorded numbers it has the same type."""
        if (kind or options) and is_recorded((self,)):
            instead = "write x.astype(dtype) for other numbers, and x for a subclass of np.ndarray"
            raise lost_gradient("x.view(kind)", instead)
        if not is_recorded((self,)):
            return unwrap(self).view(*kind, **options)
        return self[...] if isinstance(unwrap(self), np.ndarray) else +self

    # Methods of an array with other arguments than the function.
    def compress(self: Any, condition: Any, axis: int | None = None) -> Any:
        """Return the slices along an axis where a condition holds."""
        return call_numpy(np.compress, (condition, self), {"axis": axis})

    def astype(
        self: Any,
        dtype: Any,
        order: Any = "K",
        casting: Any = "unsafe",
        subok: bool = True,
        copy: bool = True,
    ) -> Any:
        """Return an array of another type; the gradient has the type of this one."""
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
        """Return the elements limited to an interval."""
        return call_numpy(np.clip, (self, min, max, *out), options)

    def conjugate(self: Any) -> Any:
        """Return the complex conjugate."""
        if np.iscomplexobj(self):
            return call_numpy(np.conjugate, (self,), {})
        return self if is_recorded((self,)) else unwrap(self)

    conj = conjugate

    def copy(self: Any, order: Any = "C") -> Any:
        """Return a copy."""
        if not isinstance(unwrap(self), np.ndarray):
            return +self
        return call_numpy(np.copy, (self,), {"order": order})

    def transpose(self: Any, *axes: Any) -> Any:
        """Return the array with its axes in another order."""
        return call_numpy(np.transpose, (self, _one_tuple(axes) if axes else None), {})

    def reshape(self: Any, *shape: Any, **options: Any) -> Any:
        """Return the array in another shape."""
        return call_numpy(np.reshape, (self, _one_tuple(shape)), options)

    def flatten(self: Any, order: Any = "C") -> Any:
        """Return a flat copy."""
        flat = call_numpy(np.ravel, (self,), {} if order == "C" else {"order": order})
        same = np.shares_memory(unwrap(flat), unwrap(self))
        return call_numpy(np.copy, (flat,), {}) if same else flat


def _nested(x: Any) -> Any:
    """Return the elements of an array in nested lists."""
    return [_nested(row) for row in x] if np.ndim(x) else x


def index_of(index: Any) -> Any:
    """Return an index without tracked values and foreign arrays."""
    return index if is_constant(index) else to_arrays(plain(index))


def _one_tuple(args: tuple[Any, ...]) -> Any:
    """Return the shape of `x.reshape(2, 3)` or `x.reshape((2, 3))`."""
    return args[0] if len(args) == 1 else args
