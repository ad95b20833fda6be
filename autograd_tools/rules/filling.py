"""NumPy's functions and methods that write into an array, for recorded arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autograd_tools.base.containers import is_plain, tree_leaves
from autograd_tools.base.traced import part_of_plain
from autograd_tools.engine.blanks import new_blank
from autograd_tools.engine.calls import call, holds_tracked, innermost, plain
from autograd_tools.engine.registry import Primitive
from autograd_tools.engine.values import EXPOSED, Blank, Result, unwrap
from autograd_tools.engine.writes import copy_in_layout
from autograd_tools.rules.arrays import as_array
from autograd_tools.rules.like import array
from autograd_tools.rules.writing import begin, replace, writable, write

OVERWRITING = (np.fill_diagonal, np.place)


def filler(func: Callable[..., Any], names: str, values: str) -> Callable[..., None]:
    """Make a function that writes as NumPy's `func` does, whose parameters are `names`.

    `func` runs on the numbers of the elements of its argument `values`. So it shows which of them
    goes where.
    """
    order = names.split()

    def fill(x: Any, *args: Any, **kwargs: Any) -> None:
        given = {**dict(zip(order, args, strict=False)), **kwargs}
        v = given[values]
        v = array(v) if type(v) in (list, tuple) and holds_tracked(v) else v
        rest = {key: plain(item) for key, item in given.items() if key != values}
        held = unwrap(x) if type(x) is Blank else writable(x, "assignment destination")
        if func in OVERWRITING and np.may_share_memory(held, plain(v)):
            raise ValueError(
                f"np.{func.__name__} expects values that do not overlap x, because NumPy "
                "overwrites them while it reads them; write v.copy()"
            )
        func(held.copy(), **rest, **{values: plain(v)})  # raises as NumPy does
        numbers = np.arange(np.size(plain(v))).reshape(np.shape(plain(v)))
        source = np.full(held.shape, -1)
        func(source, **rest, **{values: numbers})
        write(x, source >= 0, np.reshape(as_array(v), (-1,))[source[source >= 0]])

    return fill


WRITERS: dict[Callable[..., Any], Callable[..., None]] = {
    np.put: filler(np.put, "ind v mode", "v"),
    np.place: filler(np.place, "mask vals", "vals"),
    np.putmask: filler(np.putmask, "mask values", "values"),
    np.put_along_axis: filler(np.put_along_axis, "indices values axis", "values"),
    np.fill_diagonal: filler(np.fill_diagonal, "val wrap", "val"),
    np.copyto: filler(np.copyto, "src casting where", "src"),
}
BLANKS: frozenset[Any] = frozenset(
    (np.zeros_like, np.ones_like, np.empty_like, np.full_like, np.zeros, np.ones, np.empty, np.full)
)


def blank(y: Any, like: tuple[Any, ...]) -> Any:
    """Return a new array that can be written into, if one of the values `like` is recorded."""
    recording = innermost(like, sequences=True)
    if recording is None or not is_plain(y, np.ndarray) or y.dtype.kind not in "fc":
        return y
    return new_blank(y, recording)


def expose(y: Any, given: tuple[Any, ...]) -> Any:
    """Return `y`, a plain result; mark each blank array among the arguments whose memory it has."""
    for x in given:
        if type(x) is Blank and x.index < 0:
            arrays = [part for part in tree_leaves(y) if isinstance(part, np.ndarray)]
            if any([np.may_share_memory(part, x.value) for part in arrays]):
                x.index = EXPOSED
    return y


def added(x: Any, index: Any, v: Any) -> Any:
    """Return a copy of the array `x` after `np.add.at(x, index, v)`."""
    y = copy_in_layout(x)
    np.add.at(y, index, v)
    return y


added_at = Primitive(
    added,
    (lambda dy, y, x, index, v: dy, None, lambda dy, y, x, index, v: part_of_plain(dy, index)),
    name="add.at",
    reads=frozenset({1}),
)


def at(ufunc: np.ufunc, x: Any, index: Any, v: Any = None) -> None:
    """Do `ufunc.at(x, index, v)` on a recorded array."""
    if ufunc not in (np.add, np.subtract):
        raise TypeError(
            f"np.{ufunc.__name__}.at has no gradient rule; for indices that do not repeat, write "
            f"x[i] = np.{ufunc.__name__}(x[i], v)"
        )
    index = plain(index)
    if type(x) is Blank and not begin(x, v):
        ufunc.at(x.value, index, plain(v))
        return
    held = writable(x, "array")
    ufunc.at(held.copy(), index, plain(v))  # raises as NumPy does
    v = as_array(v)
    replace(x, call(added_at, (x, index, v if ufunc is np.add else -v)))


def write_out(out: Any, y: Any, func: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """Write the value `y` of `func(*args, **kwargs)` into the recorded array `out`; return it."""
    held = unwrap(out) if type(out) is Blank else writable(out, "output array")
    if np.shape(y) != held.shape:
        func(*plain(args), **plain(kwargs), out=held.copy())  # raises as NumPy does, or broadcasts
    np.copyto(held.copy(), plain(y), casting="same_kind")  # the same
    write(out, ..., y)
    return out


class Flat:
    """The elements of a recorded array in one row, as `ndarray.flat` has them."""

    def __init__(self, x: Result) -> None:
        self.base = x

    def __len__(self) -> int:
        return int(np.size(unwrap(self.base)))

    def __iter__(self) -> Iterator[Any]:
        return iter(np.ravel(self.base))

    def __getitem__(self, index: Any) -> Any:
        part = np.ravel(self.base)[index]
        return np.copy(part) if isinstance(unwrap(part), np.ndarray) else part

    def __setitem__(self, index: Any, v: Any) -> None:
        places = np.unravel_index(np.arange(len(self))[plain(index)], np.shape(unwrap(self.base)))
        write(self.base, places, v)

    def copy(self) -> Any:
        """Return a new array of one axis."""
        return np.copy(np.ravel(self.base))
