"""Functions that choose elements of one array or of several by a condition."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_tools.base.traced import plain_array
from autograd_tools.engine.calls import plain
from autograd_tools.engine.primitives import SHAPES
from autograd_tools.engine.registry import composite, rules
from autograd_tools.engine.values import unwrap
from autograd_tools.rules.arrays import as_array, as_type, part_of, type_of
from autograd_tools.rules.indexing import ungetitem
from autograd_tools.rules.nans import nan_of
from autograd_tools.rules.shapes import take_along_axis


# To add one, see rules/__init__.py; its cases go to tests/rules/cases_arrays.py.
@composite(np.compress, exact=True)
def compress(condition, a, axis=None, out=None):
    a, axis = (np.ravel(a), 0) if axis is None else (np.atleast_1d(as_array(a)), axis)
    return part_of(a, np.nonzero(plain(condition))[0], axis)


@composite(np.extract)
def extract(condition, arr):
    return compress(np.ravel(plain(condition)), arr)


@composite(np.delete)
def delete(arr, obj, axis=None):
    arr, axis = (np.ravel(arr), 0) if axis is None else (as_array(arr), axis)
    return part_of(arr, np.delete(np.arange(np.shape(arr)[axis]), obj), axis)


@composite(np.resize)
def resize(a, new_shape):
    a = np.ravel(a)
    if np.size(a) == 0:
        return np.resize(unwrap(a), new_shape)
    return a[np.resize(np.arange(np.size(a)), new_shape)]


@composite(np.trim_zeros, exact=True)
def trim_zeros(filt, trim="fb", axis=None):
    filt = as_array(filt)
    axes = range(np.ndim(filt)) if axis is None else [axis] if np.ndim(axis) == 0 else axis
    for i in axes:
        places = np.nonzero(unwrap(filt))[i]
        start, end = (min(places), max(places) + 1) if len(places) else (0, 0)
        part = slice(start if "f" in trim.lower() else None, end if "b" in trim.lower() else None)
        filt = part_of(filt, part, i)
    return filt


@composite(np.partition)
def partition(a, kth, axis=-1, kind="introselect", order=None):
    a, axis = (np.ravel(a), 0) if axis is None else (as_array(a), axis)
    y = take_along_axis(a, np.argpartition(unwrap(a), kth, axis), axis)
    return nan_of(y, y)


def windows_x(dy, y, x, window_shape, axis=None, *, subok=False, writeable=False):
    """The sum of dy over the windows that show an element."""
    places = np.reshape(np.arange(np.size(x)), np.shape(x))
    shown = np.lib.stride_tricks.sliding_window_view(places, window_shape, axis)
    return np.reshape(ungetitem(dy, shown, np.empty(np.size(x), bool)), np.shape(x))


rules(np.lib.stride_tricks.sliding_window_view, windows_x, reads=SHAPES)


@composite(np.choose)
def choose(a, choices, out=None, mode="raise"):
    """Let NumPy choose positions, and index the concatenated arrays with them."""
    dtype = np.result_type(
        *(
            choice if type(choice) in (int, float) else plain_array(choice)
            for choice in map(unwrap, choices)
        )
    )
    choices = [as_type(as_array(choice), dtype) for choice in choices]
    ends = np.cumsum([0, *(np.size(choice) for choice in choices)])
    places: Any = [
        np.reshape(start + np.arange(np.size(choice)), np.shape(choice))
        for start, choice in zip(ends, choices, strict=False)
    ]
    return np.concatenate([np.ravel(choice) for choice in choices])[
        np.choose(plain(a), places, mode=mode)
    ]


@composite(np.select)
def select(condlist, choicelist, default=0):
    y = default
    for condition, choice in zip(reversed(plain(condlist)), reversed(choicelist), strict=True):
        y = np.where(condition, choice, y)
    return y


@composite(np.piecewise, exact=True)
def piecewise(x, condlist, funclist, *args, **kw):
    """Call each function on its elements: those for which no later condition holds."""
    x, condlist = as_array(x), plain(condlist)
    is_sequence = isinstance(condlist, (list, tuple)) or np.ndim(condlist) > 0
    if not is_sequence or not (isinstance(condlist[0], (list, np.ndarray)) or np.ndim(x) == 0):
        condlist = [condlist]
    conditions = [plain_array(condition, bool) for condition in condlist]
    if len(funclist) == len(conditions) + 1:
        conditions.append(~np.any(plain_array(conditions), axis=0))
    if len(funclist) != len(conditions):
        raise ValueError(
            f"np.piecewise expects as many functions as conditions, or one more, "
            f"got {len(funclist)} and {len(condlist)}"
        )
    y, left = np.zeros(np.shape(x), unwrap(x).dtype), np.ones(np.shape(x), bool)
    for condition, func in zip(reversed(conditions), reversed(funclist), strict=True):
        chosen, left = left & condition, left & ~condition
        inner = x[chosen]
        part = func(inner, *args, **kw) if callable(func) else func
        part = as_type(as_array(part), unwrap(x).dtype)
        y = y + ungetitem(np.broadcast_to(part, np.shape(inner)), chosen, x)
    return as_type(as_array(y), unwrap(x).dtype)


@composite(np.full_like, exact=True)
def full_like(a, fill_value, dtype=None, order="K", subok=True, shape=None, *, device=None):
    y = as_type(as_array(fill_value), type_of(a) if dtype is None else dtype)
    return np.copy(np.broadcast_to(y, np.shape(a) if shape is None else shape), order="C")
