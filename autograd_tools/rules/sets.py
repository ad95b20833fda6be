"""Sets. Of equal elements, the first one has the whole gradient."""

from __future__ import annotations

import numpy as np

from autograd_tools.engine.calls import plain
from autograd_tools.engine.registry import composite
from autograd_tools.engine.values import unwrap
from autograd_tools.rules.arrays import as_array, as_type, part_of


# To add one, see rules/__init__.py; its cases go to tests/rules/cases_sets.py.
@composite(np.unique)
def unique(ar, return_index=False, return_inverse=False, return_counts=False, axis=None, **kwargs):
    more = {"return_inverse": return_inverse, "return_counts": return_counts, **kwargs}
    _, first, *rest = np.unique(unwrap(ar), return_index=True, axis=axis, **more)
    y = np.ravel(ar)[first] if axis is None else part_of(as_array(ar), first, axis)
    return (y, *([first] if return_index else []), *rest) if return_index or rest else y


def firsts(x, values):
    """Return the position in `x` of the first occurrence of each of `values`."""
    _, first = np.unique(unwrap(x), return_index=True, equal_nan=False)
    places = np.empty_like(first)
    places[np.argsort(values, kind="stable")] = first
    return places


@composite(np.unique_values)
def unique_values(x):
    return np.ravel(x)[firsts(x, np.unique_values(unwrap(x)))]


@composite(np.unique_counts)
def unique_counts(x):
    found = np.unique_counts(unwrap(x))
    return found._replace(values=np.ravel(x)[firsts(x, found.values)])


@composite(np.unique_inverse)
def unique_inverse(x):
    found = np.unique_inverse(unwrap(x))
    return found._replace(values=np.ravel(x)[firsts(x, found.values)])


@composite(np.unique_all)
def unique_all(x):
    found = np.unique_all(unwrap(x))
    return found._replace(values=np.ravel(x)[found.indices])


@composite(np.union1d)
def union1d(ar1, ar2):
    return np.unique(np.concatenate([np.ravel(ar1), np.ravel(ar2)]))


@composite(np.intersect1d)
def intersect1d(ar1, ar2, assume_unique=False, return_indices=False):
    y, left, right = np.intersect1d(unwrap(ar1), unwrap(ar2), assume_unique, return_indices=True)
    y = as_type(np.ravel(ar1)[left], y.dtype)
    return (y, left, right) if return_indices else y


@composite(np.setdiff1d)
def setdiff1d(ar1, ar2, assume_unique=False):
    ar1 = np.ravel(ar1) if assume_unique else np.unique(ar1)
    return ar1[np.isin(unwrap(ar1), plain(ar2), invert=True)]


@composite(np.setxor1d)
def setxor1d(ar1, ar2, assume_unique=False):
    both = [np.ravel(ar) if assume_unique else np.unique(ar) for ar in (ar1, ar2)]
    y = np.sort(np.concatenate(both))
    starts = np.concatenate([[True], unwrap(y)[1:] != unwrap(y)[:-1], [True]])
    return y[starts[1:] & starts[:-1]]


@composite(np.sort_complex)
def sort_complex(a):
    return as_type(np.sort(a), np.sort_complex(unwrap(a)).dtype)
