"""Methods of ufuncs, such as np.add.reduce, composed of functions that have rules."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from autograd_tools.base.traced import plain_array
from autograd_tools.engine.values import unwrap
from autograd_tools.rules.arrays import (
    along,
    as_array,
    as_type,
    laid_along,
    part_of,
    type_of,
    widened,
)
from autograd_tools.rules.indexing import ungetitem
from autograd_tools.rules.nans import nan_of
from autograd_tools.rules.shapes import take_along_axis


def reduction(func: Any) -> Callable[..., Any]:
    """Make ufunc.reduce from the function that equals it except for the default axis."""

    def reduce(x, axis=0, dtype=None, out=None, keepdims=False, **kwargs):
        kwargs |= {"keepdims": True} if keepdims else {}
        kwargs |= {} if dtype is None else {"dtype": dtype}
        return func(x, axis=axis, **kwargs)

    return reduce


def accumulation(func: Any) -> Callable[..., Any]:
    """Make ufunc.accumulate from the function that equals it except for the default axis."""
    return lambda x, axis=0, dtype=None, out=None: func(x, axis=axis, dtype=dtype)


def running(extreme: Any) -> Callable[..., Any]:
    """Make the running extreme; in a tie, the first element has the whole gradient."""

    def accumulate(x, axis=0, dtype=None, out=None):
        x = as_type(as_array(x), dtype)
        y, axis = extreme.accumulate(unwrap(x), axis), axis % np.ndim(x)
        before = np.concatenate([part_of(y, slice(1), axis), part_of(y, slice(-1), axis)], axis)
        again = (y == before) | (np.isnan(y) & np.isnan(before))
        places = laid_along(np.arange(np.shape(x)[axis]), axis, np.ndim(x))
        y = take_along_axis(x, np.maximum.accumulate(np.where(again, 0, places), axis), axis)
        return nan_of(y, y)

    return accumulate


def log_sum(exp: Any, log: Any, add: Any) -> Callable[..., Any]:
    """Make the logarithm of a sum of powers relative to the largest, so that none overflows."""

    def reduce(x, axis=0, dtype=None, out=None, keepdims=False, initial=None, where=True):
        x = as_type(as_array(x), dtype if dtype is not None or type_of(x).kind in "fc" else float)
        x = x if where is True else np.where(where, x, -np.inf)
        top = np.max(unwrap(x), axis=axis, keepdims=True, initial=-np.inf).astype(unwrap(x).dtype)
        infinite, top = np.isinf(top), np.where(np.isfinite(top), top, 0)
        inner = np.where(infinite, 0, x) if np.any(infinite) else x
        with np.errstate(divide="ignore"):  # -inf for no powers
            y = log(np.sum(exp(inner - top), axis=axis, keepdims=keepdims))
            y = y + np.reshape(top, np.shape(y))
        if np.any(infinite):  # infinities share the gradient; of zeros alone there is none
            hit = unwrap(x) == np.inf
            ends = np.sum(np.where(hit, x, 0), axis=axis, keepdims=keepdims)
            number = np.reshape(np.sum(hit, axis=axis), np.shape(y))
            ends = np.where(number == 0, -np.inf, ends / np.maximum(number, 1))
            y = np.where(np.reshape(infinite, np.shape(y)), ends, y)
        return y if initial is None else add(y, initial)

    return reduce


def reduceat(x, indices, axis=0, dtype=None, out=None):
    """Return the sums from each index to the next; one element if the next is not larger."""
    x = widened(as_array(x), dtype)
    begins = plain_array(indices)
    lengths = np.maximum(np.append(begins[1:], np.shape(x)[axis]) - begins, 1)
    owners = np.repeat(np.arange(len(begins)), lengths)
    starts = begins - np.cumsum(lengths) + lengths
    places = np.arange(len(owners)) + np.repeat(starts, lengths)
    shape = [len(begins) if i == axis % np.ndim(x) else n for i, n in enumerate(np.shape(x))]
    parts = part_of(x, places, axis)
    zeros = np.broadcast_to(np.zeros((), unwrap(x).dtype), shape)
    return ungetitem(parts, along(owners, axis, np.ndim(x)), zeros)


UFUNC_METHODS: dict[tuple[np.ufunc, str], Callable[..., Any]] = {
    (np.add, "reduce"): reduction(np.sum),
    (np.multiply, "reduce"): reduction(np.prod),
    (np.maximum, "reduce"): reduction(np.max),
    (np.minimum, "reduce"): reduction(np.min),
    (np.logaddexp, "reduce"): log_sum(np.exp, np.log, np.logaddexp),
    (np.logaddexp2, "reduce"): log_sum(np.exp2, np.log2, np.logaddexp2),
    (np.add, "accumulate"): accumulation(np.cumsum),
    (np.multiply, "accumulate"): accumulation(np.cumprod),
    (np.maximum, "accumulate"): running(np.maximum),
    (np.minimum, "accumulate"): running(np.minimum),
    (np.fmax, "accumulate"): running(np.fmax),
    (np.fmin, "accumulate"): running(np.fmin),
    (np.add, "reduceat"): reduceat,
}


def outer(ufunc: np.ufunc, a: Any, b: Any, **kwargs: Any) -> Any:
    """Apply a ufunc to every pair of elements of `a` and `b`."""
    return ufunc(np.reshape(a, (*np.shape(a), *[1] * np.ndim(b))), as_array(b), **kwargs)


def find(ufunc: np.ufunc, method: str) -> Callable[..., Any]:
    """Return the function that equals a method of a ufunc; TypeError if there is none."""
    definition = partial(outer, ufunc) if method == "outer" else UFUNC_METHODS.get((ufunc, method))
    if definition is None:
        known = ", ".join(f"np.{of.__name__}.{name}" for of, name in UFUNC_METHODS)
        raise TypeError(
            f"np.{ufunc.__name__}.{method} has no gradient rule; choose {known} or the outer of a "
            "ufunc with rules"
        )
    return definition
